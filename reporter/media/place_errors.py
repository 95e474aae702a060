"""What went wrong at a place that somebody chose for a copy, a stick or a folder, and what to do about it."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reporter.errors import DISK_FULL, DISK_READ_ONLY, DiskFull, ReadOnlyDisk

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})
# A stick that is pulled out answers with an error of the device until its folder is gone.
_GONE = frozenset({errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ESTALE})


@contextmanager
def place_errors(goal: Path, source: Path | None = None) -> Iterator[None]:
    """Translate the errors of a copy from ``source`` to ``goal`` into what a person can do; raises DiskFull."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if trouble := place_trouble(error, goal, source):
            raise trouble from error
        raise
    except DiskFull as error:
        # Phrased for a phone that sends something.
        for_phones = error.message in (DISK_FULL, DISK_READ_ONLY)
        if for_phones and isinstance(error.__cause__, (OSError, sqlite3.Error)):
            raise place_trouble(error.__cause__, goal, source) or error from error
        raise


def place_trouble(
    error: OSError | sqlite3.Error, goal: Path, source: Path | None = None
) -> DiskFull | None:
    """Return what a person can do about it; None for an error of another kind."""
    number = getattr(error, "errno", None)
    # https://www.sqlite.org/rescode.html
    name = str(getattr(error, "sqlite_errorname", ""))
    if number in _FULL or name == "SQLITE_FULL":
        return DiskFull(
            "No room is left at %(place)s. Delete something there or choose another place, then do it again.",
            place=goal,
        )
    is_gone = number in _GONE or name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN"))
    if is_gone or (number in _FORBIDDEN and not goal.parent.exists()):
        return ReadOnlyDisk(
            "%(place)s can't be reached any more. If it is on a stick, put that in again; then do it again: what "
            "was copied is not copied twice.",
            place=_lost_place(error, goal, source),
        )
    if number == errno.EROFS or number in _FORBIDDEN or name.startswith("SQLITE_READONLY"):
        return ReadOnlyDisk(
            "Nothing can be written at %(place)s. If its stick or card has a lock, open it; else choose another "
            "place.",
            place=goal,
        )
    return None


def _lost_place(error: OSError | sqlite3.Error, goal: Path, source: Path | None) -> Path:
    """The one of the two that does not answer: the one of the file in question, or that is not there."""
    if source is None:
        return goal
    file = getattr(error, "filename", None)
    if isinstance(file, str) and Path(file).is_relative_to(source):
        return source
    return goal if source.exists() else source
