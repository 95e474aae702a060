"""Schema migrations, applied when a gathering is opened; an older database is backed up first.

There are no downgrades: going back means restoring the safety copy. Alembic is imported only if
there is something to migrate: most starts find the newest schema.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, inspect, text

from reporter.errors import Conflict

if TYPE_CHECKING:
    from alembic.config import Config

_STEP = re.compile(r"\d{4}_\w+\.pyc?")
# Alembic keeps the database of the running migration in its modules: two threads at once would mix up theirs.
_TURN = threading.Lock()


def upgrade(engine: Engine) -> Path | None:
    """Upgrade the database to the newest schema; returns the path of the safety copy, if one was needed.

    A new database is created without a copy. Raises Conflict if the database belongs to a newer
    program; it is left as it is.
    """
    current = current_revision(engine)
    if current == _head():
        return None
    _check_known(engine, current)
    copy = _copy_aside(engine, current) if current else None
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # sqlite3 begins no transaction before CREATE and ALTER: a kill in between left a
            # database that nobody could open.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        _run(connection)
    return copy


def upgrade_connection(connection: Connection) -> None:
    """The same in the caller's transaction, on PostgreSQL. Raises Conflict as ``upgrade`` does."""
    # Registers how tables are created there.
    import reporter.migrations.tenant_steps  # noqa: F401

    _check_known(connection.engine, _revision_at(connection))
    _run(connection)


def is_behind(connection: Connection) -> bool:
    """Whether a database needs migrations."""
    return _revision_at(connection) != _head()


def _check_known(engine: Engine, current: str | None) -> None:
    if current is not None and current not in _revisions():
        raise Conflict(newer_version_text(engine, current))


def _run(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    run_steps(config)


def run_steps(config: Config) -> None:
    """Run the migrations of a configuration, one database of this process after another."""
    from alembic import command

    with _TURN:
        command.upgrade(config, "head")


def write_blank(goal: Path) -> None:
    """Write a new, empty SQLite database of the newest schema; the migrations run once per process."""
    goal.write_bytes(_blank())


@lru_cache(maxsize=1)
def _blank() -> bytes:
    engine = create_engine("sqlite://")
    try:
        upgrade(engine)
        with engine.connect() as connection:
            database = connection.connection.driver_connection
            assert isinstance(database, sqlite3.Connection)
            return database.serialize()
    finally:
        engine.dispose()


def current_revision(engine: Engine) -> str | None:
    """The schema revision of a database; None for an empty one."""
    with engine.connect() as connection:
        return _revision_at(connection)


def _revision_at(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def newer_version_text(engine: Engine, revision: str) -> str:
    """Return what to do about a database whose revision this program does not know."""
    newer = f"by a newer Social Reporter ({revision}). Nothing was changed in it. Update this one"
    if engine.dialect.name != "sqlite":
        return f"This database was upgraded {newer} too."
    return (
        f"The gathering in {Path(engine.url.database or '').parent} was opened {newer}, and open it again; or open the "
        "copy that the update has put beside the database."
    )


@lru_cache(maxsize=1)
def _revisions() -> frozenset[str]:
    """All revisions known to this program, from module names: ``0002_fairness.py`` is "0002"."""
    names = (path.name for path in resources.files(f"{__name__}.versions").iterdir())
    return frozenset(name[:4] for name in names if _STEP.fullmatch(name))


def _head() -> str:
    return max(_revisions())


def alembic_config(versions: Path | None = None) -> Config:
    """Alembic's configuration; ``versions``: folder of the migrations of another schema in the same database."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if versions is not None:
        config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    return config


def _copy_aside(engine: Engine, revision: str) -> Path | None:
    """SQLite only: PostgreSQL has an administrator with backups of their own."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    goal = Path(f"{engine.url.database}.before-upgrade-of-{revision}")
    source = sqlite3.connect(engine.url.database)
    target = sqlite3.connect(goal)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    return goal
