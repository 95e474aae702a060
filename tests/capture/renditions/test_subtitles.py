"""Subtitles that a film brings along become the draft of its captions; telemetry does not."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from capture.renditions.pipeline import process_file
from reporter.media.webvtt import Cue, read_cues
from tests.support.media.recordings import VPX

_HEADER = (
    b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
    b"Style: Default,Arial,16\n\n[Events]\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)
SAID = [("Guten Morgen", 1.0, 2.0), ("Die Samen <i>sind</i> da", 3.2, 1.0)]
READ = [Cue(1.0, 3.0, "Guten Morgen"), Cue(3.2, 4.2, "Die Samen sind da")]
MIMES = {".mp4": "video/mp4", ".mkv": "video/x-matroska", ".webm": "video/webm"}


def film(
    path: Path,
    *tracks: tuple[str, list[tuple[str, float, float]]],
    marks: Sequence[tuple[str, Disposition]] = (),
) -> Path:
    """A film of five seconds with tracks of subtitles: their codec, and (words, begin, length) of each cue.

    ``marks``: language and disposition of each track.
    """
    with av.open(str(path), "w") as out:
        encoder = "libvpx" if path.suffix == ".webm" else "libx264"
        picture: Any = out.add_stream(
            encoder, rate=10, options=dict(VPX) if encoder == "libvpx" else {}
        )
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        streams = [out.add_stream(codec) for codec, _ in tracks]
        for stream in streams:
            context: Any = stream.codec_context
            context.subtitle_header = _HEADER
        for stream, (language, flags) in zip(streams, marks, strict=False):
            stream.metadata["language"] = language
            stream.disposition = flags
        for shade in range(50):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade * 5, np.uint8))
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        for stream, (codec, cues) in zip(streams, tracks, strict=True):
            for words, begin, length in cues:
                packet = av.Packet(_packed(words.encode(), codec))
                packet.stream, packet.time_base = stream, Fraction(1, 1000)
                packet.pts = packet.dts = round(begin * 1000)
                packet.duration = round(length * 1000)
                out.mux(packet)
    return path


def _packed(words: bytes, codec: str) -> bytes:
    if codec == "mov_text":
        return len(words).to_bytes(2, "big") + words
    return b"0,0,Default,Anna,0,0,0,," + words if codec == "ass" else words


def brought(path: Path, out_dir: Path) -> list[Cue]:
    return read_cues(process_file(path, out_dir, MIMES[path.suffix]).subtitles)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("phone.mp4", "mov_text"),
        ("film.mkv", "subrip"),
        ("film.mkv", "webvtt"),
        ("film.mkv", "ass"),
        ("page.webm", "webvtt"),
    ],
)
def test_text_tracks_are_read_on_the_films_timeline(tmp_path: Path, name: str, codec: str) -> None:
    assert brought(film(tmp_path / name, (codec, SAID)), tmp_path) == pytest.approx(READ)


TELEMETRY = {
    "a drone's": "F/2.8, SS 356.21, ISO 100, EV 0, GPS (13.40, 52.51, 15), D 24.58m",
    "another drone's": "FrameCnt: 1, DiffTime: 33ms\n[iso : 100] [latitude: 52.51] [longitude: 13.40]",
    "a clock's": "2026-12-05 10:11:12",
}


@pytest.mark.parametrize("words", TELEMETRY.values(), ids=TELEMETRY)
def test_telemetry_is_passed_over_for_what_is_said(tmp_path: Path, words: str) -> None:
    measured = [(words, float(second), 1.0) for second in range(4)]
    alone = film(tmp_path / "alone.mp4", ("mov_text", measured))
    assert brought(alone, tmp_path) == []
    both = film(tmp_path / "both.mp4", ("mov_text", measured), ("mov_text", SAID))
    assert brought(both, tmp_path) == pytest.approx(READ)


PLAIN, DEFAULT, FORCED = Disposition(0), Disposition.default, Disposition.forced


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
@pytest.mark.parametrize(
    ("language", "marks", "number"),
    [
        ("de", [("eng", DEFAULT), ("ger", PLAIN)], 1),
        ("de-AT", [("eng", DEFAULT), ("deu", PLAIN)], 1),
        ("fr", [("eng", PLAIN), ("ger", DEFAULT)], 1),
        ("", [("eng", DEFAULT), ("ger", PLAIN)], 0),
        ("", [("eng", FORCED), ("ger", PLAIN)], 1),
        ("en", [("eng", FORCED), ("eng", PLAIN)], 1),
    ],
)
def test_of_several_tracks_that_of_the_sessions_language_comes_first(
    tmp_path: Path, name: str, language: str, marks: list[tuple[str, Disposition]], number: int
) -> None:
    codec = "mov_text" if name.endswith("mp4") else "subrip"
    tracks = [(codec, [(words, 1.0, 2.0)]) for words in ("The first one", "Die zweite hier")]
    path = film(tmp_path / name, *tracks, marks=marks)
    found = process_file(path, tmp_path, MIMES[path.suffix], language=language).subtitles
    assert [cue.text for cue in read_cues(found)] == [tracks[number][1][0][0]]


def test_a_film_without_subtitles_brings_none(tmp_path: Path) -> None:
    assert brought(film(tmp_path / "mute.mp4"), tmp_path) == []
