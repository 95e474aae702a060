"""Whose rows a transaction on PostgreSQL may see: the database itself compares, whatever a query forgets.

Each transaction begins by saying for which organization and gathering it works (``Scope``), in settings that end with
it. A policy on every table lets through the rows of that gathering alone, for reading and writing; without a scope
there are none. The policies are forced, so they hold for the owner of the tables too; who serves pages works as a role
that can't switch them off. (https://www.postgresql.org/docs/15/ddl-rowsecurity.html)
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.sql.elements import TextClause

from reporter.database.tenant_tables import GATHERING, ORGANIZATION, current
from reporter.errors import ConfigError

# What pages work as, and what workers work as. Neither can log in, own a table or bypass a policy.
WEB_ROLE, WORKER_ROLE = "reporter_web", "reporter_worker"
ROLES = (WEB_ROLE, WORKER_ROLE)


@dataclass(frozen=True)
class Scope:
    """For whom a transaction works. ``account`` and ``key``: who asks, before it is known for which organization."""

    organization: uuid.UUID | None = None
    gathering: uuid.UUID | None = None
    account: uuid.UUID | None = None
    # The one organization in which the account is a member here; None: all of its own.
    only: uuid.UUID | None = None
    # The digest of a secret that somebody showed, or the address of who signs in: it opens the one row that has it.
    key: str = ""
    # Looks for work in all organizations; pages never do.
    worker: bool = False
    # Changes the schema's data; only the owner of the tables.
    migrating: bool = False

    def settings(self) -> dict[str, str]:
        """Names and values of PostgreSQL's settings."""
        return {
            "app.organization": str(self.organization or ""),
            "app.gathering": str(self.gathering or ""),
            "app.account": str(self.account or ""),
            "app.only": str(self.only or ""),
            "app.key": self.key,
            "app.worker": "on" if self.worker else "",
            "app.migrating": "on" if self.migrating else "",
        }


_scope: ContextVar[Scope] = ContextVar("scope", default=Scope())  # noqa: B039 - frozen
_SET = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in Scope().settings())


def current_scope() -> Scope:
    """For whom the transactions of this thread work."""
    return _scope.get()


@contextmanager
def working_for(scope: Scope) -> Iterator[None]:
    """Let the transactions that begin inside work for somebody. One that is open already goes on as it began."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


def enter_scope(scope: Scope) -> None:
    """The same for the rest of a request, which has a context of its own."""
    _scope.set(scope)


def scope_transactions(engine: Engine) -> None:
    """Let every transaction of a PostgreSQL engine begin with its scope; nothing on SQLite."""
    if engine.dialect.name != "postgresql":
        return

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(_SET, list(_scope.get().settings().values()))
        finally:
            cursor.close()


def protect(table: str) -> list[TextClause]:
    """Statements that let row security guard a new table of gatherings."""
    own = f"{ORGANIZATION} = {current(ORGANIZATION)} AND {GATHERING} = {current(GATHERING)}"
    return guard(table, own)


# Of the registry: only who owns the tables gets there, neither pages nor workers.
MIGRATING = (
    "current_setting('app.migrating', true) = 'on' AND current_user NOT IN "
    f"('{WEB_ROLE}', '{WORKER_ROLE}')"
)


def guard(table: str, condition: str) -> list[TextClause]:
    """Statements after which only rows that meet a condition are seen and made in a table."""
    return [
        text(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'),
        text(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'),
        text(f'CREATE POLICY own ON "{table}" USING ({condition}) WITH CHECK ({condition})'),
    ]


def make_roles(connection: Connection) -> bool:
    """Make the roles for pages and workers, and let us take them; False where there are none and we may make none.

    Then pages work as we do, which is safe as long as we can't bypass policies (see ``check_guarded``).
    """
    asked = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")
    known = set(connection.scalars(asked, {"names": list(ROLES)}))
    if not _may(connection, "rolcreaterole"):
        return known == set(ROLES)
    for name in sorted(set(ROLES) - known):
        connection.execute(text(f"CREATE ROLE {name} NOLOGIN NOSUPERUSER NOBYPASSRLS"))
    for name in ROLES:
        connection.execute(text(f"GRANT {name} TO CURRENT_USER"))
    return True


@contextmanager
def unforced(connection: Connection) -> Iterator[None]:
    """Let the owner of the tables change rows of all gatherings, as a step of the schema may have to.

    A second policy for the owner would do, but the planner joins policies by OR, and no index helps any query then.
    """
    tables = connection.scalars(
        text(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
            "WHERE c.relkind = 'r' AND c.relforcerowsecurity AND a.attname = 'gathering_id' "
            "AND c.relname NOT LIKE 'hub\\_%' AND c.relnamespace = current_schema()::regnamespace"
        )
    ).all()
    for name in tables:
        connection.execute(text(f'ALTER TABLE "{name}" NO FORCE ROW LEVEL SECURITY'))
    yield
    for name in tables:
        connection.execute(text(f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY'))


def grant_tables(connection: Connection) -> None:
    """Let pages and workers read and write rows, in what is there and in what later steps make."""
    schema = connection.scalar(text("SELECT current_schema()"))
    for name in ROLES:
        for statement in (
            f'GRANT USAGE ON SCHEMA "{schema}" TO {name}',
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO {name}',
            f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA "{schema}" TO {name}',
        ):
            connection.execute(text(statement))


def _may(connection: Connection, what: str) -> bool:
    mine = f"SELECT rolsuper OR {what} FROM pg_roles WHERE rolname = current_user"  # noqa: S608
    return bool(connection.scalar(text(mine)))


def work_as(engine: Engine, role: str) -> None:
    """Let every connection of a PostgreSQL engine work as a role, where it exists and we may."""
    if engine.dialect.name != "postgresql":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # Outside of a transaction, so that no rollback takes it back.
        connection.autocommit = True
        found = connection.execute(
            "SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s",
            (role,),
        ).fetchone()
        if found and found[0]:
            connection.execute(f'SET ROLE "{role}"')
        connection.autocommit = False


def check_guarded(engine: Engine) -> None:
    """Raise ConfigError where whoever serves pages could bypass row security."""
    with engine.connect() as connection:
        if _may(connection, "rolbypassrls"):
            raise ConfigError(
                "The database role may see everything, so organizations would not be kept apart. Run "
                "reporter hub init with a role that may make roles, or serve with one that is no superuser."
            )
