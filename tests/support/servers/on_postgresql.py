"""The tests of the laptop on PostgreSQL: REPORTER_TEST_ENGINE=postgresql gives each gathering a place in one database.

What opens a gathering's ``reporter.db`` itself (copies, the change watch, another process) has none there; tests of
that have the mark ``sqlite``, with a reason.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, create_engine, insert, select
from sqlalchemy.orm import Session

from kiosk.peers.row_copy import copy_rows
from reporter.config import Settings
from reporter.database.row_security import TenantScope, scope_transactions, working_for
from reporter.hub.models import HubGathering, Organization
from reporter.hub.schema import upgrade_hub
from reporter.merge import other_database
from reporter.models import whole_metadata
from tests.support.servers.postgres import postgres_cluster

WANTED = os.environ.get("REPORTER_TEST_ENGINE") == "postgresql"


# Addresses of the gatherings of this run, by their folders.
_places: dict[Path, str] = {}


@contextmanager
def gatherings_on_postgresql() -> Iterator[None]:
    """Let every gathering folder stand for a gathering of its own in one PostgreSQL database."""
    with (
        postgres_cluster() as server,
        server.database() as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        owner = create_engine(url)
        scope_transactions(owner)
        upgrade_hub(owner)
        plain = url.render_as_string(hide_password=False)

        def address(settings: Settings) -> str:
            folder = settings.folder
            if folder not in _places:
                scope = _new_gathering(owner)
                options = (
                    f"-c app.organization={scope.organization} -c app.gathering={scope.gathering}"
                )
                _places[folder] = f"{plain}?options={quote(options)}"
            return _places[folder]

        patch.setattr(Settings, "database_url", property(address))
        patch.setattr(other_database, "copy_database", _copy_database)
        yield
        owner.dispose()


def copy_gathering(folder: Path, goal: Path) -> None:
    """A copy of a gathering's folder that is a gathering of its own, on the engine of this run."""
    shutil.copytree(folder, goal)
    if not WANTED:
        return
    with _opened(folder) as old, _opened(goal) as new:
        for table in whole_metadata().sorted_tables:
            if rows := [dict(row) for row in old.execute(select(table)).mappings()]:
                new.execute(insert(table), rows)
        new.commit()


def _copy_database(folder: Path, goal: Path) -> None:
    with _opened(folder) as session:
        copy_rows(session, goal, whole_metadata().tables)


@contextmanager
def _opened(folder: Path) -> Iterator[Session]:
    engine = create_engine(Settings(folder=folder).database_url)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _new_gathering(owner: Engine) -> TenantScope:
    scope, now = TenantScope(uuid.uuid4(), uuid.uuid4()), datetime.now(UTC)
    with working_for(scope), Session(owner) as session:
        session.add(Organization(id=scope.organization, name=str(uuid.uuid4()), created_at=now))
        session.flush()
        session.add(
            HubGathering(
                id=scope.gathering,
                organization_id=scope.organization,
                local_id=uuid.uuid4(),
                title="",
                created_at=now,
                due_at=now,
            )
        )
        session.commit()
    return scope
