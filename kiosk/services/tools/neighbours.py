"""Other gatherings on this laptop: folders beside the running one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reporter.config import exists, load_settings
from reporter.errors import ReporterError


@dataclass(frozen=True)
class Neighbour:
    """A gathering: its path and its title."""

    folder: Path
    title: str


def neighbours(folder: Path) -> list[Neighbour]:
    """List those in the parent folder, by name; not the gathering itself, and none with
    unreadable settings."""
    own = folder.resolve()
    try:
        found = sorted(path for path in own.parent.iterdir() if path != own and exists(path))
    except OSError:
        return []
    return [one for path in found if (one := _read(path)) is not None]


def _read(path: Path) -> Neighbour | None:
    try:
        return Neighbour(path, load_settings(path).gathering.title)
    except (ReporterError, OSError):
        return None
