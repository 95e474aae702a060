"""The tests of the laptop on PostgreSQL: REPORTER_TEST_ENGINE=postgresql gives each gathering a place in one database.

What opens a gathering's ``reporter.db`` itself (copies, snapshots, the change watch) has none there; those tests are of
SQLite alone.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.database.row_security import Scope, scope_transactions, working_for
from reporter.hub.models import HubGathering, Organization
from reporter.hub.schema import upgrade_hub
from tests.support.servers.postgres import postgres_cluster

WANTED = os.environ.get("REPORTER_TEST_ENGINE") == "postgresql"


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
        known: dict[Path, str] = {}

        def address(settings: Settings) -> str:
            if settings.folder not in known:
                scope = _new_gathering(owner)
                told = (
                    f"-c app.organization={scope.organization} -c app.gathering={scope.gathering}"
                )
                plain = url.render_as_string(hide_password=False)
                known[settings.folder] = f"{plain}?options={quote(told)}"
            return known[settings.folder]

        patch.setattr(Settings, "database_url", property(address))
        yield
        owner.dispose()


def _new_gathering(owner: Engine) -> Scope:
    scope, now = Scope(uuid.uuid4(), uuid.uuid4()), datetime.now(UTC)
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
