"""A hub's rows while others work on them: PostgreSQL has many writers, and who meets them goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.orm import Session

from kiosk.hub_worker import HubWorker, claim_next
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.database.row_security import TenantScope, working_for
from reporter.hub import publisher_lease
from reporter.hub.models import HubGathering
from reporter.models import Media, Rendition
from reporter.moderation import decisions
from tests.kiosk.hub.test_whole_path import fill, pair, pushed
from tests.support.hub import HubKit, wire
from tests.support.servers.postgres import Postgres


@pytest.fixture(autouse=True)
def requests(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What the kiosk asks of the hub."""
    return wire(hub, monkeypatch)


@pytest.fixture
def scope(app: Flask, hub: HubKit) -> TenantScope:
    """A gathering that was pushed, one of its takeaways taken back since then at the laptop."""
    receipts = fill(app)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    with app.app_context():
        kiosk, session = current_kiosk(), db.session()
        row = decisions.by_receipt(session, receipts[0])
        decisions.withdraw(session, row, kiosk.actor("desk"), kiosk.store)
        db.session.remove()
    with hub.owner() as registry, working_for(TenantScope(migrating=True)):
        found = registry.execute(select(HubGathering.organization_id, HubGathering.id)).one()
    return TenantScope(*found)


@contextmanager
def pushing(app: Flask) -> Iterator[list[dict[str, int]]]:
    """Push in a thread, to its end; what it tells."""
    results: list[dict[str, int]] = []
    thread = threading.Thread(target=lambda: results.append(pushed(app)))
    thread.start()
    try:
        yield results
    finally:
        thread.join()


def wait_for_waiting(connection: Connection) -> None:
    """Until somebody waits for a row."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        if connection.scalar(text(waiting)):
            return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


@pytest.mark.sqlite("a laptop pushes the database of its folder")
def test_a_withdrawal_waits_for_a_worker_that_adds_a_rendition(
    app: Flask, hub: HubKit, scope: TenantScope
) -> None:
    with hub.owner() as worker, working_for(scope):
        for media in worker.scalars(select(Media)):
            worker.add(rendition_of(media))
        worker.flush()
        with pushing(app) as results:
            wait_for_waiting(worker.connection())
            worker.commit()
        assert results
        assert results[0]["takeaways"] == 1
        assert len(worker.scalars(select(Media)).all()) == 1
        assert len(worker.scalars(select(Rendition)).all()) == 1


def rendition_of(media: Media) -> Rendition:
    return Rendition(
        media_id=media.id, name="thumb", type="image/jpeg", ext=".jpg", bytes=1, sha256="0" * 64
    )


@pytest.mark.sqlite("a laptop pushes the database of its folder")
def test_a_push_that_met_a_deadlock_is_repeated(
    app: Flask, scope: TenantScope, hub: HubKit, postgres_server: Postgres
) -> None:
    admin = postgres_server.admin_url.set(database=hub.url.database)
    # It never looks for deadlocks: the push is always the one that is ended.
    engine = create_engine(admin, connect_args={"options": "-c deadlock_timeout=1h"})
    with Session(engine) as worker:
        worker.execute(text("SELECT id FROM media FOR UPDATE"))
        with pushing(app) as results:
            wait_for_waiting(worker.connection())
            worker.execute(text("UPDATE gathering SET revision = revision"))
            worker.commit()
        assert results
        assert results[0]["takeaways"] == 1
        assert worker.scalar(text("SELECT count(*) FROM media")) == 1
    engine.dispose()


@pytest.mark.sqlite("a laptop pushes the database of its folder")
def test_a_worker_that_lost_its_claim_leaves_the_lease_to_the_next(
    hub: HubKit, scope: TenantScope
) -> None:
    hub.clock.turn(seconds=60)
    with hub.owner() as session:
        late = claim_next(session, "late", now=hub.clock())
        assert late is not None
        hub.clock.turn(seconds=61)
        assert claim_next(session, "next", now=hub.clock()) is not None
        with working_for(scope):
            assert publisher_lease.take(
                session, late.gathering, publisher_lease.HUB, now=hub.clock()
            )
            publisher_lease.release_for_hub(session, late.gathering, "late", now=hub.clock())
            assert not publisher_lease.take(session, late.gathering, "laptop", now=hub.clock())
            publisher_lease.release_for_hub(session, late.gathering, "next", now=hub.clock())
            assert publisher_lease.take(session, late.gathering, "laptop", now=hub.clock())


def test_no_two_workers_have_the_same_name(hub: HubKit) -> None:
    app = hub.workers()
    assert HubWorker(app, 0).name != HubWorker(app, 0).name
