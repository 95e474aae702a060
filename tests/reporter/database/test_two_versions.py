"""While a hub is upgraded, processes of the version before go on: the newest schema takes what they read and write."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, inspect

from reporter import migrations

REVISIONS = sorted(migrations._revisions())
Columns = dict[tuple[str, str], dict[str, Any]]


def columns(connection: Connection) -> Columns:
    """All columns of a database, by table and name."""
    found = inspect(connection)
    return {
        (table, column["name"]): dict(column)
        for table in found.get_table_names()
        for column in found.get_columns(table)
    }


def migrated(connection: Connection, revision: str) -> Columns:
    from alembic import command

    config = migrations.alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    return columns(connection)


# What two neighbouring versions may differ by.
@pytest.mark.parametrize("revision", REVISIONS[-6:-1])
def test_the_newest_schema_serves_the_version_before(revision: str) -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        before, now = migrated(connection, revision), migrated(connection, "head")
    engine.dispose()
    # What it reads is there, as it was.
    for name, column in before.items():
        assert name in now, name
        assert str(now[name]["type"]) == str(column["type"]), name
        assert now[name]["nullable"] or not column["nullable"], name
    # What it writes lacks the new columns of its tables.
    tables = {table for table, _name in before}
    for name in set(now) - set(before):
        if name[0] in tables:
            column = now[name]
            assert column["nullable"] or column["default"] is not None, name
