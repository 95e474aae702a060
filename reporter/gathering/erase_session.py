"""Delete a session completely, without a trace: for rehearsals, never for people's contributions.

Contributions are withdrawn (``reporter.moderation.decisions``), which leaves a tombstone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, Table, delete, func, select
from sqlalchemy.orm import Session

from reporter.database.tenant_tables import GATHERING, ORGANIZATION
from reporter.enums import TakeawayState
from reporter.files import try_remove
from reporter.media.store import Store
from reporter.models import Delivery, EventSession, Story, Takeaway, Upload

# Columns that refer to a row of another table without a foreign key.
_BY_NAME = {"takeaway_id": "takeaway", "story_id": "story", "session_id": "event_session"}
# On PostgreSQL every key and reference begins with these, which all rows of the gathering share.
_TENANT = (ORGANIZATION, GATHERING)
# One IN list of SQLite takes 32,766 values.
_SLICE = 500


def erase_session(session: Session, event: EventSession, store: Store) -> bool:
    """Delete a session whose takeaways have all been withdrawn, with every row that belongs to it. Commits.

    Returns False, and deletes nothing, if any of it was sent to a target: the outbox has to take it
    down there first. Raises ValueError while a takeaway is not withdrawn.
    """
    open_ones = select(func.count()).where(
        Takeaway.session_id == event.id, Takeaway.state != TakeawayState.WITHDRAWN
    )
    if session.scalar(open_ones):
        raise ValueError("a takeaway of this session is not withdrawn")
    stories = select(Story.id).where(Story.session_id == event.id)
    if session.scalar(select(func.count()).where(Delivery.item_id.in_(stories))):
        return False
    parts = list(session.scalars(select(Upload.id).where(Upload.session_id == event.id)))
    tables = MetaData()
    # Reflected from the database: rows of every module, loaded or not.
    tables.reflect(session.connection())
    _delete(session, tables, _doomed(session, tables, event.code))
    session.commit()
    for part in parts:
        try_remove(store.incoming / f"{part}.part")
    return True


def _doomed(session: Session, tables: MetaData, code: str) -> dict[str, set[Any]]:
    """Values of each table's first key column for rows that depend on the session, parents first."""
    events = tables.tables["event_session"]
    doomed = {
        "event_session": set(session.scalars(select(events.c.id).where(events.c.code == code)))
    }
    for table in tables.sorted_tables:
        key = next((one for one in table.primary_key.columns if one.name not in _TENANT), None)
        for column, parent in _references(table):
            if key is not None and doomed.get(parent) and parent != table.name:
                found = _rows(session, key, column, doomed[parent])
                doomed.setdefault(table.name, set()).update(found)
    return doomed


def _references(table: Table) -> list[tuple[Column[Any], str]]:
    """Columns that refer to a row's parent."""
    found = {
        key.parent: key.column.table.name
        for key in table.foreign_keys
        if key.column.table.name != "media" and key.parent.name not in _TENANT
    }
    named = {column: _BY_NAME[column.name] for column in table.columns if column.name in _BY_NAME}
    return list({**named, **found}.items())


def _rows(session: Session, key: Column[Any], column: Column[Any], values: set[Any]) -> set[Any]:
    return {
        row
        for piece in _slices(values)
        for row in session.scalars(select(key).where(column.in_(piece)))
    }


def _delete(session: Session, tables: MetaData, doomed: dict[str, set[Any]]) -> None:
    """Delete these rows, children first."""
    for table in reversed(tables.sorted_tables):
        wanted = [
            (column, doomed[parent])
            for column, parent in _references(table)
            if doomed.get(parent) and parent != table.name
        ]
        for column, values in wanted:
            for piece in _slices(values):
                session.execute(delete(table).where(column.in_(piece)))
    events = tables.tables["event_session"]
    session.execute(delete(events).where(events.c.id.in_(doomed["event_session"])))


def _slices(values: set[Any]) -> list[list[Any]]:
    ordered = list(values)
    return [ordered[at : at + _SLICE] for at in range(0, len(ordered), _SLICE)]
