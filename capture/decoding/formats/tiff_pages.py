"""Chooses the page of a TIFF to show, and reads what Pillow reads wrongly."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

_NEW_SUBFILE_TYPE, _BITS, _PLANES, _DETAILS = 0x00FE, 0x0102, 0x011C, 0x8769
# Maker, model, dates and their offsets, serial number.
_KEPT = (0x010F, 0x0110, 0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0xA431)
_REDUCED = 1
_SEPARATE = 2
# Scanners and cameras put one or two previews before the picture.
_MOST_PAGES = 8


def show_whole_picture(image: Any) -> Any:
    """Take an opened TIFF to the first page that is no small version of another (TIFF 6.0,
    NewSubfileType); date and camera stay those of the first page where the other has none."""
    if _is_reduced(image):
        # Copied, for a seek replaces what the image holds.
        first = [{tag: one[tag] for tag in _KEPT if tag in one} for one in _fields(image)]
        if _goes_to_whole(image):
            for fields, kept in zip(_fields(image), first, strict=True):
                fields.update({tag: kept[tag] for tag in kept if tag not in fields})
    _correct_deep_planes(image)
    return image


def _goes_to_whole(image: Any) -> bool:
    with suppress(EOFError):
        for page in range(1, _MOST_PAGES):
            image.seek(page)
            if not _is_reduced(image):
                return True
    image.seek(0)
    return False


def _fields(image: Any) -> tuple[Any, Any]:
    """Those of the page itself, and of the shot."""
    exif = image.getexif()
    return exif, exif.get_ifd(_DETAILS)


def _is_reduced(image: Any) -> bool:
    return bool(int(image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED)


def _correct_deep_planes(image: Any) -> None:
    """Pillow takes uncompressed planes of 16 bits (one per colour) for planes of 8."""
    bits = image.tag_v2.get(_BITS, ())
    if image.tag_v2.get(_PLANES) != _SEPARATE or len(bits) < 3 or set(bits) != {16}:
        return
    order = "L" if image.tag_v2.prefix == b"II" else "B"
    image.tile = [
        tile._replace(args=(f"{tile.args[0]};16{order}", *tile.args[1:]))
        if tile.codec_name == "raw" and tile.args[0] in "RGBA"
        else tile
        for tile in image.tile
    ]
