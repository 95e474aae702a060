"""Windows' rules for files, imitated on Linux: neither removed, moved nor replaced is what somebody has open, neither
removed nor replaced what is read-only.

For a few tests as a context manager; for a whole run as a plug-in: `pytest -p tests.support.windows_files tests/…`.
It knows the files that this process has open, whoever opened them, and judges what Python code does to them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# These know about Windows themselves, or have it done for them there by the system (O_TEMPORARY).
_EXEMPT = ("reporter/gathering/lock.py", "/tempfile.py")


def _opened() -> set[tuple[int, int]]:
    """Device and number of every file that this process has open."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            status = os.stat(f"/proc/self/fd/{name}")
            found.add((status.st_dev, status.st_ino))
    return found


def _callers() -> Iterator[str]:
    """The files of whoever asks for it: pathlib stands between."""
    frame, seen = sys._getframe(3), 0
    while frame is not None and seen < 3:
        yield frame.f_code.co_filename
        frame, seen = frame.f_back, seen + 1  # type: ignore[assignment]


def _refuse(path: Any, dir_fd: int | None = None, *, moved: bool = False) -> None:
    if any(file.endswith(_EXEMPT) for file in _callers()):
        return
    try:
        status = os.stat(path, dir_fd=dir_fd, follow_symlinks=False)
    except OSError:
        return
    if (status.st_dev, status.st_ino) in _opened():
        # What Python makes of Windows' ERROR_SHARING_VIOLATION (32).
        raise PermissionError(errno.EACCES, "another program is using this file", str(path))
    if not moved and stat.S_ISREG(status.st_mode) and not status.st_mode & stat.S_IWUSR:
        raise PermissionError(errno.EACCES, "Access is denied", str(path))


def _removing(real: Callable[..., None]) -> Callable[..., None]:
    def remove(path: Any, *, dir_fd: int | None = None) -> None:
        _refuse(path, dir_fd)
        real(path, dir_fd=dir_fd)

    return remove


def _moving(real: Callable[..., None]) -> Callable[..., None]:
    def move(source: Any, goal: Any, **folders: Any) -> None:
        _refuse(source, folders.get("src_dir_fd"), moved=True)
        _refuse(goal, folders.get("dst_dir_fd"))
        real(source, goal, **folders)

    return move


@contextlib.contextmanager
def windows_file_rules() -> Iterator[None]:
    """Files that are open stay where they are; read-only ones are made writable before they go."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files are read from Linux's /proc")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("unlink", "remove"):
            patch.setattr(os, name, _removing(getattr(os, name)))
        for name in ("rename", "replace"):
            patch.setattr(os, name, _moving(getattr(os, name)))
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """As a plug-in: the rule holds while a test runs, not while its folders are cleared away."""
    with windows_file_rules():
        return (yield)
