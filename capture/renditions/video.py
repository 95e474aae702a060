"""Renditions of a video: a copy that every browser and every target plays, a poster and a
thumbnail.

A compatible file is only remuxed; anything else is transcoded to H.264 and AAC in MP4 with its
index in front. The sound is normalized to the same loudness for all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from capture.decoding.film import FilmTracks, PictureTrack
from capture.decoding.probe import Probe, probe
from capture.decoding.safe_open import BROKEN_MEDIA, open_media
from capture.imaging.rendition_file import (
    RenditionFile,
    describe,
    save_poster,
    temporary_rendition,
)
from capture.renditions.poster_frame import best_frame
from capture.transcoding.audio_track import AudioTrack, MixedAudioTrack
from capture.transcoding.copy_track import CopyTrack
from capture.transcoding.loudness import gain_for, measure
from capture.transcoding.transcode import TimeRange, Track, span_of, write_tracks
from capture.transcoding.video_track import LONG_SIDE, SHORT_SIDE, VideoTrack
from reporter.errors import MediaFailed
from reporter.media.edits import Edits

# Above this bit rate even compatible codecs are transcoded: a phone on the venue's Wi-Fi has to
# load it.
COPY_BITS = 6_000_000
# The index in front, so that playback starts at once; no version numbers, so that the same input
# gives the same bytes.
MP4_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}


def make_video(
    src: Path,
    out_dir: Path,
    found: Probe,
    *,
    prefix: str = "",
    edits: Edits | None = None,
    still_at: float | None = None,
) -> list[RenditionFile]:
    """Make ``play`` (H.264/AAC MP4, at most 720p), ``poster`` and ``thumb`` (400) of a probed
    video.

    Rotation is kept as metadata where the video is only remuxed, else applied to the pixels. All
    metadata of the original are removed. The duration of ``play`` is exact. Raises MediaFailed when
    no picture can be decoded.
    """
    with temporary_rendition(out_dir, prefix, "play", ".mp4") as path:
        _write_play(src, path, found, edits or Edits())
        made = probe(path, "video/mp4")
    play = describe(
        out_dir / f"{prefix}play.mp4",
        "play",
        "video/mp4",
        size=(made.width, made.height),
        duration=made.duration,
    )
    poster = best_frame(play.path, made, still_at)
    return [play, *save_poster(poster, out_dir, prefix=prefix)]


def _write_play(src: Path, path: Path, found: Probe, edits: Edits) -> None:
    import av

    with (
        open_media(src, found.mime) as source,
        av.open(str(path), "w", format="mp4", options=MP4_OPTIONS) as out,
    ):
        film = described(found)
        span = span_of(film.start, edits)
        tracks: dict[int, Track] = {}
        if film.picture is not None:
            stream = source.streams[film.picture.index]
            tracks[stream.index] = video_track(out, stream, found, span=span, edits=edits)
        if film.sound is not None:
            stream = source.streams[film.sound.index]
            gain = gain_for(measure(src, found.mime))
            track = audio_track(out, stream, found, span=span, gain=gain)
            tracks |= dict.fromkeys((stream.index, *film.sound.beside), track)
        if not write_tracks(source, out, tracks):
            raise MediaFailed(BROKEN_MEDIA)


def described(found: Probe) -> FilmTracks:
    """The probe's description of the tracks. Raises MediaFailed for what is neither film nor
    audio."""
    if found.film is None:
        raise MediaFailed(BROKEN_MEDIA)
    return found.film


def video_track(
    out: Any, stream: Any, found: Probe, *, span: TimeRange, edits: Edits | None = None
) -> Track:
    """Choose the video track for ``out``: copied where compatible and unchanged, else encoded."""
    edits, film = edits or Edits(), described(found)
    if (
        not edits.changes_picture
        and span.length is None
        and film.picture is not None
        and _fits(stream, found)
    ):
        return CopyTrack(out, stream, span.start, colour=film.picture.colour)
    return VideoTrack(out, stream, film, span, edits=edits)


def audio_track(
    out: Any, stream: Any, found: Probe, *, span: TimeRange, gain: float = 0.0
) -> Track:
    """Choose the audio track for ``out``: intact AAC of the right loudness is copied, all else
    encoded."""
    # In a transport stream AAC has its own headers and a clock that may jump: encode.
    context, sound = stream.codec_context, described(found).sound
    if (
        not gain
        and not (sound is not None and sound.is_trimmed)
        and span.length is None
        and context.name == "aac"
        and found.mime != "video/mp2t"
        and 0 < context.channels <= 2
    ):
        return CopyTrack(out, stream, span.start)
    if sound is not None and sound.beside:
        streams = [stream, *(stream.container.streams[index] for index in sound.beside)]
        return MixedAudioTrack(out, streams, span, gain=gain)
    return AudioTrack(out, stream, span, gain=gain)


def _fits(stream: Any, found: Probe) -> bool:
    """Whether phones and browsers play the video as it is, and it contains nothing that its
    maker cut off."""
    context, picture = stream.codec_context, described(found).picture
    return (
        picture is not None
        and picture.codec == "h264"
        and found.mime in ("video/mp4", "video/quicktime", "video/webm", "video/x-matroska")
        and context.pix_fmt in ("yuv420p", "yuvj420p")
        and _is_small(picture)
        and picture.colour.is_common
        and not (picture.is_trimmed or picture.is_interlaced or picture.is_mirrored)
        and (context.bit_rate or _file_bits(found, stream)) <= COPY_BITS
    )


def _is_small(picture: PictureTrack) -> bool:
    sides = sorted((picture.width, picture.height))
    fitting = sides[0] <= SHORT_SIDE and sides[1] <= LONG_SIDE
    return fitting and not any(side % 2 for side in sides) and picture.pixel_aspect == 1


def _file_bits(found: Probe, stream: Any) -> float:
    return stream.container.size * 8 / found.duration if found.duration else 0
