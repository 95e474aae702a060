"""Films as they come from recorders that leave something out, or change their mind in the middle."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from capture.decoding.mime_sniff import sniff
from capture.decoding.probe import Probe, probe
from capture.imaging.colour import Colour
from capture.renditions.pipeline import process_file
from tests.support.media import files
from tests.support.media.colours import HLG, film_of_bars


def probed(path: Path) -> Probe:
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    return probe(path, kind.mime)


def without_tags_in_the_bitstream(src: Path, path: Path) -> Path:
    """The same packets; only the container still has the colour tags."""
    with av.open(str(src)) as film, av.open(str(path), "w", format="mov") as out:
        stream = film.streams.video[0]
        to = out.add_stream_from_template(stream)
        name = {"h264": "h264_metadata", "hevc": "hevc_metadata"}[stream.codec_context.name]
        unspecified = "colour_primaries=2:transfer_characteristics=2:matrix_coefficients=2"
        clean = av.BitStreamFilterContext(f"{name}={unspecified}", stream, to)
        for packet in film.demux(stream):
            for cleaned in clean.filter(packet if packet.size else None):
                cleaned.stream = to
                out.mux(cleaned)
    return path


@pytest.mark.parametrize(
    ("encoder", "tags", "matrix"),
    [("libx264", (6, 1, 6), 6), ("libx265", (9, HLG, 9), 9)],
)
def test_colour_tags_of_the_container_count_where_the_bitstream_has_none(
    encoder: str, tags: tuple[int, int, int], matrix: int, tmp_path: Path
) -> None:
    size = (1280, 720)
    tagged = film_of_bars(
        tmp_path / "a.mov", tags=tags, matrix=matrix, size=size, format="mov", encoder=encoder
    )
    film = without_tags_in_the_bitstream(tagged, tmp_path / "b.mov")
    with av.open(str(film)) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_primaries, frame.colorspace) == (2, 2)
    described = probed(film).film
    assert described is not None
    assert described.picture is not None
    assert described.picture.colour == Colour(*tags, is_full_range=False)


def test_an_empty_matrix_turns_nothing(tmp_path: Path) -> None:
    film = film_of_bars(tmp_path / "a.mp4", tags=None, matrix=6)
    data = bytearray(film.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = bytes(36)
    film.write_bytes(data)
    found = probed(film)
    assert (found.rotation, found.width, found.height) == (0, 640, 360)


def test_a_transport_stream_may_begin_within_a_packet(tmp_path: Path) -> None:
    whole = files.mts(packet=188).read_bytes()
    film = tmp_path / "a.ts"
    film.write_bytes(whole[77 - 188 * 3 :] + whole)
    made = process_file(film, tmp_path / "out", "video/mp2t").made
    assert sniff(film.read_bytes()[:8192]) == sniff(whole[:8192])
    assert {one.name for one in made} == {"play", "poster", "thumb"}
    # The letter G, and a few packets that may be there by chance.
    assert sniff(b"G" * 8192) is None
    assert sniff(whole[77 : 188 * 6]) is None


def turned_in_the_middle(path: Path) -> Path:
    """A browser's recording on a phone that is turned upright after ten pictures: red, with a green left half."""
    with av.open(str(path), "w") as out:
        options = {**files.VPX, "b": "2M"}
        parts = []
        for size in ((320, 180), (180, 320)):
            encoder: Any = av.CodecContext.create("libvpx", "w")
            encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
            encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
            encoder.options = options
            pixels = np.full((size[1], size[0], 3), (200, 20, 20), np.uint8)
            pixels[:, : size[0] // 2] = (20, 180, 20)
            part = []
            for n in range(10):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = n, Fraction(1, 30)
                part += encoder.encode(frame)
            parts.append([*part, *encoder.encode(None)])
        stream: Any = out.add_stream("libvpx", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number, packet in enumerate(packet for part in parts for packet in part):
            packet.pts = packet.dts = number
            packet.time_base, packet.stream = Fraction(1, 30), stream
            out.mux(packet)
    return path


def test_pictures_that_change_their_shape_are_not_distorted(tmp_path: Path) -> None:
    film = turned_in_the_middle(tmp_path / "a.webm")
    play = process_file(film, tmp_path / "out", "video/webm").made[0].path
    with av.open(str(play)) as made:
        seen = [frame.to_ndarray(format="rgb24").astype(int) for frame in made.decode(video=0)]
    assert {picture.shape for picture in seen} == {(180, 320, 3)}
    first, last = seen[5], seen[15]
    # 180 × 320 within 180 rows is about 102 wide, in the middle.
    for picture, columns in ((first, (10, 150, 170, 310)), (last, (114, 156, 164, 206))):
        colours = picture[90, list(columns)]
        assert (colours[:2, 1] > 140).all()
        assert (colours[2:, 0] > 160).all()
    assert last[90, [20, 90, 230, 300]].max() < 30
