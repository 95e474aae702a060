"""Finds the largest JPEG in a file: every camera embeds one in its raw files, each in a different
place.

Canon's CR3 has it in a box, Fuji's RAF behind a header, Panasonic's RW2 and Olympus's ORF in tags
of their own, Sigma's X3F and Canon's CRW in heaps. Searching for a JPEG's own structure (ITU T.81,
Annex B) finds all of them; the sensor's lossless JPEG is recognized by its frame header.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

# More start markers than any camera's file has; noise that looks like one fails within a few bytes.
MOST_STARTS = 2000
# Least longer side in pixels: a smaller JPEG is a thumbnail for the camera's own screen.
LEAST_SIDE = 320
_START, _END = b"\xff\xd8\xff", b"\xff\xd9"
_SHOWN = (0xC0, 0xC1, 0xC2)


@dataclass(frozen=True)
class EmbeddedJpeg:
    """The position of a JPEG in a file (offset and length in bytes), and its size in pixels."""

    offset: int
    length: int
    width: int
    height: int


def find_embedded_jpeg(path: Path) -> EmbeddedJpeg | None:
    """Find the baseline or progressive JPEG with the most pixels; None where there are at most
    thumbnails."""
    if not path.stat().st_size:
        return None
    best: EmbeddedJpeg | None = None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_START)
        for _ in range(MOST_STARTS):
            if at < 0:
                break
            found = _read_jpeg(data, at)
            if found and (best is None or found.width * found.height > best.width * best.height):
                best = found
            at = data.find(_START, at + found.length if found else at + 1)
    return best


def _read_jpeg(data: mmap.mmap, start: int) -> EmbeddedJpeg | None:
    """Parse the JPEG at an offset: its segments up to the coded data, then its end."""
    at, size = start + 2, (0, 0)
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _SHOWN and data[at + 4] == 8:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            size = int.from_bytes(width, "big"), int.from_bytes(height, "big")
        if marker == 0xDA:
            # Search for the end only of JPEGs that are large enough, so that many small ones cost
            # no time.
            end = data.find(_END, at) if min(size) and max(size) >= LEAST_SIDE else -1
            return EmbeddedJpeg(start, end + 2 - start, *size) if end > 0 else None
        if length < 2 or not (0xC0 <= marker <= 0xEF or marker == 0xFE):
            return None
        at += 2 + length
    return None
