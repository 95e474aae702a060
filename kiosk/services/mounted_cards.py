"""Finds inserted cards: mounted volumes that look like a camera's."""

from __future__ import annotations

import os
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from capture.cards.scan import is_card

# Where desktops mount removable media: two levels below on Linux (user, label), one on macOS.
_PLACES = (("/media", 2), ("/run/media", 2), ("/mnt", 1), ("/Volumes", 1))


@dataclass(frozen=True)
class Card:
    """A card: its path and its label."""

    path: Path
    label: str


def inserted_cards() -> list[Card]:
    """List all inserted cards. ``REPORTER_CARDS`` names an additional folder to search, for
    unusual systems."""
    found = {path: Card(path, path.name or str(path)) for path in mounted_places() if is_card(path)}
    return [found[path] for path in sorted(found)]


def mounted_places() -> Iterator[Path]:
    """List all paths where systems mount removable media, whatever they contain."""
    extra = os.environ.get("REPORTER_CARDS")
    if extra:
        yield from _below(Path(extra), 1)
        return
    if sys.platform == "win32":
        yield from (Path(f"{letter}:\\") for letter in string.ascii_uppercase[3:])
        return
    for place, depth in _PLACES:
        yield from _below(Path(place), depth)


def _below(place: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(path for path in place.iterdir() if path.is_dir())
    except OSError:
        return
    for path in entries:
        yield path
        if depth > 1:
            yield from _below(path, depth - 1)
