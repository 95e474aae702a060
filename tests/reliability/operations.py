"""Operations killed in crash rounds, one class each, with how they are resumed and what must hold then.

``run`` may be killed anywhere. ``finish`` does what people and the restarted kiosk would do.
``check`` says what is wrong.
Lines that ``run`` gives to ``note`` were acknowledged before the kill.
"""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from alembic import command
from flask import Flask
from sqlalchemy import create_engine, func, select

from capture.cards.importer import ImportContext, Importer, begin_import
from kiosk.privacy.erasure import erase
from kiosk.privacy.retention import run_clock
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.merging import merge_in
from kiosk.services.publishing import publish_all, verify_bundle, write_bundle
from kiosk.workers import tidy
from publish.errors import PublishError
from reporter import migrations
from reporter.config import load_settings
from reporter.gathering.backup import copy_gathering
from reporter.gathering.folder import open_session
from reporter.models import Delivery, EventSession, Media, Takeaway
from tests.reliability.world import (
    ERASED,
    PHONE,
    approve_all,
    client_id,
    opened,
    photo,
    process_all,
    send,
    unsound,
)

Note = Callable[[str], None]
V1 = {"Tus-Resumable": "1.0.0"}
PIECE = {**V1, "Content-Type": "application/offset+octet-stream"}


class Operation:
    """Base class: by default it is run again, and the gathering must be consistent."""

    name: ClassVar[str]
    # Hours that have passed when it is taken up again: leases have run out, leftovers are old.
    later: ClassVar[float] = 3

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "gathering"

    @classmethod
    @contextmanager
    def surroundings(cls) -> Iterator[None]:
        """What all its rounds need beside the folders; nothing dies there."""
        yield

    @staticmethod
    def missing_programs() -> list[str]:
        """What this machine lacks for it."""
        return []

    def prepare(self) -> None:
        """Make ready what a round begins with, beside the folders."""

    def run(self, note: Note) -> None:
        """What is killed."""
        with opened(self.folder) as (app, kiosk):
            self.work(app, kiosk, note)

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """The operation in an opened gathering."""
        raise NotImplementedError

    def finish(self, notes: list[str]) -> None:
        """Take it up again."""
        with opened(self.folder, hours=self.later) as (app, kiosk):
            tidy(kiosk)
            self.work(app, kiosk, notes.append)
            process_all(kiosk)
            kiosk.index.sync(db.session())
            publish_all(kiosk)

    def check(self, notes: list[str]) -> list[str]:
        """What is wrong now."""
        with opened(self.folder, hours=self.later) as (_app, kiosk):
            return [*unsound(kiosk), *self.wrong(kiosk, notes)]

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """What is wrong beside the general."""
        return count("takeaways", db.session.scalar(select(func.count(Takeaway.id))), 5)


def count(what: str, found: object, wanted: int) -> list[str]:
    """A sentence where a number is not the right one."""
    return [] if found == wanted else [f"{found} {what} instead of {wanted}"]


def _code() -> str:
    return (
        db.session.scalars(select(EventSession.code).order_by(EventSession.created_at)).first()
        or ""
    )


class Upload(Operation):
    """Two forms and a resumable upload in two pieces, each with its own client id."""

    name = "upload"
    FORMS: ClassVar[tuple[int, ...]] = (20, 21)
    TUS = 22

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """As a phone does it; what was acknowledged before is not sent again, but asked for."""
        code = _code()
        for seed in self.FORMS:
            note(f"receipt {seed} {send(app, code, seed)['receipt']}")
        self._resumable(app, code, note)

    def finish(self, notes: list[str]) -> None:
        """The phone goes on where it was told to."""
        with opened(self.folder, hours=self.later) as (app, kiosk):
            tidy(kiosk)
            code = _code()
            thanked = {line.split()[1] for line in notes if line.startswith("receipt")}
            for seed in self.FORMS:
                if str(seed) not in thanked:
                    notes.append(f"receipt {seed} {send(app, code, seed)['receipt']}")
            self._resumable(app, code, notes.append, notes=list(notes))
            process_all(kiosk)
            kiosk.index.sync(db.session())

    def _resumable(self, app: Flask, code: str, note: Note, notes: list[str] | None = None) -> None:
        data, phone = photo(self.TUS), app.test_client()
        offset, place = 0, ""
        for line in notes or ():
            if line.startswith("offset"):
                _word, place, number = line.split()
                asked = phone.head(place, headers=V1, **PHONE)
                if asked.status_code != 200 or int(asked.headers["Upload-Offset"]) < int(number):
                    note(f"LOST {number} acknowledged bytes: {asked.status_code}")
                    return
                offset = int(asked.headers["Upload-Offset"])
                if receipt := asked.headers.get("Reporter-Receipt"):
                    note(f"receipt {self.TUS} {receipt}")
                    return
        if not place:
            place = self._create(phone, code, len(data))
            note(f"offset {place} 0")
        for end in (len(data) // 2, len(data)):
            if end > offset:
                headers = {**PIECE, "Upload-Offset": str(offset)}
                done = phone.patch(place, data=data[offset:end], headers=headers, **PHONE)
                assert done.status_code == 204, done.text
                offset = end
                if receipt := done.headers.get("Reporter-Receipt"):
                    note(f"receipt {self.TUS} {receipt}")
                else:
                    note(f"offset {place} {offset}")

    def _create(self, phone: Any, code: str, length: int) -> str:
        fields = {
            "session": code,
            "client_id": client_id(self.TUS),
            "filename": "a.jpg",
            "text": "t",
        }
        words = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in fields.items())
        headers = {**V1, "Upload-Length": str(length), "Upload-Metadata": words}
        made = phone.post("/uploads", headers=headers, **PHONE)
        assert made.status_code == 201, made.text
        return str(made.headers["Location"])

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """Every receipt is there, each client id once."""
        there = set(db.session.scalars(select(Takeaway.receipt)))
        lost = [
            line for line in notes if line.startswith("receipt") and line.split()[2] not in there
        ]
        lost = [f"lost: {line}" for line in lost] + [line for line in notes if "LOST" in line]
        return [*lost, *count("takeaways", len(there), 8)]


class Completion(Upload):
    """The last request of a resumable upload, in which it becomes a takeaway."""

    name = "completion"
    FORMS = ()

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """As of uploads; only one came."""
        there = set(db.session.scalars(select(Takeaway.receipt)))
        lost = [
            line for line in notes if line.startswith("receipt") and line.split()[2] not in there
        ]
        lost = [f"lost: {line}" for line in lost] + [line for line in notes if "LOST" in line]
        return [*lost, *count("takeaways", len(there), 6)]


class Processing(Operation):
    """Rendering what was received."""

    name = "processing"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Everything that waits."""
        process_all(kiosk)

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """All are ready."""
        waiting = db.session.scalar(select(func.count(Media.id)).where(Media.state != "ready"))
        return [*super().wrong(kiosk, notes), *count("media not ready", waiting, 0)]


class CardImport(Operation):
    """Three photos of a card, imported again afterwards."""

    name = "import"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Read the card."""
        event = db.session.scalars(select(EventSession).order_by(EventSession.created_at)).first()
        job = begin_import(db.session(), "card", now=kiosk.now(), rng=kiosk.rng, event=event)
        shop = ImportContext(
            db.session(),
            kiosk.store,
            kiosk.pool,
            kiosk.clock,
            kiosk.rng,
            kiosk.settings.limits,
            kiosk.settings.zone,
        )
        importer = Importer(shop, job, tell=lambda _tally: None, stopped=lambda: False)
        importer.run([self.root / "card"])
        db.session.commit()

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """Each photo once."""
        return count("takeaways", db.session.scalar(select(func.count(Takeaway.id))), 8)


class IndexCommit(Operation):
    """Index changed rows, then rebuild the index."""

    name = "index"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Approve what waits, sync, rebuild."""
        approve_all(kiosk)
        kiosk.index.sync(db.session())
        kiosk.index.rebuild(db.session())

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """The index holds every takeaway, and nothing else."""
        rows = set(db.session.scalars(select(Takeaway.id)))
        missing = rows ^ kiosk.index.ids()
        return [*super().wrong(kiosk, notes), *(["the index lacks something"] if missing else [])]


class Migration(Operation):
    """Open a gathering three versions old."""

    name = "migration"
    FROM = "0014"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.database = self.folder / "reporter.db"

    @staticmethod
    def missing_programs() -> list[str]:
        """What this machine lacks for it."""
        return []

    def prepare(self) -> None:
        """Make the database an old one: its rows in the old schema."""
        old = self.folder / "old.db"
        engine = create_engine(f"sqlite:///{old}")
        config = migrations.alembic_config()
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, self.FROM)
        engine.dispose()
        with closing(sqlite3.connect(self.database)) as live:
            live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with closing(sqlite3.connect(old)) as rows:
            rows.execute("ATTACH ? AS new", (str(self.database),))
            for (table,) in rows.execute(
                "SELECT name FROM main.sqlite_master WHERE type = 'table'"
            ).fetchall():
                _copy_rows(rows, table)
            rows.commit()
        for path in self.folder.glob("reporter.db*"):
            path.unlink()
        old.rename(self.database)

    def run(self, note: Note) -> None:
        """Open it."""
        with open_session(load_settings(self.folder)):
            pass

    def finish(self, notes: list[str]) -> None:
        """Open it again."""
        self.run(notes.append)


def _copy_rows(rows: sqlite3.Connection, table: str) -> None:
    """Copy what both schemas have of a table."""
    columns = [
        {one[1] for one in rows.execute(f"PRAGMA {schema}.table_info('{table}')")}
        for schema in ("main", "new")
    ]
    both = ", ".join(f'"{one}"' for one in sorted(columns[0] & columns[1]))
    if both and table != "alembic_version":
        rows.execute(f'INSERT INTO main."{table}" ({both}) SELECT {both} FROM new."{table}"')


class Bundle(Operation):
    """Write the bundle over an older one."""

    name = "bundle"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Approve one more, write it anew."""
        approve_all(kiosk)
        write_bundle(kiosk, self.root / "bag")

    def finish(self, notes: list[str]) -> None:
        """What stands there after the kill is whole, the old one or the new; then once more."""
        try:
            verify_bundle(self.root / "bag")
        except PublishError as error:
            notes.append(f"LOST {error}")
        super().finish(notes)

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """It is whole."""
        verify_bundle(self.root / "bag")
        return [*super().wrong(kiosk, notes), *(line for line in notes if "LOST" in line)]


class Publishing(Operation):
    """Publish what is approved to a folder."""

    name = "delivery"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Approve one more, publish."""
        approve_all(kiosk)
        publish_all(kiosk)

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """One row an item, all sent, each photo once at the target."""
        rows = list(db.session.scalars(select(Delivery)))
        keys = [(row.item_kind, row.item_id) for row in rows]
        twice = [] if len(set(keys)) == len(keys) else ["a delivery is there twice"]
        unsent = [f"{row.key} is {row.state}" for row in rows if row.state != "sent"]
        files = [one for one in (self.root / "stick").rglob("*.jpg") if "thumb" not in one.name]
        left = [one.name for one in (self.root / "stick").rglob(".*") if one.is_file()]
        return [
            *super().wrong(kiosk, notes),
            *twice,
            *unsent,
            *count("photos at the target", len(files), 5),
            *([f"left over at the target: {left}"] if left else []),
        ]


class Merge(Operation):
    """Merge another kiosk's gathering."""

    name = "merge"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Take it in."""
        merge_in(kiosk, self.root / "other")

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """All of both, each once."""
        return count("takeaways", db.session.scalar(select(func.count(Takeaway.id))), 10)


class Restore(Operation):
    """Restore a copy into an empty folder."""

    name = "restore"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.folder = root / "restored"

    def run(self, note: Note) -> None:
        """Bring it back."""
        copy_gathering(self.root / "copy", self.folder)

    def finish(self, notes: list[str]) -> None:
        """Once more."""
        self.run(notes.append)


class Backup(Operation):
    """Write a copy over an older one while the gathering is in use."""

    name = "backup"

    def run(self, note: Note) -> None:
        """Approve one more, copy."""
        with opened(self.folder) as (_app, kiosk):
            approve_all(kiosk)
        copy_gathering(self.folder, self.root / "copy")

    def finish(self, notes: list[str]) -> None:
        """Once more; the copy must be sound itself."""
        self.run(notes.append)
        with opened(self.root / "copy", hours=self.later) as (_app, kiosk):
            notes += [f"LOST in the copy: {one}" for one in unsound(kiosk) if "target" not in one]

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """As found above."""
        return [*super().wrong(kiosk, notes), *(line for line in notes if "LOST" in line)]


class Erase(Operation):
    """Erase a published takeaway."""

    name = "erase"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Erase it, here and there."""
        query = select(Takeaway).where(
            Takeaway.received_at == select(func.min(Takeaway.received_at)).scalar_subquery()
        )
        erase(kiosk, db.session.scalars(query).all(), who="desk")

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """Nothing of its words is in any file of the gathering or at the target; the other four stay."""
        needle, found = ERASED.split()[0].lower().encode(), []
        for place in (self.folder, self.root / "stick"):
            for path in (one for one in place.rglob("*") if one.is_file()):
                if needle in path.read_bytes().lower():
                    found.append(f"its words are in {path.relative_to(self.root)}")
        living = select(func.count(Takeaway.id)).where(Takeaway.state != "withdrawn")
        return [*found, *count("takeaways that stay", db.session.scalar(living), 4)]


class Retention(Operation):
    """Delete what nobody approved, three months later."""

    name = "retention"
    later = 24 * 200

    def run(self, note: Note) -> None:
        """Announce it, and let it go after a fortnight."""
        for hours in (24 * 100, 24 * 120):
            with opened(self.folder, hours=hours) as (_app, kiosk):
                run_clock(kiosk)

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Again, as the hourly turn does; then the files are cleared."""
        from kiosk.privacy.erasure import purge_now

        run_clock(kiosk)
        # Where the kill came before the announcement, it is announced only now, and goes a fortnight later.
        with opened(self.folder, hours=self.later + 24 * 20) as (_app, fortnight_later):
            run_clock(fortnight_later)
        purge_now(kiosk)

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """One went, four stay."""
        living = select(func.count(Takeaway.id)).where(Takeaway.state != "withdrawn")
        return count("takeaways that stay", db.session.scalar(living), 4)


OPERATIONS: tuple[type[Operation], ...] = (
    Upload,
    Completion,
    Processing,
    CardImport,
    IndexCommit,
    Migration,
    Bundle,
    Publishing,
    Merge,
    Backup,
    Restore,
    Erase,
    Retention,
)
