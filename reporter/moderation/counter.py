"""The gathering's revision counter, without the ORM: that costs more than the database does, and every writer waits."""

from __future__ import annotations

import functools
from typing import Any

from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from reporter.models import Gathering


def increment(session: Session) -> int:
    """Increment the counter; returns the new revision. Does not commit."""
    return int(session.execute(_next()).scalar_one())


def lock(session: Session) -> None:
    """Write the counter as it is, which takes the write lock of SQLite, the row's of PostgreSQL."""
    session.execute(_same())


@functools.cache
def _next() -> Update:
    table: Any = Gathering.__table__
    return update(table).values(revision=table.c.revision + 1).returning(table.c.revision)


@functools.cache
def _same() -> Update:
    table: Any = Gathering.__table__
    return update(table).values(revision=table.c.revision)
