"""The sessions of a gathering: imported, added by hand, running now. A code that may be printed stays valid."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporter.clock import later, new_id
from reporter.codes import make_code, normalize
from reporter.database import kept_counts
from reporter.enums import TakeawayState
from reporter.errors import BadInput, NotFound
from reporter.models import EventSession, Takeaway

if TYPE_CHECKING:
    from reporter.schedule import ScheduledSession

LOBBY = "Lobby"
# People record on the way out of a room, and schedules run late.
GRACE = timedelta(minutes=15)
UNTIMED_LENGTH = timedelta(hours=1)


@dataclass(frozen=True)
class Imported:
    """Result of a schedule import."""

    added: int
    updated: int
    unchanged: int
    retired: int
    # Sessions that ask not to be recorded: no pictures, and words that stay in the room.
    text_only: int = 0


def add_session(
    session: Session,
    title: str,
    *,
    now: datetime,
    rng: random.Random,
    room: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    guid: str | None = None,
    retired: bool = False,
) -> EventSession:
    """Add a session by hand. ``retired``: not listed, but its code is valid. Commits.

    Raises BadInput without a title.
    """
    if not title.strip():
        raise BadInput("A session needs a title.")
    row = EventSession(
        id=new_id(now, rng),
        code=_free_code(session, rng),
        title=title.strip(),
        room=room.strip(),
        starts_at=starts_at,
        ends_at=ends_at,
        guid=guid,
        retired=retired,
        created_at=now,
    )
    session.add(row)
    session.commit()
    return row


def ensure_lobby(session: Session, *, now: datetime, rng: random.Random) -> EventSession | None:
    """Create an open session without times if there is no session at all, so that the first scan works."""
    if session.scalar(select(func.count()).select_from(EventSession)):
        return None
    return add_session(session, LOBBY, now=now, rng=rng)


def note_changes(row: EventSession, names: Iterable[str], now: datetime) -> None:
    """Note that these fields have changed, so that a merge takes the later value. Does not commit."""
    known = row.changes or {}
    moments = {name: later(now, _moment(known.get(name))) for name in names}
    # Of one form and length, so that the texts sort as the moments do.
    texts = {
        name: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f+00:00}" for name, at in moments.items()
    }
    row.changes = {**known, **texts}


def _moment(text: str | None) -> datetime | None:
    """A noted moment; None where it is missing, or from a laptop that notes others."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def retire_empty_lobby(session: Session, now: datetime) -> None:
    """Unlist the Lobby if nothing was recorded in it; its code stays valid. Does not commit."""
    query = select(EventSession).where(
        EventSession.title == LOBBY,
        EventSession.guid.is_(None),
        EventSession.starts_at.is_(None),
        EventSession.retired.is_(False),
        ~EventSession.takeaways.any(),
    )
    for row in session.scalars(query):
        row.retired = True
        note_changes(row, ["retired"], now)


def import_schedule(
    session: Session, scheduled: Sequence[ScheduledSession], *, now: datetime, rng: random.Random
) -> Imported:
    """Add new sessions, update known ones by guid, retire those that are gone. Commits once.

    Sessions from another export of the same system are known too (``plan_import``). A retired
    session keeps its code and stays open; if it reappears, it is restored.
    """
    # Most starts read no schedule.
    from reporter.gathering.schedule_preview import learn_ids, plan_import, session_values

    plan = plan_import(session, scheduled)
    for item in plan.new:
        row = EventSession(
            id=new_id(now, rng), code=_free_code(session, rng), guid=item.guid, created_at=now
        )
        _set(row, session_values(item))
        row.schedule_ids = []
        learn_ids(row, item)
        session.add(row)
        session.flush()
    for change in (*plan.changed, *plan.same):
        _set(change.row, change.values)
        note_changes(change.row, change.values, now)
        learn_ids(change.row, change.item)
    for gone in plan.gone:
        gone.retired = True
        note_changes(gone, ["retired"], now)
    if scheduled:
        retire_empty_lobby(session, now)
    _tell(session, [change.row for change in plan.changed])
    session.commit()
    return Imported(
        added=len(plan.new),
        updated=len(plan.changed),
        unchanged=len(plan.same),
        retired=len(plan.gone),
        text_only=sum(item.do_not_record for item in scheduled),
    )


def _tell(session: Session, changed: Iterable[EventSession]) -> None:
    """Index and outbox follow takeaways, not sessions: touch those whose session has a new title, room or speaker."""
    from reporter.moderation.decisions import bump_revision

    for row in changed:
        for takeaway in row.takeaways:
            bump_revision(session, takeaway)


def _set(row: EventSession, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _free_code(session: Session, rng: random.Random) -> str:
    while True:
        code = make_code(rng)
        if session.scalar(select(EventSession.id).where(EventSession.code == code)) is None:
            return code


def let_words_leave(session: Session, event: EventSession, *, leave: bool, now: datetime) -> None:
    """Set whether the words of a session that must not be recorded may be published, or stay in the room. Commits."""
    if event.words_leave != leave:
        event.words_leave = leave
        note_changes(event, ["words_leave"], now)
        _tell(session, [event])
        session.commit()


def by_code(session: Session, code: str) -> EventSession:
    """The session with a typed or scanned code; raises NotFound."""
    row = session.scalar(select(EventSession).where(EventSession.code == normalize(code)))
    if row is None:
        raise NotFound(
            "There is no session with the code %(code)s. Check it on the poster.", code=code[:20]
        )
    return row


def all_sessions(session: Session) -> list[EventSession]:
    """All scheduled or manually added sessions by time; those without a time first."""
    query = select(EventSession).where(EventSession.retired.is_(False))
    return list(
        session.scalars(query.order_by(EventSession.starts_at.nulls_first(), EventSession.title))
    )


def end_of(row: EventSession) -> datetime | None:
    """End time: from the schedule, else an hour after its start."""
    if row.ends_at or row.starts_at is None:
        return row.ends_at
    return row.starts_at + UNTIMED_LENGTH


def is_running(row: EventSession, now: datetime) -> bool:
    """Whether it is running now (with a grace period before and after). Without a time: always."""
    ends = end_of(row)
    if row.starts_at is None or ends is None:
        return True
    return row.starts_at - GRACE <= now <= ends + GRACE


def running(rows: Iterable[EventSession], now: datetime) -> list[EventSession]:
    """The sessions running now; timed ones first, the one that began last at the top.

    Those of the grace period follow: people record in a session's last minutes, and need its code, not the next one's.
    """
    current = [row for row in rows if is_running(row, now)]
    timed = [row for row in current if row.starts_at]
    timed.sort(key=lambda row: (_in_progress(row, now), row.starts_at, row.title), reverse=True)
    return timed + [row for row in current if not row.starts_at]


def _in_progress(row: EventSession, now: datetime) -> bool:
    ends = end_of(row)
    return row.starts_at is not None and ends is not None and row.starts_at <= now < ends


def takeaway_counts(session: Session) -> dict[str, int]:
    """{session code: number of takeaways not withdrawn}."""
    counts = counts_by_id(session)
    rows = session.execute(select(EventSession.id, EventSession.code))
    return {code: counts[event_id] for event_id, code in rows if event_id in counts}


def counts_by_id(session: Session) -> dict[uuid.UUID, int]:
    """{session id: number of takeaways not withdrawn}, of sessions that have any."""
    if kept_counts.are_kept(session):
        return kept_counts.by_session(session, kept_counts.NOT_WITHDRAWN)
    query = (
        select(Takeaway.session_id, func.count())
        .where(Takeaway.state != TakeawayState.WITHDRAWN)
        .group_by(Takeaway.session_id)
    )
    return {row[0]: int(row[1]) for row in session.execute(query)}
