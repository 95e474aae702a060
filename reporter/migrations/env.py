"""Alembic runs this; the connection is handed in by reporter.migrations.upgrade."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Literal

from alembic import context

import reporter
from reporter.db import Base, UtcDateTime

# They fill the metadata.
for module in pkgutil.iter_modules(reporter.__path__):
    if module.name.startswith("models"):
        importlib.import_module(f"reporter.{module.name}")


def _render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
