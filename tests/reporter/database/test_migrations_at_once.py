"""Several threads of one process make databases at once, as a hub's pages do with what kiosks push and fetch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import create_engine, inspect

from reporter import migrations
from reporter.database.engine import sqlite_url
from reporter.models import whole_metadata


def schema(path: Path) -> dict[str, set[str]]:
    """The columns of each table."""
    engine = create_engine(sqlite_url(path))
    try:
        found = inspect(engine)
        return {
            table: {column["name"] for column in found.get_columns(table)}
            for table in found.get_table_names()
        }
    finally:
        engine.dispose()


def migrate(path: Path) -> dict[str, set[str]]:
    engine = create_engine(sqlite_url(path))
    try:
        migrations.upgrade(engine)
    finally:
        engine.dispose()
    return schema(path)


def test_migrations_of_several_threads_keep_to_their_own_database(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(migrate, [tmp_path / f"{number}.db" for number in range(3)]))
    assert set(whole_metadata().tables) <= set(found[0])
    assert found[1:] == found[:1] * 2
    migrations.write_blank(tmp_path / "blank.db")
    assert schema(tmp_path / "blank.db") == found[0]
