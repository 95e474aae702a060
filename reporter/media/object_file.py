"""File interface to an object in an object store."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator


class ObjectFile(io.RawIOBase):
    """A seekable, read-only file whose bytes are fetched from the object store as they are read."""

    def __init__(self, read_from: Callable[[int], Iterator[bytes]], size: int) -> None:
        """``read_from`` returns the bytes from an offset; ``size`` is the total size."""
        super().__init__()
        self.size = size
        self._read_from = read_from
        self._at = 0
        self._pieces: Iterator[bytes] | None = None
        self._rest = b""

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the read position."""
        at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if at != self._at:
            self._drop_pieces()
            self._at, self._rest = max(0, at), b""
        return self._at

    def tell(self) -> int:
        """The read position."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes; fewer only at the end."""
        if size is None or size < 0:
            size = max(0, self.size - self._at)
        if self._pieces is None and size and self._at < self.size:
            self._pieces = self._read_from(self._at)
        parts, wanted = [], size
        while wanted > 0:
            self._rest = self._rest or (next(self._pieces, b"") if self._pieces else b"")
            if not self._rest:
                break
            parts.append(self._rest[:wanted])
            self._rest = self._rest[len(parts[-1]) :]
            wanted -= len(parts[-1])
        data = b"".join(parts)
        self._at += len(data)
        return data

    def close(self) -> None:
        """End reading; the connection to the object store goes with it."""
        self._drop_pieces()
        super().close()

    def _drop_pieces(self) -> None:
        pieces, self._pieces = self._pieces, None
        if pieces is not None and hasattr(pieces, "close"):
            pieces.close()
