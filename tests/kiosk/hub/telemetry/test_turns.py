"""What a hub tells of its workers: how much waits, what each turn did."""

from __future__ import annotations

import httpx
import pytest
from flask import Flask
from sqlalchemy import select, update

from kiosk import hub_worker
from kiosk.hub.telemetry.turns import ask_queue
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.database.row_security import TenantScope, working_for
from reporter.errors import ReporterError
from reporter.hub.models import HubGathering
from tests.kiosk.hub.test_whole_path import fill, pair, pushed
from tests.support.hub import HubKit, wire

pytestmark = pytest.mark.sqlite("a laptop pushes the database of its folder")


@pytest.fixture
def filled(app: Flask, hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> HubKit:
    wire(hub, monkeypatch)
    fill(app)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    return hub


def test_turns_and_the_queue_are_told(filled: HubKit, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_kiosk: KioskContext) -> int:
        raise ValueError("no")

    filled.clock.turn(seconds=60)
    turns = (*hub_worker.TURNS, (breaks, 0))
    monkeypatch.setattr(hub_worker, "TURNS", turns)
    # However slow this machine is at the moment, nothing is left to do.
    monkeypatch.setattr(hub_worker, "SHARE_SECONDS", 3600.0)
    app = filled.workers()
    with app.app_context():
        ask_queue(filled.clock)
    where, close = app.extensions["telemetry"].metrics.serve("127.0.0.1:0")
    try:
        before = httpx.get(where).text
        with app.app_context():
            assert hub_worker.HubWorker(app).work_once()
        after = httpx.get(where).text
    finally:
        close()
    assert "reporter_hub_gatherings_due 1.0" in before
    assert "reporter_hub_longest_due_seconds 60.0" in before
    assert "reporter_hub_gatherings_due 0.0" in after
    assert 'reporter_hub_turn_items_total{turn="process"} 2.0' in after
    assert 'reporter_hub_turn_failures_total{turn="breaks"} 1.0' in after


def test_a_gathering_that_cannot_be_opened_is_tried_again_after_a_rest(filled: HubKit) -> None:
    with filled.owner() as session, working_for(TenantScope(migrating=True)):
        number = session.scalars(select(HubGathering.id)).one()
        session.execute(update(HubGathering).values(settings="[gathering"))
        session.commit()
    filled.clock.turn(seconds=60)
    worker = hub_worker.HubWorker(filled.workers())
    with filled.workers().app_context():
        with pytest.raises(ReporterError):
            worker.work_once()
        assert not worker.work_once()
        filled.clock.turn(seconds=60)
        with working_for(TenantScope(worker=True)):
            due = db.session.scalar(select(HubGathering.due_at).where(HubGathering.id == number))
            db.session.remove()
        assert due is not None
        assert due <= filled.clock()
