"""What fits is copied packet by packet: every picture that can be decoded, none that can't."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from capture.decoding.mime_sniff import sniff
from capture.decoding.probe import probe
from capture.renditions.video import make_video
from capture.transcoding.copy_track import is_intact

COUNT = 40


def reordered(path: Path) -> Path:
    """Forty pictures, each brighter than the one before, with reordered ones between them, and a tone."""
    with av.open(str(path), "w") as out:
        options = {
            "bf": "3",
            "g": "10",
            "preset": "medium",
            "x264-params": "b-pyramid=1:scenecut=0",
        }
        stream: Any = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for n in range(COUNT):
            noise = np.random.default_rng(n).integers(0, 30, (96, 160, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(noise + np.uint8(n * 5), format="rgb24")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def brightness(play: Path) -> list[float]:
    with av.open(str(play)) as made:
        return [float(frame.to_ndarray(format="gray").mean()) for frame in made.decode(video=0)]


def played(src: Path, folder: Path) -> Path:
    kind = sniff(src.read_bytes()[:8192])
    assert kind is not None
    folder.mkdir()
    return make_video(src, folder, probe(src, kind.mime))[0].path


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_no_reordered_picture_is_lost(name: str, tmp_path: Path) -> None:
    """Matroska has no decoding times: the first pictures come before any is known."""
    seen = brightness(played(reordered(tmp_path / name), tmp_path / "out"))
    assert len(seen) == COUNT
    assert seen == sorted(seen)


def test_a_film_of_one_picture_without_a_decoding_time_is_copied(tmp_path: Path) -> None:
    src = tmp_path / "one.mkv"
    with av.open(str(reordered(tmp_path / "a.mp4"))) as film, av.open(str(src), "w") as out:
        to = out.add_stream_from_template(film.streams.video[0])
        packet = next(film.demux(video=0))
        packet.stream = to
        out.mux(packet)
    assert len(brightness(played(src, tmp_path / "out"))) == 1


def test_pictures_that_a_failing_card_lost_are_left_out_up_to_the_next_key_frame(
    tmp_path: Path,
) -> None:
    src = reordered(tmp_path / "a.mp4")
    with av.open(str(src)) as film:
        packets = [packet for packet in film.demux(video=0) if packet.size]
        keys = [n for n, packet in enumerate(packets) if packet.is_keyframe]
        lost = packets[keys[1] + 1]
    data = bytearray(src.read_bytes())
    assert lost.pos is not None
    data[lost.pos : lost.pos + lost.size] = bytes(lost.size)
    src.write_bytes(data)
    play = played(src, tmp_path / "out")
    # Raises where a packet can't be decoded, as a browser would stop there.
    assert len(brightness(play)) == COUNT - (keys[2] - keys[1] - 1)


@pytest.mark.parametrize(
    ("data", "prefix", "intact"),
    [
        (b"\0\0\0\2\x65\1\0\0\0\1\x06", 4, True),
        (b"\0\2\x65\1", 2, True),
        (b"\0\0\0\3\x65\1", 4, False),
        (b"\0\0\0\2\x65\1\0\0", 4, False),
        (b"\0\0\0\2\xe5\1", 4, False),
        (bytes(40), 4, False),
        (bytes(40), 0, False),
        (b"\0\1", 0, True),
    ],
)
def test_what_is_well_formed(data: bytes, prefix: int, intact: bool) -> None:
    assert is_intact(data, prefix) is intact
