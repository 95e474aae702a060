"""More operations for crash rounds (see ``operations``): those that take long, or that two laptops or threads share."""

from __future__ import annotations

import threading
from typing import Any
from unittest.mock import patch

import httpx
from flask import Flask
from sqlalchemy import func, select

from kiosk.peers import exchange, pairing
from kiosk.peers.client import PeerClient
from kiosk.privacy.erasure import erase
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.films import make_due
from reporter.enums import Source
from reporter.films.arrangement import film_of, film_takeaway
from reporter.gathering.backup import copy_gathering
from reporter.models import Media, Takeaway
from tests.reliability.operations import Backup, Note, Operation, count
from tests.reliability.world import ERASED, opened


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


LONG_OPERATIONS: tuple[type[Operation], ...] = (PeerMerge, FilmMaking, EraseDuringBackup)
