"""When the filtered takeaways were recorded, and in which sessions: a histogram for the strip beside the sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import pairwise

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from reporter.database import kept_counts
from reporter.database.kept_counts import CELLS
from reporter.models import EventSession, Takeaway
from reporter.review.queries import Filter, kept_cells

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


# Of each bin, by its number from 1 on, the titles of sessions and how many takeaways they have in it.
_Bins = dict[int, list[tuple[str, int]]]


def timeline(session: Session, criteria: Filter, zone: tzinfo) -> list[TimelineBin]:
    """Non-empty bins in order; at most MOST. Two queries, whatever the size."""
    cells = _cells(session, criteria)
    ends = _row_ends(session, criteria) if cells is None else _cell_ends(session, cells)
    if ends is None:
        return []
    edges = _edges(*(end.astimezone(zone) for end in ends))
    # A clock may once have differed from UTC by odd minutes.
    if cells is None or not kept_counts.is_edge(edges[0]):
        bins = _row_bins(session, criteria, edges)
    else:
        bins = _cell_bins(session, cells, edges)
    return [
        _span(begin, end, bins[number])
        for number, (begin, end) in enumerate(pairwise(edges), 1)
        if number in bins
    ]


@dataclass(frozen=True)
class _Cells:
    """Kept counts: the cells, and which of their numbers counts."""

    rules: list[ColumnElement[bool]]
    counted: ColumnElement[int]


def _cells(session: Session, criteria: Filter) -> _Cells | None:
    """The kept counts of a filter; None if it asks for more than they know."""
    rules = kept_cells(session, criteria)
    if rules is None or len(criteria.flags) > 1:
        return None
    counted = CELLS.c[criteria.flags[0] if criteria.flags else "total"]
    return _Cells([*rules, counted > 0], counted)


def _cell_ends(session: Session, cells: _Cells) -> tuple[datetime, datetime] | None:
    ends = select(func.min(CELLS.c.slot), func.max(CELLS.c.slot)).where(*cells.rules)
    first, last = session.execute(ends).one()
    return None if first is None else _ends(first, last)


def _ends(first: int, last: int) -> tuple[datetime, datetime]:
    """The whole time of two slots and those in between."""
    begin, end = kept_counts.begin_of(first), kept_counts.begin_of(last + 1)
    return begin, end - timedelta.resolution


def _cell_bins(session: Session, cells: _Cells, edges: list[datetime]) -> _Bins:
    width = (edges[1] - edges[0]) // kept_counts.SLOT
    number = ((CELLS.c.slot - kept_counts.slot_of(edges[0])) // width + 1).label("number")
    query = (
        select(EventSession.title, number, func.sum(cells.counted))
        .join(CELLS, CELLS.c.session_id == EventSession.id)
        .where(*cells.rules)
        .group_by(EventSession.id, EventSession.title, "number")
    )
    bins: _Bins = {}
    for title, bin_number, count in session.execute(query):
        bins.setdefault(bin_number, []).append((title, count))
    return bins


def _row_ends(session: Session, criteria: Filter) -> tuple[datetime, datetime] | None:
    """The first and last time, rounded as in kept counts."""
    # Two selects in one: SQLite finds a least or greatest value by an index only if asked for nothing else
    # (https://www.sqlite.org/optoverview.html#minmax).
    ends = (
        select(end(Takeaway.recorded_at)).where(*criteria.rules()).scalar_subquery()
        for end in (func.min, func.max)
    )
    first, last = tuple[datetime | None, ...](session.execute(select(*ends)).one())
    if first is None or last is None:
        return None
    return _ends(kept_counts.slot_of(first), kept_counts.slot_of(last))


def _row_bins(session: Session, criteria: Filter, edges: list[datetime]) -> _Bins:
    # Of each bin only what was recorded before its end: half the comparisons.
    columns = [func.sum(case((Takeaway.recorded_at < end, 1), else_=0)) for end in edges[1:]]
    query = (
        select(EventSession.title, *columns)
        .join(Takeaway, Takeaway.session_id == EventSession.id)
        .where(*criteria.rules())
        .group_by(EventSession.id, EventSession.title)
    )
    bins: _Bins = {}
    for title, *sums in session.execute(query):
        for number, (before, up_to) in enumerate(pairwise([0, *map(int, sums)]), 1):
            if up_to > before:
                bins.setdefault(number, []).append((title, up_to - before))
    return bins


def _span(begin: datetime, end: datetime, counts: list[tuple[str, int]]) -> TimelineBin:
    most = sorted((-count, title) for title, count in counts)
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
