"""The ledger: what a comparison makes due, leaves alone, or sends on its way out."""

from __future__ import annotations

from dataclasses import astuple
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from publish import targets
from publish.errors import Offline
from publish.outbox.items import answer as answers
from publish.outbox.ledger import Counts, chosen_targets
from publish.outbox.policy import wanting
from publish.outbox.runner import deliver_due, queue
from publish.posts.model import Remote
from publish.targets.base import Answer
from publish.targets.capabilities import AnswersReplies
from reporter import models
from reporter.clock import new_id
from reporter.enums import DeliveryState
from reporter.errors import NotFound
from reporter.models.conversation import Reply
from reporter.moderation import decisions
from tests.support.publish.fakes import FakePlace, FakeTarget, Kit


class Forum(AnswersReplies, FakeTarget):
    """A fake under whose posts one can answer."""

    kind = "fake"
    said: ClassVar[dict[str, str]] = {}

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        return Remote(answer.key, "https://fake.example/a") if answer.key in self.said else None

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        self.said[answer.key] = answer.text
        return Remote(answer.key, "https://fake.example/a")

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        self.said.pop(remote.id, None)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> FakePlace:
    place = FakePlace()
    monkeypatch.setattr(FakeTarget, "place", place, raising=False)
    monkeypatch.setattr(Forum, "said", {})
    monkeypatch.setitem(targets.KINDS, "fake", Forum)
    return place


def turn(kit: Kit, *names: str) -> tuple[int, int, int, int]:
    """Due, withdrawing, unchanged and held, as a comparison counts them."""
    due, withdrawing, unchanged, held = astuple(queue(kit.session, kit.context, names=names))
    return due, withdrawing, unchanged, held


def deliver(kit: Kit) -> None:
    while deliver_due(kit.session, kit.context) is not None:
        pass


def test_what_a_turn_counts(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    note, photo = kit.takeaway(event, "stays"), kit.photo(event, 1, "goes")
    kit.target()
    assert turn(kit) == (2, 0, 0, 0)
    assert turn(kit) == (0, 0, 2, 0)
    deliver(kit)
    decisions.change(kit.session, note, kit.actor, {"caption": "other words"})
    assert turn(kit) == (1, 0, 1, 0)
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    assert turn(kit) == (1, 1, 0, 0)
    assert turn(kit) == (0, 0, 1, 0), "what is on its way out is not counted again"
    both = Counts(1, 2, 3, 4).plus(Counts(10, 20, 30, 40))
    assert (both, both.work) == (Counts(11, 22, 33, 44), 33)


def test_a_row_under_work_is_looked_at_again_later(kit: Kit, place: FakePlace) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    [row] = kit.deliveries()
    # As a claim leaves it.
    row.state, row.lease, row.attempts = DeliveryState.SENDING.value, "another process", 1
    row.due_at = kit.clock() + timedelta(minutes=5)
    kit.session.commit()
    decisions.change(kit.session, note, kit.actor, {"caption": "other words"})
    assert turn(kit) == (0, 0, 1, 1)
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    assert turn(kit) == (0, 0, 0, 1)
    assert kit.deliveries()[0].state == "sending"
    kit.clock.forward(minutes=5)
    assert turn(kit) == (0, 1, 0, 0)
    assert (kit.deliveries()[0].state, kit.deliveries()[0].lease) == ("withdrawing", "")


def test_names_choose_among_the_targets(kit: Kit, place: FakePlace) -> None:
    kit.takeaway(kit.event(), "words")
    kit.target("first")
    second = kit.target("second")
    assert turn(kit, "second") == (1, 0, 0, 0)
    assert [row.target_id for row in kit.deliveries()] == [second.id]
    with pytest.raises(NotFound, match="no target called other"):
        queue(kit.session, kit.context, names=["second", "other"])


def test_targets_come_in_the_order_they_were_added_and_else_by_name(kit: Kit) -> None:
    for name in ("c", "b"):
        kit.target(name)
    kit.clock.forward(seconds=1)
    kit.target("a")
    assert [target.name for target in chosen_targets(kit.session)] == ["b", "c", "a"]


def test_a_takedown_publishes_nothing_new(kit: Kit, place: FakePlace) -> None:
    known, event = kit.takeaway(kit.event(), "was sent"), kit.event("Another")
    kit.target()
    queue(kit.session, kit.context)
    kit.takeaway(event, "not yet")
    decisions.withdraw(kit.session, known, kit.actor, kit.store)
    assert queue(kit.session, kit.context, only_known=True).due == 0
    assert len(kit.deliveries()) == 1
    assert turn(kit)[0] == 1


def test_a_row_that_another_worker_takes_while_it_is_compared_is_left_to_it(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    deliver(kit)
    decisions.hide(kit.session, note, kit.actor)
    queue(kit.session, kit.context)
    decisions.approve(kit.session, note, kit.actor)
    differs, soon = wanting.differs, kit.clock() + timedelta(minutes=5)

    def differs_slowly(*args: Any) -> bool:
        with Session(kit.engine) as other:
            [row] = other.scalars(select(models.Delivery))
            row.lease, row.due_at = "elsewhere/7:1", soon
            other.commit()
        return differs(*args)

    monkeypatch.setattr(wanting, "differs", differs_slowly)
    queue(kit.session, kit.context)
    [row] = kit.deliveries()
    assert (row.state, row.lease, row.due_at) == ("withdrawing", "elsewhere/7:1", soon)


def asked_below(kit: Kit, story: models.Delivery) -> Reply:
    """Somebody's reply to a post."""
    now = kit.clock()
    asked = Reply(
        id=new_id(now, kit.rng),
        target_id=story.target_id,
        story_id=story.item_id,
        remote_id="7",
        text="Who brings the seeds?",
        written_at=now,
        received_at=now,
        changed_at=now,
    )
    kit.session.add(asked)
    kit.session.commit()
    return asked


def answered(kit: Kit, story: models.Delivery) -> Reply:
    """Our answer to it, not sent yet."""
    asked = asked_below(kit, story)
    return answers.answer(kit.session, asked, "Ada does", kit.actor, facts=kit.facts, rng=kit.rng)


@pytest.mark.parametrize("order", ["answer-first", "post-first"])
def test_with_a_post_our_answers_go(kit: Kit, place: FakePlace, order: str) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    deliver(kit)
    [story] = kit.deliveries("story")
    answered(kit, story)
    deliver(kit)
    assert list(Forum.said.values()) == ["Ada does"]
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    queue(kit.session, kit.context)
    if order == "post-first":
        # Another kiosk has taken the post down already.
        place.posts.clear()
        [row] = kit.deliveries("story")
        row.state, row.remote_id, row.sent = DeliveryState.WITHDRAWN.value, "", ""
        kit.session.commit()
    place.calls.clear()
    deliver(kit)
    assert (Forum.said, place.posts) == ({}, {})
    assert kit.states() == [("answer", "withdrawn"), ("story", "withdrawn")]


def test_an_answer_that_may_have_arrived_is_looked_for_below_its_post(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    deliver(kit)
    [story] = kit.deliveries("story")
    answered(kit, story)
    put = Forum.put_answer

    def lose(self: Forum, post: Remote, answer: Answer) -> Remote:
        put(self, post, answer)
        raise Offline("no network")

    monkeypatch.setattr(Forum, "put_answer", lose)
    deliver(kit)
    assert list(Forum.said.values()) == ["Ada does"]
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    for _ in range(3):
        kit.clock.forward(minutes=1)
        queue(kit.session, kit.context)
        deliver(kit)
    assert (Forum.said, place.posts) == ({}, {})


def test_an_answer_stands_until_it_is_taken_back(kit: Kit, place: FakePlace) -> None:
    kit.takeaway(kit.event(), "words")
    kit.target()
    queue(kit.session, kit.context)
    deliver(kit)
    [story] = kit.deliveries("story")
    ours = answered(kit, story)
    assert turn(kit) == (0, 0, 1, 0)
    deliver(kit)
    assert list(Forum.said.values()) == ["Ada does"]
    assert turn(kit) == (0, 0, 1, 0)
    answers.take_back_answer(kit.session, ours, kit.actor)
    assert turn(kit) == (0, 1, 1, 0)
    deliver(kit)
    assert Forum.said == {}
    assert kit.deliveries("answer")[0].state == "withdrawn"
    assert turn(kit) == (0, 0, 1, 0)
    assert kit.session.get_one(models.Delivery, story.id).state == "sent"
