"""Inserted USB sticks and disks, and the gatherings and bundles on them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiosk.services.mounted_cards import mounted_places
from reporter import config
from reporter.gathering.backup import DATABASE
from reporter.merge.bundle import is_bundle, is_packed_bundle


@dataclass(frozen=True)
class Stick:
    """A stick: its path, its label, free bytes, whether it can be written to."""

    path: Path
    label: str
    free: int
    is_writable: bool

    @property
    def has_room(self) -> bool:
        """Whether a file can be written to it."""
        return self.is_writable and self.free > 0


@dataclass(frozen=True)
class Found:
    """A gathering or bundle on a stick: its path, whether it is a backup, when it was written."""

    path: Path
    is_backup: bool
    written_at: datetime


def mounted_sticks() -> list[Stick]:
    """List all, by name, full and read-only ones too. ``REPORTER_CARDS`` names a folder to search instead."""
    found = {path: stick for path in mounted_places() if (stick := _stick(path))}
    return [found[path] for path in sorted(found)]


def inserted_sticks() -> list[Stick]:
    """List those that something can be written to."""
    return [stick for stick in mounted_sticks() if stick.has_room]


def _stick(path: Path) -> Stick | None:
    try:
        # A folder below /media without a mount is on the laptop's own disk.
        if not (path.is_mount() or sys.platform == "win32" or _is_extra(path)):
            return None
        free = shutil.disk_usage(path).free
    except OSError:
        return None
    return Stick(path, path.name or str(path), free, os.access(path, os.W_OK))


def _is_extra(path: Path) -> bool:
    extra = os.environ.get("REPORTER_CARDS")
    return bool(extra) and path.parent == Path(extra or "")


def gatherings_on_sticks() -> list[Found]:
    """Find gathering folders and bundles at the top of the sticks or one folder down."""
    return [found for stick in mounted_sticks() for found in _within(stick.path, depth=2)]


def _within(folder: Path, *, depth: int) -> Iterator[Found]:
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return
    for path in paths:
        if found := _found(path):
            yield found
        elif depth > 1 and path.is_dir():
            yield from _within(path, depth=depth - 1)


def _found(path: Path) -> Found | None:
    try:
        is_backup = path.is_dir() and config.exists(path)
        if not (is_backup or is_bundle(path) or is_packed_bundle(path)):
            return None
        # A file that each backup replaces; a bundle is never changed.
        dated = path / DATABASE if is_backup else path
        written_at = datetime.fromtimestamp(dated.stat().st_mtime, UTC)
    except OSError:
        return None
    return Found(path, is_backup, written_at)
