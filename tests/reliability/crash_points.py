"""One hook over everything that makes something last: it names each step, and kills the process before one of them.

A step is a commit of the database, an fsync, a rename, a link, a removal, a new folder or the opening of a file for
writing. Between two steps nothing lasting happens, so that a kill before each of them is a kill anywhere.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from reporter.database.write_lock import TurnTakingConnection

# Audit events (https://docs.python.org/3/library/audit_events.html) that change a folder.
EVENTS = {
    "os.rename": "rename",
    "os.link": "link",
    "os.remove": "remove",
    "os.rmdir": "remove",
    "os.mkdir": "new folder",
    "os.truncate": "truncate",
}
PRODUCT = ("reporter", "capture", "publish", "kiosk")
ROOT = Path(__file__).parents[2]


class CrashPoints:
    """Counts the steps of this process below a folder, names them, and dies before the one of number ``at``.

    ``die`` is told the name first; a hook can't be taken out again, so each process installs one.
    """

    def __init__(
        self, folder: Path, *, at: int | None = None, die: Callable[[str], None] | None = None
    ) -> None:
        self.names: list[str] = []
        self._folder, self._at, self._tell = str(folder), at, die
        self._busy = False

    def install(self) -> None:
        """Begin to count."""
        sys.addaudithook(self._audit)
        _wrap(os, "fsync", lambda: self._step("fsync"))
        _wrap(TurnTakingConnection, "commit", lambda: self._step("commit"))
        # Of a hub, where it is one.
        with suppress(ImportError):
            from psycopg import Connection

            _wrap(Connection, "commit", lambda: self._step("commit"))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._busy:
            return
        if event == "open":
            path, _mode, flags = arguments
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes and self._is_ours(path):
                self._step("open to write")
        elif event in EVENTS and any(self._is_ours(one) for one in arguments):
            self._step(EVENTS[event])

    def _is_ours(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and str(path).startswith(self._folder)

    def _step(self, what: str) -> None:
        self._busy = True
        try:
            self.names.append(f"{what} in {_place(sys._getframe(2))}")
        finally:
            self._busy = False
        if self._at is not None and len(self.names) > self._at:
            if self._tell is not None:
                self._tell(self.names[-1])
            os.kill(os.getpid(), signal.SIGKILL)


def _wrap(owner: Any, name: str, before: Callable[[], None]) -> None:
    inner = getattr(owner, name)

    def wrapped(*arguments: Any, **named: Any) -> Any:
        before()
        return inner(*arguments, **named)

    setattr(owner, name, wrapped)


def _place(frame: FrameType | None) -> str:
    """The innermost function of the product that is at work, as ``reporter.media.store.link``."""
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PRODUCT:
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            return f"{module}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "a library"
