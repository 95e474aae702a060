"""A film of 90 s from 30 photos and six video notes, beside ffmpeg with the same filters from ready-made inputs.

Both take what intake has made of photos and notes; ffmpeg gets its cards and lines of type as pictures, and is told
which parts of the notes to take.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture.decoding.process_limits import peak_memory
from capture.films.cards import CardPainter
from capture.films.excerpts import best_part
from capture.films.film_maker import ENCODER, make_film
from capture.films.frames import FADE, RATE
from capture.films.photo_motion import ZOOM
from capture.renditions.pipeline import process_file
from reporter.films.script import SIZES, AspectRatio, Piece, PieceKind, Script
from tests.bench.installed import Lacking, ffmpeg
from tests.bench.rows import Row, pairs
from tests.bench.sizes import megapixels, photo_size
from tests.support.media.faces import portrait_jpeg
from tests.support.media.files import mp4

PHOTOS, NOTES = 30, 6
PHOTO_SECONDS, NOTE_SECONDS, CARD_SECONDS = 1.7, 5.0, 3.0
SIZE = SIZES[AspectRatio.LANDSCAPE]
SHARED = FADE / RATE


def measure() -> list[Row]:
    """One row."""
    name = (
        f"film of 90 s from {PHOTOS} photos of {megapixels(photo_size())} and {NOTES} video notes"
    )
    with tempfile.TemporaryDirectory() as folder:
        script = evening(Path(folder))
        try:
            line = command(script, Path(folder))
        except Lacking as lacking:
            return [Row.left_out(name, str(lacking))]
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=fresh) as worker:
            goal = Path(folder) / "ours.mp4"
            row = pairs(
                name,
                lambda: worker.submit(make_film, script, goal).result(),
                lambda: subprocess.run(line, check=True),
                peer="ffmpeg, the same filters from ready-made inputs",
                runs=1,
            )
            most = worker.submit(peak_memory).result() / 1e6
    return [row.noted(f"at most {most:.0f} MB of memory. We also look for faces and best parts.")]


def evening(folder: Path) -> Script:
    """Photos and notes as intake leaves them, with lines of type, and four cards."""
    spots = [((0.1 + 0.02 * n, 0.2, 0.25),) for n in range(PHOTOS)]
    photos = [
        _made(portrait_jpeg(*photo_size(), one), folder, f"p{n}-") for n, one in enumerate(spots)
    ]
    notes = [_made(mp4(8 + n / 10, size=SIZE), folder, f"n{n}-", "play.mp4") for n in range(NOTES)]
    pieces = [_card(PieceKind.TITLE), _card(PieceKind.SESSION)]
    for number, path in enumerate(photos):
        pieces.append(_picture(PieceKind.PHOTO, PHOTO_SECONDS, path))
        if number % (PHOTOS // NOTES) == 0:
            pieces.append(_picture(PieceKind.VIDEO, NOTE_SECONDS, notes[number * NOTES // PHOTOS]))
    return Script((*pieces, _card(PieceKind.CREDITS), _card(PieceKind.CLOSING)))


def _made(source: Path, folder: Path, prefix: str, name: str = "view.jpg") -> Path:
    process_file(source, folder, "video/mp4" if name == "play.mp4" else "image/jpeg", prefix=prefix)
    return folder / f"{prefix}{name}"


def _card(kind: PieceKind) -> Piece:
    return Piece(kind, CARD_SECONDS, "Community gardens in winter", "Room 2", url="http://kiosk/x")


def _picture(kind: PieceKind, seconds: float, path: Path) -> Piece:
    return Piece(kind, seconds, words="Leeks stand the frost", credit="Ana", path=str(path))


@dataclass
class _Graph:
    """A growing command line: inputs, and filters by the numbers of their inputs."""

    inputs: list[str]
    filters: list[str]
    count: int = 0

    def add(self, *words: str) -> int:
        """One more input; its number."""
        self.inputs += words
        self.count += 1
        return self.count - 1


def command(script: Script, folder: Path) -> list[str]:
    """ffmpeg's command for the film of a script. Raises Lacking."""
    program, graph, at, sounds = ffmpeg(), _Graph([], []), 0.0, []
    for number, piece in enumerate(script.pieces):
        source = _clip(graph, piece, folder, number)
        if piece.kind == PieceKind.VIDEO:
            late = round(at * 1000)
            graph.filters.append(f"[{source}:a]adelay={late}:all=1[a{number}]")
            sounds.append(f"[a{number}]")
        at += piece.seconds
    graph.filters += _faded(script)
    # Not divided by how many there are: one is heard at a time.
    mix = f"{''.join(sounds)}amix={len(sounds)}:normalize=0"
    graph.filters.append(f"{mix},apad=whole_dur={at},loudnorm=I=-16:TP=-1,aresample=48000[sound]")
    encoder = [word for key, value in ENCODER.items() for word in (f"-{key}", value)]
    return [
        *(program, "-v", "error", "-y", *graph.inputs),
        *("-filter_complex", ";".join(graph.filters), "-map", "[film]", "-map", "[sound]"),
        *("-c:v", "libx264", *encoder, "-c:a", "aac", "-b:a", "160k"),
        *("-movflags", "+faststart", str(folder / "theirs.mp4")),
    ]


def _clip(graph: _Graph, piece: Piece, folder: Path, number: int) -> int:
    """The pictures of a piece as [v<number>]; the number of its input."""
    wide, high = SIZE
    long = piece.seconds + SHARED
    tail = f"fps={RATE},format=yuv420p,settb=1/{RATE}"
    if piece.kind == PieceKind.PHOTO:
        frames = round(long * RATE)
        source = graph.add("-i", piece.path)
        zoom = f"zoompan=z=1+{ZOOM - 1:.2f}*on/{frames}:x=(iw-iw/zoom)/2:y=(ih-ih/zoom)/2"
        shown = f"crop=iw:iw*{high}/{wide},{zoom}:d={frames}:s={wide}x{high}:fps={RATE}"
    elif piece.kind == PieceKind.VIDEO:
        start = best_part(Path(piece.path), piece.seconds).start
        source = graph.add("-ss", f"{start}", "-t", f"{long}", "-i", piece.path)
        # Where a note ends early its last picture stands, as in ours.
        shown = f"scale={wide}:{high},fps={RATE},tpad=stop_mode=clone:stop_duration={SHARED}"
    else:
        card = _written(CardPainter(SIZE).card(piece), folder / f"card{number}.png")
        source = graph.add("-loop", "1", "-framerate", f"{RATE}", "-t", f"{long}", "-i", card)
        shown = f"scale={wide}:{high}"
        graph.filters.append(f"[{source}:v]{shown},{tail}[v{number}]")
        return source
    strip = graph.add("-i", _strip(folder))
    graph.filters.append(
        f"[{source}:v]{shown}[m{number}];[m{number}][{strip}:v]overlay=0:H-h,{tail}[v{number}]"
    )
    return source


def _faded(script: Script) -> Iterator[str]:
    """Each piece fading into the next, from black and back to it, as [film]."""
    at, last = 0.0, "v0"
    for number, piece in enumerate(script.pieces[:-1]):
        at += piece.seconds
        fade = f"xfade=duration={SHARED}:offset={at:.3f}"
        yield f"[{last}][v{number + 1}]{fade}[x{number}]"
        last = f"x{number}"
    end = at + script.pieces[-1].seconds
    yield f"[{last}]fade=d={SHARED},fade=out:st={end:.3f}:d={SHARED}[film]"


def _strip(folder: Path) -> str:
    """A dark strip, as wide as the film, that a line of type would stand on."""
    import numpy as np

    path = folder / "strip.png"
    if path.exists():
        return str(path)
    pixels = np.zeros((108, SIZE[0], 4), np.uint8)
    pixels[..., 3] = 158
    return _written(pixels, path)


def _written(pixels: Any, path: Path) -> str:
    from PIL import Image

    Image.fromarray(pixels).save(path)
    return str(path)
