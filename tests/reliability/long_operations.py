"""More operations for crash rounds (see ``operations``): those that take long, or that two laptops or threads share."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any, ClassVar
from unittest.mock import patch

import httpx
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from kiosk.peers import exchange, pairing, push
from kiosk.peers.client import PeerClient, Unreachable
from kiosk.peers.snapshot import SHARED
from kiosk.privacy.erasure import erase
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.films import make_due
from kiosk.workers import purge
from reporter.actor import Actor
from reporter.clock import utc_now
from reporter.database.row_security import TenantScope, working_for
from reporter.enums import Source
from reporter.films.arrangement import film_of, film_takeaway
from reporter.gathering.backup import copy_gathering
from reporter.hub import organizations
from reporter.hub.models import HubGathering
from reporter.models import Media, Takeaway
from reporter.moderation import decisions
from tests.reliability.operations import Backup, Note, Operation, count
from tests.reliability.world import ERASED, opened
from tests.support.hub import THERE, HubKit
from tests.support.servers.postgres import Postgres, missing_programs, postgres_cluster

_NAME = "crash_rounds"


class PeerMerge(Operation):
    """Merge another kiosk over HTTP, paired by a code; both die, as with one socket for two laptops."""

    name = "peer merge"
    URL = "http://192.168.4.2:8000"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Pair if that isn't done, merge what is there."""
        with opened(self.root / "other", hours=self.later) as (other, there):
            code = pairing.new_code(db.session(), there)
            db.session.remove()
            transport = httpx.WSGITransport(app=other, remote_addr="192.168.4.1")
            begin = PeerClient.__init__

            def wired(client: PeerClient, url: str, token: str = "", **_others: Any) -> None:
                begin(client, url, token, transport=transport)

            with patch.object(PeerClient, "__init__", wired), app.app_context():
                peer = exchange.pair_with(kiosk, self.URL, code)
                exchange.merge_peer(kiosk, peer)
                db.session.remove()

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """All of both, each once, with its file."""
        missing = [one for one in db.session.scalars(select(Media)) if not _is_there(kiosk, one)]
        return [
            *count("takeaways", db.session.scalar(select(func.count(Takeaway.id))), 10),
            *count("originals that did not come", len(missing), 0),
        ]


def _is_there(kiosk: KioskContext, media: Media) -> bool:
    return kiosk.store.original(media.sha256, media.ext).is_file()


class FilmMaking(Operation):
    """Make the film of the evening over an older one."""

    name = "film"

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """Ask for one of two photos, as short as it can be, and make it; then for another shape of it."""
        query = select(Takeaway).where(Takeaway.state == "approved", Takeaway.source != Source.FILM)
        for row in db.session.scalars(query.order_by(Takeaway.received_at).limit(2)).all():
            row.starred = True
        for shape in ("square", "upright"):
            film = film_of(db.session())
            film.requested, film.shape, film.seconds = True, shape, 15.0
            db.session.add(film)
            db.session.commit()
            make_due(kiosk)

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """There is one film, whole and new, and no file of another one."""
        films = select(func.count(Takeaway.id)).where(Takeaway.source == Source.FILM)
        row, film = film_takeaway(db.session()), film_of(db.session())
        videos = list((self.folder / "media").rglob("*.mp4"))
        originals = [one for one in videos if len(one.stem) == 64]
        return [
            *count("films", db.session.scalar(films), 1),
            *count("originals of films", len(originals), 1),
            *([] if row is not None and not film.error else [f"it was not made: {film.error}"]),
            *(["it is still asked for"] if film.requested else []),
        ]


class EraseDuringBackup(Backup):
    """Erase a takeaway while a copy is written over an older one; the next copy to that place holds it no more."""

    name = "erase during backup"

    def run(self, note: Note) -> None:
        """Both at once; then the copy once more, as the desk says."""
        copying = threading.Thread(target=copy_gathering, args=(self.folder, self.root / "copy"))
        copying.start()
        try:
            with opened(self.folder, hours=self.later) as (_app, kiosk):
                query = select(Takeaway).where(Takeaway.text == ERASED)
                erase(kiosk, db.session.scalars(query).all(), who="desk")
        finally:
            copying.join()
        copy_gathering(self.folder, self.root / "copy")

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """Its words are in no file of the gathering or of the copy."""
        needle, found = ERASED.split()[0].lower().encode(), []
        for place in (self.folder, self.root / "copy"):
            for path in (one for one in place.rglob("*") if one.is_file()):
                if needle in path.read_bytes().lower():
                    found.append(f"its words are in {path.relative_to(self.root)}")
        return [*found, *(line for line in notes if "LOST" in line)]


class LossyWire(httpx.WSGITransport):
    """The way to a hub in this process: it does what it is asked, and every third answer is lost."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app=app, remote_addr="192.168.4.1")
        self._asked = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the hub."""
        answer = super().handle_request(request)
        self._asked += 1
        if self._asked % 3 == 0:
            answer.read()
            raise httpx.ReadError("the answer was lost", request=request)
        return answer


class HubPush(Operation):
    """Pair with a hub and push; take one back here, approve one there, push again."""

    name = "push"
    TRIES: ClassVar[int] = 12
    cluster: ClassVar[Postgres]

    @classmethod
    @contextmanager
    def surroundings(cls) -> Iterator[None]:
        """A PostgreSQL, which no round kills: what it loses then is not ours to test."""
        with postgres_cluster() as cls.cluster:
            yield

    @staticmethod
    def missing_programs() -> list[str]:
        """PostgreSQL may be missing."""
        return missing_programs()

    def prepare(self) -> None:
        """An empty database for the round."""
        with self.cluster.administering() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {_NAME} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {_NAME} OWNER kit"))
        with self._hub():
            pass

    @contextmanager
    def _hub(self) -> Iterator[HubKit]:
        now = utc_now() + timedelta(hours=self.later)
        hub = HubKit(self.cluster.url.set(database=_NAME), self.root / "hub", lambda: now)  # type: ignore[arg-type]
        with ExitStack() as ending:
            ending.callback(hub.close)
            yield hub

    def work(self, app: Flask, kiosk: KioskContext, note: Note) -> None:
        """As a kiosk does every minute until nothing is left."""
        with self._hub() as hub, _wired(hub), app.app_context():
            self._pair(kiosk, hub)
            self._push(kiosk)
            for row in db.session.scalars(select(Takeaway).where(Takeaway.text == ERASED)).all():
                decisions.withdraw(db.session(), row, kiosk.actor("desk"), kiosk.store)
            note("withdrawn")
            self._push(kiosk)
            with _gathering(hub) as session:
                for row in session.scalars(select(Takeaway).where(Takeaway.state == "new")).all():
                    decisions.approve(session, row, Actor(kiosk.now(), random.Random(3), "desk"))
            self._push(kiosk)
            db.session.remove()

    def finish(self, notes: list[str]) -> None:
        """Go on; ten minutes later the words taken back are in no freed page."""
        super().finish(notes)
        with opened(self.folder, hours=self.later + 1) as (_app, kiosk):
            purge(kiosk)

    def _pair(self, kiosk: KioskContext, hub: HubKit) -> None:
        for _each in range(self.TRIES):
            with contextlib.suppress(Unreachable):
                push.pair_hub(kiosk, THERE, _code(hub))
                return
        raise AssertionError("no answer of the hub came through")

    def _push(self, kiosk: KioskContext) -> push.PushReport:
        for _each in range(self.TRIES):
            done = push.PushReport()
            try:
                push.push(kiosk, push.hub_of(kiosk), done)
            except Unreachable:
                db.session.rollback()
            else:
                assert not done.left, done.left
                return done
        raise AssertionError("no push came through")

    def wrong(self, kiosk: KioskContext, notes: list[str]) -> list[str]:
        """Both sides have the same, nothing twice, and of what was taken back neither words nor files."""
        with self._hub() as hub:
            with _wired(hub):
                again = self._push(kiosk)
            with _gathering(hub) as session:
                there = _census(session)
                words = _words(session)
        here, files = _census(db.session()), list((self.root / "hub").glob("*/media/??/*"))
        return [
            *count("takeaways", db.session.scalar(select(func.count(Takeaway.id))), 5),
            *count("originals at the hub", len(files), 4),
            *count(
                "bytes of a push of nothing new", again.bytes + again.media + again.takeaways, 0
            ),
            *([] if here == there else [f"the hub has something else: {here ^ there}"]),
            *(["words taken back are at the hub"] if ERASED in words else []),
        ]


def _census(session: Session) -> set[tuple[str, ...]]:
    rows = session.scalars(select(Takeaway)).all()
    return {
        (row.receipt, row.state, row.text, *sorted(one.media.sha256 for one in row.attachments))
        for row in rows
    }


def _words(session: Session) -> str:
    """All rows that laptops share, as text."""
    tables = sorted(SHARED - {"alembic_version"})
    statements = (text(f'SELECT CAST(t AS text) FROM "{name}" AS t') for name in tables)
    return "\n".join(row for one in statements for row in session.scalars(one))


def _code(hub: HubKit) -> str:
    with hub.owner() as session, working_for(TenantScope(migrating=True)):
        known = organizations.find_organization(session, "Gardens")
    return hub.organization("Gardens") if known is None else hub.code(known)


@contextmanager
def _gathering(hub: HubKit) -> Iterator[Session]:
    """The rows of the one gathering at the hub."""
    with hub.owner() as session:
        with working_for(TenantScope(migrating=True)):
            row = session.execute(select(HubGathering.id, HubGathering.organization_id)).one()
            session.rollback()
        with working_for(TenantScope(row.organization_id, row.id)):
            yield session


@contextmanager
def _wired(hub: HubKit) -> Iterator[None]:
    begin, wire = PeerClient.__init__, LossyWire(hub.app)

    def wired(client: PeerClient, url: str, token: str = "", **_others: Any) -> None:
        begin(client, url, token, transport=wire)

    with patch.object(PeerClient, "__init__", wired):
        yield


LONG_OPERATIONS: tuple[type[Operation], ...] = (PeerMerge, FilmMaking, EraseDuringBackup, HubPush)
