"""The session that a rehearsal plays in: listed nowhere, and gone afterwards with all that came into it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kiosk.runtime.context import KioskContext
from reporter.enums import MediaState, TakeawayState
from reporter.gathering.erase_session import erase_session
from reporter.gathering.sessions import add_session
from reporter.models import Attachment, EventSession, Media, Takeaway
from reporter.moderation.decisions import withdraw

TITLE = "Rehearsal"
GUID = "reporter:rehearsal-"
# How the client ids of a rehearsal begin: what people brought is never taken for one of its own.
MARK = "5eea25a1"
# Seconds that processing and the index are waited for at most.
PATIENCE = 900.0
WAITING = (MediaState.RECEIVED, MediaState.PROCESSING)


def client_id(rng: Random) -> str:
    """A random UUID that carries the mark."""
    return MARK + str(uuid.UUID(int=rng.getrandbits(128), version=4))[8:]


def open_stage(session: Session, kiosk: KioskContext) -> EventSession:
    """A session of its own. Commits."""
    guid = f"{GUID}{kiosk.rng.getrandbits(64):016x}"
    return add_session(session, TITLE, now=kiosk.now(), rng=kiosk.rng, guid=guid, retired=True)


def waiting_media(session: Session, event: EventSession) -> int:
    """Originals of this session that have no renditions yet."""
    session.rollback()
    query = (
        select(func.count(Media.id.distinct()))
        .join(Attachment)
        .join(Takeaway)
        .where(Takeaway.session_id == event.id, Media.state.in_(WAITING))
    )
    return session.scalar(query) or 0


def failed_media(session: Session, event: EventSession) -> int:
    """Originals of this session that could not be made small."""
    query = (
        select(func.count(Media.id.distinct()))
        .join(Attachment)
        .join(Takeaway)
        .where(Takeaway.session_id == event.id, Media.state == MediaState.FAILED)
    )
    return session.scalar(query) or 0


def clear_stages(session: Session, kiosk: KioskContext, *, kiosk_runs: bool) -> list[str]:
    """Take away every rehearsal, those too that were broken off. Sentences on what had to stay.

    First it is withdrawn, so that the kiosk itself lets go of files and index entries; then its rows go too.
    """
    events = session.scalars(select(EventSession).where(EventSession.guid.startswith(GUID))).all()
    for event in events:
        _withdraw_all(session, kiosk, event)
    if events:
        _wait_for_index(session, kiosk, kiosk_runs=kiosk_runs)
    return [sentence for event in events if (sentence := _erase(session, kiosk, event))]


def _withdraw_all(session: Session, kiosk: KioskContext, event: EventSession) -> None:
    query = select(Takeaway).where(
        Takeaway.session_id == event.id,
        Takeaway.client_id.startswith(MARK),
        Takeaway.state != TakeawayState.WITHDRAWN,
    )
    for takeaway in session.scalars(query).all():
        withdraw(session, takeaway, kiosk.actor("shell"), kiosk.store)


def _wait_for_index(session: Session, kiosk: KioskContext, *, kiosk_runs: bool) -> None:
    """Only the running kiosk writes then: two writers could bring back what the other has removed."""

    def caught_up() -> bool:
        session.rollback()
        if not kiosk_runs:
            kiosk.index.sync(session)
        return kiosk.index.behind(session) == 0

    wait_until(caught_up)


def _erase(session: Session, kiosk: KioskContext, event: EventSession) -> str:
    # Its own have all been withdrawn, which leaves no client id to know them by.
    others = select(func.count()).where(
        Takeaway.session_id == event.id, Takeaway.state != TakeawayState.WITHDRAWN
    )
    if session.scalar(others):
        return (
            f"The session {event.code} ({event.title}) stays: somebody has put a takeaway into it. Move it to its own "
            "session at the desk, then rehearse once more."
        )
    if not erase_session(session, event, kiosk.store):
        return (
            f"The session {event.code} ({event.title}) stays until what was published of it is taken down again. "
            "Rehearse once more after that."
        )
    return ""


def wait_until(condition: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Ask every 200 ms; False when it did not come true in time."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
