"""Copies of a gathering (backups, bundles): where they were made, and what each still holds."""

from __future__ import annotations

import json
import sqlite3
import uuid
import zipfile
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.models import CopyMade

BACKUP, BUNDLE = "backup", "bundle"
_RECORDS = "data/takeaways.json"


@dataclass(frozen=True)
class Held:
    """What a copy holds of some takeaways. ``known`` is False where it can't be looked into now."""

    kind: str
    place: Path
    made_at: datetime
    known: bool
    holds: frozenset[uuid.UUID]


def note_copy(session: Session, kind: str, place: Path, *, now: datetime) -> None:
    """Remember that a copy was made; the same place again takes the place of the former. Commits."""
    session.merge(CopyMade(place=str(place.resolve()), kind=kind, made_at=now))
    session.commit()


def copies_holding(session: Session, takeaways: Collection[uuid.UUID]) -> list[Held]:
    """Every copy that was made, with which of these takeaways it holds with their content; the newest first."""
    rows = session.scalars(select(CopyMade).order_by(CopyMade.made_at.desc()))
    return [_look(row, frozenset(takeaways)) for row in rows]


def _look(row: CopyMade, takeaways: frozenset[uuid.UUID]) -> Held:
    place = Path(row.place)
    try:
        there = _in_backup(place) if row.kind == BACKUP else _in_bundle(place)
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error, zipfile.BadZipFile):
        return Held(row.kind, place, row.made_at, known=False, holds=frozenset())
    return Held(row.kind, place, row.made_at, known=True, holds=takeaways & there)


def _in_backup(folder: Path) -> frozenset[uuid.UUID]:
    """Takeaways that are not withdrawn in it."""
    if not (folder / "reporter.db").is_file():
        raise FileNotFoundError(folder)
    address = f"{(folder / 'reporter.db').as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as rows:
        found = rows.execute("SELECT id FROM takeaway WHERE state != 'withdrawn'").fetchall()
    return frozenset(uuid.UUID(str(one)) for (one,) in found)


def _in_bundle(place: Path) -> frozenset[uuid.UUID]:
    """Takeaways that are in a bundle, a folder or one file."""
    if place.is_dir():
        told = (place / _RECORDS).read_text(encoding="utf-8")
    else:
        with zipfile.ZipFile(place) as packed:
            name = next(one for one in packed.namelist() if one.endswith(_RECORDS))
            told = packed.read(name).decode("utf-8")
    return frozenset(uuid.UUID(one["id"]) for one in json.loads(told)["takeaways"])
