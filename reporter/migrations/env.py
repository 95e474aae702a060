"""Run by Alembic; the connection is passed in by reporter.migrations.upgrade."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from reporter.database.engine import UtcDateTime
from reporter.models import whole_metadata


def _render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=whole_metadata(),
    render_as_batch=True,
    render_item=_render,
    version_table=context.config.attributes.get("version_table", "alembic_version"),
)
with context.begin_transaction():
    context.run_migrations()
