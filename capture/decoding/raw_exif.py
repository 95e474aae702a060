"""Time, camera and orientation of raw files whose headers Pillow does not recognize as TIFF."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

# Enough for the directories of any camera; the sensor data follow them.
HEADER_BYTES = 1 << 20
# TIFF with the maker's own version number: Panasonic, Olympus.
_OWN_MARKS = {b"IIU\0": b"II*\0", b"IIRO": b"II*\0", b"IIRS": b"II*\0", b"MMOR": b"MM\0*"}


def open_raw_exif(path: Path) -> tuple[Any, dict[int, Any], dict[int, Any]] | None:
    """Open (first directory, its EXIF directory, its GPS directory) of a raw file; None where there
    is nothing to read.

    Raises what Pillow raises for broken directories.
    """
    from PIL import Image

    main = Image.Exif()
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
        if head[4:12] == b"ftypcrx ":
            return _canon_boxes(head)
        source: BinaryIO = file
        if head[:4] in _OWN_MARKS:
            source = BytesIO(_OWN_MARKS[head[:4]] + head[4:])
        elif head[:4] not in (b"II*\0", b"MM\0*"):
            return None
        source.seek(0)
        main.load_from_fp(source)
        return main, dict(main.get_ifd(0x8769)), dict(main.get_ifd(0x8825))


def _canon_boxes(head: bytes) -> tuple[Any, dict[int, Any], dict[int, Any]] | None:
    """Canon's CR3 stores each directory as a TIFF in a separate box: CMT1 is the first, CMT2 EXIF,
    CMT4 GPS."""
    first = _directory(head, b"CMT1")
    if first is None:
        return None
    details, place = _directory(head, b"CMT2"), _directory(head, b"CMT4")
    return first, dict(details or {}), dict(place or {})


def _directory(head: bytes, name: bytes) -> Any:
    from PIL import Image

    at = head.find(name)
    size = int.from_bytes(head[max(at - 4, 0) : at], "big")
    if at < 4 or size < 16:
        return None
    found = Image.Exif()
    found.load(head[at + 4 : at - 4 + size])
    return found
