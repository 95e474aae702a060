"""Stills that a browser shows and a library refuses or misreads: damaged notes, previews first, deep planes."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from capture.decoding.mime_sniff import sniff
from capture.decoding.probe import probe
from capture.decoding.truncation.detection import CUT_SHORT, note_on
from capture.imaging.icc_profile import ADOBE_RGB, matrix_profile
from capture.renditions.photo import make_photo
from reporter.errors import MediaFailed
from tests.support.media.colours import BARS, bars_in, still_of_bars
from tests.support.media.raw_files import Writer
from tests.support.media.scene import TAKEN_AT

BARS_16 = still_of_bars().astype(np.uint16) * np.uint16(257)
OTHER = np.uint16(65_535) - BARS_16
# 16-bit R'G'B', NewSubfileType, and whether each colour is a plane of its own.
Page = tuple[np.ndarray, int, bool]


def assert_shows_bars(path: Path, mime: str, folder: Path) -> None:
    view = next(made.path for made in make_photo(path, folder, mime) if made.name == "view")
    assert np.abs(bars_in(np.asarray(Image.open(view))) - np.array(BARS)).max() <= 4


@pytest.mark.parametrize("name", ["tEXt", "eXIf", "iTXt", "zzZz"])
def test_a_damaged_note_costs_a_png_only_itself(name: str, tmp_path: Path) -> None:
    """Browsers ignore an ancillary chunk with a wrong checksum."""
    data, path = BytesIO(), tmp_path / "a.png"
    Image.fromarray(still_of_bars()).save(data, "PNG")
    note = struct.pack(">I4s", 4, name.encode()) + b"a\0bc" + b"zzzz"
    path.write_bytes(data.getvalue()[:33] + note + data.getvalue()[33:])
    assert_shows_bars(path, "image/png", tmp_path)


@pytest.mark.parametrize("stray", [b"\r\n", b"\xef\xbb\xbf", bytes(128)])
@pytest.mark.parametrize("share", [1.0, 0.8])
def test_bytes_before_a_jpeg_are_passed_over(stray: bytes, share: float, tmp_path: Path) -> None:
    data, path = BytesIO(), tmp_path / "a.jpg"
    Image.fromarray(still_of_bars()).save(data, "JPEG", quality=95)
    path.write_bytes(stray + data.getvalue()[: int(len(data.getvalue()) * share)])
    kind = sniff(path.read_bytes())
    assert kind is not None
    assert kind.mime == "image/jpeg"
    assert_shows_bars(path, kind.mime, tmp_path)
    assert note_on(path, kind.mime) == ("" if share == 1 else CUT_SHORT)


def test_a_progressive_jpeg_cut_in_a_table_is_shown(tmp_path: Path) -> None:
    """Between two passes, where a part of a segment is left."""
    data, path = BytesIO(), tmp_path / "a.jpg"
    Image.fromarray(still_of_bars()).save(data, "JPEG", quality=95, progressive=True)
    first = data.getvalue().index(b"\xff\xda")
    table = data.getvalue().index(b"\xff\xc4", first)
    path.write_bytes(data.getvalue()[: table + 9])
    assert note_on(path, "image/jpeg") == CUT_SHORT
    view = make_photo(path, tmp_path, "image/jpeg")[0].path
    assert np.abs(bars_in(np.asarray(Image.open(view))) - np.array(BARS)).max() <= 12


def test_a_jpeg_2000_has_its_profile(tmp_path: Path) -> None:
    """As archives and scanners write it, which Pillow neither writes nor reads."""
    data, path = BytesIO(), tmp_path / "a.jp2"
    profile = matrix_profile(ADOBE_RGB, 2.19921875, "a")
    to_adobe = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(BytesIO(profile)), "RGB", "RGB"
    )
    pixels = ImageCms.applyTransform(Image.fromarray(still_of_bars()), to_adobe)
    assert pixels is not None
    pixels.save(data, "JPEG2000")
    made = data.getvalue()
    colours = made.index(b"colr") - 4
    box = struct.pack(">I4s3B", 11 + len(profile), b"colr", 2, 0, 0) + profile
    longer = len(box) - int.from_bytes(made[colours : colours + 4], "big")
    header = made.index(b"jp2h") - 4
    size = int.from_bytes(made[header : header + 4], "big") + longer
    path.write_bytes(
        made[:header]
        + size.to_bytes(4, "big")
        + made[header + 4 : colours]
        + box
        + made[colours + int.from_bytes(made[colours : colours + 4], "big") :]
    )
    assert_shows_bars(path, "image/jp2", tmp_path)


def png_of(pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """An 8-bit RGB PNG with chunks before the picture's data."""
    high, wide = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def profile_chunk() -> tuple[bytes, bytes]:
    return b"iCCP", b"a\0\0" + zlib.compress(matrix_profile(ADOBE_RGB, 2.2, "a"))


@pytest.mark.parametrize(
    ("transfer", "power"), [(13, None), (8, 1.0), (4, 2.2), (5, 2.8), (1, 2.4), (6, 2.4)]
)
@pytest.mark.parametrize("has_profile", [False, True])
def test_numbers_of_a_png_precede_its_profile(
    transfer: int, power: float | None, has_profile: bool, tmp_path: Path
) -> None:
    """As in Chromium, which takes the curves of television for those of its screens."""
    codes = still_of_bars() / 255
    if power is not None:
        light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
        codes = light ** (1 / power)
    chunks = [(b"cICP", bytes((1, transfer, 0, 1))), *([profile_chunk()] if has_profile else [])]
    path = tmp_path / "a.png"
    path.write_bytes(png_of(np.rint(codes * 255).astype(np.uint8), *chunks))
    assert_shows_bars(path, "image/png", tmp_path)


def test_a_png_without_numbers_has_its_profile(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of(still_of_bars(), profile_chunk()))
    with pytest.raises(AssertionError):
        assert_shows_bars(path, "image/png", tmp_path)


def test_a_png_with_a_damaged_header_is_refused(tmp_path: Path) -> None:
    data, path = BytesIO(), tmp_path / "a.png"
    Image.fromarray(still_of_bars()).save(data, "PNG")
    path.write_bytes(data.getvalue()[:29] + b"zzzz" + data.getvalue()[33:])
    with pytest.raises(MediaFailed):
        make_photo(path, tmp_path, "image/png")


def tiff_of(path: Path, *pages: Page) -> Path:
    """An uncompressed TIFF; its first page has the date."""
    w, following = Writer("<", 8), 0
    for number, (pixels, kind, is_apart) in reversed(list(enumerate(pages))):
        planes = [pixels[..., n] for n in range(3)] if is_apart else [pixels]
        places = [w.add(plane.astype("<u2").tobytes()) for plane in planes]
        fields = [
            w.long(0x00FE, kind),
            w.long(0x0100, pixels.shape[1]),
            w.long(0x0101, pixels.shape[0]),
            (0x0102, 3, 3, struct.pack("<3H", 16, 16, 16)),
            w.short(0x0103, 1),
            w.short(0x0106, 2),
            w.long(0x0111, *places),
            w.short(0x0115, 3),
            w.long(0x0116, pixels.shape[0]),
            w.long(0x0117, *[pixels.nbytes // len(planes)] * len(planes)),
            w.short(0x011C, 2 if is_apart else 1),
        ]
        date = [w.text(0x0132, TAKEN_AT.strftime("%Y:%m:%d %H:%M:%S"))] if number == 0 else []
        following = w.directory(fields + date, following)
    w.data[:8] = b"II*\0" + struct.pack("<I", following)
    path.write_bytes(bytes(w.data))
    return path


@pytest.mark.parametrize(
    "pages",
    [
        [(BARS_16, 0, False)],
        [(BARS_16, 0, True)],
        [(OTHER[::4, ::4], 1, False), (BARS_16, 0, False)],
        [(OTHER[::8, ::8], 1, False), (OTHER[::2, ::2], 1, True), (BARS_16, 0, True)],
        [(BARS_16, 0, False), (OTHER, 0, False)],
        # Nothing but a small version.
        [(BARS_16, 1, False)],
        [(BARS_16, 1, True), (OTHER, 1, False)],
    ],
)
def test_of_a_tiffs_pages_the_whole_picture_is_shown(pages: list[Page], tmp_path: Path) -> None:
    path = tiff_of(tmp_path / "a.tif", *pages)
    found = probe(path, "image/tiff")
    assert (found.width, found.height, found.captured_at) == (480, 320, TAKEN_AT)
    assert_shows_bars(path, "image/tiff", tmp_path)
