"""Detects pictures whose file is truncated: an aborted copy, a removed card. The part that is there
can be shown."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from capture.decoding.formats.jpeg_start import without_stray_bytes
from capture.decoding.truncation.structure import missing_in
from reporter.messages import Message

CUT_SHORT = Message(
    "The file of this picture breaks off, so its lower part is missing. What is there "
    "is shown. If you still have the whole picture, send it again."
)
END_OF_IMAGE = b"\xff\xd9"
_SOS, _EOI = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Ends coded data: a marker that is neither a stuffed byte, nor a fill byte, nor a restart (ITU
# T.81, B.1.1).
_NEXT = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def note_on(path: Path, mime: str) -> str:
    """A message for people where a picture is truncated, '' where it is whole or its format doesn't
    tell."""
    if mime == "image/jpeg":
        return "" if whole_part_of(path) is None else CUT_SHORT
    if mime == "image/png":
        return "" if b"IEND" in path.read_bytes()[-(1 << 16) :] else CUT_SHORT
    if mime == "image/gif":
        return CUT_SHORT if is_cut_gif(path.read_bytes()) else ""
    if mime == "image/bmp":
        with path.open("rb") as file:
            stated_size = int.from_bytes(file.read(6)[2:], "little")
        return CUT_SHORT if stated_size > path.stat().st_size else ""
    missing = missing_in(path, mime)
    return CUT_SHORT if missing is not None and missing.pixels else ""


def whole_part_of(path: Path) -> int | None:
    """``whole_part`` of a file, from its JPEG's own start."""
    status = path.stat()
    return _whole_part_of(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=16)
def _whole_part_of(path: Path, _size: int, _changed: int) -> int | None:
    """The same as of this size and time: who opens a photo asks several times."""
    return whole_part(without_stray_bytes(path) or path.read_bytes())


def is_cut_gif(data: bytes) -> bool:
    """Whether a GIF ends before its trailer (GIF89a, appendix B)."""
    at = 13 + _colour_table(data[10:11])
    while at < len(data):
        kind = data[at : at + 1]
        if kind == b"!":
            at += 2
        elif kind == b",":
            at += 11 + _colour_table(data[at + 9 : at + 10])
        else:
            # An unknown block: no conclusion is possible.
            return False
        # Data sub-blocks, each preceded by its length; an empty one is the last.
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return True


def _colour_table(flags: bytes) -> int:
    """Size in bytes of the colour table that follows, from its packed field."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def whole_part(data: bytes) -> int | None:
    """Where the last whole segment of a JPEG ends whose coded data begins but whose first picture
    never ends (ITU T.81, B.2.1); None for all others. A decoder raises at a part of a segment."""
    at, begun = 2, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == _EOI:
            return None
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        begins = at
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS and at <= len(data):
            begun = True
            found = _NEXT.search(data, at)
            at = found.start() if found else len(data)
    if not begun or data[at : at + 2] == END_OF_IMAGE:
        return None
    return at if at <= len(data) else begins
