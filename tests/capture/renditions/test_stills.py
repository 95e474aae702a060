"""Stills beyond JPEG: told by their bytes, read by the real libraries, shown upright in true colours."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from capture.decoding.formats.jxl_header import read_jxl_size
from capture.decoding.mime_sniff import HEAD_BYTES, sniff
from capture.decoding.probe import probe
from capture.renditions.pipeline import process_file
from reporter.errors import MediaFailed
from tests.support.media import stills
from tests.support.media.scene import CAMERA, TAKEN_AT, image

STILLS: dict[str, tuple[Callable[[], Path], str]] = {
    "tiff": (stills.tiff, "image/tiff"),
    "tiff turned": (lambda: stills.tiff(orientation=6), "image/tiff"),
    "tiff late": (stills.tiff_late, "image/tiff"),
    "bmp": (stills.bmp, "image/bmp"),
    "jp2": (stills.jp2, "image/jp2"),
    "j2k": (stills.j2k, "image/jp2"),
    "jxl": (stills.jxl, "image/jxl"),
    "jxl bare": (lambda: stills.jxl(container=False), "image/jxl"),
}
RAWS = {
    "cr2": "image/x-canon-cr2",
    "cr3": "image/x-canon-cr3",
    "nef": "image/x-nikon-nef",
    "arw": "image/x-sony-arw",
    "dng": "image/x-adobe-dng",
    "rw2": "image/x-panasonic-rw2",
    "orf": "image/x-olympus-orf",
    "pef": "image/x-pentax-pef",
    "srw": "image/x-samsung-srw",
    "raf": "image/x-fuji-raf",
    "x3f": "image/x-sigma-x3f",
    "3fr": "image/x-camera-raw",
}


def shown(path: Path, mime: str, out: Path) -> np.ndarray:
    """The pixels of ``view``."""
    from PIL import Image

    result = process_file(path, out, mime)
    view = next(made for made in result.made if made.name == "view")
    with Image.open(view.path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.parametrize("name", STILLS)
def test_a_still_is_told_and_shown_as_it_is(name: str, tmp_path: Path) -> None:
    make, mime = STILLS[name]
    path = make()
    found = sniff(path.read_bytes()[:HEAD_BYTES])
    assert found is not None
    assert (found.kind, found.mime) == ("photo", mime)
    headers = probe(path, mime)
    assert (headers.width, headers.height) == (600, 400)
    view = shown(path, mime, tmp_path)
    assert view.shape == (400, 600, 3)
    assert np.abs(view - np.asarray(image(600, 400)).astype(int)).mean() < 4


@pytest.mark.parametrize("make", [stills.tiff_late, stills.jxl])
def test_time_and_camera_of_a_still(make: Callable[[], Path]) -> None:
    path = make()
    found = sniff(path.read_bytes()[:HEAD_BYTES])
    assert found is not None
    headers = probe(path, found.mime)
    assert headers.captured_at == TAKEN_AT
    assert (headers.make, headers.model, headers.serial) == CAMERA


@pytest.mark.parametrize("kind", RAWS)
def test_a_raw_file_is_told_and_shown_by_its_largest_jpeg(kind: str, tmp_path: Path) -> None:
    path, mime = stills.raw_path(kind), RAWS[kind]
    found = sniff(path.read_bytes()[:HEAD_BYTES])
    assert found is not None
    assert (found.kind, found.mime) == ("photo", mime)
    assert found.ext == (".raw" if kind == "3fr" else f".{kind}")
    headers = probe(path, mime)
    assert (headers.width, headers.height, headers.captured_at) == (900, 600, TAKEN_AT)
    assert headers.make
    view = shown(path, mime, tmp_path)
    assert np.abs(view - np.asarray(image(900, 600)).astype(int)).mean() < 6


@pytest.mark.parametrize("kind", ["rw2", "orf", "raf", "cr3", "x3f"])
def test_a_raw_file_held_upright_is_turned_once(kind: str, tmp_path: Path) -> None:
    stored = np.rot90(np.asarray(image(600, 900)), 1)
    path = tmp_path / f"upright.{kind}"
    path.write_bytes(stills.maker_raw(kind, np.ascontiguousarray(stored), TAKEN_AT, orientation=6))
    headers = probe(path, RAWS[kind])
    assert (headers.width, headers.height) == (600, 900)
    view = shown(path, RAWS[kind], tmp_path)
    assert np.abs(view - np.asarray(image(600, 900)).astype(int)).mean() < 6


@pytest.mark.parametrize("kind", ["raf", "x3f", "cr3"])
def test_a_raw_file_without_a_picture_is_a_sentence(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"empty.{kind}"
    path.write_bytes(stills.raw_path(kind).read_bytes()[:200] + bytes(500))
    with pytest.raises(MediaFailed, match="no picture in this raw file"):
        probe(path, RAWS[kind])


@pytest.mark.parametrize(
    "size", [(8, 8), (600, 400), (1000, 750), (1920, 1080), (800, 800), (640, 320), (401, 299)]
)
@pytest.mark.parametrize("container", [True, False])
def test_the_size_of_a_jpeg_xl_is_read_without_its_decoder(
    size: tuple[int, int], container: bool
) -> None:
    data = stills.jxl(*size, container=container).read_bytes()
    assert read_jxl_size(data) == size


def test_a_jpeg_xl_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(MediaFailed, match="million pixels"):
        probe(stills.jxl(), "image/jxl", max_pixels=200_000)


def test_a_variant_that_no_library_reads_is_not_called_damaged(tmp_path: Path) -> None:
    data = bytearray(stills.bmp().read_bytes())
    # A bitmap that holds a JPEG: compression 4, no bits of its own (BITMAPINFOHEADER).
    data[28:34] = b"\0\0\4\0\0\0"
    path = tmp_path / "printer.bmp"
    path.write_bytes(bytes(data))
    with pytest.raises(MediaFailed, match="This kind of photo can't be opened here"):
        probe(path, "image/bmp")


def test_a_tiff_of_coloured_floats_is_not_called_damaged(tmp_path: Path) -> None:
    import cv2

    path = tmp_path / "light.tif"
    path.write_bytes(cv2.imencode(".tif", np.ones((48, 64, 3), np.float32))[1].tobytes())
    with pytest.raises(MediaFailed, match="This kind of photo can't be opened here"):
        probe(path, "image/tiff")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(MediaFailed, match="damaged"):
        probe(path, "image/tiff")


STRANGERS = {
    "tiff without a picture": b"II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x02\0\0\0A\0\0\0" + bytes(4100),
    "tiff cut off": b"II*\0\xff\xff\0\0" + bytes(100),
    "text that starts like a bitmap": b"BM: the building materials of the new garden shed" * 9,
    "bitmap of no planes": b"BM" + bytes(60),
    "jpeg 2000 box alone": b"\0\0\0\x0cjP  \r\n\x87\n" + b"<html>" * 9,
    "jpeg xl box alone": b"\0\0\0\x0cJXL \r\n\x87\n" + b"<html>" * 9,
    "raf mark alone": b"FUJIFILMCCD-RAW ",
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_only_starts_like_a_still(name: str) -> None:
    assert sniff(STRANGERS[name]) is None


@pytest.mark.parametrize("levels", [(65_535, 32_768, 0), (65_535, 65_535, 65_535)])
def test_white_of_a_deep_jpeg_2000_stays_white(
    levels: tuple[int, int, int], tmp_path: Path
) -> None:
    import cv2

    path = tmp_path / "deep.jp2"
    half = np.full((64, 64, 3), levels[::-1], np.uint16)
    half[:, :32] = 20_000
    path.write_bytes(cv2.imencode(".jp2", half)[1].tobytes())
    seen = shown(path, "image/jp2", tmp_path)[32, 56]
    assert np.abs(seen - np.array(levels) // 257).max() <= 8


def test_a_date_beside_the_letters_of_ascii_is_read(tmp_path: Path) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:12:24 XXXXXX2:11:12"
    data = exif.tobytes().replace(b"XXXXXX", "下午".encode())
    path = tmp_path / "phone.jpg"
    Image.new("RGB", (64, 64)).save(path, exif=data)
    taken = probe(path, "image/jpeg").captured_at
    assert taken is not None
    assert f"{taken:%Y-%m-%d %H:%M:%S}" == "2026-12-24 14:11:12"
