"""Row-level security on PostgreSQL: the database limits each transaction to one gathering's rows.

Each transaction begins by setting its organization and gathering (``TenantScope``) in transaction-local
settings. A policy on every table admits only rows of that gathering, for reading and writing;
without a scope there are none. The policies are forced, so they apply to the owner of the tables
too; pages are served under a role that can't disable them.
(https://www.postgresql.org/docs/15/ddl-rowsecurity.html)
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

# Roles of web pages and of workers. Neither can log in, own a table or bypass a policy.
WEB_ROLE, WORKER_ROLE = "reporter_web", "reporter_worker"
ROLES = (WEB_ROLE, WORKER_ROLE)


@dataclass(frozen=True)
class TenantScope:
    """The scope of a transaction. ``account`` and ``key`` identify the requester before the organization is known."""

    organization: uuid.UUID | None = None
    gathering: uuid.UUID | None = None
    account: uuid.UUID | None = None
    # If set, the only organization in which the account counts as a member; None: all of its own.
    only: uuid.UUID | None = None
    # The digest of a presented secret, or the address of a person signing in: it gives access to
    # the one row that has it.
    key: str = ""
    # Looks for work in all organizations; never set for pages.
    worker: bool = False
    # Data migrations; only for the owner of the tables.
    migrating: bool = False

    def settings(self) -> dict[str, str]:
        """Names and values of the PostgreSQL settings."""
        return {
            "app.organization": str(self.organization or ""),
            "app.gathering": str(self.gathering or ""),
            "app.account": str(self.account or ""),
            "app.only": str(self.only or ""),
            "app.key": self.key,
            "app.worker": "on" if self.worker else "",
            "app.migrating": "on" if self.migrating else "",
        }


_scope: ContextVar[TenantScope] = ContextVar("scope", default=TenantScope())  # noqa: B039 - frozen
_SET = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in TenantScope().settings())


def current_scope() -> TenantScope:
    """The scope of this thread's transactions."""
    return _scope.get()


@contextmanager
def working_for(scope: TenantScope) -> Iterator[None]:
    """Set the scope of transactions that begin inside the context. A transaction that is already open keeps its own."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


def enter_scope(scope: TenantScope) -> None:
    """Set the scope for the rest of a request, which has a context of its own."""
    _scope.set(scope)


def scope_transactions(engine: Engine) -> None:
    """Apply the scope at the start of every transaction of a PostgreSQL engine; does nothing on SQLite."""
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
    """SQL statements that enable row security on a new table of the gatherings."""
    own = f"{ORGANIZATION} = {current(ORGANIZATION)} AND {GATHERING} = {current(GATHERING)}"
    return guard(table, own)


# For the registry: only the owner of the tables has access, neither pages nor workers.
MIGRATING = (
    "current_setting('app.migrating', true) = 'on' AND current_user NOT IN "
    f"('{WEB_ROLE}', '{WORKER_ROLE}')"
)


def guard(table: str, condition: str) -> list[TextClause]:
    """SQL statements that restrict reads and writes of a table to rows that meet a condition."""
    return [
        text(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'),
        text(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'),
        text(f'CREATE POLICY own ON "{table}" USING ({condition}) WITH CHECK ({condition})'),
    ]


def make_roles(connection: Connection) -> bool:
    """Create the roles for pages and workers and grant them to us; False if they are missing and we
    may not create them.

    Without them, pages run under our own role, which is safe as long as we can't bypass policies
    (see ``check_guarded``).
    """
    roles_query = text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)")
    known = set(connection.scalars(roles_query, {"names": list(ROLES)}))
    if not _may(connection, "rolcreaterole"):
        return known == set(ROLES)
    for name in sorted(set(ROLES) - known):
        connection.execute(text(f"CREATE ROLE {name} NOLOGIN NOSUPERUSER NOBYPASSRLS"))
    for name in ROLES:
        connection.execute(text(f"GRANT {name} TO CURRENT_USER"))
    return True


@contextmanager
def unforced(connection: Connection) -> Iterator[None]:
    """Let the owner of the tables change rows of all gatherings, as a migration may need to.

    A second policy for the owner would work, but the planner combines policies with OR, and then no
    query can use an index.
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
    """Grant pages and workers read and write access to existing and future tables."""
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
    """Make every connection of a PostgreSQL engine use a role, if it exists and we are a member."""
    if engine.dialect.name != "postgresql":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # Outside a transaction, so that no rollback reverts it.
        connection.autocommit = True
        found = connection.execute(
            "SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s",
            (role,),
        ).fetchone()
        if found and found[0]:
            connection.execute(f'SET ROLE "{role}"')
        connection.autocommit = False


def check_guarded(engine: Engine) -> None:
    """Raise ConfigError if the role that serves pages could bypass row security."""
    with engine.connect() as connection:
        if _may(connection, "rolbypassrls"):
            raise ConfigError(
                "The database role may see everything, so organizations would not be kept apart. Run "
                "reporter hub init with a role that may make roles, or serve with one that is no superuser."
            )
