"""Helpers for tests of the door: a small gathering and files that arrive."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from capture.intake.receive import ReceivedFile, Submission, receive
from reporter.clock import new_id
from reporter.codes import make_code
from reporter.config import LimitSettings
from reporter.database.engine import engine_options, prepare_sqlite, sqlite_url
from reporter.media.store import Store
from reporter.models import EventSession, Gathering, Takeaway, whole_metadata

NOW = datetime(2025, 3, 1, 10, 0, tzinfo=UTC)


def jpeg(seed: int, size: int = 2000) -> bytes:
    """Bytes that begin like a JPEG and are different for each seed (the door looks no deeper)."""
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    return head + random.Random(seed).randbytes(size - len(head))


def mp4(seed: int, size: int = 3000) -> bytes:
    """Bytes that begin like an MP4."""
    head = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08free"
    return head + random.Random(seed).randbytes(size - len(head))


def wav(seed: int, size: int = 3000) -> bytes:
    """Bytes that begin like a WAVE recording."""
    head = b"RIFF\x00\x10\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
    return head + random.Random(seed).randbytes(size - len(head))


class Room:
    """A gathering on a real SQLite file with two sessions, and the door in short."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder)
        self.store.make_folders()
        url = sqlite_url(folder / "reporter.db")
        self.engine: Engine = create_engine(url, **engine_options(url))
        prepare_sqlite(self.engine)
        whole_metadata().create_all(self.engine)
        self.rng = random.Random(1)
        self.limits = LimitSettings()
        self.session = Session(self.engine)
        self.session.add(Gathering(id=new_id(NOW, self.rng), created_at=NOW, revision=0))
        self.garden = self.add_session("Gardens in winter")
        self.quiet = self.add_session("Speaking of grief", do_not_record=True)
        self.session.commit()

    def add_session(self, title: str, *, do_not_record: bool = False) -> EventSession:
        """A session with a fresh code."""
        row = EventSession(
            id=new_id(NOW, self.rng),
            code=make_code(self.rng),
            title=title,
            audience="community",
            licence="CC BY 4.0",
            do_not_record=do_not_record,
            created_at=NOW,
        )
        self.session.add(row)
        return row

    def arrive(self, data: bytes, filename: str = "photo.jpg") -> ReceivedFile:
        """A finished incoming file."""
        incoming = self.store.begin(uuid.uuid4().hex)
        incoming.write(data)
        return ReceivedFile.of(incoming, filename)

    def receive(self, offer: Submission, *, session: Session | None = None) -> Takeaway:
        """Through the door."""
        return receive(
            session or self.session, self.store, offer, now=NOW, rng=self.rng, limits=self.limits
        )

    def leftovers(self) -> list[str]:
        """Names in ``incoming/``."""
        return sorted(path.name for path in self.store.incoming.iterdir())

    def originals(self) -> list[bytes]:
        """What stands in ``media/``."""
        return sorted(path.read_bytes() for path in self.store.media.glob("*/*"))


@contextmanager
def open_room(folder: Path) -> Iterator[Room]:
    """A room, closed afterwards."""
    room = Room(folder)
    try:
        yield room
    finally:
        room.session.close()
        room.engine.dispose()
