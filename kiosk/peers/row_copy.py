"""Exports the rows a kiosk may see of its gathering at a hub: as ``kiosk.peers.snapshot``, from
PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import Table, create_engine, insert, select, text
from sqlalchemy.orm import Session

from kiosk.peers.snapshot import DEVICES, SHARED
from reporter import migrations
from reporter.database.engine import sqlite_url
from reporter.models import whole_metadata

# Rows per batch.
_MANY = 1000


def copy_rows(session: Session, goal: Path, tables: Collection[str] = SHARED) -> str:
    """Copy the shared rows of a gathering on PostgreSQL to a SQLite file; returns their mark (see
    ``rows_mark``).

    Uses its own transaction with a consistent view, and ends it.
    """
    session.rollback()
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    mark = rows_mark(session)
    migrations.write_blank(goal)
    engine = create_engine(sqlite_url(goal))
    try:
        with engine.begin() as copy:
            for table in _tables(tables):
                rows = session.execute(select(table), execution_options={"yield_per": _MANY})
                for some in rows.mappings().partitions():
                    copy.execute(insert(table), [_without_device(table, dict(row)) for row in some])
    finally:
        engine.dispose()
        session.rollback()
    return mark


def rows_mark(session: Session) -> str:
    """A mark that changes with the shared rows of a gathering on PostgreSQL; computed by the
    database itself."""
    statement = " UNION ALL ".join(
        f"SELECT '{table.name}', count(*), sum(hashtextextended(CAST(t AS text), 0)::numeric) "  # noqa: S608 - names of the schema
        f'FROM "{table.name}" AS t'
        for table in _tables(SHARED)
    )
    found = sorted(tuple(row) for row in session.execute(text(statement)))
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _tables(names: Collection[str]) -> list[Table]:
    return [table for table in whole_metadata().sorted_tables if table.name in names]


def _without_device(table: Table, row: dict[str, object]) -> dict[str, object]:
    return {**row, "device": ""} if table.name in DEVICES else row
