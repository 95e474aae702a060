"""A hub's database that a newer version of the program has upgraded, while this one still runs."""

from __future__ import annotations

import pytest
from sqlalchemy import URL, create_engine, text

from reporter.database.row_security import TenantScope, scope_transactions, working_for
from reporter.errors import Conflict
from reporter.hub.schema import upgrade_hub


@pytest.mark.parametrize("table", ["hub_version", "alembic_version"])
def test_a_database_of_a_newer_version_is_left_as_it_is(hub_database_url: URL, table: str) -> None:
    engine = create_engine(hub_database_url)
    scope_transactions(engine)
    revisions = text(f"SELECT version_num FROM {table}")
    try:
        upgrade_hub(engine)
        with working_for(TenantScope(migrating=True)), engine.begin() as connection:
            connection.execute(text(f"UPDATE {table} SET version_num = 'x9999'"))
        with pytest.raises(Conflict, match=r"newer Social Reporter \(x9999\).*Update this one"):
            upgrade_hub(engine)
        with working_for(TenantScope(migrating=True)), engine.begin() as connection:
            assert connection.scalar(revisions) == "x9999"
    finally:
        engine.dispose()
