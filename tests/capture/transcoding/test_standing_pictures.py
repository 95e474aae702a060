"""Screen recordings and slide shows, in which a picture stays for long: its time counts, at the end and in a cut."""

from __future__ import annotations

from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from capture.decoding.mime_sniff import sniff
from capture.decoding.probe import probe
from capture.renditions.video import make_video
from reporter.media.edits import Edits

RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)
# What the edited film shows, as (second, picture).
Shown = list[tuple[float, tuple[int, int, int]]]


def film(path: Path, times: list[float], stays: float, *, encoder: str = "mpeg4") -> Path:
    """Red, green and blue pictures at ``times``; the last one stays for so many seconds."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(encoder, rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, 600)
        packets: list[Any] = []
        for time, colour in zip(times, cycle((RED, GREEN, BLUE)), strict=False):
            pixels = np.full((120, 160, 3), colour, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(time * 600), Fraction(1, 600)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        packets[-1].duration = round(stays / packets[-1].time_base)
        for packet in packets:
            out.mux(packet)
    return path


def shown(src: Path, folder: Path, edits: Edits | None = None) -> tuple[float | None, Shown]:
    """The length of what is played, and its pictures."""
    folder.mkdir()
    kind = sniff(src.read_bytes()[:8192])
    assert kind is not None
    play = make_video(src, folder, probe(src, kind.mime), edits=edits)[0]
    pictures: Shown = []
    with av.open(str(play.path)) as made:
        for frame in made.decode(video=0):
            pixel = frame.to_ndarray(format="rgb24")[60, 80].astype(int)
            near = min((RED, GREEN, BLUE), key=lambda colour: np.abs(pixel - colour).sum())
            pictures.append((round(float(frame.time or 0), 1), near))
    return play.duration, pictures


@pytest.mark.parametrize(
    ("name", "encoder", "times", "stays"),
    [
        ("screen.mp4", "mpeg4", [0, 0.5, 1.0], 6.0),
        ("screen.webm", "libvpx", [0, 0.5, 1.0], 6.0),
        ("slides.mp4", "mpeg4", [0, 10, 20], 10.0),
        ("one.mp4", "mpeg4", [0], 5.0),
        ("usual.mp4", "mpeg4", [0, 1 / 30, 2 / 30], 1 / 30),
    ],
)
def test_the_last_picture_stays(
    name: str, encoder: str, times: list[float], stays: float, tmp_path: Path
) -> None:
    src = film(tmp_path / name, times, stays, encoder=encoder)
    length, pictures = shown(src, tmp_path / "out")
    assert length == pytest.approx(times[-1] + stays, abs=0.05)
    assert len(pictures) == len(times)


@pytest.mark.parametrize(
    ("cut", "pictures"),
    [
        ((5.0, 15.0), [(0.0, RED), (5.0, GREEN)]),
        ((12.0, 18.0), [(0.0, GREEN)]),
        ((22.0, 29.0), [(0.0, BLUE)]),
        ((0.0, 3.0), [(0.0, RED)]),
        ((9.9, 19.0), [(0.0, RED), (0.1, GREEN)]),
    ],
)
def test_a_cut_shows_what_stands_when_it_begins(
    cut: tuple[float, float], pictures: Shown, tmp_path: Path
) -> None:
    src = film(tmp_path / "slides.mp4", [0, 10, 20], 10.0)
    length, found = shown(src, tmp_path / "out", Edits(cut=cut))
    assert length == pytest.approx(cut[1] - cut[0], abs=0.05)
    assert found == pictures


def test_a_film_that_breaks_off_does_not_stand_still_for_what_is_missing(tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    with av.open(str(whole), "w", options={"movflags": "+faststart"}) as out:
        stream: Any = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.bit_rate = 400_000
        noise = np.random.default_rng(1)
        for _ in range(100):
            pixels = noise.integers(0, 255, (120, 160, 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode(None))
    data = whole.read_bytes()
    src = tmp_path / "part.mp4"
    src.write_bytes(data[: len(data) // 2])
    length, pictures = shown(src, tmp_path / "out")
    assert len(pictures) < 80
    assert length == pytest.approx(len(pictures) / 10, abs=0.2)


def test_a_packet_without_data_repeats_the_picture(tmp_path: Path) -> None:
    """As recorders write where nothing moves: in Theora, and in films with samples of zero bytes."""
    src = film(tmp_path / "a.mov", [0, 0.5, 1.0], 0.5)
    data = bytearray(src.read_bytes())
    at = data.index(b"stsz") + 12
    assert data[at : at + 4] == b"\0\0\0\3"
    data[at + 12 : at + 16] = bytes(4)
    src.write_bytes(data)
    assert shown(src, tmp_path / "out") == (1.5, [(0.0, RED), (0.5, GREEN)])


def test_a_late_last_picture_is_within_the_length(tmp_path: Path) -> None:
    """Decoding times, which MP4 counts, lag behind where the pictures' distances differ."""
    times = [n / 10 for n in range(9)]
    src = film(tmp_path / "a.mov", [*times, 7.0], 0.1)
    assert shown(src, tmp_path / "out")[0] == pytest.approx(7.1, abs=0.05)
