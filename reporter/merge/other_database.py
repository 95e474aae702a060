"""Open another gathering's database, which may have an older schema, without writing into its folder."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from reporter import migrations
from reporter.database.engine import prepare_sqlite, sqlite_url
from reporter.errors import NotFound, ReporterError

DATABASE = "reporter.db"


@contextmanager
def open_other(folder: Path) -> Iterator[Session]:
    """Open a temporary copy of another gathering's database, upgraded to our schema; its folder stays unchanged."""
    with tempfile.TemporaryDirectory(prefix="reporter-merge-") as work:
        copy = Path(work) / DATABASE
        copy_database(folder, copy)
        engine = create_engine(sqlite_url(copy))
        prepare_sqlite(engine)
        try:
            migrations.upgrade(engine)
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()


def copy_database(folder: Path, goal: Path) -> None:
    """Copy a gathering's database to a file, including its write-ahead log, without creating files next to it.

    Raises NotFound, or ReporterError if it is not a database.
    """
    source = folder / DATABASE
    if not source.is_file():
        raise NotFound("There is no gathering in %(folder)s.", folder=folder)
    with tempfile.TemporaryDirectory(prefix="reporter-merge-") as work:
        for name in (DATABASE, f"{DATABASE}-wal"):
            if (source.parent / name).is_file():
                shutil.copyfile(source.parent / name, Path(work) / name)
        try:
            with (
                closing(sqlite3.connect(Path(work) / DATABASE)) as old,
                closing(sqlite3.connect(goal)) as new,
            ):
                old.backup(new)
        except sqlite3.DatabaseError as error:
            raise ReporterError(
                "%(source)s can't be read: %(error)s. Copy it once more.",
                source=source,
                error=error,
            ) from error
