"""A clock that was ahead and is set back: nothing waits until it shows the old time again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from kiosk.runtime.clock_steps import ClockSteps, recall_waiting
from reporter.clock import new_id
from reporter.enums import DeliveryState, ItemKind, MediaState
from reporter.models import Delivery, EventSession, Media, Target
from tests.support.kiosk_process import START, add_takeaway, new_media

HOUR = timedelta(hours=1)


class Steady:
    """A clock that nobody can set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("step", "noticed"),
    [(timedelta(0), False), (-timedelta(seconds=20), False), (-HOUR, True), (HOUR, False)],
)
def test_only_a_step_back_is_noticed_and_once(
    session: Session, step: timedelta, *, noticed: bool
) -> None:
    steady, now = Steady(), START
    steps = ClockSteps(steady)
    assert not steps.was_set_back(session, now)
    steady.now += 60
    now += timedelta(minutes=1) + step
    assert steps.was_set_back(session, now) is noticed
    steady.now += 5
    assert not steps.was_set_back(session, now + timedelta(seconds=5))


def test_a_start_with_a_clock_behind_what_is_stored_is_noticed(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    add_takeaway(session, event, rng)
    assert not ClockSteps(Steady()).was_set_back(session, START + HOUR)
    assert ClockSteps(Steady()).was_set_back(session, START - HOUR)


def add_delivery(
    session: Session, rng: random.Random, state: str, due: datetime, lease: str = ""
) -> Delivery:
    target = session.query(Target).first() or Target(
        id=new_id(START, rng), kind="folder", name="place", options={}, created_at=START
    )
    row = Delivery(
        id=new_id(START, rng),
        target=target,
        item_kind=ItemKind.STORY,
        item_id=new_id(START, rng),
        key=f"k{rng.random()}",
        state=state,
        due_at=due,
        lease=lease,
        created_at=START,
    )
    session.add(row)
    return row


def test_what_waits_and_is_held_by_nobody_is_due_at_once(
    session: Session, rng: random.Random
) -> None:
    """A takedown, say, that would have waited for two hours."""
    now, later = START, START + 2 * HOUR
    taken_back = add_delivery(session, rng, DeliveryState.WITHDRAWING, later)
    held = add_delivery(session, rng, DeliveryState.DUE, later, lease="somebody")
    done = add_delivery(session, rng, DeliveryState.SENT, later)
    photo = add_photo(session, rng, MediaState.RECEIVED, later)
    session.commit()
    assert recall_waiting(session, now) == 2
    assert [row.due_at for row in (taken_back, photo, held, done)] == [now, now, later, later]


def test_a_picture_that_a_killed_kiosk_held_before_the_step_is_due_too(
    session: Session, rng: random.Random
) -> None:
    """A lease lasts a minute: this one was taken by a clock that was ahead. The other may be at work."""
    later, soon = START + 2 * HOUR, START + timedelta(minutes=1)
    left = add_photo(session, rng, MediaState.PROCESSING, later, lease="killed")
    at_work = add_photo(session, rng, MediaState.PROCESSING, soon, lease="somebody")
    session.commit()
    assert recall_waiting(session, START) == 1
    assert [row.due_at for row in (left, at_work)] == [START, soon]


def add_photo(
    session: Session, rng: random.Random, state: MediaState, due: datetime, lease: str = ""
) -> Media:
    row = new_media(rng, state=state, due_at=due, lease=lease, received_at=due)
    session.add(row)
    return row
