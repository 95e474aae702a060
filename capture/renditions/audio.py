"""Renditions of a voice note: a copy that every browser plays, and a drawing of its loudness."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from capture.decoding.probe import Probe
from capture.decoding.safe_open import BROKEN_MEDIA, decoded, open_media
from capture.imaging.rendition_file import (
    RenditionFile,
    describe,
    save_poster,
    temporary_rendition,
)
from capture.renditions.video import MP4_OPTIONS, audio_track, described
from capture.transcoding.loudness import gain_for, measure
from capture.transcoding.transcode import span_of, write_tracks
from reporter.errors import MediaFailed
from reporter.media.edits import Edits

SIZE = (1200, 675)
BARS = 80
PAPER, INK, LINE = (250, 246, 238), (43, 38, 34), (214, 205, 190)


def make_audio(
    src: Path, out_dir: Path, found: Probe, *, prefix: str = "", edits: Edits | None = None
) -> list[RenditionFile]:
    """Make ``play`` (AAC in MP4, index in front), ``poster`` and ``thumb`` (a drawing of the
    loudness) of an audio file.

    All metadata of the original are removed, cover pictures too. Raises MediaFailed when it
    contains no sound.
    """
    with temporary_rendition(out_dir, prefix, "play", ".m4a") as path:
        _write_play(src, path, found, edits or Edits())
        loudness, duration = measure_loudness(path)
    play = describe(out_dir / f"{prefix}play.m4a", "play", "audio/mp4", duration=duration)
    poster = draw_loudness(loudness)
    return [play, *save_poster(poster, out_dir, prefix=prefix)]


def _write_play(src: Path, path: Path, found: Probe, edits: Edits) -> None:
    import av

    with (
        open_media(src, found.mime) as source,
        av.open(str(path), "w", format="ipod", options=MP4_OPTIONS) as out,
    ):
        film = described(found)
        if film.sound is None:
            raise MediaFailed(BROKEN_MEDIA)
        audio = source.streams[film.sound.index]
        span = span_of(film.start, edits)
        gain = gain_for(measure(src, found.mime))
        track = audio_track(out, audio, found, span=span, gain=gain)
        tracks = dict.fromkeys((audio.index, *film.sound.beside), track)
        if not write_tracks(source, out, tracks):
            raise MediaFailed(BROKEN_MEDIA)


def measure_loudness(path: Path, *, bars: int = BARS) -> tuple[list[float], float]:
    """Measure the loudness over time as ``bars`` values from 0 to 1 (the loudest is 1), and the
    duration in seconds."""
    import av
    import numpy as np

    levels: list[float] = []
    resampler = av.AudioResampler("flt", "mono", 8000, frame_size=400)
    with open_media(path, "audio/mp4") as container:
        stream = container.streams.audio[0]
        for frame in decoded(container, stream):
            levels += [_level(piece) for piece in resampler.resample(frame)]
        duration = float(container.duration or 0) / av.time_base
    if not levels:
        raise MediaFailed(BROKEN_MEDIA)
    edges = np.linspace(0, len(levels), bars + 1).astype(int)
    values = [max(levels[a : max(b, a + 1)], default=0.0) for a, b in pairwise(edges)]
    top = max(values) or 1.0
    return [value / top for value in values], duration


def _level(frame: Any) -> float:
    import numpy as np

    return float(np.sqrt(np.mean(frame.to_ndarray() ** 2)))


def draw_loudness(values: list[float]) -> Any:
    """Draw ink bars on paper, 1200 × 675, as an RGB Pillow image. ``values`` are from 0 to 1."""
    from PIL import Image, ImageDraw

    # Drawn at twice the size and reduced, for smooth ends.
    width, height = SIZE[0] * 2, SIZE[1] * 2
    image = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(image)
    margin, middle = width // 12, height // 2
    step = (width - 2 * margin) / len(values)
    pen.line((margin, middle, width - margin, middle), fill=LINE, width=4)
    for index, value in enumerate(values):
        left = margin + index * step + step * 0.2
        half = max(step * 0.3, value * height * 0.32)
        box = (left, middle - half, left + step * 0.6, middle + half)
        pen.rounded_rectangle(box, radius=step * 0.3, fill=INK)
    return image.resize(SIZE, Image.Resampling.LANCZOS)
