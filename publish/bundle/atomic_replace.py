"""Putting a bundle in its place whole or not at all: made beside it under another name, then renamed."""

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
    """Raises Conflict where something lies that is no bundle of ours."""
    if not destination.exists() or (as_zip and destination.is_file()):
        return
    if (
        destination.is_dir()
        and not as_zip
        and (not any(destination.iterdir()) or is_our_bag(destination))
    ):
        return
    raise Conflict(
        "%(destination)s is there already and is no bundle. Choose another name, or move it away.",
        destination=destination,
    )


@contextmanager
def temporary_sibling(destination: Path) -> Iterator[Path]:
    """A name for a folder or file beside ``destination`` that no other process uses; what is there at the end goes.

    What processes left that were killed goes too, and a bundle that one of them had just put aside comes back.
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
    """The finished folder or file gets its name; what had it before goes."""
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
    """Whether the process whose number it bears still runs."""
    number = left.name.rpartition("-")[2]
    if not number.isdigit():
        return False
    return is_running(int(number)) and int(number) != os.getpid()
