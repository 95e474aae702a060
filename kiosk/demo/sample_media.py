"""Photos and videos of demonstration and rehearsal: drawn here, or real photographs. Nobody is in them."""

from __future__ import annotations

import io
import math
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.demo.photographs import photograph
from kiosk.demo.speech import can_speak, speak

if TYPE_CHECKING:
    import numpy as np
    from av import AudioFrame
    from PIL.Image import Image as Picture
    from PIL.ImageDraw import ImageDraw

    Samples = np.ndarray[Any, np.dtype[np.int16]]

FRAME_RATE, SOUND_RATE = 15, 16_000
Colour = tuple[int, int, int]
Scene = Callable[["ImageDraw", int, int, random.Random], None]

PAPER, INK = (244, 238, 226), (52, 46, 40)
GREENS: tuple[Colour, ...] = ((74, 111, 66), (103, 140, 79), (58, 92, 70), (136, 160, 92))
EARTH: tuple[Colour, ...] = ((122, 88, 62), (98, 70, 52), (140, 104, 74))
SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((132, 178, 208), (232, 238, 226)),
    ((226, 168, 120), (250, 228, 190)),
    ((98, 128, 160), (206, 204, 196)),
)


def draw(scene: str, *, width: int, height: int, rng: random.Random) -> Picture:
    """A picture of one of ``SCENES``."""
    from PIL import Image, ImageDraw, ImageFilter

    # Drawn twice as large: smooth edges.
    picture = Image.new("RGB", (width, height), PAPER)
    SCENES[scene](ImageDraw.Draw(picture), width, height, rng)
    return picture.filter(ImageFilter.GaussianBlur(width / 1600))


def photo(scene: str, *, width: int, height: int, rng: random.Random, quality: int = 85) -> bytes:
    """A JPEG of one of ``SCENES``, with the light and the grain of a camera."""
    return jpeg(draw(scene, width=width, height=height, rng=rng), rng, quality=quality)


def jpeg(still: Picture, rng: random.Random, *, quality: int = 85) -> bytes:
    """A picture as a camera saves it: with a grain of its own, so that no two are alike."""
    from PIL import Image, ImageChops

    width, height = still.size
    grain = Image.frombytes("L", (256, 256), rng.randbytes(65536)).convert("RGB")
    tiled = Image.new("RGB", still.size)
    for x in range(0, width, 256):
        for y in range(0, height, 256):
            tiled.paste(grain, (x, y))
    out = io.BytesIO()
    light = Image.blend(still, ImageChops.overlay(still, tiled), 0.12)
    light.save(out, "JPEG", quality=quality)
    return out.getvalue()


# What is drawn where a photograph was not fetched.
_STAND_INS = {"dahlia": "garden", "cat": "garden", "roof": "roofs", "desk": "flip chart"}
_SMALLEST = 1200


def picture(name: str, *, rng: random.Random) -> Picture:
    """A photograph of the sample gathering by its name, or a part of it as ``tools/left``; else a drawing."""
    from PIL import Image

    named, _, part = name.partition("/")
    path = photograph(named)
    if path is None:
        scene = _STAND_INS.get(named) or rng.choice(("table", "bicycle"))
        return draw(scene, width=1600, height=1200, rng=rng)
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    cut = _part(whole, part)
    share = max(1.0, _SMALLEST / cut.width)
    size = (round(cut.width * share), round(cut.height * share))
    return cut.resize(size, Image.Resampling.LANCZOS)


def _part(whole: Picture, part: str) -> Picture:
    """Three fifths of a picture at one side, upright; all of it without a part."""
    width, height = whole.size
    wide = min(width, round(height * 0.9))
    boxes = {"left": (0, 0, wide, height), "right": (width - wide, 0, width, height)}
    return whole.crop(boxes[part]) if part else whole


def video(path: Path, scene: str, *, seconds: float, rng: random.Random, width: int = 640) -> None:
    """An MP4 (H.264, with a soft tone): the camera moves slowly over one of ``SCENES``."""
    height = width * 9 // 16
    still = draw(scene, width=width * 3 // 2, height=height * 3 // 2, rng=rng)
    _film(path, still, _tone(seconds, SOUND_RATE), rate=SOUND_RATE, size=(width, height))


def spoken_film(path: Path, still: Picture, words: str, language: str) -> None:
    """An MP4 in which a voice says the words while the camera moves over a picture; a tone where no voice is here."""
    sound, rate = _tone(6, SOUND_RATE), SOUND_RATE
    if can_speak():
        sound, rate = speak(words, language)
    width = 854
    frame = still.resize((width * 5 // 4, round(still.height * width * 5 / 4 / still.width)))
    height = min(480, frame.height * 4 // 5) // 2 * 2
    _film(path, frame, sound, rate=rate, size=(width, height))


def _film(path: Path, still: Picture, sound: Samples, *, rate: int, size: tuple[int, int]) -> None:
    """The camera moves over ``still`` from its upper left corner as long as the sound (int16) lasts."""
    import av

    (width, height), frames = size, max(2, round(len(sound) / rate * FRAME_RATE))
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        film = out.add_stream(
            "libx264", rate=FRAME_RATE, options={"preset": "veryfast", "crf": "26"}
        )
        film.width, film.height, film.pix_fmt = width, height, "yuv420p"
        track = out.add_stream("aac", rate=rate, layout="mono")
        for number in range(frames):
            share = number / frames
            left, top = round((still.width - width) * share), round((still.height - height) * share)
            view = still.crop((left, top, left + width, top + height))
            out.mux(film.encode(av.VideoFrame.from_image(view)))
        for frame in _pieces(sound, rate):
            out.mux(track.encode(frame))
        out.mux([*film.encode(None), *track.encode(None)])


def _tone(seconds: float, rate: int) -> Samples:
    """Two soft tones that come and go."""
    import numpy as np

    at = np.arange(int(seconds * rate)) / rate
    wave = 0.1 * np.sin(math.tau * 220 * at) * (1 + np.sin(math.tau * at / 3)) / 2
    return (wave * 32767).astype(np.int16)


def _pieces(sound: Samples, rate: int) -> Iterator[AudioFrame]:
    """Samples in pieces of 1024."""
    import av

    for first in range(0, len(sound), 1024):
        frame = av.AudioFrame.from_ndarray(sound[None, first : first + 1024], "s16", "mono")
        frame.sample_rate, frame.pts = rate, first
        yield frame


def padded(movie: bytes, size: int, rng: random.Random) -> bytes:
    """An MP4 made as large as asked, and new, by a box that players skip (ISO/IEC 14496-12, 8.1.2, "free")."""
    filler = max(8 + 16, size - len(movie))
    return movie + struct.pack(">I4s", filler, b"free") + rng.randbytes(filler - 8)


# --- Scenes ------------------------------------------------------------------------------------------


def _sky(pen: ImageDraw, width: int, height: int, rng: random.Random) -> None:
    above, below = rng.choice(SKIES)
    for y in range(height):
        share = y / height
        pen.line(
            [(0, y), (width, y)],
            tuple(round(a + (b - a) * share) for a, b in zip(above, below, strict=True)),
        )


def _hills(pen: ImageDraw, width: int, height: int, rng: random.Random) -> None:
    for layer in range(3):
        waves = [(rng.uniform(0.5, 2.5), rng.uniform(0, 6), rng.uniform(0.02, 0.06)) for _ in "abc"]
        base = height * (0.42 + 0.12 * layer)
        ridge = [
            (
                x,
                base
                + sum(h * height * math.sin(x / width * math.tau * f + p) for f, p, h in waves),
            )
            for x in range(0, width + 9, 8)
        ]
        pen.polygon([*ridge, (width, height), (0, height)], rng.choice(GREENS))


def _garden(pen: ImageDraw, width: int, height: int, rng: random.Random) -> None:
    _sky(pen, width, height, rng)
    _hills(pen, width, height, rng)
    for bed in range(4):
        top = height * (0.62 + 0.1 * bed)
        deep = height * 0.07
        pen.rounded_rectangle(
            [width * 0.04, top, width * 0.96, top + deep], deep / 3, rng.choice(EARTH)
        )
        for plant in range(14 + bed):
            x = width * (0.07 + 0.86 * (plant + rng.uniform(0.2, 0.8)) / (14 + bed))
            _leaves(pen, x, top + deep * 0.4, height * rng.uniform(0.02, 0.05), rng=rng)


def _leaves(pen: ImageDraw, x: float, y: float, size: float, *, rng: random.Random) -> None:
    colour = rng.choice(GREENS)
    for turn in range(5):
        angle = math.pi * (0.15 + 0.7 * turn / 4)
        tip_x, tip_y = x + math.cos(angle) * size, y - math.sin(angle) * size * 1.3
        pen.ellipse(
            [tip_x - size / 3, tip_y - size / 3, tip_x + size / 3, tip_y + size / 3], colour
        )
        pen.line([(x, y), (tip_x, tip_y)], colour, max(1, round(size / 8)))


def _roofs(pen: ImageDraw, width: int, height: int, rng: random.Random) -> None:
    _sky(pen, width, height, rng)
    for house in range(5):
        left, wide = width * (house / 5 - 0.03), width * 0.24
        top = height * rng.uniform(0.42, 0.58)
        wall = rng.choice(((214, 196, 168), (196, 170, 146), (224, 212, 190)))
        pen.rectangle([left, top, left + wide, height], wall)
        rise = height * 0.16
        pen.polygon(
            [
                (left - wide * 0.06, top),
                (left + wide * 0.2, top - rise),
                (left + wide * 1.1, top - rise),
                (left + wide * 1.06, top),
            ],
            (138, 74, 60),
        )
        for panel in range(6):
            x = left + wide * (0.22 + 0.25 * (panel % 3))
            y = top - rise * (0.85 - 0.4 * (panel // 3))
            pen.rectangle([x, y, x + wide * 0.22, y + rise * 0.32], (40, 58, 92))
            pen.line([(x, y), (x + wide * 0.22, y + rise * 0.32)], (96, 122, 160), 2)
        for window in range(4):
            x = left + wide * (0.16 + 0.4 * (window % 2))
            y = top + height * (0.08 + 0.18 * (window // 2))
            pen.rectangle([x, y, x + wide * 0.2, y + height * 0.1], (92, 112, 122))


def _bicycle(pen: ImageDraw, width: int, height: int, rng: random.Random) -> None:
    floor = height * 0.8
    pen.rectangle([0, 0, width, floor], rng.choice(((206, 190, 164), (182, 192, 186))))
    pen.rectangle([0, floor, width, height], (132, 118, 100))
    radius, thick = height * 0.2, max(3, round(width / 160))
    rear, front = (
        (width * 0.32, floor - radius),
        (width * 0.68, floor - radius),
    )
    for x, y in (rear, front):
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], outline=INK, width=thick)
        for spoke in range(16):
            angle = math.tau * spoke / 16
            end = (x + math.cos(angle) * radius, y + math.sin(angle) * radius)
            pen.line([(x, y), end], (150, 146, 140), 1)
    seat, crank, fork = (
        (width * 0.42, floor - radius * 2.1),
        (width * 0.47, floor - radius * 0.95),
        (width * 0.63, floor - radius * 2.2),
    )
    colour = rng.choice(((176, 62, 46), (44, 96, 118), (92, 116, 60)))
    for a, b in (
        (rear, seat),
        (rear, crank),
        (crank, seat),
        (seat, fork),
        (crank, fork),
        (fork, front),
    ):
        pen.line([a, b], colour, thick * 2)
    saddle = [(seat[0] - radius / 3, seat[1] - 8), (seat[0] + radius / 3, seat[1] - 8)]
    pen.line(saddle, INK, thick * 3)
    left, right = (
        (fork[0] - radius / 4, fork[1] - radius / 3),
        (fork[0] + radius / 3, fork[1] - radius / 3),
    )
    pen.line([left, fork, right], INK, thick)


def _flip_chart(pen: ImageDraw, width: int, height: int, rng: random.Random) -> None:
    pen.rectangle([0, 0, width, height], (168, 176, 170))
    legs = [(width * 0.22, height), (width * 0.5, height * 0.02), (width * 0.78, height)]
    pen.polygon(legs, (120, 104, 88))
    pen.rectangle([width * 0.2, height * 0.06, width * 0.8, height * 0.9], (250, 249, 244))
    size = height / 16
    lines = rng.sample(PLANS, 4)
    pen.text((width * 0.25, height * 0.1), "Next steps", (156, 54, 44), font_size=size * 1.3)
    for number, line in enumerate(lines):
        y = height * (0.28 + 0.14 * number)
        pen.ellipse(
            [width * 0.25, y, width * 0.25 + size * 0.7, y + size * 0.7], outline=INK, width=4
        )
        pen.text((width * 0.31, y - size * 0.2), line, (38, 62, 104), font_size=size)


PLANS = (
    "seeds swap in March",
    "fix 20 bicycles",
    "ask the school",
    "map empty plots",
    "film the bees",
    "meet on Mondays",
    "share the tools",
    "write to the mayor",
)


def _table(pen: ImageDraw, width: int, height: int, rng: random.Random) -> None:
    """Cups, plates and papers on a table, seen from above."""
    pen.rectangle([0, 0, width, height], (158, 120, 84))
    for board in range(9):
        y = height * board / 9
        pen.line([(0, y), (width, y + rng.uniform(-4, 4))], (134, 98, 68), max(2, width // 400))
    for _ in range(5):
        x, y = rng.uniform(0.05, 0.7) * width, rng.uniform(0.05, 0.6) * height
        corner = (x + width * 0.2, y + height * 0.3)
        pen.rectangle([x, y, *corner], (248, 246, 238))
        for line in range(6):
            pen.line(
                [
                    (x + width * 0.02, y + height * (0.04 + 0.04 * line)),
                    (x + width * rng.uniform(0.1, 0.18), y + height * (0.04 + 0.04 * line)),
                ],
                rng.choice(((60, 84, 130), (150, 60, 50))),
                max(2, width // 300),
            )
    for _ in range(6):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), height * rng.uniform(0.06, 0.09)
        pen.ellipse([x - r, y - r, x + r, y + r], (236, 230, 220), outline=(190, 180, 164), width=4)
        pen.ellipse([x - r * 0.7, y - r * 0.7, x + r * 0.7, y + r * 0.7], rng.choice(EARTH))


SCENES: dict[str, Scene] = {
    "garden": _garden,
    "roofs": _roofs,
    "bicycle": _bicycle,
    "flip chart": _flip_chart,
    "table": _table,
}
