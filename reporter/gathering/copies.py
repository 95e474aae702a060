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

from reporter.enums import TakeawayState
from reporter.models import Contact, CopyMade, Takeaway

BACKUP, BUNDLE, FILM = "backup", "bundle", "film"
_RECORDS = "data/takeaways.json"


@dataclass(frozen=True)
class CopyContents:
    """What a copy holds of some takeaways. ``known`` is False if the copy is not accessible now."""

    kind: str
    place: Path
    made_at: datetime
    known: bool
    holds: frozenset[uuid.UUID]


@dataclass(frozen=True)
class Remains:
    """What a copy still holds although it was deleted here: withdrawn, or past its retention period."""

    kind: str
    place: Path
    made_at: datetime
    known: bool
    takeaways: int = 0
    addresses: int = 0
    devices: int = 0

    @property
    def any(self) -> int:
        """The total number of these."""
        return self.takeaways + self.addresses + self.devices


def note_copy(
    session: Session, kind: str, place: Path, *, now: datetime, holds: Collection[uuid.UUID] = ()
) -> None:
    """Record that a copy was made; it replaces the record for the same place. Commits.

    ``holds``: ids of the takeaways in it, for a film, which can't be inspected.
    """
    ids = [str(one) for one in holds]
    session.merge(CopyMade(place=str(place.resolve()), kind=kind, made_at=now, takeaway_ids=ids))
    session.commit()


def copies_holding(session: Session, takeaways: Collection[uuid.UUID]) -> list[CopyContents]:
    """Every recorded copy with the takeaways among these whose content it holds, newest first."""
    rows = session.scalars(select(CopyMade).order_by(CopyMade.made_at.desc()))
    return [_look(row, frozenset(takeaways)) for row in rows]


def remains_in_copies(session: Session) -> list[Remains]:
    """For every recorded copy, what it holds that this gathering no longer holds, newest first."""
    gone = select(Takeaway.id).where(Takeaway.state == TakeawayState.WITHDRAWN)
    known = set(session.scalars(select(Contact.id)))
    bare = set(session.scalars(select(Takeaway.id).where(Takeaway.device == "")))
    found = []
    for held in copies_holding(session, set(session.scalars(gone))):
        readable = held.kind == BACKUP and held.known
        devices, addresses = _people_in(held.place) if readable else (set(), set())
        found.append(
            Remains(
                held.kind,
                held.place,
                held.made_at,
                held.known,
                takeaways=len(held.holds),
                addresses=len(addresses - known),
                devices=len(devices & bare - held.holds),
            )
        )
    return found


def _people_in(folder: Path) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """In a backup: takeaways that name the phone they came from, and addresses that people left."""
    with _open_database(folder) as rows:
        named = "SELECT id FROM takeaway WHERE device != '' AND state != 'withdrawn'"
        devices = rows.execute(named).fetchall()
        addresses = rows.execute("SELECT id FROM contact").fetchall()
    return _ids(devices), _ids(addresses)


def _ids(rows: list[tuple[str]]) -> set[uuid.UUID]:
    return {uuid.UUID(str(one)) for (one,) in rows}


def _look(row: CopyMade, takeaways: frozenset[uuid.UUID]) -> CopyContents:
    place = Path(row.place)
    try:
        there = _in_film(row) if row.kind == FILM else _LOOKS[row.kind](place)
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error, zipfile.BadZipFile):
        return CopyContents(row.kind, place, row.made_at, known=False, holds=frozenset())
    return CopyContents(row.kind, place, row.made_at, known=True, holds=takeaways & there)


def _in_backup(folder: Path) -> frozenset[uuid.UUID]:
    """Takeaways in the backup that are not withdrawn there."""
    with _open_database(folder) as rows:
        found = rows.execute("SELECT id FROM takeaway WHERE state != 'withdrawn'").fetchall()
    return frozenset(_ids(found))


def _open_database(folder: Path) -> closing[sqlite3.Connection]:
    """Open the database of a backup read-only. Raises FileNotFoundError."""
    if not (folder / "reporter.db").is_file():
        raise FileNotFoundError(folder)
    address = f"{(folder / 'reporter.db').as_uri()}?mode=ro&immutable=1"
    return closing(sqlite3.connect(address, uri=True))


def _in_bundle(place: Path) -> frozenset[uuid.UUID]:
    """Takeaways in a bundle (a folder or one file), or shown in its film."""
    if place.is_dir():
        text = (place / _RECORDS).read_text(encoding="utf-8")
    else:
        with zipfile.ZipFile(place) as packed:
            name = next(one for one in packed.namelist() if one.endswith(_RECORDS))
            text = packed.read(name).decode("utf-8")
    records = json.loads(text)["takeaways"]
    return frozenset(uuid.UUID(one) for r in records for one in (r["id"], *r.get("parts", ())))


def _in_film(row: CopyMade) -> frozenset[uuid.UUID]:
    """Takeaways shown in a film. Raises FileNotFoundError if the film is no longer at its path."""
    if not Path(row.place).is_file():
        raise FileNotFoundError(row.place)
    return frozenset(uuid.UUID(one) for one in row.takeaway_ids)


_LOOKS = {BACKUP: _in_backup, BUNDLE: _in_bundle}
