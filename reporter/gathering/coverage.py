"""Live coverage: takeaways by session and half-hour, and how many phones are sending."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Integer, cast, distinct, extract, func, select
from sqlalchemy.orm import Session

from reporter.enums import MediaState, TakeawayState
from reporter.gathering.sessions import counts_by_id, is_running
from reporter.models import EventSession, Media, Takeaway

# Number of half-hours shown: a long day.
SLOTS = 20
SLOT = timedelta(minutes=30)
# Levels of the chart, from none to many.
LEVELS = 4
LATELY = timedelta(minutes=10)


@dataclass(frozen=True)
class Strip:
    """One session's counts by half-hour, oldest first, and as levels from 0 to ``LEVELS``."""

    event: EventSession
    counts: tuple[int, ...]
    levels: tuple[int, ...]
    total: int
    running: bool
    # It has begun, but no takeaways have arrived.
    empty: bool


@dataclass(frozen=True)
class CoverageChart:
    """The rows of the chart, the start of each half-hour, and what came in it from all sessions."""

    strips: list[Strip]
    slots: tuple[datetime, ...]
    activity: tuple[int, ...]


def coverage(session: Session, events: Sequence[EventSession], now: datetime) -> CoverageChart:
    """Takeaways by recording time over the last ``SLOTS`` half-hours on the clock of ``now``. Two queries."""
    # In Nepal an hour does not begin when one in UTC does.
    ahead, whole = now.utcoffset() or timedelta(), SLOT.total_seconds()
    since = (now.timestamp() + ahead.total_seconds()) // whole * whole - ahead.total_seconds()
    last = datetime.fromtimestamp(since, UTC)
    slots = tuple(last - SLOT * back for back in reversed(range(SLOTS)))
    # Counted by the database: a long day has thousands of rows, and the desk polls every few seconds.
    seconds = cast(extract("epoch", Takeaway.recorded_at), Integer) - int(slots[0].timestamp())
    slot = (seconds // int(SLOT.total_seconds())).label("slot")
    recent = (
        select(Takeaway.session_id, slot, func.count())
        # Each state is listed, so that the index on (state, recorded_at) leads to the recent ones.
        .where(
            Takeaway.state.in_([one for one in TakeawayState if one != TakeawayState.WITHDRAWN]),
            Takeaway.recorded_at >= slots[0],
        )
        .group_by(Takeaway.session_id, "slot")
    )
    cells: Counter[tuple[uuid.UUID, int]] = Counter()
    for event_id, number, count in session.execute(recent):
        cells[event_id, min(SLOTS - 1, number)] += count
    totals = counts_by_id(session)
    most = max(cells.values(), default=0)
    activity: Counter[int] = Counter()
    for (_event, number), count in cells.items():
        activity[number] += count
    return CoverageChart(
        [_strip(event, cells, totals, most, now=now) for event in events],
        slots,
        tuple(activity[number] for number in range(SLOTS)),
    )


def _strip(
    event: EventSession,
    cells: Counter[tuple[uuid.UUID, int]],
    totals: dict[uuid.UUID, int],
    most: int,
    *,
    now: datetime,
) -> Strip:
    counts = tuple(cells[event.id, slot] for slot in range(SLOTS))
    levels = tuple(-(-LEVELS * count // most) if most else 0 for count in counts)
    total = totals.get(event.id, 0)
    begun = event.starts_at is None or event.starts_at <= now
    return Strip(event, counts, levels, total, is_running(event, now), begun and not total)


def sending_devices(session: Session, now: datetime) -> int:
    """Number of phones that sent something in the last ten minutes."""
    query = select(func.count(distinct(Takeaway.device))).where(
        Takeaway.received_at >= now - LATELY, Takeaway.device != ""
    )
    return session.scalar(query) or 0


def failed_media(session: Session) -> list[tuple[str, int]]:
    """(message, count) of files whose processing failed, most frequent first."""
    query = (
        select(Media.error, func.count())
        .where(Media.state == MediaState.FAILED)
        .group_by(Media.error)
        .order_by(func.count().desc())
        .limit(5)
    )
    return [(row[0], int(row[1])) for row in session.execute(query)]
