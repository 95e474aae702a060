"""A large gathering, made in seconds: 10,000 takeaways in five languages, half of them photos with real files.

The same seed gives the same gathering. ``python -m tests.bench.data.seeded FOLDER [COUNT]`` leaves one to look at.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from capture.decoding.process_pool import DecoderPool
from capture.renditions.worker import process_due
from reporter.clock import new_id, utc_now
from reporter.codes import make_receipt
from reporter.config import LimitSettings, Settings
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import (
    Attachment,
    EventSession,
    Gathering,
    Media,
    Tag,
    Takeaway,
    whole_metadata,
)
from tests.bench.data.seeded_photos import photos as draw
from tests.bench.data.seeded_rows import add_photo_rows
from tests.bench.data.seeded_words import NAMES, TAGS, TITLES, sentences

BEGINS = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)
SESSIONS, ROOMS, DAYS = 40, 5, 2
# The last ones stay without takeaways, as at every event.
SILENT = 4
DEVICES = 120
STATES = (("approved", 60), ("new", 27), ("hidden", 10), ("withdrawn", 3))
AUDIENCES = (("public", 80), ("community", 14), ("room", 6))
INTENTS = (("", 55), ("learned", 20), ("idea", 12), ("question", 9), ("action", 4))
CONSENTS = (("", 50), ("agreed", 40), ("unsure", 7), ("child", 3))
Values = dict[str, Any]


@dataclass
class _Seeding:
    """What all parts of a seeding share."""

    session: Session
    store: Store
    rng: random.Random
    count: int
    begins: datetime
    events: list[EventSession] = field(default_factory=list)

    def choose(self, shares: tuple[tuple[str, int], ...]) -> str:
        values, weights = zip(*shares, strict=True)
        return str(self.rng.choices(values, weights)[0])


def seed(
    folder: Path,
    count: int = 10_000,
    *,
    photos: int = 200,
    chance: int = 5,
    files: bool = True,
    begins: datetime = BEGINS,
) -> Settings:
    """Make a gathering in ``folder`` with ``count`` takeaways; returns its settings.

    ``photos`` different pictures go through the real decoders; every photo takeaway then has an original of its own
    (the picture and a comment with its number), whose renditions are links to those of the picture. 0: notes only.
    Without ``files``, photos are rows alone: 100,000 takeaways take seconds. ``begins``: its first morning.
    """
    rng = random.Random(chance)
    settings = make_gathering(
        folder, "Seeded gathering", timezone="Europe/Berlin", language="en", now=begins, rng=rng
    )
    with open_session(settings) as session:
        work = _Seeding(session, Store(settings.folder), rng, count, begins)
        work.events = [_event(work, number) for number in range(SESSIONS)]
        samples = _samples(work, photos) if photos and files else []
        rows = [_takeaway(work, number, bool(photos)) for number in range(count)]
        session.execute(insert(Takeaway), rows)
        session.execute(insert(Tag), list(_tags(work, rows)))
        if samples:
            _give_photos(work, _wanting(rows), samples)
        elif photos:
            add_photo_rows(session, rng, _wanting(rows))
        session.execute(update(Gathering).values(revision=count))
        session.commit()
    return settings


def _event(work: _Seeding, number: int) -> EventSession:
    slot = number // ROOMS
    slots = SESSIONS // ROOMS // DAYS
    starts = work.begins + timedelta(days=slot // slots, hours=1.5 * (slot % slots))
    title = TITLES[number % len(TITLES)] + (", part two" if number >= len(TITLES) else "")
    return add_session(
        work.session,
        title,
        now=work.begins,
        rng=work.rng,
        room=f"Room {number % ROOMS + 1}",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
    )


def _takeaway(work: _Seeding, number: int, with_photos: bool) -> Values:
    rng = work.rng
    event = rng.choice(work.events[:-SILENT])
    assert event.starts_at is not None
    recorded = event.starts_at + timedelta(seconds=rng.uniform(0, 4200))
    received = recorded + timedelta(seconds=rng.expovariate(1 / 60))
    state, kind = work.choose(STATES), "photo" if with_photos and rng.random() < 0.5 else "note"
    words = state != "withdrawn" and (kind == "note" or rng.random() < 0.6)
    return {
        "id": new_id(received, rng),
        "receipt": make_receipt(rng),
        "session_id": event.id,
        "kind": kind,
        "text": sentences(rng) if words else "",
        "author": rng.choice(NAMES) if state != "withdrawn" and rng.random() < 0.7 else "",
        "intent": work.choose(INTENTS),
        "audience": work.choose(AUDIENCES),
        "consent": work.choose(CONSENTS) if kind == "photo" else "",
        "device": f"device-{rng.randrange(DEVICES):03}",
        "state": state,
        "starred": state == "approved" and rng.random() < 0.06,
        "recorded_at": recorded,
        "received_at": received,
        "approved_at": received + timedelta(minutes=30) if state == "approved" else None,
        "revision": number + 1,
    }


def _tags(work: _Seeding, rows: list[Values]) -> Iterator[Values]:
    for row in rows:
        if row["state"] != "withdrawn":
            for name in work.rng.sample(TAGS, work.rng.choice((0, 0, 1, 2))):
                yield {"takeaway_id": row["id"], "name": name}


def _samples(work: _Seeding, count: int) -> list[Media]:
    """The pictures as received originals, through the real decoders."""
    for data in draw(count):
        sha256 = _write(work.store, data)
        work.session.add(Media(**_original(work, data, sha256)))
    work.session.commit()
    pool = DecoderPool(2, 3000)
    try:
        while process_due(work.session, work.store, pool, now=utc_now, limits=LimitSettings()):
            pass
    finally:
        pool.stop()
    return list(work.session.scalars(select(Media).order_by(Media.id)))


def _original(work: _Seeding, data: bytes, sha256: str) -> Values:
    return {
        "id": new_id(work.begins, work.rng),
        "sha256": sha256,
        "kind": "photo",
        "type": "image/jpeg",
        "ext": ".jpg",
        "bytes": len(data),
        "due_at": work.begins,
        "received_at": work.begins,
    }


def _write(store: Store, data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    path = store.original(sha256, ".jpg")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return sha256


def _wanting(rows: list[Values]) -> list[Values]:
    """The photo takeaways. Neighbours in time get neighbouring pictures: bursts stay together."""
    wanting = [row for row in rows if row["kind"] == "photo" and row["state"] != "withdrawn"]
    return sorted(wanting, key=lambda row: (str(row["session_id"]), row["recorded_at"]))


def _give_photos(work: _Seeding, wanting: list[Values], samples: list[Media]) -> None:
    """An original to each photo takeaway."""
    contents = [work.store.original(sample.sha256, sample.ext).read_bytes() for sample in samples]
    copies: list[tuple[uuid.UUID, Values]] = []
    attachments: list[Values] = []
    for number, row in enumerate(wanting):
        of, data = samples[number % len(samples)], contents[number % len(samples)]
        comment = f"{number:06}".encode()
        # A JPEG's comment: marker, length (itself included), text.
        data = data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
        copy = {**_columns(of), **_original(work, data, _write(work.store, data))}
        copy["received_at"] = row["received_at"]
        copies.append((of.id, copy))
        attachments.append(_attachment(row, copy, number))
    work.session.execute(insert(Media), [copy for _of, copy in copies])
    work.session.execute(insert(Attachment), attachments)
    _copy_what_was_made(work.session, copies)
    _link_renditions(work.store, {sample.id: sample for sample in samples}, copies)
    # The samples themselves are nobody's.
    for sample in samples:
        work.session.delete(sample)


def _attachment(row: Values, media: Values, number: int) -> Values:
    alt = row["text"][:80] if row["state"] == "approved" and number % 3 else ""
    name = f"IMG_{number:04}.jpg"
    return {"takeaway_id": row["id"], "media_id": media["id"], "filename": name, "alt": alt}


def _columns(media: Media) -> Values:
    return {column.key: getattr(media, column.key) for column in Media.__mapper__.column_attrs}


def _copy_what_was_made(session: Session, copies: list[tuple[uuid.UUID, Values]]) -> None:
    """Rows of whatever table describes a media (renditions, hashes): what the steps found out holds for the copies."""
    for table in whole_metadata().sorted_tables:
        of_media = [key for key in table.foreign_keys if key.column is Media.__table__.c.id]
        if not of_media or table.name == Attachment.__tablename__:
            continue
        rows = list(_copied(session, table, of_media[0].parent.name, copies))
        if rows:
            session.execute(insert(table), rows)


def _copied(
    session: Session, table: Table, name: str, copies: list[tuple[uuid.UUID, Values]]
) -> Iterator[Values]:
    known: dict[uuid.UUID, list[Values]] = {}
    for found in session.execute(select(table)).mappings():
        known.setdefault(found[name], []).append(dict(found))
    for of, copy in copies:
        for row in known.get(of, ()):
            yield {**row, name: copy["id"]}


def _link_renditions(
    store: Store, samples: dict[uuid.UUID, Media], copies: list[tuple[uuid.UUID, Values]]
) -> None:
    for of, copy in copies:
        sample = samples[of]
        for made in sample.renditions:
            goal = store.rendition(copy["sha256"], made.name, made.ext)
            goal.parent.mkdir(parents=True, exist_ok=True)
            os.link(store.rendition(sample.sha256, made.name, made.ext), goal)


if __name__ == "__main__":
    made = seed(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
    print(made.folder)
