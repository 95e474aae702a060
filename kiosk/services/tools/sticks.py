"""Inserted USB sticks and disks, and the gatherings and bundles on them."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from kiosk.services.mounted_cards import mounted_places
from reporter import config
from reporter.merge.bundle import is_bundle


@dataclass(frozen=True)
class Stick:
    """A stick: its path, its label, free bytes."""

    path: Path
    label: str
    free: int


def inserted_sticks() -> list[Stick]:
    """List all writable ones, by name. ``REPORTER_CARDS`` names an additional folder to search."""
    found = {path: stick for path in mounted_places() if (stick := _stick(path))}
    return [found[path] for path in sorted(found)]


def _stick(path: Path) -> Stick | None:
    try:
        # A folder below /media without a mount is on the laptop's own disk.
        if not (path.is_mount() or sys.platform == "win32" or _is_extra(path)):
            return None
        free = shutil.disk_usage(path).free if os.access(path, os.W_OK) else 0
    except OSError:
        return None
    return Stick(path, path.name or str(path), free) if free else None


def _is_extra(path: Path) -> bool:
    extra = os.environ.get("REPORTER_CARDS")
    return bool(extra) and path.parent == Path(extra or "")


def gatherings_on_sticks() -> list[Path]:
    """Find gathering folders and bundles at the top of the sticks or one folder down."""
    return [path for stick in inserted_sticks() for path in _candidates(stick.path) if _holds(path)]


def _candidates(stick: Path) -> list[Path]:
    try:
        return sorted(path for path in stick.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _holds(path: Path) -> bool:
    if path.is_dir():
        return config.exists(path) or is_bundle(path)
    return path.suffix == ".zip"
