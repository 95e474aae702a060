"""A sample gathering, made on the spot: sessions around this hour, photographs, spoken films, notes in four languages.

Everything is received as from phones and decided on as at the desk.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from capture.intake.receive import receive
from capture.intake.submission import ReceivedFile, Submission
from kiosk.demo import sample_media
from kiosk.demo.pieces import PIECES, SLOTS, SampleSession, SampleTakeaway
from reporter.actor import Actor
from reporter.config import Settings
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession
from reporter.moderation.decisions import approve, change, hide

TITLE = "Neighbourhood gathering (sample)"
Progress = Callable[[int, int, str], None]


def make_demo(folder: Path, *, now: datetime, rng: random.Random, progress: Progress) -> Settings:
    """Make a filled gathering in a folder that has none yet. Raises Conflict where there is one."""
    from kiosk.runtime.timezone import local_timezone

    settings = make_gathering(
        folder, TITLE, timezone=local_timezone(), language="en", now=now, rng=rng
    )
    with open_session(settings) as session:
        events = [_add_slot(session, slot, now, rng) for slot in SLOTS]
        for number, piece in enumerate(PIECES):
            progress(number, len(PIECES), piece.text)
            _Filler(settings, session, now, rng).fill(events[piece.slot], piece)
        progress(len(PIECES), len(PIECES), "")
    return settings


def _add_slot(
    session: Session, slot: SampleSession, now: datetime, rng: random.Random
) -> EventSession:
    hour = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    event = add_session(
        session,
        slot.title,
        now=now,
        rng=rng,
        room=slot.room,
        starts_at=hour + timedelta(minutes=slot.begins),
        ends_at=hour + timedelta(minutes=slot.ends),
    )
    event.speakers = slot.speakers
    session.commit()
    return event


@dataclass(frozen=True)
class _Filler:
    settings: Settings
    session: Session
    now: datetime
    rng: random.Random

    def fill(self, event: EventSession, piece: SampleTakeaway) -> None:
        """Bring one piece in, then decide on it."""
        assert event.starts_at is not None
        moment = min(self.now, event.starts_at + timedelta(minutes=piece.minutes))
        offer = Submission(
            event,
            text=piece.text,
            author=piece.author,
            intent=piece.intent,
            audience=piece.audience,
            consent=piece.consent,
            prompt="What will you take home from this?",
            files=self._files(piece),
            recorded_at=moment,
        )
        takeaway = receive(
            self.session,
            self._store(),
            offer,
            now=moment,
            rng=self.rng,
            limits=self.settings.limits,
        )
        actor = Actor(now=min(self.now, moment + timedelta(minutes=3)), rng=self.rng, who="desk")
        if piece.photos and piece.fate == "approved":
            change(self.session, takeaway, actor, {"consent": "agreed", "starred": piece.starred})
        elif piece.starred:
            change(self.session, takeaway, actor, {"starred": True})
        decide = {"approved": approve, "hidden": hide}.get(piece.fate)
        if decide:
            decide(self.session, takeaway, actor)

    def _store(self) -> Store:
        return Store(self.settings.folder)

    def _files(self, piece: SampleTakeaway) -> list[ReceivedFile]:
        if piece.spoken:
            return [self._film(piece)]
        pictures = (sample_media.picture(name, rng=self.rng) for name in piece.photos)
        return [self._arrival(sample_media.jpeg(one, self.rng), "photo.jpg") for one in pictures]

    def _film(self, piece: SampleTakeaway) -> ReceivedFile:
        still = sample_media.picture(piece.photos[0], rng=self.rng)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "film.mp4"
            sample_media.spoken_film(path, still, piece.spoken, piece.language)
            return self._arrival(path.read_bytes(), "film.mp4")

    def _arrival(self, data: bytes, name: str) -> ReceivedFile:
        incoming = self._store().begin(f"demo-{self.rng.getrandbits(64):016x}")
        incoming.write(data)
        return ReceivedFile.of(incoming, name)
