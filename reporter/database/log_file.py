"""SQLite's write-ahead log (WAL) as an open file, to sync it.

Linux reports a failed write of a file to each handle that was open then, once, but not to handles
opened after somebody was told (https://lwn.net/Articles/752063/). So a handle has to be open
before the bytes are written that it is to sync.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress

from reporter.files import sync_file

# SQLite's wording with its code name: reporter.database.engine.translate_error recognizes it by that.
IO_ERROR = "disk I/O error (SQLITE_IOERR)"
# Windows: SQLite could not remove the WAL while we have it open.
_KEEPS_OPEN = os.name != "nt"


class _Handle:
    """An open file's number, closed when nobody refers to it. Only a LogFile does.

    Not by ``LogFile.__del__``: CPython calls that before it clears weak references, so that another thread could
    still get the object while its file is being closed.
    """

    def __init__(self, path: str) -> None:
        self.number = _open(path)

    def close(self) -> None:
        handle, self.number = self.number, -1
        if handle >= 0:
            os.close(handle)

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            self.close()


class LogFile:
    """A WAL. It is closed when nobody refers to it any more.

    (SQLite locks the database and the -shm file, never the WAL: closing it releases nobody's lock.)
    """

    def __init__(self, path: str) -> None:
        """Open it. Raises FileNotFoundError."""
        self._path = path
        self._handle = _Handle(path)
        self._identity = _identity(os.fstat(self._handle.number))
        if not _KEEPS_OPEN:
            self._handle.close()

    def is_still_at(self, path: str) -> bool:
        """Whether the file at ``path`` is this one; SQLite may have removed it, and made another."""
        try:
            return _identity(os.stat(path)) == self._identity
        except OSError:
            # Whoever opens it is told why.
            return False

    def sync(self) -> None:
        """Fsync it; raises OperationalError on failure."""
        try:
            if _KEEPS_OPEN:
                sync_file(self._handle.number)
            else:
                self._sync_anew()
        except OSError as error:
            raise sqlite3.OperationalError(f"{IO_ERROR}: {error}") from error

    def _sync_anew(self) -> None:
        try:
            handle = _open(self._path)
        except FileNotFoundError:
            # A checkpoint has moved all of it into the database, and the last connection removed it.
            return
        try:
            sync_file(handle)
        finally:
            os.close(handle)


def open_log(path: str) -> LogFile | None:
    """Open a WAL; None if there is none. Raises OperationalError."""
    try:
        return LogFile(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise sqlite3.OperationalError(f"{IO_ERROR}: {error}") from error


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
