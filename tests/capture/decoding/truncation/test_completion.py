"""Pictures whose decoders want the whole file: of a truncated one, what is there is shown, and it is said."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops

from capture.decoding.mime_sniff import HEAD_BYTES, sniff
from capture.decoding.truncation.completion import (
    FIRST_FILLING,
    OTHER_FILLINGS,
    completed,
    without_made_up,
)
from capture.decoding.truncation.detection import CUT_SHORT, note_on
from capture.renditions.photo import open_upright
from tests.support.media.heif.grid import grid
from tests.support.media.raw_files import RESERVED, Writer
from tests.support.media.scene import scene

WIDTH, HEIGHT = 600, 400
GREY = 128
FORMS: dict[str, dict[str, Any]] = {
    "WEBP": {"quality": 90},
    "WEBP lossless": {"lossless": True},
    "HEIF": {"quality": 90},
    # One tile: phones' encoders need no more for pictures of this size.
    "AVIF": {"quality": 90, "autotiling": False},
    "JPEG2000": {"irreversible": True, "quality_mode": "rates", "quality_layers": [8]},
    "TIFF": {},
}


def picture() -> np.ndarray:
    noise = np.random.default_rng(1).integers(-8, 8, (HEIGHT, WIDTH, 3))
    mixed = scene(WIDTH, HEIGHT, 0).astype(int) + noise
    return mixed.clip(0, 255).astype(np.uint8)


def encoded(form: str) -> bytes:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    out = io.BytesIO()
    Image.fromarray(picture()).save(out, form.split()[0], **FORMS[form])
    return out.getvalue()


def deflated_tiff(rows: int = 20, repeated: int = 1, *, is_first: bool = True) -> bytes:
    """Its directory in front and its strips compressed, as Photoshop writes it; Pillow puts it at the end."""
    w, pixels = Writer("<", RESERVED), np.concatenate([picture()] * repeated)
    tops = range(0, len(pixels), rows)
    strips = [zlib.compress(pixels[top : top + rows].tobytes()) for top in tops]
    places = [w.add(strip) for strip in strips]
    fields = [
        w.short(0x0100, WIDTH),
        w.short(0x0101, len(pixels)),
        (0x0102, 3, 3, b"\x08\0" * 3),
        w.short(0x0103, 8),
        w.short(0x0106, 2),
        w.long(0x0111, *places),
        w.short(0x0115, 3),
        w.short(0x0116, rows),
        w.long(0x0117, *map(len, strips)),
    ]
    directory = w.first(fields) if is_first else w.directory(fields)
    w.data[:8] = b"II*\0" + directory.to_bytes(4, "little")
    return bytes(w.data)


def cut(data: bytes, share: float, path: Path) -> str:
    """Write the beginning of a file and tell its type."""
    path.write_bytes(data[: int(len(data) * share)])
    found = sniff(data[:HEAD_BYTES])
    assert found is not None
    return found.mime


def shown(path: Path, mime: str) -> np.ndarray:
    return np.asarray(open_upright(path, mime, longest=WIDTH)).astype(int)


@pytest.mark.parametrize("form", FORMS)
def test_the_upper_part_is_shown_as_it_is(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    mime = cut(encoded(form), 0.6, path)
    assert note_on(path, mime) == CUT_SHORT
    view = shown(path, mime)
    assert view.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(view[:120] - picture()[:120]).mean() < 16


@pytest.mark.parametrize("form", ["WEBP", "WEBP lossless", "HEIF", "AVIF"])
def test_what_a_decoder_makes_up_is_not_shown(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    view = shown(path, cut(encoded(form), 0.5, path))
    wrong = np.abs(view - picture()).mean((1, 2)) > 16
    assert np.abs(view[wrong] - GREY).max() <= 3
    assert 0.2 < wrong.mean() < 0.8


def test_a_compressed_tiff_ends_with_its_last_whole_strip(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    assert shown(path, cut(deflated_tiff(), 1.0, path)).shape == (HEIGHT, WIDTH, 3)
    mime = cut(deflated_tiff(), 0.5, path)
    assert note_on(path, mime) == CUT_SHORT
    view = shown(path, mime)
    assert 100 < len(view) < 220
    assert np.array_equal(view, picture()[: len(view)])


def big_tiff(data: bytes) -> bytes:
    """The same TIFF with offsets of 64 bits, its directory in front of all."""
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    moved, entries, values = 1 << 15, b"", b""
    sizes = {3: 2, 4: 4}
    for at in range(first + 2, first + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from("<HHI", data, at)
        size = sizes[kind] * number
        begins = struct.unpack_from("<I", data, at + 8)[0] if size > 4 else at + 8
        value = data[begins : begins + size]
        if tag == 0x0111:
            starts = struct.unpack(f"<{number}I", value)
            value = struct.pack(f"<{number}I", *(moved + start for start in starts))
        field = value.ljust(8, b"\0")
        if size > 8:
            field, values = struct.pack("<Q", 1024 + len(values)), values + value
        entries += struct.pack("<HHQ", tag, kind, number) + field
    head = b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, count) + entries + bytes(8)
    return (head.ljust(1024, b"\0") + values).ljust(moved, b"\0") + data


@pytest.mark.parametrize(("rows", "repeated"), [(1, 6), (20, 1)])
def test_a_bigtiff_is_shown_as_far_as_it_goes(rows: int, repeated: int, tmp_path: Path) -> None:
    """Also one of thousands of strips."""
    path = tmp_path / "a.tif"
    mime = cut(big_tiff(deflated_tiff(rows, repeated, is_first=False)), 0.7, path)
    assert note_on(path, mime) == CUT_SHORT
    view = np.asarray(open_upright(path, mime, longest=HEIGHT * 6))
    assert view.shape[1] == WIDTH
    assert HEIGHT * repeated * 0.5 < len(view) < HEIGHT * repeated
    assert np.array_equal(view[:HEIGHT], picture()[: len(view)])


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_a_phones_tiles_are_shown_as_far_as_they_go(form: str, turn: int, tmp_path: Path) -> None:
    """Without the lost tiles a decoder shows green, or nothing."""
    path, seen = tmp_path / "a", picture()[:384, :576]
    data = grid(Image.fromarray(np.rot90(seen, -turn).copy()), form, turn=turn)
    mime = cut(data, 1.0, path)
    assert np.abs(shown(path, mime) - seen).mean() < 12
    cut(data, 0.6, path)
    view = shown(path, mime)
    grey = (np.abs(view - GREY) <= 3).all(axis=2)
    assert 0.2 < grey.mean() < 0.8
    assert np.abs(view - seen)[~grey].mean() < 12
    assert note_on(path, mime) == CUT_SHORT


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_file_is_left_alone(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    mime = cut(encoded(form), 1.0, path)
    assert note_on(path, mime) == ""
    assert completed(path, mime) is None


def test_words_behind_a_picture_are_no_part_of_it(tmp_path: Path) -> None:
    """The EXIF of a WebP stands last; a further picture of an animation is not shown anyway."""
    out, path = io.BytesIO(), tmp_path / "a.webp"
    Image.fromarray(picture()).save(out, "WEBP", exif=b"Exif\0\0" + bytes(400))
    mime = cut(out.getvalue()[:-100], 1.0, path)
    assert note_on(path, mime) == ""
    assert shown(path, mime).shape == (HEIGHT, WIDTH, 3)
    moving = io.BytesIO()
    second = Image.fromarray(picture()[::-1])
    Image.fromarray(picture()).save(moving, "WEBP", save_all=True, append_images=[second])
    assert note_on(path, cut(moving.getvalue(), 0.9, path)) == ""
    assert np.abs(shown(path, mime) - picture()).mean() < 16


def test_a_jpeg_2000_without_lengths_may_have_words_behind_it(tmp_path: Path) -> None:
    """Psot 0: the last tile-part reaches to its end marker (ITU-T T.800, A.4.2)."""
    data, path = encoded("JPEG2000"), tmp_path / "a.jp2"
    at = data.index(b"\xff\x90") + 6
    open_end = data[:at] + bytes(4) + data[at + 4 :]
    words = b"\0\0\0\x10xml words..".ljust(16, b".")
    assert note_on(path, cut(open_end + words, 1.0, path)) == ""
    assert note_on(path, cut(open_end, 0.7, path)) == CUT_SHORT


def test_what_a_maker_keeps_behind_a_heic_is_no_part_of_the_picture(tmp_path: Path) -> None:
    path, film = tmp_path / "a.heic", (5000).to_bytes(4, "big") + b"mpvd" + bytes(900)
    mime = cut(encoded("HEIF") + film, 1.0, path)
    assert note_on(path, mime) == ""
    assert shown(path, mime).shape == (HEIGHT, WIDTH, 3)


def test_each_filling_differs_from_the_first() -> None:
    assert all(filling != FIRST_FILLING for filling in OTHER_FILLINGS)
    image = Image.new("RGB", (40, 40), "red")
    other = image.copy()
    other.paste("blue", (10, 20, 40, 40))
    seen = without_made_up(image, other)
    assert ImageChops.difference(seen, image).getbbox() == (10, 20, 40, 40)
