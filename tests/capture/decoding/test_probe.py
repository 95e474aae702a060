"""What a file's headers say."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from capture.decoding.mime_sniff import sniff
from capture.decoding.probe import probe
from reporter.errors import MediaFailed
from tests.support.media import files


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_size_is_what_a_person_sees(orientation: int) -> None:
    found = probe(files.jpeg(600, 400, orientation=orientation), "image/jpeg")
    assert (found.kind, found.width, found.height) == ("photo", 600, 400)


def test_orientation_in_xmp_alone_turns_nothing(tmp_path: Path) -> None:
    """Browsers ignore it."""
    words = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF"
        b" xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description"
        b" xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation=\"6\"/></rdf:RDF></x:xmpmeta>"
    )
    path = tmp_path / "a.jpg"
    Image.new("RGB", (600, 400)).save(path, xmp=words)
    found = probe(path, "image/jpeg")
    assert (found.width, found.height) == (600, 400)


@pytest.mark.parametrize(("make", "codec"), [(files.flac, "flac"), (files.aac, "aac")])
def test_what_follows_a_long_id3_tag_is_played(
    make: Callable[[], Path], codec: str, tmp_path: Path
) -> None:
    """Its cover is longer than what the type is told by."""
    path, size = tmp_path / "a.mp3", 60_000
    sizes = bytes([0, size >> 14 & 127, size >> 7 & 127, size & 127])
    path.write_bytes(b"ID3\4\0\0" + sizes + bytes(size) + make().read_bytes())
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    found = probe(path, kind.mime)
    assert found.codecs == (codec,)
    assert found.duration == pytest.approx(probe_seconds(make()), abs=0.2)


def probe_seconds(path: Path) -> float:
    """As FFmpeg counts them."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        ticks = sum(packet.duration or 0 for packet in container.demux(stream))
        return float(ticks * (stream.time_base or 0))


def test_camera_and_time_of_a_photo() -> None:
    found = probe(files.jpeg(), "image/jpeg")
    assert found.captured_at == files.TAKEN_AT
    assert found.utc_offset is None
    assert (found.make, found.model, found.serial) == files.CAMERA


def test_offset_only_where_the_file_states_it() -> None:
    stated = probe(files.jpeg(600, 400, offset="-05:00"), "image/jpeg")
    assert stated.utc_offset == timedelta(hours=-5)
    assert probe(files.heic(), "image/heic").utc_offset == timedelta(hours=2)


@pytest.mark.parametrize(
    ("make", "mime"),
    [
        (files.heic, "image/heic"),
        (files.avif, "image/avif"),
        (files.webp, "image/webp"),
    ],
)
def test_other_photos_carry_the_same(make: Callable[[], Path], mime: str) -> None:
    found = probe(make(), mime)
    assert (found.width, found.height) == (1200, 800)
    assert found.captured_at == files.TAKEN_AT
    assert found.model == "Model 7"


def test_a_heic_that_was_turned_is_turned_once() -> None:
    found = probe(files.heic(600, 400, orientation=6), "image/heic")
    assert b"irot" in files.heic(600, 400, orientation=6).read_bytes()
    assert (found.width, found.height) == (600, 400)


def test_a_photo_without_exif_has_no_time() -> None:
    found = probe(files.png_alpha(), "image/png")
    assert found.captured_at is None
    assert (found.make, found.model, found.serial) == ("", "", "")


def test_a_clock_that_was_never_set_is_no_time(tmp_path: Path) -> None:
    exif = files.camera_exif()
    exif.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    path = tmp_path / "unset.jpg"
    files.image(60, 40).save(path, exif=exif)
    assert probe(path, "image/jpeg").captured_at is None


def test_damaged_exif_does_not_cost_the_photo(tmp_path: Path) -> None:
    path = tmp_path / "odd.jpg"
    files.image(60, 40).save(path, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff garbage")
    found = probe(path, "image/jpeg")
    assert (found.width, found.height, found.captured_at) == (60, 40, None)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(MediaFailed, match="more than 250 million pixels"):
        probe(files.png_bomb(), "image/png")


def test_the_pixel_limit_is_exact() -> None:
    path = files.jpeg(600, 400)
    assert probe(path, "image/jpeg", max_pixels=240_000).width == 600
    with pytest.raises(MediaFailed, match="pixels"):
        probe(path, "image/jpeg", max_pixels=239_999)


@pytest.mark.parametrize(
    "mime", ["image/jpeg", "image/png", "image/heic", "video/mp4", "video/webm", "audio/mpeg"]
)
def test_rubbish_is_a_sentence(tmp_path: Path, mime: str) -> None:
    path = tmp_path / "rubbish"
    path.write_bytes(b"rubbish" * 300)
    with pytest.raises(MediaFailed, match="again"):
        probe(path, mime)


def test_mp4() -> None:
    found = probe(files.mp4(), "video/mp4")
    assert (found.kind, found.width, found.height, found.rotation) == ("video", 640, 360, 0)
    assert found.duration == pytest.approx(2.0, abs=0.05)
    assert found.codecs == ("h264", "aac")
    assert found.captured_at == datetime(2026, 5, 16, 12, 30, 5)  # noqa: DTZ001
    assert found.utc_offset == timedelta(0)


def test_an_iphones_upright_video() -> None:
    found = probe(files.mov_hevc(), "video/quicktime")
    assert (found.width, found.height, found.rotation) == (360, 640, 270)
    assert found.codecs == ("hevc", "aac")
    assert found.captured_at == files.TAKEN_AT
    assert found.utc_offset == timedelta(hours=2)
    assert (found.make, found.model) == ("Apple", "iPhone 15")


@pytest.mark.parametrize("form", ["faststart", "frag_keyframe+empty_moov"])
def test_a_screen_recording_lasts_until_its_last_picture(form: str, tmp_path: Path) -> None:
    """It has a picture only where something changes, and decodes them in another order than it shows them."""
    path = tmp_path / "a.mp4"
    _record([number * 33 for number in range(60)] + [10_000], path, {"movflags": form})
    assert probe(path, "video/mp4").duration == pytest.approx(10.0, abs=0.2)


def _record(moments: list[int], path: Path, options: dict[str, str]) -> None:
    """A film with B-frames whose pictures are shown at ``moments`` (milliseconds)."""
    import av

    with av.open(str(path), "w", options=options) as out:
        stream = out.add_stream("libx264", rate=25, options={"bf": "3", "b-adapt": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, moment in enumerate(moments):
            pixels = np.full((48, 64, 3), number * 37 % 255, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels)
            frame.pts, frame.time_base = moment, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def test_a_live_webm_has_no_duration() -> None:
    found = probe(files.webm_live(), "video/webm")
    assert found.duration is None
    assert (found.has_video, found.has_audio) == (True, True)


def test_sound_alone_in_a_video_container_is_audio() -> None:
    found = probe(files.webm_voice(), "video/webm")
    assert (found.kind, found.mime, found.has_video) == ("audio", "audio/webm", False)
    assert found.width is None


def test_a_camcorder_and_an_old_phone() -> None:
    camcorder = probe(files.mts(), "video/mp2t")
    assert (camcorder.codecs, camcorder.width, camcorder.height) == (("h264", "ac3"), 720, 576)
    assert camcorder.duration == pytest.approx(2.0, abs=0.1)
    old = probe(files.gp3(), "video/3gpp")
    assert old.codecs == ("h263", "amrnb")
    assert old.duration == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    "make",
    [files.wav, files.m4a, files.ogg_opus, files.mp3, files.flac],
)
def test_sound(make: Callable[[], Path]) -> None:
    path = make()
    kind = sniff(path.read_bytes()[:8192])
    assert kind is not None
    found = probe(path, kind.mime)
    assert found.kind == "audio"
    assert found.duration == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("origination", ["2026-12-2410:11:12", "2026:12:2410-11-12"])
def test_a_recorder_tells_day_and_time_apart(origination: str, tmp_path: Path) -> None:
    """EBU Tech 3285: the origination's date and time follow three names of 256, 32 and 32 letters."""
    note = (bytes(320) + origination.encode()).ljust(602, b"\0")
    plain = files.wav(1.0).read_bytes()
    data = plain[:12] + b"bext" + len(note).to_bytes(4, "little") + note + plain[12:]
    path = tmp_path / "ZOOM0001.WAV"
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    found = probe(path, "audio/wav")
    assert (found.captured_at, found.utc_offset) == (datetime(2026, 12, 24, 10, 11, 12), None)  # noqa: DTZ001


def test_raw_aac_does_not_know_its_length() -> None:
    assert probe(files.aac(), "audio/aac").duration is None


def test_an_mp4_without_its_index_is_refused(tmp_path: Path) -> None:
    data = files.mp4().read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaFailed, match="damaged"):
        probe(path, "video/mp4")
