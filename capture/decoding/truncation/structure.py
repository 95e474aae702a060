"""How much of a picture's file is missing, by the lengths that the file itself states. Nothing is decoded.

Sources: RFC 9649 (WebP), ISO/IEC 14496-12 and 23008-12 (HEIF, AVIF), ITU-T T.800 (JPEG 2000), TIFF 6.0.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from capture.imaging.raw_preview import (
    COMPRESSION,
    IMAGE_WIDTH,
    STRIP_BYTES,
    STRIPS,
    IfdEntry,
    Tiff,
)

# A stated length beyond this is no truncation but a broken header.
MOST_MISSING = 1 << 28
_PIXEL_CHUNKS = (b"VP8 ", b"VP8L", b"ALPH", b"ANMF")
_EOC, _SOT, _SOD, _SOC = b"\xff\xd9", b"\xff\x90", b"\xff\x93", b"\xff\x4f"
_UNCOMPRESSED, _MOST_WORDS = 1, 1 << 20
TIFF_HEIGHT, _ROWS_PER_STRIP = 0x0101, 0x0116
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 0x0142, 0x0143, 0x0144, 0x0145


@dataclass(frozen=True)
class Missing:
    """The missing end of a file: so many bytes (``count``), then ``end``. ``pixels``: some of the picture is in it.

    ``rows``: of a compressed TIFF, the number of rows in whole strips or tiles, which alone can be decoded.
    """

    count: int
    end: bytes = b""
    pixels: bool = True
    rows: int | None = None


def missing_in(path: Path, mime: str) -> Missing | None:
    """What is missing at the end of a file; None for whole files, and for formats that don't state it."""
    look = _READERS.get(mime)
    if look is None:
        return None
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            found = look(file, size)
        except (ValueError, struct.error):
            return None
    return found if found is not None and found.count <= MOST_MISSING else None


def _webp(file: BinaryIO, size: int) -> Missing | None:
    stated = 8 + int.from_bytes(file.read(8)[4:], "little")
    if stated <= size:
        return None
    at, shown, pixels = 12, False, True
    while at + 8 <= size:
        file.seek(at)
        name, length = file.read(4), int.from_bytes(file.read(4), "little")
        at += 8 + length + length % 2
        pixels = name in _PIXEL_CHUNKS and not shown
        # Of an animation, the first picture is shown.
        shown = shown or (name in _PIXEL_CHUNKS and name != b"ALPH" and at <= size)
    return Missing(stated - size, pixels=pixels and not shown)


def _heif(file: BinaryIO, size: int) -> Missing | None:
    """The box that breaks off. What follows it is unknown, and not needed where the description precedes the pixels."""
    at, described = 0, False
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        length = int.from_bytes(head[8:], "big") if length == 1 else length
        if length < 8:
            return None
        if at + length > size:
            # A motion photo's film, or what a maker keeps behind the picture, is no part of it.
            pixels = name in (b"mdat", b"idat")
            return Missing(at + length - size, pixels=pixels) if described else None
        described = described or name == b"meta"
        at += length
    return None


def _jpeg2000(file: BinaryIO, size: int) -> Missing | None:
    head = file.read(1 << 16)
    at = head.find(_SOC + b"\xff\x51")
    if at < 0:
        return None
    at = _first_tile(head, at + 2)
    while at + 12 <= size:
        file.seek(at)
        part = file.read(12)
        length = int.from_bytes(part[6:10], "big")
        if part[:2] != _SOT or 0 < length < 14:
            return None
        if not length:
            # The last tile-part reaches to the end; boxes of words can follow. Coded data hold no
            # such marker (T.800, B.10.1).
            file.seek(max(size - _MOST_WORDS, at))
            return None if _EOC in file.read() else Missing(size, _EOC)
        if at + length > size:
            return Missing(at + length - size, _EOC)
        at += length
    return None if at + 2 <= size else Missing(0, _EOC, pixels=False)


def _first_tile(head: bytes, at: int) -> int:
    """Where the main header ends."""
    while head[at : at + 2] != _SOT:
        if at + 4 > len(head):
            raise ValueError("no tile in the first bytes")
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return at


def is_whole_tiff(path: Path) -> bool:
    """Whether a TIFF has all the data that it describes: what then can't be opened is of an unknown variant."""
    try:
        with path.open("rb") as file:
            _entries, ends = _tiff_parts(_opened_tiff(file))
    except (OSError, ValueError, struct.error):
        return False
    return bool(ends) and max(ends) <= path.stat().st_size


def _opened_tiff(file: BinaryIO) -> Tiff:
    def read_at(at: int, count: int) -> bytes:
        file.seek(at)
        return file.read(count)

    return Tiff(read_at)


def _tiff_parts(tiff: Tiff) -> tuple[dict[int, IfdEntry], list[int]]:
    """The first directory, and where each of its strips or tiles ends."""
    entries, _next = tiff.directory(tiff.first)
    tiled = _TILES in entries
    starts = tiff.numbers(entries.get(_TILES if tiled else STRIPS))
    lengths = tiff.numbers(entries.get(_TILE_BYTES if tiled else STRIP_BYTES))
    return entries, [at + length for at, length in zip(starts, lengths, strict=False)]


def _tiff(file: BinaryIO, size: int) -> Missing | None:
    tiff = _opened_tiff(file)
    entries, ends = _tiff_parts(tiff)
    tiled = _TILES in entries
    if not ends or max(ends) <= size:
        return None
    if tiff.number(entries.get(COMPRESSION)) == _UNCOMPRESSED:
        return Missing(max(ends) - size)
    whole = next(n for n, end in enumerate(ends) if end > size)
    across = 1
    if tiled:
        width = tiff.number(entries.get(_TILE_WIDTH))
        across = -(-tiff.number(entries.get(IMAGE_WIDTH)) // max(width, 1))
    height = tiff.number(entries.get(_TILE_HEIGHT if tiled else _ROWS_PER_STRIP))
    return Missing(max(ends) - size, rows=whole // max(across, 1) * height)


_READERS: dict[str, Callable[[BinaryIO, int], Missing | None]] = {
    "image/webp": _webp,
    "image/heic": _heif,
    "image/heif": _heif,
    "image/avif": _heif,
    "image/jp2": _jpeg2000,
    "image/tiff": _tiff,
}
