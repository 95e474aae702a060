"""Counts of takeaways that SQLite's triggers keep, so that a page takes the same time in a gathering of any size.

Migration 0029 has the triggers. Every takeaway is in one cell: its state, its session, and the five minutes in which it
was recorded; a cell has the number of its takeaways, and of those with each flag of the review page. What else a page
filters by is counted row by row.

PostgreSQL counts rows always: with triggers, two transactions that write at once would wait for each other's cells, and
neither would see that the other one makes a look-alike.
"""

# ruff: noqa: S608 - all parts are constants

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy.orm import Session

from reporter.enums import TakeawayState

SLOT = timedelta(minutes=5)
# Those of the review page, and "stays": it stays in the room because not everyone in it has agreed to be shown.
FLAGS = ("starred", "alt", "alike", "blurred", "held", "no_consent", "stays")
_SUMS = ("total", *FLAGS)
_METADATA = MetaData()
CELLS = Table(
    "takeaway_count",
    _METADATA,
    Column("state", String),
    Column("session_id", Uuid),
    Column("slot", Integer),
    *(Column(name, Integer) for name in _SUMS),
)
# How many takeaways are undecided or shown in each group of look-alikes that has any.
GROUPS = Table("look_group_living", _METADATA, Column("group_id", Uuid), Column("living", Integer))
Rule = ColumnElement[bool]
# Each state is listed, so that SQLite searches for them.
NOT_WITHDRAWN: Rule = CELLS.c.state.in_(
    [state for state in TakeawayState if state is not TakeawayState.WITHDRAWN]
)
# Tables that triggers keep, each with what it should hold. The second one is right only if the first one is.
_KEPT = {
    "look_group_living": "SELECT * FROM look_group_living_now",
    "takeaway_flags": "SELECT * FROM takeaway_flags_now",
    "takeaway_count": (
        f"SELECT state, session_id, slot, count(*), {', '.join(f'sum({name})' for name in FLAGS)} "
        "FROM takeaway_flags GROUP BY state, session_id, slot"
    ),
}

# They exist on SQLite alone, so the models have none of them.
TABLES = tuple(_KEPT)


def are_kept(session: Session) -> bool:
    """Whether this database keeps counts."""
    return session.get_bind().dialect.name == "sqlite"


def count(session: Session, state: str, what: str = "total") -> int:
    """Number of takeaways in a state, of all or of those with a flag."""
    query: Select[int] = select(func.sum(CELLS.c[what])).where(CELLS.c.state == state)
    return session.scalar(query) or 0


def by_state(session: Session, *rules: Rule) -> dict[str, int]:
    """Number of takeaways per state."""
    query = select(CELLS.c.state, func.sum(CELLS.c.total)).where(*rules).group_by(CELLS.c.state)
    return {row[0]: row[1] for row in session.execute(query)}


def by_session(session: Session, *rules: Rule) -> dict[uuid.UUID, int]:
    """Number of takeaways per session, by its id."""
    query = select(CELLS.c.session_id, func.sum(CELLS.c.total)).where(*rules)
    return {row[0]: row[1] for row in session.execute(query.group_by(CELLS.c.session_id))}


def by_flag(session: Session, *rules: Rule) -> dict[str, int]:
    """Number of takeaways with each flag."""
    sums = (func.coalesce(func.sum(CELLS.c[name]), 0).label(name) for name in FLAGS)
    return {
        name: int(n)
        for name, n in session.execute(select(*sums).where(*rules)).one()._mapping.items()
    }


def slot_of(moment: datetime) -> int:
    """The number of the five minutes that hold a moment."""
    return (moment - datetime.fromtimestamp(0, UTC)) // SLOT


def begin_of(slot: int) -> datetime:
    """When five minutes begin."""
    return datetime.fromtimestamp(0, UTC) + slot * SLOT


def is_edge(moment: datetime) -> bool:
    """Whether five minutes begin at a moment."""
    return begin_of(slot_of(moment)) == moment


def count_differences(session: Session) -> int:
    """Number of rows in which kept counts differ from what counting anew gives; 0 where none are kept."""
    if not are_kept(session):
        return 0
    return sum(
        session.scalar(text(f"SELECT count(*) FROM ({one} EXCEPT {other})")) or 0
        for table, rows in _KEPT.items()
        for one, other in ((f"SELECT * FROM {table}", rows), (rows, f"SELECT * FROM {table}"))
    )


def recount(session: Session) -> None:
    """Count everything anew. Commits."""
    for table in reversed(_KEPT):
        session.execute(text(f"DELETE FROM {table}"))
    # The triggers fill the other tables as these two are filled, some takeaways with their group.
    session.execute(text(f"INSERT INTO look_group_living {_KEPT['look_group_living']}"))
    session.execute(
        text(
            "INSERT INTO takeaway_flags SELECT * FROM takeaway_flags_now "
            "WHERE takeaway_id NOT IN (SELECT takeaway_id FROM takeaway_flags)"
        )
    )
    session.commit()
