"""When the filtered takeaways were recorded, and in which sessions: a histogram for the strip beside the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import pairwise

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from reporter.models import EventSession, Takeaway
from reporter.review.queries import Filter

# Bin widths in minutes: usual ones up to a day; beyond it, whole days.
STEPS = (5, 10, 15, 30, 60, 120, 240, 720)
DAY = 1440
MOST = 24
NAMED = 2


@dataclass(frozen=True)
class TimelineBin:
    """A bin from a start time up to an end time (exclusive): its count, and the titles of the
    sessions with the most."""

    begin: datetime
    end: datetime
    count: int
    sessions: tuple[str, ...]


def timeline(session: Session, criteria: Filter, zone: tzinfo) -> list[TimelineBin]:
    """Non-empty bins in order; at most MOST. Two queries, whatever the size."""
    # Two selects in one: SQLite finds a least or greatest value by an index only if asked for nothing else
    # (https://www.sqlite.org/optoverview.html#minmax).
    ends = (
        select(end(Takeaway.recorded_at)).where(*criteria.rules()).scalar_subquery()
        for end in (func.min, func.max)
    )
    first, last = tuple[datetime | None, ...](session.execute(select(*ends)).one())
    if first is None or last is None:
        return []
    edges = _edges(first.astimezone(zone), last.astimezone(zone))
    spans = list(pairwise(edges))
    # Of each bin only what was recorded before its end: half the comparisons.
    columns = [func.sum(case((Takeaway.recorded_at < end, 1), else_=0)) for _begin, end in spans]
    query = (
        select(EventSession.title, *columns)
        .join(Takeaway, Takeaway.session_id == EventSession.id)
        .where(*criteria.rules())
        .group_by(EventSession.id, EventSession.title)
    )
    rows = [
        (title, *(int(up_to) - int(before) for before, up_to in pairwise([0, *sums])))
        for title, *sums in session.execute(query)
    ]
    return [
        _span(begin, end, [(row[0], int(row[number])) for row in rows])
        for number, (begin, end) in enumerate(spans, 1)
        if any(row[number] for row in rows)
    ]


def _span(begin: datetime, end: datetime, counts: list[tuple[str, int]]) -> TimelineBin:
    most = sorted((-count, title) for title, count in counts if count)
    return TimelineBin(
        begin, end, sum(count for _title, count in counts), tuple(t for _c, t in most[:NAMED])
    )


def _edges(first: datetime, last: datetime) -> list[datetime]:
    """Edges of the narrowest bins that are not too many, at round local times."""
    # One UTC offset for the whole strip: a clock change in between shifts its labels, not its bins.
    fixed = timezone(first.utcoffset() or timedelta())
    first, last = first.astimezone(fixed), last.astimezone(fixed)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=next((one for one in STEPS if _count(first, last, one) <= MOST), DAY))
    if step == timedelta(minutes=DAY):
        step *= -(-_count(first, last, DAY) // MOST)
    edges = [midnight + (first - midnight) // step * step]
    while edges[-1] <= last:
        edges.append(edges[-1] + step)
    return edges


def _count(first: datetime, last: datetime, minutes: int) -> int:
    """Number of bins of so many minutes, at most."""
    return (last - first) // timedelta(minutes=minutes) + 2
