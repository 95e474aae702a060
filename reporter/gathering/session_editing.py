"""Editing sessions by hand: title, time, room, speakers, language, and whether they are recorded."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import Audience
from reporter.errors import BadInput
from reporter.gathering.sessions import add_session, note_changes, retire_empty_lobby
from reporter.models import EventSession
from reporter.moderation.decisions import bump_revision
from reporter.schedule.parsed_session import MAX_TITLE, one_line


@dataclass(frozen=True)
class SessionFields:
    """The editable fields of a session. Times are aware; without a start it is open all day."""

    title: str
    room: str = ""
    speakers: str = ""
    language: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    do_not_record: bool = False
    # With ``do_not_record``: True if its words may be published, else they stay in the room.
    words_leave: bool = False
    series: bool = False


def cleaned(fields: SessionFields) -> SessionFields:
    """Normalize the fields to one line each; raises BadInput without a title or with an end before the start."""
    if not fields.title.strip():
        raise BadInput("A session needs a title.")
    if len(fields.title) > MAX_TITLE:
        raise BadInput(
            "A title may have %(count)s characters. Please make it shorter.", count=MAX_TITLE
        )
    if fields.ends_at and fields.starts_at is None:
        raise BadInput("An end needs a start. Give the start too, or leave both empty.")
    if fields.starts_at and fields.ends_at and fields.ends_at <= fields.starts_at:
        raise BadInput("The end must be later than the start.")
    words = {name: one_line(getattr(fields, name)) for name in ("title", "room", "speakers")}
    return SessionFields(**{**asdict(fields), **words, "language": fields.language.strip()})


def create_session(
    session: Session, fields: SessionFields, *, now: datetime, rng: random.Random
) -> EventSession:
    """Add a session by hand; one with a time starts a schedule, so an unused Lobby is removed.
    Commits. Raises BadInput."""
    fields = cleaned(fields)
    row = add_session(session, fields.title, now=now, rng=rng)
    _set(row, fields)
    if fields.starts_at:
        retire_empty_lobby(session, now)
    session.commit()
    return row


def edit_session(
    session: Session, row: EventSession, fields: SessionFields, *, now: datetime
) -> bool:
    """Update the fields that differ; returns whether any did. Index, wall and outbox are notified.
    Commits. Raises BadInput."""
    changed = _set(row, cleaned(fields))
    if changed:
        note_changes(row, changed, now)
        for takeaway in row.takeaways:
            bump_revision(session, takeaway)
    session.commit()
    return bool(changed)


def set_series(session: Session, row: EventSession, *, series: bool, now: datetime) -> None:
    """Set whether a session is held at every gathering. Commits."""
    row.series = series
    note_changes(row, ["series"], now)
    session.commit()


def remove_session(session: Session, row: EventSession, *, now: datetime) -> None:
    """Remove a session from every list. Its code stays valid, since it may be printed, and its recordings are kept."""
    row.retired = True
    note_changes(row, ["retired"], now)
    session.commit()


def restore_session(session: Session, row: EventSession, *, now: datetime) -> None:
    """Restore a removed session. Commits."""
    row.retired = False
    note_changes(row, ["retired"], now)
    session.commit()


def removed_sessions(session: Session) -> list[EventSession]:
    """Removed sessions, in schedule order."""
    query = select(EventSession).where(EventSession.retired)
    return list(
        session.scalars(query.order_by(EventSession.starts_at.nulls_first(), EventSession.title))
    )


def _set(row: EventSession, fields: SessionFields) -> list[str]:
    """Set what differs; returns the names of these fields."""
    values = asdict(fields)
    values["words_leave"] = fields.do_not_record and fields.words_leave
    if fields.do_not_record != row.do_not_record:
        # A speaker who asked not to be recorded has not asked to be quoted publicly either.
        values["audience"] = (Audience.ROOM if fields.do_not_record else Audience.PUBLIC).value
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return list(changed)
