"""The database: one file, WAL, every commit on the disk before anybody is thanked."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Engine, TypeDecorator, event
from sqlalchemy.orm import DeclarativeBase

from reporter.database.write_lock import TurnTakingConnection


class Base(DeclarativeBase):
    """Base of all models. (kiosk hands it to Flask-SQLAlchemy, which gives a session a request.)"""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes in, aware UTC datetimes out; SQLite itself keeps no zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Refuse naive values: a camera's local time must never slip in as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: say which zone it is in")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy address of a SQLite file."""
    return f"sqlite:///{path}"


def engine_options(url: str) -> dict[str, Any]:
    """What the engine needs for this database.

    SQLite: a transaction begins with its first write and takes the write lock there and then (IMMEDIATE), so that
    two writers wait for one another instead of failing on an upgrade. Readers never hold a snapshot.
    """
    if not url.startswith("sqlite"):
        return {"pool_pre_ping": True}
    return {
        "connect_args": {
            "timeout": 30,
            "isolation_level": "IMMEDIATE",
            "check_same_thread": False,
            "factory": TurnTakingConnection,
        },
        # One connection for each of the server's threads at most; kept ones are few.
        "pool_size": 16,
        "max_overflow": 160,
    }


def prepare_sqlite(engine: Engine) -> None:
    """Set the pragmas on every new connection of a SQLite engine."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL, not NORMAL: in WAL mode NORMAL may lose the last commits at a power cut, and we have said "safe".
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()
