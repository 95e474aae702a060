"""Other gatherings of this laptop: folders beside the one that runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reporter.config import exists, load_settings
from reporter.errors import ReporterError


@dataclass(frozen=True)
class Neighbour:
    """A gathering: where it is and what it is called."""

    folder: Path
    title: str


def neighbours(folder: Path) -> list[Neighbour]:
    """Those in the folder above the gathering's own, by name; not itself, and none whose settings can't be read."""
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
