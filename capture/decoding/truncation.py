"""Pictures whose file breaks off: a copy that was stopped, a card that was pulled out. What is there can be shown."""

from __future__ import annotations

import re
from pathlib import Path

from reporter.messages import Message

CUT_SHORT = Message(
    "The file of this picture breaks off, so its lower part is missing. What is there "
    "is shown. If you still have the whole picture, send it again."
)
END_OF_IMAGE = b"\xff\xd9"
_SOS, _EOI = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# What ends coded data: a marker that is neither a stuffed byte, nor a filling one, nor a restart (ITU T.81, B.1.1).
_NEXT = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def note_on(path: Path, mime: str) -> str:
    """A sentence for people where a picture is not whole, '' where it is or where its format doesn't tell."""
    if mime == "image/jpeg":
        return CUT_SHORT if is_cut_jpeg(path.read_bytes()) else ""
    if mime == "image/png":
        return "" if b"IEND" in path.read_bytes()[-(1 << 16) :] else CUT_SHORT
    return ""


def is_cut_jpeg(data: bytes) -> bool:
    """Whether the coded data of a JPEG begins but its first picture never ends (ITU T.81, B.2.1)."""
    at, begun = 2, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return False
        marker = data[at + 1]
        if marker == _EOI:
            return False
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            begun = True
            found = _NEXT.search(data, at)
            at = found.start() if found else len(data)
    return begun and data[at : at + 2] != END_OF_IMAGE
