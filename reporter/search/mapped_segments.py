"""Whoosh's segments, mapped into memory but not copied to it.

Whoosh maps a segment's file, and then copies each part of it into a buffer when it opens the segment: an index of
100,000 takeaways is 80 MB in each reader and each writer, and a commit of one takeaway reads all of it
(`findings/whoosh-mapped-segments-copied.sh`).
"""

from __future__ import annotations

import io
import os
from typing import Any


class _Part(io.RawIOBase):
    """A part of a mapped file, to be read from."""

    def __init__(self, view: memoryview) -> None:
        self._view, self._at = view, 0

    def read(self, size: int | None = -1) -> bytes:
        end = len(self._view) if size is None or size < 0 else self._at + size
        found = bytes(self._view[self._at : end])
        self._at += len(found)
        return found

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._view)}
        if starts[whence] + offset < 0:
            raise ValueError(f"the position {offset} is before the beginning")
        self._at = starts[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def mapped_file(buf: Any, name: str | None = None) -> Any:
    """Whoosh's file over a mapped part of a segment, without a copy of it."""
    from whoosh.filedb.structfile import BufferFile

    file = BufferFile(b"", name=name)
    file._buf, file.file = buf, _Part(memoryview(buf))
    return file


def map_segments() -> None:
    """Have Whoosh open segments so; it has no setting for it."""
    from whoosh.filedb import compound

    compound.BufferFile = mapped_file
