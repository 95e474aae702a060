"""The retention clock, at moved clocks: what goes, when, after it was said, and what stays."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from capture.intake.receive import receive
from capture.intake.submission import Submission
from reporter.config import PERIODS, LimitSettings, PrivacySettings
from reporter.errors import TakenBack
from reporter.follow_up.next_gathering import leave_address
from reporter.media.store import Store
from reporter.models import Contact, EventSession, Gathering, RetentionNotice, Takeaway
from reporter.moderation.decisions import approve, change_own, hide
from reporter.privacy.retention import (
    CLOCK,
    RetentionKind,
    announced,
    expire,
    is_announced,
    schedule,
    went_by_itself,
)
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway

PRIVACY = PrivacySettings()
Run = Callable[..., tuple[int, int, int]]
CLIENT = "3f1c2a9e-0000-4000-8000-000000000001"


@pytest.fixture
def run(session: Session, store: Store, clock: TurnableClock) -> Run:
    """One turn of the clock: how many takeaways, addresses and devices went."""

    def run(settings: PrivacySettings = PRIVACY) -> tuple[int, int, int]:
        gone = expire(session, settings, store, actor(clock, CLOCK))
        return gone.unapproved, gone.addresses, gone.devices

    return run


def sent(
    session: Session, event: EventSession, store: Store, clock: TurnableClock, rng: random.Random
) -> Takeaway:
    offer = Submission(event, text="Bees like clover", device="phone-abc", client_id=CLIENT)
    return receive(session, store, offer, now=clock(), rng=rng, limits=LimitSettings())


def test_what_nobody_approves_goes_after_it_was_announced(
    session: Session, event: EventSession, clock: TurnableClock, rng: random.Random, run: Run
) -> None:
    waiting, hidden, kept = (add_takeaway(session, event, rng, text=f"words {n}") for n in "abc")
    approve(session, kept, actor(clock))
    clock.turn(days=40)
    hide(session, hidden, actor(clock))
    clock.turn(days=35)
    assert run() == (0, 0, 0)
    assert announced(session, PRIVACY, clock()) == []
    clock.turn(days=3)
    assert run() == (0, 0, 0)
    [notice] = announced(session, PRIVACY, clock())
    assert (notice.kind, notice.id) == (RetentionKind.UNAPPROVED, str(waiting.id))
    # 14 March and three months; announced in time, so it goes that day.
    assert notice.goes == notice.due.replace(month=6, day=14) == notice.due
    clock.at = notice.goes - timedelta(seconds=1)
    assert run() == (0, 0, 0)
    clock.turn(seconds=1)
    assert run() == (1, 0, 0)
    session.expire_all()
    assert (waiting.state, waiting.text) == ("withdrawn", "")
    assert went_by_itself(session, waiting)
    assert session.scalar(select(Gathering.purge_due_since)) == clock()
    # Hidden later: its three months began then. Approved: never.
    assert (hidden.state, kept.state) == ("hidden", "approved")
    assert [item.id for item in schedule(session, PRIVACY, clock())] == [str(hidden.id)]
    assert session.scalar(select(func.count()).select_from(RetentionNotice)) == 0


def test_a_laptop_that_was_off_says_it_first(
    session: Session, event: EventSession, clock: TurnableClock, rng: random.Random, run: Run
) -> None:
    add_takeaway(session, event, rng)
    clock.turn(days=400)
    assert run() == (0, 0, 0)
    clock.turn(days=13)
    assert run() == (0, 0, 0)
    clock.turn(days=1)
    assert run() == (1, 0, 0)


def test_whoever_approves_it_keeps_it_and_a_change_begins_anew(
    session: Session, event: EventSession, clock: TurnableClock, rng: random.Random, run: Run
) -> None:
    one, other = add_takeaway(session, event, rng), add_takeaway(session, event, rng, text="b")
    clock.turn(days=85)
    run()
    assert len(announced(session, PRIVACY, clock())) == 2
    approve(session, one, actor(clock))
    change_own(session, other, actor(clock, "contributor"), {"text": "b, and more"})
    run()
    assert announced(session, PRIVACY, clock()) == []
    clock.turn(days=80)
    assert run() == (0, 0, 0)
    assert session.scalar(select(func.count()).select_from(RetentionNotice)) == 1


def test_always_keeps(
    session: Session, event: EventSession, clock: TurnableClock, rng: random.Random, run: Run
) -> None:
    add_takeaway(session, event, rng, device="phone-x")
    clock.turn(days=4000)
    never = PrivacySettings(unapproved="always", addresses="always", devices="always")
    assert run(never) == (0, 0, 0)
    assert schedule(session, never, clock()) == []


def test_phones_are_forgotten_and_their_retries_are_still_known(
    session: Session,
    event: EventSession,
    store: Store,
    clock: TurnableClock,
    rng: random.Random,
    run: Run,
) -> None:
    row = sent(session, event, store, clock, rng)
    clock.turn(days=30)
    assert run() == (0, 0, 0)
    clock.turn(days=1)
    assert run() == (0, 0, 1)
    session.expire_all()
    assert row.device == ""
    assert CLIENT not in str(row.client_id)
    assert row.text == "Bees like clover"
    # Its phone had never heard the answer, and asks again.
    assert sent(session, event, store, clock, rng).id == row.id
    assert run() == (0, 0, 0)
    clock.turn(days=70)
    run()
    clock.turn(days=14)
    assert run() == (1, 0, 0)
    with pytest.raises(TakenBack):
        sent(session, event, store, clock, rng)


def test_addresses_go_a_year_after_they_were_used(
    session: Session, event: EventSession, clock: TurnableClock, rng: random.Random, run: Run
) -> None:
    row = add_takeaway(session, event, rng, state="approved")
    left = leave_address(
        session, row, "ada@example.org", answer=True, invite=True, now=clock(), rng=rng
    )
    clock.turn(days=100)
    left.notified_at = clock()
    session.commit()
    clock.turn(days=355)
    assert run() == (0, 0, 0)
    assert [item.kind for item in announced(session, PRIVACY, clock())] == [RetentionKind.ADDRESSES]
    clock.turn(days=14)
    assert run() == (0, 1, 0)
    assert session.scalar(select(func.count()).select_from(Contact)) == 0


def test_a_short_period_is_announced_for_half_of_it(
    session: Session, event: EventSession, clock: TurnableClock, rng: random.Random, run: Run
) -> None:
    add_takeaway(session, event, rng)
    week = replace(PRIVACY, unapproved="1 week")
    clock.turn(days=3)
    run(week)
    assert announced(session, week, clock()) == []
    clock.turn(days=1)
    run(week)
    assert len(announced(session, week, clock())) == 1
    clock.turn(days=3, hours=12)
    assert run(week) == (1, 0, 0)


@pytest.mark.parametrize("period", PERIODS)
def test_what_is_near_is_found_without_reading_all_that_is_not(
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    rng: random.Random,
    period: str,
) -> None:
    for days in (*range(-3, 40, 2), *range(80, 95), *range(178, 190, 2), *range(360, 368, 2)):
        add_takeaway(session, event, rng, device="phone", recorded_at=clock() - timedelta(days))
    for remind, turned in itertools.product((0, 14, 400), range(0, 400, 37)):
        settings = replace(
            PRIVACY, unapproved=period, addresses=period, devices=period, remind_days=remind
        )
        now = clock() + timedelta(turned)
        wanted = [
            item
            for item in schedule(session, settings, now)
            if is_announced(item, now) or item.goes <= now
        ]
        found = schedule(session, settings, now, near=True)
        assert set(wanted) <= set(found)
        latest = max((item.announced_from for item in found), default=now)
        assert latest <= now + timedelta(days=10)
