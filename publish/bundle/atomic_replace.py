"""Replace a bundle atomically: it is built next to its destination under a temporary name, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publish.bundle.bagit import is_our_bag
from publish.processes import is_running
from reporter.errors import Conflict
from reporter.media.store import sync_folder


def check_destination(destination: Path, *, as_zip: bool) -> None:
    """Raise Conflict if the destination exists and is not one of our bundles."""
    if not destination.exists() or (as_zip and destination.is_file()):
        return
    if (
        destination.is_dir()
        and not as_zip
        and (not any(destination.iterdir()) or is_our_bag(destination))
    ):
        return
    raise Conflict(
        "%(destination)s already exists and is not a bundle. Choose another name, or move it away.",
        destination=destination,
    )


@contextmanager
def temporary_sibling(destination: Path) -> Iterator[Path]:
    """Yield a process-specific temporary path next to ``destination`` and remove it on exit.

    Leftovers of killed processes are removed as well, and a bundle that one of them had just moved
    aside is restored.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    _clear(destination)
    work = destination.parent / f".{destination.name}.making-{os.getpid()}"
    _remove(work)
    try:
        yield work
    finally:
        _remove(work)


def replace_atomically(work: Path, destination: Path) -> None:
    """Rename the finished folder or file to its destination and remove the previous one."""
    if work.is_dir():
        _land_folder(work, destination)
    else:
        os.replace(work, destination)
        sync_folder(destination.parent)


def _land_folder(work: Path, destination: Path) -> None:
    old = _old(destination)
    shutil.rmtree(old, ignore_errors=True)
    if destination.exists():
        destination.rename(old)
    work.rename(destination)
    sync_folder(destination.parent)
    shutil.rmtree(old, ignore_errors=True)


def _old(destination: Path) -> Path:
    return destination.parent / f".{destination.name}.old"


def _remove(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    work.unlink(missing_ok=True)


def _clear(destination: Path) -> None:
    if _old(destination).exists() and not destination.exists():
        _old(destination).rename(destination)
    for left in destination.parent.glob(f".{destination.name}.making-*"):
        if not _in_use(left):
            _remove(left)


def _in_use(left: Path) -> bool:
    """Whether the process whose PID is in the name is still running."""
    number = left.name.rpartition("-")[2]
    if not number.isdigit():
        return False
    return is_running(int(number)) and int(number) != os.getpid()
