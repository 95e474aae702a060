"""Preview a schedule import: which sessions are new, changed or gone. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import Audience
from reporter.models import EventSession
from reporter.schedule import Reading, ScheduledSession


@dataclass(frozen=True)
class SessionUpdate:
    """A known session, its new data in the schedule, and the columns that differ."""

    row: EventSession
    item: ScheduledSession
    values: dict[str, Any]


@dataclass(frozen=True)
class ImportPlan:
    """The effects of an import. ``same``: known sessions without changes."""

    new: tuple[ScheduledSession, ...]
    changed: tuple[SessionUpdate, ...]
    same: tuple[SessionUpdate, ...]
    gone: tuple[EventSession, ...]


def plan_import(session: Session, scheduled: Sequence[ScheduledSession]) -> ImportPlan:
    """Compare a schedule with the existing sessions.

    Sessions are matched by guid; else by another id of the same system (pretalx has one in its JSON
    and another in its calendar); else by title and start, where both are unique.
    """
    rows = [row for row in session.scalars(select(EventSession)) if row.guid]
    pairs = _pairs(rows, scheduled)
    known = [
        SessionUpdate(pairs[id(item)], item, _changes(pairs[id(item)], item))
        for item in scheduled
        if id(item) in pairs
    ]
    met = {id(change.row) for change in known}
    return ImportPlan(
        new=tuple(item for item in scheduled if id(item) not in pairs),
        changed=tuple(change for change in known if change.values),
        same=tuple(change for change in known if not change.values),
        gone=tuple(row for row in rows if id(row) not in met and not row.retired),
    )


def _pairs(
    rows: Sequence[EventSession], scheduled: Sequence[ScheduledSession]
) -> dict[int, EventSession]:
    """{id() of a scheduled session: its row}."""
    by_guid = {row.guid: row for row in rows}
    by_alias = {alias: row for row in rows for alias in row.schedule_ids}
    pairs = {id(item): by_guid[item.guid] for item in scheduled if item.guid in by_guid}
    for item in scheduled:
        if id(item) not in pairs:
            found = next((by_alias[a] for a in (item.guid, *item.aliases) if a in by_alias), None)
            if found is not None and not any(found is row for row in pairs.values()):
                pairs[id(item)] = found
    met = {id(row) for row in pairs.values()}
    by_slot = _unique(
        {id(row): (row.title.casefold(), row.starts_at) for row in rows if id(row) not in met}
    )
    slots = _unique(
        {
            id(item): (item.title.casefold(), item.starts_at)
            for item in scheduled
            if id(item) not in pairs
        }
    )
    rows_by_id = {id(row): row for row in rows}
    pairs.update({slots[slot]: rows_by_id[by_slot[slot]] for slot in slots if slot in by_slot})
    return pairs


def _unique(
    slots: dict[int, tuple[str, datetime | None]],
) -> dict[tuple[str, datetime | None], int]:
    """{(title, start): id()} of those that have a start and a unique title and start."""
    counts = Counter(slots.values())
    return {slot: key for key, slot in slots.items() if slot[1] is not None and counts[slot] == 1}


def session_values(item: ScheduledSession) -> dict[str, Any]:
    """Column values of a session in the schedule."""
    stated = {} if item.words_leave is None else {"words_leave": item.words_leave}
    return {
        **stated,
        "title": item.title,
        "room": item.room,
        "track": item.track,
        "speakers": ", ".join(item.speakers),
        "description": item.description,
        "starts_at": item.starts_at,
        "ends_at": item.ends_at,
        "do_not_record": item.do_not_record,
        "licence": item.licence,
        "language": item.language,
        "retired": False,
        # A speaker who asked not to be recorded has not asked to be quoted publicly either.
        "audience": Audience.ROOM.value if item.do_not_record else Audience.PUBLIC.value,
    }


def _changes(row: EventSession, item: ScheduledSession) -> dict[str, Any]:
    unsaid = set(item.unsaid) | ({"audience"} if "do_not_record" in item.unsaid else set())
    return {
        name: value
        for name, value in session_values(item).items()
        if name not in unsaid and getattr(row, name) != value
    }


def learn_ids(row: EventSession, item: ScheduledSession) -> None:
    """Store the ids by which other exports of the same system refer to the session."""
    more = {item.guid, *item.aliases} - {row.guid, ""}
    if not more <= set(row.schedule_ids):
        row.schedule_ids = sorted({*row.schedule_ids, *more})


_WORDS = {
    "title": "title",
    "room": "room",
    "track": "track",
    "speakers": "speakers",
    "description": "description",
    "starts_at": "start",
    "ends_at": "end",
    "do_not_record": "recording wish",
    "words_leave": "whether words may be published",
    "licence": "licence",
    "language": "language",
    "retired": "back in the schedule",
}


@dataclass(frozen=True)
class ChangedSession:
    """A session that an import would change: its code, new title, and a description of the differences."""

    code: str
    title: str
    fields: tuple[str, ...]
    starts_at: datetime | None
    new_start: datetime | None


@dataclass(frozen=True)
class SchedulePreview:
    """Summary shown before an import. Times are in UTC; None if no session has one."""

    reading: Reading
    first: datetime | None
    last: datetime | None
    untimed: int
    new: tuple[ScheduledSession, ...]
    changed: tuple[ChangedSession, ...]
    unchanged: int
    gone: tuple[EventSession, ...]


def preview_import(session: Session, reading: Reading) -> SchedulePreview:
    """Count the sessions, their time range, and the changes to existing ones."""
    plan = plan_import(session, reading.sessions)
    starts = [item.starts_at for item in reading.sessions if item.starts_at]
    ends = [item.ends_at or item.starts_at for item in reading.sessions if item.starts_at]
    return SchedulePreview(
        reading=reading,
        first=min(starts, default=None),
        last=max((end for end in ends if end), default=None),
        untimed=len(reading.sessions) - len(starts),
        new=plan.new,
        changed=tuple(_described(change) for change in plan.changed),
        unchanged=len(plan.same),
        gone=plan.gone,
    )


def _described(change: SessionUpdate) -> ChangedSession:
    return ChangedSession(
        code=change.row.code,
        title=change.item.title,
        fields=tuple(word for name, word in _WORDS.items() if name in change.values),
        starts_at=change.row.starts_at,
        new_start=change.item.starts_at,
    )
