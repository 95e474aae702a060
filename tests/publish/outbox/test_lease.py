"""Leases: whose worker runs no more, who was silent for too long, and who may not send any more."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from publish.errors import ConnectionLost
from publish.net.transfer_meter import count_sent
from publish.outbox import lease
from publish.outbox.runner import deliver_due, queue
from publish.outbox.target_status import pause_all
from publish.posts.model import Remote
from reporter.models import EventSession
from reporter.moderation import decisions
from tests.support.publish.fakes import FakePlace, FakeTarget, Kit

BOOT = "0123"
HERE = f"{platform.node()}|{BOOT}|7"


@pytest.fixture
def due(kit: Kit, place: FakePlace) -> Kit:
    """A kit with one story to be sent."""
    kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    return kit


def after_find(monkeypatch: pytest.MonkeyPatch, act: Callable[[str], None]) -> None:
    """Let something happen between the look for a post and the next request."""
    real = FakeTarget.find

    def find(self: FakeTarget, key: str) -> Remote | None:
        found = real(self, key)
        act(key)
        count_sent(1)
        return found

    monkeypatch.setattr(FakeTarget, "find", find)


@pytest.mark.parametrize(
    ("where", "shared", "over"),
    [
        (HERE, True, True),
        (HERE, False, True),
        # Another container of this machine, where the number means another process.
        (f"{platform.node()}|{BOOT}|8", True, False),
        (f"{platform.node()}|{BOOT}|8", False, False),
        # A machine that was copied from this one, or this one before it was started again.
        (f"{platform.node()}|9999|7", True, False),
        (f"{platform.node()}|9999|7", False, True),
        ("elsewhere|9999|7", False, False),
        # As earlier versions wrote it.
        (platform.node(), True, False),
        (platform.node(), False, True),
    ],
)
def test_whose_worker_is_gone(
    due: Kit, monkeypatch: pytest.MonkeyPatch, where: str, *, shared: bool, over: bool
) -> None:
    monkeypatch.setattr(lease, "pid_space", lambda: HERE)
    monkeypatch.setattr(lease, "start_of_kernel", lambda: BOOT)
    monkeypatch.setattr(lease, "is_running", lambda _pid: False)
    monkeypatch.setattr(lease, "is_shared", lambda _session: shared)
    [row] = due.deliveries()
    row.lease, row.due_at = f"{where}/123:ab", due.clock() + timedelta(minutes=5)
    due.session.commit()
    lease.free_abandoned(due.session, due.context)
    assert (due.deliveries()[0].lease == "") is over


def test_who_was_silent_for_longer_than_the_lease_lasts_looks_again_before_it_creates(
    due: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a laptop that slept: another laptop has been given the right to publish, and has."""
    slept: list[str] = []

    def sleep_once(key: str) -> None:
        if not slept:
            slept.append(key)
            due.clock.forward(minutes=6)
            place.posts[key] = {"texts": ["by the other"]}

    after_find(monkeypatch, sleep_once)
    assert deliver_due(due.session, due.context) is not None
    assert place.count("create") == 0
    assert due.states() == [("story", "due")]
    assert deliver_due(due.session, due.context) is not None
    assert due.states() == [("story", "sent")]
    assert (place.count("create"), place.count("update")) == (0, 1)


def test_a_row_is_given_back_if_another_may_publish_by_the_time_it_is_claimed(
    due: Kit, place: FakePlace
) -> None:
    answers = [True, False]
    context = dataclasses.replace(due.context, may_send=lambda: answers.pop(0))
    assert deliver_due(due.session, context) is None
    assert place.calls == []
    [row] = due.deliveries()
    assert (row.state, row.lease, row.attempts) == ("due", "", 0)
    answers[:] = [True, True]
    assert deliver_due(due.session, context) is not None
    assert due.states() == [("story", "sent")]


def test_a_takedown_asks_nobody(due: Kit, place: FakePlace) -> None:
    assert deliver_due(due.session, due.context) is not None
    [row] = due.deliveries()
    row.state, row.wanted = "withdrawing", ""
    due.session.commit()
    context: Any = dataclasses.replace(due.context, may_send=lambda: False)
    assert deliver_due(due.session, context) is not None
    assert (place.posts, due.states()) == ({}, [("story", "withdrawn")])


def test_a_takedown_beside_another_publisher_creates_nothing(due: Kit, place: FakePlace) -> None:
    """It looks for what a try without an answer may have brought; the other may be about to create the post."""
    [event] = due.session.scalars(select(EventSession))
    goes = due.takeaway(event, "goes")
    queue(due.session, due.context)
    place.before[("create", "*")] = [ConnectionLost("lost")]
    assert deliver_due(due.session, due.context) is not None
    decisions.withdraw(due.session, goes, due.actor, due.store)
    queue(due.session, due.context)
    beside = dataclasses.replace(due.context, may_send=lambda: False)
    assert deliver_due(due.session, beside) is None
    assert place.posts == {}
    [row] = due.deliveries()
    assert (row.state, row.memory.urgent, row.lease) == ("due", True, "")
    assert row.due_at > due.clock()
    due.clock.forward(minutes=1)
    # What the other has created meanwhile is changed at once.
    place.posts[row.key] = {"texts": ["words", "goes"]}
    assert deliver_due(due.session, beside) is not None
    assert [post["texts"] for post in place.posts.values()] == [["words"]]
    assert due.states() == [("story", "sent")]


@pytest.mark.parametrize(("urgent", "state"), [(False, "due"), (True, "sent")])
def test_who_may_not_publish_any_more_stops_between_two_pieces(
    due: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch, *, urgent: bool, state: str
) -> None:
    """Whoever publishes now may be about to create the same post; what was taken back goes all the same."""
    asked: list[bool] = []
    real = FakeTarget.find

    def find(self: FakeTarget, key: str) -> Remote | None:
        """It takes twenty minutes, during which bytes move."""
        for _ in range(40):
            due.clock.forward(seconds=30)
            count_sent(1)
        return real(self, key)

    def may_go_on() -> bool:
        asked.append(True)
        return len(asked) < 3

    monkeypatch.setattr(FakeTarget, "find", find)
    [row] = due.deliveries()
    row.memory = dataclasses.replace(row.memory, urgent=urgent)
    due.session.commit()
    context = dataclasses.replace(due.context, may_go_on=may_go_on)
    assert deliver_due(due.session, context) is not None
    assert due.states() == [("story", state)]
    assert (place.count("create"), len(asked)) == ((1, 0) if urgent else (0, 3))


def test_a_clock_that_is_set_back_does_not_keep_a_pause_waiting(
    due: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_back(_key: str) -> None:
        due.clock.forward(hours=-2)
        pause_all(due.session, due.clock(), on=True)

    after_find(monkeypatch, set_back)
    assert deliver_due(due.session, due.context) is not None
    assert place.count("create") == 0
    assert due.states() == [("story", "due")]
