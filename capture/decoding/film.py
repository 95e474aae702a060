"""Describes a film or sound once: its tracks, colours, start time and geometry; built by the probe,
used everywhere else.

Numbers of primaries, transfer and matrix are those of ITU-T H.273; 2 (unspecified) is always
replaced: missing values get the defaults that browsers use.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from capture.imaging.colour import (
    BT470BG,
    BT601,
    BT709,
    BT2020,
    COMMON_MATRICES,
    UNSPECIFIED,
    Colour,
)

_FULL = 2  # FFmpeg's AVCOL_RANGE_JPEG
_NO_TAGS = (UNSPECIFIED,) * 3
_GBR = 0
# Chromium and Firefox treat untagged films from this height on as BT.709, smaller ones as BT.601.
_HD_HEIGHT = 720
# An audio encoder's priming samples are no longer than this.
_PRIMING_SECONDS = Fraction(1, 10)


@dataclass(frozen=True)
class PictureTrack:
    """The video track. ``width`` and ``height`` as stored, ``rotation`` in degrees
    counterclockwise.

    ``is_mirrored``: flipped horizontally before the rotation. ``pixel_aspect`` is a pixel's width
    divided by its height. ``is_trimmed``: an edit list hides coded pictures.
    """

    index: int
    codec: str
    width: int
    height: int
    colour: Colour
    rotation: int = 0
    is_mirrored: bool = False
    pixel_aspect: Fraction = Fraction(1)
    frame_rate: Fraction = Fraction(30)
    is_interlaced: bool = False
    is_trimmed: bool = False

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height in square pixels, before the rotation."""
        return round(self.width * self.pixel_aspect), self.height


@dataclass(frozen=True)
class SoundTrack:
    """The audio track. ``is_trimmed``: an edit list hides more than the encoder's priming
    samples. ``beside``: further tracks of one microphone each, to be heard with it."""

    index: int
    codec: str
    channels: int
    is_trimmed: bool = False
    beside: tuple[int, ...] = ()


@dataclass(frozen=True)
class FilmTracks:
    """The tracks that are played, and the start of their common clock in seconds.

    ``others`` lists the kinds of ignored tracks: time codes, data, codecs that can't be decoded
    here.
    """

    picture: PictureTrack | None = None
    sound: SoundTrack | None = None
    start: Fraction = Fraction(0)
    others: tuple[str, ...] = ()


def container_tags(stream: Any) -> tuple[int, int, int]:
    """Primaries, transfer and matrix as the container states them. To be asked before anything is
    decoded: a decoder replaces them by those of the bitstream, even where these say "unspecified"."""
    context = stream.codec_context
    return int(context.color_primaries), int(context.color_trc), int(context.colorspace)


def describe(
    container: Any, frame: Any | None, tags: tuple[int, int, int] = _NO_TAGS
) -> FilmTracks:
    """Describe an opened container; ``frame`` is the first decoded picture, None for audio only,
    and ``tags`` are those of ``container_tags``."""
    video = real_video(container) if frame is not None else None
    audio = real_audio(container)
    taken = [stream for stream in (video, audio) if stream is not None]
    return FilmTracks(
        picture=None if video is None else _picture(video, frame, tags),
        sound=None if audio is None else _sound(audio),
        start=_start(container, taken),
        others=tuple(_kind(s) for s in container.streams if s not in taken),
    )


def real_video(container: Any) -> Any:
    """The decodable video track of an opened file that players show; a song's cover does not count."""
    from av.stream import Disposition

    cover = Disposition.attached_pic | Disposition.timed_thumbnails
    return _preferred(s for s in container.streams.video if not s.disposition & cover)


def real_audio(container: Any) -> Any:
    """The decodable audio track of an opened file that players play; phones put proprietary codecs
    before it."""
    return _preferred(container.streams.audio)


def sounds_beside(audio: Any) -> list[Any]:
    """Tracks that are to be heard with an audio track: professional cameras write one of each microphone, mono and
    uncompressed."""
    context, container = audio.codec_context, audio.container
    if not context.name.startswith("pcm_") or context.channels != 1:
        return []
    if not {"mov", "mxf"} & set(container.format.name.split(",")):
        return []
    return [
        other
        for other in container.streams.audio
        if other is not audio
        and other.codec_context is not None
        and (other.codec_context.name, other.codec_context.channels) == (context.name, 1)
        and other.codec_context.sample_rate == context.sample_rate
        and (other.disposition, other.start_time) == (audio.disposition, audio.start_time)
    ]


def _preferred(streams: Iterable[Any]) -> Any:
    """The first track that its maker has not switched off, else the first: editing programs keep the sound of the
    camera as a disabled track before the mixed one."""
    from av.stream import Disposition

    known = [stream for stream in streams if stream.codec_context is not None]
    enabled = (stream for stream in known if stream.disposition & Disposition.default)
    return next(enabled, known[0] if known else None)


def _kind(stream: Any) -> str:
    context = stream.codec_context
    return f"{stream.type}/{context.name if context is not None else 'unknown'}"


def _start(container: Any, streams: list[Any]) -> Fraction:
    """Start time of the earliest selected track; other tracks may begin earlier and are dropped."""
    import av

    times = [s.start_time * s.time_base for s in streams if s.start_time is not None]
    start = min(times, default=Fraction(container.start_time or 0, av.time_base))
    # In MP4 and QuickTime, whatever lies before zero is hidden by an edit list.
    return max(start, Fraction(0)) if "mov" in container.format.name else start


def _picture(stream: Any, frame: Any, tags: tuple[int, int, int]) -> PictureTrack:
    rotation, is_mirrored = _orientation(frame)
    context = stream.codec_context
    aspect = stream.sample_aspect_ratio
    return PictureTrack(
        index=stream.index,
        codec=context.name,
        width=stream.width,
        height=stream.height,
        colour=_colour(context, frame, tags),
        rotation=rotation,
        is_mirrored=is_mirrored,
        # A more extreme value means a broken header.
        pixel_aspect=Fraction(aspect) if aspect and 0.2 < aspect < 5 else Fraction(1),
        frame_rate=Fraction(stream.guessed_rate or 30),
        is_interlaced=bool(frame.interlaced_frame or context.field_order > 1),
        is_trimmed=_hidden(stream) > 0,
    )


def _sound(stream: Any) -> SoundTrack:
    context = stream.codec_context
    hidden = _hidden(stream) > _PRIMING_SECONDS
    beside = tuple(other.index for other in sounds_beside(stream))
    return SoundTrack(stream.index, context.name, context.channels or 1, hidden, beside)


def _hidden(stream: Any) -> Fraction:
    """Seconds of a track that an edit list hides but that its packets still contain."""
    if "mov" not in stream.container.format.name:
        return Fraction(0)
    entries = stream.index_entries
    count = sum(1 for entry in entries if entry.is_discard)
    # In fragmented files the list only shifts the clock: hidden samples lie before zero.
    before = max(Fraction(0), -(stream.start_time or 0) * stream.time_base)
    if not count or not stream.duration:
        return before
    shown = max(len(entries) - count, 1)
    return before + count * Fraction(stream.duration) * stream.time_base / shown


def _orientation(frame: Any) -> tuple[int, bool]:
    """(degrees counterclockwise, is mirrored) from FFmpeg's display matrix (9 numbers in 16.16)."""
    import struct

    with suppress(KeyError, struct.error):
        numbers = struct.unpack("=9i", bytes(frame.side_data["DISPLAYMATRIX"])[:36])
        spread = numbers[0] * numbers[4] - numbers[1] * numbers[3]
        if spread < 0:
            return _mirrored(numbers), True
        if spread == 0:
            # Recorders that leave the matrix empty mean none.
            return 0, False
    # -0 and -180 are returned as 0 and 180.
    return round(frame.rotation / 90) * 90 % 360, False


def _mirrored(numbers: tuple[int, ...]) -> int:
    """The rotation that remains after flipping horizontally first."""
    from math import atan2, degrees

    # Flipping negates the first column.
    return round(degrees(atan2(-numbers[1], -numbers[0])) / 90) * -90 % 360


def _colour(context: Any, frame: Any, tags: tuple[int, int, int]) -> Colour:
    """The frame's tags, else the container's; missing ones as in Chromium 140 (measured)."""
    full = frame.color_range == _FULL or frame.format.name.startswith("yuvj")
    primaries = _first_specified(frame.color_primaries, tags[0])
    transfer = _first_specified(frame.color_trc, tags[1])
    matrix = _first_specified(frame.colorspace, tags[2])
    # FFmpeg reports BT.601 for all VP8, which has no tags of its own; browsers decide by the size.
    bare_vp8 = context.name in ("vp8", "libvpx") and primaries == transfer == UNSPECIFIED
    if matrix == UNSPECIFIED or bare_vp8:
        matrix = _unmarked(context, primaries, is_full=full)
    if matrix == _GBR and not frame.format.is_rgb:
        matrix = BT709
    if primaries == UNSPECIFIED:
        primaries = matrix if matrix in (*COMMON_MATRICES, BT2020) else BT709
    if transfer == UNSPECIFIED:
        transfer = BT601 if matrix in (BT601, BT470BG) else BT709
    return Colour(primaries, transfer, matrix, full)


def _first_specified(*values: Any) -> int:
    return next((int(v) for v in values if v is not None and v != UNSPECIFIED), UNSPECIFIED)


def _unmarked(context: Any, primaries: int, *, is_full: bool) -> int:
    if primaries == BT2020:
        return BT2020
    small = context.height < _HD_HEIGHT
    return BT601 if is_full or small or context.name in ("vp9", "libdav1d", "av1") else BT709
