"""Where a JPEG begins: faulty programs put blanks, zeros or a byte order mark before it."""

from __future__ import annotations

import re
from pathlib import Path

_STRAY = re.compile(rb"(?:[\0\t\r\n ]{1,512}|\xef\xbb\xbf)(?=\xff\xd8\xff)")
_LONGEST = 1024


def is_jpeg(head: bytes) -> bool:
    """ITU T.81, B.1.1.3: SOI, then a marker segment with a length of at least two."""
    if head[:3] != b"\xff\xd8\xff" or len(head) < 6:
        return False
    marker, length = head[3], int.from_bytes(head[4:6], "big")
    known = marker in range(0xC0, 0xFF) and marker not in range(0xD0, 0xDA)
    return known and length >= 2


def stray_bytes(head: bytes) -> int:
    """How many bytes without a meaning stand before a JPEG; 0 where none do, and for all else."""
    found = _STRAY.match(head)
    return found.end() if found and is_jpeg(head[found.end() :]) else 0


def without_stray_bytes(path: Path) -> bytes | None:
    """The JPEG behind such bytes; None where there are none."""
    with path.open("rb") as file:
        head = file.read(_LONGEST)
        stray = stray_bytes(head)
        return head[stray:] + file.read() if stray else None
