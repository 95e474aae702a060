"""Create and upgrade a hub's database: the registry first, then the tables of gatherings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from reporter import migrations
from reporter.database.row_security import (
    TenantScope,
    grant_tables,
    make_roles,
    unforced,
    working_for,
)
from reporter.errors import Conflict
from reporter.hub.former_secrets import note_former
from reporter.search.postgres.tables import force_guard

if TYPE_CHECKING:
    from alembic.config import Config

_VERSIONS = Path(__file__).parent / "versions"
# Advisory lock, so that two processes that start at once take turns (any number that nobody else uses).
_LOCK = 0x5265706F72746572


def upgrade_hub(engine: Engine) -> None:
    """Upgrade a PostgreSQL database to the newest schema in one transaction. Needs the role that owns the tables.

    Raises Conflict if the database belongs to a newer version of the program.
    """
    with working_for(TenantScope(migrating=True)), engine.begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config = migrations.alembic_config(_VERSIONS)
        config.attributes |= {"connection": connection, "version_table": "hub_version"}
        _check_known(connection, config)
        roles = make_roles(connection)
        migrations.run_steps(config)
        if migrations.is_behind(connection):
            with unforced(connection):
                migrations.upgrade_connection(connection)
        note_former(connection)
        force_guard(connection, forced=not roles)
        if roles:
            grant_tables(connection)


def _check_known(connection: Connection, config: Config) -> None:
    from alembic.script import ScriptDirectory

    if not inspect(connection).has_table("hub_version"):
        return
    current = str(connection.scalar(text("SELECT version_num FROM hub_version")) or "")
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if current and current not in known:
        raise Conflict(migrations.newer_version_text(connection.engine, current))
