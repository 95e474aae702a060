"""The database engine: one SQLite file in WAL mode, each commit synced to disk before an upload is acknowledged."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Engine, ExceptionContext, TypeDecorator, event
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from reporter.database import write_lock
from reporter.database.write_lock import TurnTakingConnection
from reporter.errors import DISK_FULL, DISK_READ_ONLY, Busy, DiskFull, ReadOnlyDisk, ReporterError
from reporter.messages import Message

BUSY = Message("The laptop is busy. Please try again in a moment.")
# Lock timeouts: one's turn within a process, then other processes; a phone's queue stops waiting
# for a response after 30 s.
WAIT_SECONDS = 14
# PostgreSQL's serialization_failure, deadlock_detected, lock_not_available: the same again succeeds.
_CONTENDED = frozenset({"40001", "40P01", "55P03"})


class Base(DeclarativeBase):
    """Base of all models. (kiosk passes it to Flask-SQLAlchemy, which provides a session per request.)"""


class UtcDateTime(TypeDecorator[datetime]):
    """Column of aware UTC datetimes; SQLite itself stores no zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Reject naive values: a camera's local time must never be stored as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: say which zone it is in")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Attach the UTC zone."""
        return None if value is None else value.replace(tzinfo=UTC)


@event.listens_for(Engine, "before_cursor_execute", retval=True, named=True)
def _without_nul(*, statement: str, parameters: Any, **_rest: Any) -> tuple[str, Any]:
    """Strip NUL characters: PostgreSQL text can't hold them, and SQLite's functions stop at them."""
    return statement, _stripped(parameters)


def _stripped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "") if "\0" in value else value
    if isinstance(value, dict):
        return {name: _stripped(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_stripped, value))
    return value


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file."""
    return f"sqlite:///{path}"


def engine_options(url: str) -> dict[str, Any]:
    """Engine options for this database.

    SQLite: a transaction begins with its first write and takes the write lock at once (IMMEDIATE),
    so that two writers wait for one another instead of failing on a lock upgrade. Readers never
    hold a snapshot.
    """
    if not url.startswith("sqlite"):
        return {"pool_pre_ping": True, "hide_parameters": True}
    return {
        "connect_args": {
            "timeout": WAIT_SECONDS,
            "isolation_level": "IMMEDIATE",
            "check_same_thread": False,
            "factory": TurnTakingConnection,
        },
        # Statement parameters hold people's words and receipts: keep them out of logs.
        "hide_parameters": True,
        # At most one connection per server thread. Few are kept and reused: a new one has to read the schema first.
        "pool_size": 24,
        "max_overflow": 152,
        "pool_use_lifo": True,
    }


def prepare_sqlite(engine: Engine) -> None:
    """Set the pragmas on every new connection of a SQLite engine."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        # SQLite opens a file read-only if it can't write, and stays so after the disk is writable again.
        name = engine.url.database
        record.info["read_only"] = bool(name) and not os.access(str(name), os.W_OK)
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL, not NORMAL: in WAL mode NORMAL may lose the last commits in a power cut, and we have
        # reported them as safe.
        cursor.execute("PRAGMA synchronous=FULL")
        # macOS: flush the drive's own cache too (see reporter.files.sync_file); elsewhere these have no effect.
        cursor.execute("PRAGMA fullfsync=ON")
        cursor.execute("PRAGMA checkpoint_fullfsync=ON")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "checkin")
    def _renew_read_only(_connection: Any, record: ConnectionPoolEntry) -> None:
        if record.info.get("read_only"):
            record.invalidate(soft=True)

    @event.listens_for(engine, "handle_error")
    def _drop_read_only(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if error is not None and isinstance(translate_error(error), ReadOnlyDisk):
            context.is_disconnect = True


def wait_until_safe(session: Session) -> None:
    """Return once whatever this session can read is on the disk, at once if it is already.

    For answers that say that something is safe without writing anything: SQLite shows others a commit
    before it is synced, and after its sync failed. (PostgreSQL shows it only after its sync.) Ends the
    session's transaction. Raises OperationalError if that is not certain.
    """
    session.rollback()
    url = session.get_bind().engine.url
    if url.get_backend_name() == "sqlite" and url.database:
        try:
            write_lock.wait_until_safe(url.database, WAIT_SECONDS)
        except sqlite3.OperationalError as error:
            raise OperationalError("wait until safe", None, error) from error


def translate_error(error: SQLAlchemyError) -> ReporterError | None:
    """Translate a database error into a ReporterError for the user; None if nobody can act on it.

    SQLite's result codes: https://www.sqlite.org/rescode.html; PostgreSQL's:
    https://www.postgresql.org/docs/15/errcodes-appendix.html
    """
    if isinstance(error, PoolTimeout):
        return Busy(BUSY)
    cause = getattr(error, "orig", None)
    if getattr(cause, "sqlstate", "") in _CONTENDED:
        return Busy(BUSY)
    description = f"{getattr(cause, 'sqlite_errorname', '')} {cause}"
    if "SQLITE_FULL" in description or "disk is full" in description:
        return DiskFull(DISK_FULL)
    if any(
        word in description for word in ("READONLY", "readonly", "SQLITE_IOERR", "SQLITE_CANTOPEN")
    ):
        return ReadOnlyDisk(DISK_READ_ONLY)
    if any(word in description for word in ("SQLITE_BUSY", "is locked", "lock timeout")):
        return Busy(BUSY)
    return None
