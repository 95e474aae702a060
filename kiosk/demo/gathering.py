"""A sample gathering, made on the spot: sessions around this hour, drawn photos, short films, notes in four languages.

Everything comes in through the phones' own door and is decided on as the desk does it.
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
from reporter.actor import Actor
from reporter.config import Settings
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession
from reporter.moderation.decisions import approve, change, hide

TITLE = "Neighbourhood gathering (sample)"
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Slot:
    """A session: when it begins and ends, in minutes from now."""

    title: str
    room: str
    begins: int
    ends: int


@dataclass(frozen=True)
class Piece:
    """What one volunteer recorded: in which slot, how long after it began, and what an organizer made of it."""

    slot: int
    minutes: int
    text: str
    author: str = ""
    photos: tuple[str, ...] = ()
    film: str = ""
    intent: str = ""
    audience: str = "public"
    consent: str = ""
    fate: str = "approved"


SLOTS = (
    Slot("Community gardens in winter", "Greenhouse", -190, -130),
    Slot("Solar roofs for schools", "Room 2", -120, -60),
    Slot("Repair café: bicycles", "Yard", -40, 50),
    Slot("لنزرع معًا", "Room 1", -40, 50),
    Slot("What we do on Monday", "Main hall", 70, 130),
)
PIECES = (
    Piece(
        0,
        8,
        "Garlic goes into the ground now, not in spring. #garlic",
        "Rosa",
        ("garden",),
        "",
        "learned",
    ),
    Piece(
        0,
        12,
        "Our compost heap stays at 50 degrees under straw, even in frost.",
        "Tomasz",
        (),
        "",
        "learned",
    ),
    Piece(
        0,
        20,
        "Wir tauschen Saatgut im Hof der Schule. #saatgut",
        "Aylin",
        ("flip chart", "table"),
        "",
        "action",
    ),
    Piece(0, 31, "¿Quién cuida el riego en agosto?", "Lucía", (), "", "question"),
    Piece(0, 44, "A walk along the beds.", "", (), "garden", "", "community"),
    Piece(
        1,
        6,
        "Sixteen panels pay for the school's kitchen in nine years.",
        "Jonas",
        ("roofs",),
        "",
        "learned",
    ),
    Piece(
        1,
        15,
        "Ask the town for its roof register before asking for money. #roofs",
        "Mina",
        (),
        "",
        "idea",
    ),
    Piece(
        1,
        22,
        "Los tejados planos necesitan menos permisos.",
        "Lucía",
        (),
        "",
        "learned",
        "public",
        "",
        "new",
    ),
    Piece(1, 41, "How the inverter is wired.", "Jonas", (), "roofs", "learned"),
    Piece(
        2,
        5,
        "Twenty bicycles wait for brake cables. Saturday at ten.",
        "Tomasz",
        ("bicycle",),
        "",
        "action",
    ),
    Piece(2, 9, "Ein Rad, das quietscht, hat meistens nur Durst.", "Jonas", (), "", "learned"),
    Piece(
        2, 14, "Can the workshop stay open on Fridays?", "", (), "", "question", "public", "", "new"
    ),
    Piece(2, 18, "The wheel of fortune.", "Aylin", ("bicycle",), "", "", "room", "unsure", "new"),
    Piece(2, 21, "test test", "", (), "", "", "public", "", "hidden"),
    Piece(3, 7, "ازرعوا الثوم الآن، لا في الربيع.", "ليلى", ("garden",), "", "learned"),
    Piece(3, 12, "من يريد أن يشاركنا البذور؟", "سامر", (), "", "question"),
    Piece(
        3,
        19,
        "Die Beete am Bahnhof sind frei. Wer macht mit?",
        "Aylin",
        (),
        "",
        "action",
        "public",
        "",
        "new",
    ),
    Piece(3, 24, "La mesa de la mañana.", "", ("table",), "", "", "public", "", "new"),
)


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


def _add_slot(session: Session, slot: Slot, now: datetime, rng: random.Random) -> EventSession:
    hour = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    return add_session(
        session,
        slot.title,
        now=now,
        rng=rng,
        room=slot.room,
        starts_at=hour + timedelta(minutes=slot.begins),
        ends_at=hour + timedelta(minutes=slot.ends),
    )


@dataclass(frozen=True)
class _Filler:
    settings: Settings
    session: Session
    now: datetime
    rng: random.Random

    def fill(self, event: EventSession, piece: Piece) -> None:
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
        hand = Actor(now=min(self.now, moment + timedelta(minutes=3)), rng=self.rng, who="desk")
        if piece.photos and piece.fate == "approved":
            change(self.session, takeaway, hand, {"consent": "agreed"})
        decide = {"approved": approve, "hidden": hide}.get(piece.fate)
        if decide:
            decide(self.session, takeaway, hand)

    def _store(self) -> Store:
        return Store(self.settings.folder)

    def _files(self, piece: Piece) -> list[ReceivedFile]:
        photos = [
            self._arrival(
                sample_media.photo(scene, width=1600, height=1200, rng=self.rng), "photo.jpg"
            )
            for scene in piece.photos
        ]
        return [*photos, *([self._film(piece.film)] if piece.film else [])]

    def _film(self, scene: str) -> ReceivedFile:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "film.mp4"
            sample_media.video(path, scene, seconds=6, rng=self.rng)
            return self._arrival(path.read_bytes(), "film.mp4")

    def _arrival(self, data: bytes, name: str) -> ReceivedFile:
        incoming = self._store().begin(f"demo-{self.rng.getrandbits(64):016x}")
        incoming.write(data)
        return ReceivedFile.of(incoming, name)
