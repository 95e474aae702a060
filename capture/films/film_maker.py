"""Renders a film from its script: H.264 and AAC in MP4, index in front, BT.709, 30 frames per
second.

Meant to run in a worker of ``capture.decoding.process_pool``. It reads renditions only, which
contain nothing that an organizer blurred or cut out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

from capture.films.cards import CardPainter
from capture.films.excerpts import Excerpt, best_part, excerpt_frames
from capture.films.frames import FADE, RATE, black, faded, frame_of
from capture.films.photo_motion import open_photo, photo_frames
from capture.films.sound_mix import SoundMix
from capture.imaging.colour import BT709
from capture.imaging.rendition_file import temporary_rendition
from capture.transcoding.audio_track import SOUND_RATE
from capture.transcoding.transcode import LIMITED
from capture.transcoding.video_track import X264
from reporter.films.script import SIZES, Piece, PieceKind, Script, SoundExcerpt

MP4_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}
# A film is watched on large screens: slightly better quality than a phone's note.
ENCODER = X264 | {"crf": "21", "maxrate": "6M", "bufsize": "12M"}


@dataclass(frozen=True)
class MadeFilm:
    """A finished film: its duration in seconds, its size in bytes, and which parts of recordings
    are heard in it."""

    path: Path
    seconds: float
    bytes: int
    heard: tuple[SoundExcerpt, ...] = ()


def make_film(script: Script, path: Path, progress: Path | None = None) -> MadeFilm:
    """Render the film of a script at ``path``, completely or not at all.

    ``progress``: a file to which the number of rendered frames and of all frames is written
    meanwhile. Raises MediaFailed.
    """
    cut = [_cut(piece) for piece in script.pieces]
    script = replace(script, pieces=tuple(piece for piece, _part in cut))
    parts = [part for _piece, part in cut]
    with temporary_rendition(path.parent, "", path.stem, path.suffix) as part_file:
        count = _write(script, parts, part_file, progress)
    return MadeFilm(path, count / RATE, path.stat().st_size, tuple(_sounds(script, parts)))


def heard_in(script: Script) -> tuple[SoundExcerpt, ...]:
    """Which parts of recordings are heard in the film of a script, without rendering it. Raises
    MediaFailed."""
    cut = [_cut(piece) for piece in script.pieces]
    script = replace(script, pieces=tuple(piece for piece, _part in cut))
    return tuple(_sounds(script, [part for _piece, part in cut]))


def _cut(piece: Piece) -> tuple[Piece, Excerpt | None]:
    """The piece with the best part of its video, which may be shorter than planned."""
    if piece.kind != PieceKind.VIDEO:
        return piece, None
    part = best_part(Path(piece.path), piece.seconds)
    return replace(piece, seconds=part.seconds), part


def _write(script: Script, parts: list[Excerpt | None], path: Path, progress: Path | None) -> int:
    import av

    size = SIZES[script.shape]
    whole = sum(round(piece.seconds * RATE) for piece in script.pieces) + FADE
    sound = _mixed(script, parts, whole / RATE).frames()
    with av.open(str(path), "w", format="mp4", options=MP4_OPTIONS) as out:
        video, audio = _video_stream(out, size), _audio_stream(out)
        heard = 0
        for number, frame in enumerate(faded(_frames(script, parts, size), black(size))):
            out.mux(video.encode(_picture(frame, number)))
            if number % RATE == 0:
                # Audio and video are interleaved in the file, so that it plays from its start on.
                heard = _mux_sound(out, audio, sound, (heard, (number + RATE) * SOUND_RATE // RATE))
                _note(progress, number, whole)
        out.mux(video.encode(None))
        _mux_sound(out, audio, sound, (heard, whole * SOUND_RATE // RATE + SOUND_RATE))
        out.mux(audio.encode(None))
    return whole


def _starts(script: Script) -> Iterator[float]:
    """Start time of each piece, in seconds."""
    frames = accumulate((round(piece.seconds * RATE) for piece in script.pieces), initial=0)
    yield from (count / RATE for count in frames)


def _sounds(script: Script, parts: list[Excerpt | None]) -> Iterator[SoundExcerpt]:
    for piece, part, at in zip(script.pieces, parts, _starts(script), strict=False):
        if part is not None:
            yield SoundExcerpt(piece.media, at, part.start, part.seconds)


def _mixed(script: Script, parts: list[Excerpt | None], seconds: float) -> SoundMix:
    mix = SoundMix(seconds)
    for part, at in zip(parts, _starts(script), strict=False):
        if part is not None:
            mix.add_excerpt(part, at)
    if script.music:
        mix.add_music(Path(script.music))
    return mix


def _frames(
    script: Script, parts: list[Excerpt | None], size: tuple[int, int]
) -> Iterator[Iterator[Any]]:
    """Yield the frames of each piece."""
    painter = CardPainter(size, script.language)
    for number, (piece, part) in enumerate(zip(script.pieces, parts, strict=True)):
        if piece.kind == PieceKind.PHOTO:
            yield _with_line(painter, piece, _photo(piece, size, is_leaving=number % 2 == 1))
        elif part is not None:
            yield _with_line(painter, piece, excerpt_frames(part, size))
        else:
            yield _still(frame_of(painter.card(piece)), piece.seconds)


def _photo(piece: Piece, size: tuple[int, int], *, is_leaving: bool) -> Iterator[Any]:
    image = open_photo(Path(piece.path))
    return photo_frames(image, piece.seconds, size, is_whole=piece.is_whole, is_leaving=is_leaving)


def _with_line(painter: CardPainter, piece: Piece, frames: Iterator[Any]) -> Iterator[Any]:
    line = painter.line(piece)
    for frame in frames:
        if line is not None:
            line.put_on(frame)
        yield frame


def _still(frame: Any, seconds: float) -> Iterator[Any]:
    for _number in range(round(seconds * RATE) + FADE):
        yield frame


def _video_stream(out: Any, size: tuple[int, int]) -> Any:
    stream = out.add_stream("libx264", rate=RATE, options=dict(ENCODER))
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    # As in capture.transcoding: threads encode whole pictures in parallel, not slices of one.
    context.thread_type = "FRAME"
    context.time_base = Fraction(1, RATE)
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    return stream


def _audio_stream(out: Any) -> Any:
    stream = out.add_stream("aac", rate=SOUND_RATE, layout="stereo")
    stream.bit_rate = 160_000
    return stream


def _picture(frame: Any, number: int) -> Any:
    import av

    picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
    picture.pts, picture.time_base = number, Fraction(1, RATE)
    picture.colorspace, picture.color_range = BT709, LIMITED
    picture.color_primaries = picture.color_trc = BT709
    return picture


def _mux_sound(out: Any, stream: Any, sound: Iterator[Any], reach: tuple[int, int]) -> int:
    """Write sound up to a sample; returns the position reached."""
    at, until = reach
    while at < until:
        frame = next(sound, None)
        if frame is None:
            break
        frame.pts, frame.time_base = at, Fraction(1, SOUND_RATE)
        at += frame.samples
        out.mux(stream.encode(frame))
    return at


def _note(progress: Path | None, done: int, whole: int) -> None:
    if progress is None:
        return
    temporary = progress.with_name(f"{progress.name}.{os.getpid()}")
    # A reader of the progress file must not stop the film.
    with suppress(OSError):
        temporary.write_text(f"{done} {whole}", encoding="ascii")
        temporary.replace(progress)
