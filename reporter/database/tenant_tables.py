"""Multi-tenant tables: the laptop's tables in one PostgreSQL database, with the owner prepended to each key.

A laptop's database holds one gathering, and no query names it. On PostgreSQL every table gets the
columns ``organization_id`` and ``gathering_id``, which the database fills and compares itself (see
``reporter.database.row_security``); keys, unique constraints and foreign keys begin with the
gathering, so that no row can refer to, collide with or be found by another gathering's. Models and
queries need no change.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Constraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.schema import MetaData

ORGANIZATION, GATHERING = "organization_id", "gathering_id"
# The transaction settings that say whose rows it may see and create (see reporter.database.row_security).
SETTINGS = {ORGANIZATION: "app.organization", GATHERING: "app.gathering"}
# Every row belongs to a row of this table (see reporter.hub.models.HubGathering).
REGISTRY = "hub_gathering"


def current(column: str) -> str:
    """SQL expression for the transaction's own organization or gathering; NULL if none is set."""
    return f"NULLIF(current_setting('{SETTINGS[column]}', true), '')::uuid"


def own_table(table: Table) -> Table:
    """The PostgreSQL version of a laptop's table."""
    metadata = MetaData()
    copy = Table(table.name, metadata, *_owner(), *(_column(one, table) for one in table.columns))
    for constraint in table.constraints:
        if (own := own_constraint(constraint, copy)) is not None:
            copy.append_constraint(own)
    copy.append_constraint(
        ForeignKeyConstraint(
            [ORGANIZATION, GATHERING],
            [f"{REGISTRY}.{ORGANIZATION}", f"{REGISTRY}.id"],
            ondelete="CASCADE",
        )
    )
    for index in table.indexes:
        own_index(index, copy)
    _add_stubs(copy)
    return copy


def _owner() -> list[Column[object]]:
    return [
        Column(name, Uuid(), nullable=False, server_default=text(current(name)))
        for name in (ORGANIZATION, GATHERING)
    ]


def _column(column: Column[object], table: Table) -> Column[object]:
    """Copy a column: numbers that SQLite increments itself get a sequence; foreign keys become table constraints."""
    counted = table.autoincrement_column is column
    return Column(
        column.name,
        column.type,
        nullable=column.nullable,
        server_default=column.server_default.arg if column.server_default is not None else None,  # type: ignore[attr-defined]
        autoincrement=counted,
    )


def own_constraint(constraint: Constraint, table: Table) -> Constraint | None:
    """The same constraint within one gathering; None for those that PostgreSQL doesn't need (CHECKs of a type)."""
    if isinstance(constraint, PrimaryKeyConstraint):
        names = [GATHERING, *(column.name for column in constraint.columns)]
        return PrimaryKeyConstraint(*(table.c[name] for name in names))
    if isinstance(constraint, UniqueConstraint):
        names = [GATHERING, *(column.name for column in constraint.columns)]
        return UniqueConstraint(*(table.c[name] for name in names))
    if isinstance(constraint, ForeignKeyConstraint):
        return _reference(constraint)
    return None


def _reference(constraint: ForeignKeyConstraint) -> ForeignKeyConstraint:
    names = list(constraint.column_keys)
    targets = [element.target_fullname for element in constraint.elements]
    goal = targets[0].rpartition(".")[0]
    ondelete = constraint.ondelete
    if ondelete == "SET NULL":
        # Not the gathering's column (PostgreSQL 15: a list of columns).
        ondelete = f"SET NULL ({', '.join(names)})"
    return ForeignKeyConstraint(
        [GATHERING, *names], [f"{goal}.{GATHERING}", *targets], ondelete=ondelete
    )


def own_index(index: Index, table: Table) -> Index:
    """The same index within one gathering."""
    names = [GATHERING, *(column.name for column in index.columns)]
    return Index(index.name, *(table.c[name] for name in names), unique=index.unique)


def _add_stubs(table: Table) -> None:
    """Add stubs of referenced tables: foreign keys need them in the metadata, at least by name."""
    for constraint in list(table.foreign_key_constraints):
        targets = [element.target_fullname.rpartition(".") for element in constraint.elements]
        goal = targets[0][0]
        if goal == table.name:
            continue
        stub = table.metadata.tables.get(goal)
        if stub is None:
            stub = Table(goal, table.metadata)
        for _goal, _dot, name in targets:
            if name not in stub.c:
                stub.append_column(Column(name, Uuid()))
