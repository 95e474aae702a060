"""Each turn of a hub's workers: timed, counted, its lines in the log named, one span."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kiosk.hub.telemetry.logs import with_fields
from kiosk.hub.telemetry.metrics import Gauges
from kiosk.hub.telemetry.requests import current_telemetry
from kiosk.runtime.database import db
from reporter.clock import Clock
from reporter.database.row_security import TenantScope, working_for
from reporter.hub.models import HubGathering


def watched(
    name: str, gathering: uuid.UUID, turn: Callable[[], int | Exception]
) -> int | Exception:
    """What a turn did, or how it ended."""
    telemetry = current_telemetry()
    metrics = telemetry.metrics
    with (
        with_fields(turn=name, gathering=gathering.hex),
        telemetry.traces.span(name),
        metrics.turn_seconds.labels(name).time(),
    ):
        done = turn()
    if isinstance(done, Exception):
        metrics.failures.labels(name).inc()
    else:
        metrics.done.labels(name).inc(done)
    return done


def queue_gauges(session: Session, *, now: datetime) -> Gauges:
    """How much waits for workers. Ends the transaction. Needs the role of a worker: pages may not look at all."""
    session.rollback()
    with working_for(TenantScope(worker=True)):
        due, oldest = session.execute(
            select(func.count(), func.min(HubGathering.due_at)).where(HubGathering.due_at <= now)
        ).one()
        session.rollback()
    waits = (now - oldest).total_seconds() if oldest else 0.0
    return {
        "reporter_hub_gatherings_due": ("Gatherings that wait for a worker.", due),
        "reporter_hub_longest_due_seconds": ("How long the first of them has waited.", waits),
    }


def ask_queue(clock: Clock) -> None:
    """Let whoever looks at the figures of this process see the queue too."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def gauges() -> Gauges:
        with app.app_context():
            return queue_gauges(db.session(), now=clock())

    current_telemetry().metrics.ask(gauges)
