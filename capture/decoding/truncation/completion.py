"""Fills up truncated pictures whose decoders demand the whole file: WebP, HEIC, AVIF, JPEG 2000, TIFF.

Their decoders work from the top and accept any bits, so with a filling in place of the missing ones they show what is
there. What they make of the filling is told by decoding twice, with two fillings: only real pixels are the same.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from capture.decoding.truncation.structure import TIFF_HEIGHT, Missing, missing_in
from capture.decoding.truncation.tiles import with_tiles
from capture.imaging.raw_preview import Tiff


@dataclass(frozen=True)
class Filling:
    """The bytes to repeat; ``overlap`` is the share of the existing file, at its end, that they replace as well."""

    pattern: bytes
    overlap: float = 0.0


# Of ten fillings at nineteen cuts each, those that libwebp, libde265 and dav1d accepted most often.
FIRST_FILLING = Filling(b"\x01")
OTHER_FILLINGS = (
    Filling(b"\x80"),
    Filling(b"\x10\x32\x54"),
    Filling(b"\x00\xff"),
    Filling(b"\x01", overlap=1 / 32),
)
# Zeros are empty packets of JPEG 2000.
_EMPTY = Filling(b"\0")
# Its codes are ordered by resolution, not from the top: a filling costs sharpness everywhere.
_BLURRED = ("image/jp2",)
_HEIF = ("image/heic", "image/heif", "image/avif")
_GREY = (128, 128, 128)


def completed(path: Path, mime: str, filling: Filling = FIRST_FILLING) -> BytesIO | None:
    """The file with ``filling`` in place of its missing end; None for one that is whole or can't be filled up."""
    missing = missing_in(path, mime)
    if missing is None:
        return None
    data = path.read_bytes()
    if mime == "image/tiff":
        return _with_whole_rows(data, missing)
    if mime in _HEIF:
        data = with_tiles(data, last=filling != FIRST_FILLING)
    filling = _EMPTY if mime in _BLURRED else filling
    kept = len(data) - int(len(data) * filling.overlap)
    room = len(data) + missing.count - kept
    filled = filling.pattern * (room // len(filling.pattern) + 1)
    return BytesIO(data[:kept] + filled[:room] + missing.end)


def is_made_up(path: Path, mime: str) -> bool:
    """Whether a decoder that reads ``completed`` invents the missing part of the picture."""
    missing = missing_in(path, mime)
    return missing is not None and missing.pixels and mime not in (*_BLURRED, "image/tiff")


def _with_whole_rows(data: bytes, missing: Missing) -> BytesIO | None:
    """A TIFF that ends with its last whole strip; None where Pillow itself reads what is there."""
    if not missing.rows:
        return None
    tiff = Tiff(lambda at, count: data[at : at + count])
    entries, _next = tiff.directory(tiff.first)
    height, place = entries.get(TIFF_HEIGHT), tiff.value_field(tiff.first, TIFF_HEIGHT)
    changed = bytearray(data)
    if height is not None and place is not None:
        order = "<" if data[:2] == b"II" else ">"
        # SHORT or LONG (TIFF 6.0, section 8); eight bytes in a BigTIFF.
        letter = {1: "B", 3: "H", 16: "Q"}.get(height.kind, "I")
        struct.pack_into(f"{order}{letter}", changed, place, missing.rows)
    return BytesIO(bytes(changed))


def without_made_up(image: Any, other: Any) -> Any:
    """Paint grey what differs between two decodings of a picture; RGB Pillow images of one size."""
    from PIL import ImageChops

    box = ImageChops.difference(image.convert("RGB"), other.convert("RGB")).getbbox()
    if box is not None:
        image = image.convert("RGB")
        image.paste(_GREY, box)
    return image
