"""Reads a file's headers: kind, size, duration, time, camera. Decodes nothing but the first
frame."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from capture.decoding.film import (
    FilmTracks,
    container_tags,
    describe,
    real_audio,
    real_video,
)
from capture.decoding.mime_sniff import M4A, OGG
from capture.decoding.safe_open import counted_seconds, open_media, open_photo
from reporter.errors import MediaFailed
from reporter.messages import Message

# Current phones have 200 megapixels; capture.decoding.safe_open checks the memory that a picture
# needs.
MAX_PIXELS = 250_000_000
# 8K, the most that consumer cameras record (8192 × 4320), with a little headroom.
MAX_FRAME_PIXELS = 36_000_000
NOTHING_THERE = Message("There is neither picture nor sound in this file. Please record it again.")
UNKNOWN_CODECS = Message(
    "Picture and sound of this file are in a format that can't be played here. Save it "
    "as MP4 and send that."
)
_BEXT_DAY = re.compile(r"(\d{4})[-_:. ](\d\d)[-_:. ](\d\d)")
_BEXT_CLOCK = re.compile(r"(\d\d)[-_:. ](\d\d)[-_:. ](\d\d)")
# Audio in bare frames: only the frames give its duration.
COUNTED_MIMES = frozenset({"audio/mpeg", "audio/amr"})
# Seconds; seeking there gets to the last key frame. No film lasts a month.
_BEYOND_THE_END = 30 * 86_400


@dataclass(frozen=True)
class Probe:
    """The metadata of a file. Sizes are in pixels as displayed (orientation applied).

    ``duration`` is in seconds, None where the headers lack it (a live WebM, raw AAC).
    ``captured_at`` is naive: the device's own local time. ``utc_offset`` is set only when the file
    states it; QuickTime's creation time is UTC by the standard, although some cameras write local
    time there. ``rotation`` (video) is the number of degrees counterclockwise by which a player
    rotates the frames. ``film`` describes the tracks of a video or audio file.
    """

    kind: str
    mime: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    captured_at: datetime | None = None
    utc_offset: timedelta | None = None
    has_video: bool = False
    has_audio: bool = False
    codecs: tuple[str, ...] = ()
    rotation: int = 0
    make: str = ""
    model: str = ""
    serial: str = ""
    film: FilmTracks | None = None


def probe(path: Path, mime: str, *, max_pixels: int = MAX_PIXELS) -> Probe:
    """Read the headers of a photo, video or audio file whose type ``capture.decoding.mime_sniff``
    has detected.

    Raises MediaFailed, with a message for a volunteer, for a broken file, for one with nothing to
    see or hear, and for pictures of more than ``max_pixels``. Meant to run in a worker of
    ``capture.decoding.process_pool``.
    """
    if mime.startswith("image/"):
        return _probe_photo(path, mime, max_pixels)
    return _probe_media(path, mime)


def _probe_photo(path: Path, mime: str, max_pixels: int) -> Probe:
    from capture.decoding.safe_open import read_exif

    with open_photo(path, mime, max_pixels=max_pixels) as image:
        exif = read_exif(image)
        width, height = image.size
        if exif.orientation in (5, 6, 7, 8):
            width, height = height, width
        return Probe(
            kind="photo",
            mime=mime,
            width=width,
            height=height,
            has_video=True,
            codecs=(image.format or "",),
            captured_at=exif.captured_at,
            utc_offset=exif.utc_offset,
            make=exif.make,
            model=exif.model,
            serial=exif.serial,
        )


def _probe_media(path: Path, mime: str) -> Probe:
    with open_media(path, mime) as container:
        film = _film(container)
        picture, sound = film.picture, film.sound
        width, height = (None, None) if picture is None else _upright_size(film)
        captured_at, offset = _media_time(container.metadata)
        tags = {key.lower(): value for key, value in container.metadata.items()}
        return Probe(
            kind="audio" if picture is None else "video",
            mime=_audio_mime(mime) if picture is None else mime,
            width=width,
            height=height,
            rotation=0 if picture is None else picture.rotation,
            duration=_duration(container, mime),
            has_video=picture is not None,
            has_audio=sound is not None,
            codecs=tuple(track.codec for track in (picture, sound) if track is not None),
            captured_at=captured_at,
            utc_offset=offset,
            make=tags.get("com.apple.quicktime.make", tags.get("make", "")),
            model=tags.get("com.apple.quicktime.model", tags.get("model", "")),
            film=film,
        )


def _film(container: Any) -> FilmTracks:
    """Describe an opened file. Raises MediaFailed where there is nothing to see or hear, or too
    many pixels."""
    video = real_video(container)
    if video is None and real_audio(container) is None:
        strange = any(stream.type in ("video", "audio") for stream in container.streams)
        raise MediaFailed(UNKNOWN_CODECS if strange else NOTHING_THERE)
    if video is None:
        return describe(container, None)
    if video.width * video.height > MAX_FRAME_PIXELS:
        raise MediaFailed("The picture of this video is too large to be played here.")
    tags = container_tags(video)
    return describe(container, _first_frame(container, video), tags)


def _first_frame(container: Any, stream: Any) -> Any:
    from capture.decoding.safe_open import decoded

    for frame in decoded(container, stream):
        return frame
    raise MediaFailed("No picture of this video can be read. Please record it again.")


def _upright_size(film: FilmTracks) -> tuple[int, int]:
    """Width and height as displayed: a camera that records 1440×1080 with wide pixels means
    1920×1080."""
    picture = film.picture
    if picture is None:
        return 0, 0
    width, height = picture.display_size
    return (height, width) if picture.rotation in (90, 270) else (width, height)


def _duration(container: Any, mime: str) -> float | None:
    # Without an index FFmpeg extrapolates the first frame's bit rate to the whole file.
    if mime in COUNTED_MIMES:
        return counted_seconds(container)
    if mime == "audio/aac" or not container.duration or container.duration < 0:
        return None
    stated = float(container.duration) / 1_000_000
    if container.format.name == "ogg" and real_audio(container) is not None:
        # Of Ogg files in a chain FFmpeg tells the length of the last one (findings/pyav-ogg-chain.sh).
        return _longer(counted_seconds(container), stated)
    if container.format.name.startswith("mov") and (video := real_video(container)) is not None:
        # FFmpeg adds up when pictures are decoded (findings/pyav-mp4-ends-before-its-end.sh).
        return _longer(_last_shown(container, video), stated)
    return stated


def _longer(counted: float | None, stated: float) -> float:
    return counted if counted is not None and counted > stated + 0.2 else stated


def _last_shown(container: Any, video: Any) -> float | None:
    """Seconds at which the last picture of an MP4 ends, by the packets behind its last key frame; None
    where pictures are decoded in the order in which they are shown."""
    import av

    if not video.codec_context.has_b_frames:
        return None
    end = 0
    with suppress(av.error.FFmpegError):
        container.seek(round(_BEYOND_THE_END / video.time_base), stream=video)
        for packet in container.demux(video):
            if packet.pts is not None and not packet.is_discard:
                end = max(end, packet.pts + (packet.duration or 0))
    return float(end * video.time_base)


def _audio_mime(mime: str) -> str:
    # A video container with audio only.
    swapped = {
        "video/webm": "audio/webm",
        "video/x-matroska": "audio/x-matroska",
        "video/ogg": OGG.mime,
        "video/x-ms-wmv": "audio/x-ms-wma",
    }
    if mime in ("video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2"):
        return M4A.mime
    return swapped.get(mime, mime)


def _media_time(metadata: dict[str, str]) -> tuple[datetime | None, timedelta | None]:
    """Apple's creation date (local, with offset) if present, else the container's creation time."""
    texts = [
        metadata.get(k, "") for k in ("com.apple.quicktime.creationdate", "creation_time", "date")
    ]
    # Recorders' WAV files have a day and a time (EBU Tech 3285, 2.3), which FFmpeg gives by these names.
    day, clock = _BEXT_DAY.fullmatch(texts[2].strip()), _BEXT_CLOCK.fullmatch(texts[1].strip())
    if day and clock:
        texts.append(f"{'-'.join(day.groups())}T{':'.join(clock.groups())}")
    for text in texts:
        if moment := _parse_iso(text):
            return moment.replace(tzinfo=None), moment.utcoffset()
    return None, None


def _parse_iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    # QuickTime counts from 1904, which is what a camera whose clock was never set writes.
    return moment if moment.year >= 1990 else None
