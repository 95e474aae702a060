"""Tiles of a truncated HEIC or AVIF: phones store a photo as a grid of dozens, and one without any data stops a
decoder or is shown in green.

Lost tiles are given the data of a whole one. Sources: ISO/IEC 14496-12, 8.11.3 (iloc) and 8.11.12 (iref); ISO/IEC
23008-12, 6.6.2.3 (grid).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from capture.imaging.iso_boxes import boxes


@dataclass(frozen=True)
class _Place:
    """Where an item's data are: in the file, and the two numbers that say so."""

    start: int
    length: int
    start_field: slice
    length_field: slice
    base: int


def with_tiles(data: bytes, *, last: bool) -> bytes:
    """The file with each wholly lost tile replaced by the first whole one, or the ``last``. Broken boxes are left."""
    try:
        tiles = [*_tiles(data)]
    except (ValueError, struct.error, IndexError):
        return data
    whole = [tile for tile in tiles if tile.start + tile.length <= len(data)]
    if not whole:
        return data
    model, changed = whole[-1 if last else 0], bytearray(data)
    for tile in tiles:
        wide = tile.start_field.stop - tile.start_field.start
        if tile.start >= len(data) and wide and model.start >= tile.base:
            changed[tile.start_field] = (model.start - tile.base).to_bytes(wide, "big")
            size = tile.length_field.stop - tile.length_field.start
            changed[tile.length_field] = model.length.to_bytes(size, "big")
    return bytes(changed)


def _tiles(data: bytes) -> Iterator[_Place]:
    """The places of the primary item's tiles, in their order."""
    top = dict(boxes(data))
    meta = top[b"meta"] if b"meta" in top else slice(0, 0)
    inner = dict(boxes(data, meta.start + 4, meta.stop))
    if not {b"pitm", b"iref", b"iloc"} <= inner.keys():
        return
    places = dict(_places(data, inner[b"iloc"].start))
    for item in _derived_from(data, inner[b"iref"], _primary(data, inner[b"pitm"].start)):
        if item in places:
            yield places[item]


def _primary(data: bytes, at: int) -> int:
    wide = 4 if data[at] else 2
    return int.from_bytes(data[at + 4 : at + 4 + wide], "big")


def _derived_from(data: bytes, iref: slice, item: int) -> list[int]:
    """The items of which a grid is made."""
    wide, letter = (4, "I") if data[iref.start] else (2, "H")
    for name, body in boxes(data, iref.start + 4, iref.stop):
        origin = int.from_bytes(data[body.start : body.start + wide], "big")
        if name == b"dimg" and origin == item:
            (count,) = struct.unpack_from(">H", data, body.start + wide)
            return [*struct.unpack_from(f">{count}{letter}", data, body.start + wide + 2)]
    return []


def _places(data: bytes, at: int) -> Iterator[tuple[int, _Place]]:
    """Items with their data in one piece in the file itself (construction method 0)."""
    version = data[at]
    sizes = (data[at + 4] >> 4, data[at + 4] & 15, data[at + 5] >> 4)
    start_size, length_size, base_size = sizes
    index_size = data[at + 5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    count, at = int.from_bytes(data[at + 6 : at + 6 + wide], "big"), at + 6 + wide
    for _ in range(count):
        item, at = int.from_bytes(data[at : at + wide], "big"), at + wide
        method = data[at + 1] & 15 if version else 0
        at += 4 if version else 2
        base, at = int.from_bytes(data[at : at + base_size], "big"), at + base_size
        (extents,) = struct.unpack_from(">H", data, at)
        start = slice(at + 2 + index_size, at + 2 + index_size + start_size)
        length = slice(start.stop, start.stop + length_size)
        at += 2 + extents * (index_size + start_size + length_size)
        if extents == 1 and method == 0 and at <= len(data):
            offset = base + int.from_bytes(data[start], "big")
            yield item, _Place(offset, int.from_bytes(data[length], "big"), start, length, base)
