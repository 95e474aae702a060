"""Counts of the desk come from kept counts and indexes: a row holds its texts, and thousands are slow to read."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as events
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from reporter.enums import Audience, Consent, TakeawayState
from reporter.gathering.coverage import sending_devices
from reporter.models import EventSession, Takeaway
from reporter.moderation.visibility import Scope, showable
from reporter.review.queries import Filter, count_undescribed, count_without_consent, state_counts
from reporter.review.timeline import timeline
from tests.support.kiosk_process import START, UTC, add_takeaway

ROWS = 300


def _plan(session: Session, ask: Callable[[], Any]) -> list[str]:
    """The steps of SQLite's plans that read takeaways, of all statements that ``ask`` sends."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        sent.append((statement, parameters))

    connection = session.connection()
    events.listen(connection, "before_cursor_execute", note)
    ask()
    events.remove(connection, "before_cursor_execute", note)
    cursor = connection.connection.cursor()
    steps = [
        str(row[3])
        for statement, parameters in sent
        for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    return [step for step in steps if " takeaway" in step]


@pytest.mark.sqlite("its plans")
@pytest.mark.parametrize(
    "ask",
    [
        count_without_consent,
        count_undescribed,
        lambda session: state_counts(session, Filter()),
        lambda session: timeline(session, Filter(state=TakeawayState.NEW), UTC),
        lambda session: sending_devices(session, START),
    ],
    ids=["no consent", "no description", "states", "times", "phones"],
)
def test_a_count_reads_no_rows(
    session: Session,
    event: EventSession,
    rng: random.Random,
    ask: Callable[[Session], Any],
) -> None:
    for number in range(ROWS):
        row = add_takeaway(session, event, rng)
        row.state = rng.choice(["new", "approved", "approved", "hidden"])
        row.recorded_at = row.received_at = START - timedelta(minutes=number)
        row.device = f"phone {number % 40}"
    session.commit()
    # As the maintenance turn does from 300 takeaways on.
    session.execute(text("ANALYZE"))
    session.commit()
    steps = _plan(session, lambda: ask(session))
    assert steps
    assert all("COVERING INDEX" in step or " takeaway_count" in step for step in steps), steps


@pytest.mark.sqlite("its plans")
def test_the_first_and_last_time_are_looked_up_and_not_searched_for(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    """Where a filter asks for what kept counts do not know."""
    for minutes in range(20):
        add_takeaway(session, event, rng).recorded_at = START + timedelta(minutes=minutes)
    session.commit()
    criteria = Filter(state=TakeawayState.NEW, kind="note")
    steps = _plan(session, lambda: timeline(session, criteria, UTC))
    assert steps[:2] == ["SEARCH takeaway USING INDEX takeaway_state_time (state=?)"] * 2


@pytest.mark.sqlite("its plans")
def test_the_cards_of_the_wall_are_not_searched_for_by_consent_and_audience(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    """That reads nearly all of them and sorts them, where the newest sixty are wanted."""
    for minutes in range(ROWS):
        row = add_takeaway(session, event, rng, state=rng.choice(["new", *["approved"] * 4]))
        row.consent, row.audience = rng.choice(list(Consent)), rng.choice(list(Audience))
        row.approved_at = START + timedelta(minutes=minutes) if row.state == "approved" else None
    session.commit()
    session.execute(text("ANALYZE"))
    session.commit()
    latest = (
        select(Takeaway)
        .where(showable(Scope.ROOM))
        .order_by(Takeaway.approved_at.desc().nulls_last(), Takeaway.received_at.desc())
        .limit(60)
    )
    steps = _plan(session, lambda: session.scalars(latest).all())
    assert "consent=?" not in steps[0]
