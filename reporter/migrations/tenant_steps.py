"""Migrations on PostgreSQL: the same as on a laptop, with the owner prepended to each table's keys.

Alembic lets a dialect's implementation create tables, indexes and constraints; this one creates
them as in ``reporter.database.tenant_tables``. Importing it is enough: the last implementation
registered for a dialect is used.
"""

from __future__ import annotations

from typing import Any

from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import Column, Constraint, Index, MetaData, Table, Uuid

from reporter.database.row_security import protect
from reporter.database.tenant_tables import GATHERING, own_constraint, own_index, own_table

# Tables of Alembic and of the registry, which protect themselves.
_VERSIONS = "alembic_version"
_REGISTRY = "hub_"


class TenantSteps(PostgresqlImpl):
    """Multi-tenant implementation of migration operations."""

    __dialect__ = "postgresql"

    def create_table(self, table: Table, **kw: Any) -> None:
        """Create a table with row-level security."""
        if table.name == _VERSIONS or table.name.startswith(_REGISTRY):
            super().create_table(table, **kw)
            return
        super().create_table(own_table(table), **kw)
        for statement in protect(table.name):
            self._exec(statement)

    def create_index(self, index: Index, **kw: Any) -> None:
        """Create an index within each gathering."""
        if index.table is None or index.table.name.startswith(_REGISTRY):
            super().create_index(index, **kw)
            return
        super().create_index(own_index(index, _bare(index.table)), **kw)

    def add_constraint(self, const: Constraint, **kw: Any) -> None:
        """Add a constraint within each gathering."""
        table = const.table
        if table.name.startswith(_REGISTRY):
            super().add_constraint(const, **kw)
            return
        bare = _bare(table)
        made = own_constraint(const, bare)
        if made is not None:
            bare.append_constraint(made)
            super().add_constraint(made, **kw)


def _bare(table: Table) -> Table:
    """The table's columns, with the gathering."""
    columns: list[Column[Any]] = [Column(one.name, one.type) for one in table.columns]
    return Table(table.name, MetaData(), Column(GATHERING, Uuid()), *columns)
