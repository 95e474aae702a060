"""Where nothing is published by itself, all of what is taken back goes all the same, and waits for nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from publish import targets
from publish.errors import RetryAfter
from publish.outbox import apply, worker
from publish.outbox.items import front_page
from publish.outbox.runner import deliver_due, queue
from publish.outbox.worker import deliver_row
from reporter.models import Delivery, Takeaway
from reporter.moderation import decisions
from tests.support.publish.fakes import FakeFaceTarget, FakePlace, FakeTarget, Kit
from tests.support.publish.rounds import publish


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> FakePlace:
    place = FakePlace()
    monkeypatch.setattr(FakeTarget, "place", place, raising=False)
    monkeypatch.setitem(targets.KINDS, "fakeface", FakeFaceTarget)
    return place


def take_down(kit: Kit) -> None:
    """As the worker does where publishing is not automatic."""
    queue(kit.session, kit.context, only_known=True)
    for _ in range(3):
        while deliver_due(kit.session, kit.context, takedowns=True) is not None:
            pass
        kit.clock.forward(seconds=2)


def test_the_file_and_the_front_page_go_and_another_change_stays(
    kit: Kit, place: FakePlace
) -> None:
    garden, kitchen = kit.event("Garden"), kit.event("Kitchen")
    goes = kit.photo(garden, 1, "goes")
    kit.takeaway(garden, "stays")
    changed = kit.photo(kitchen, 2, "first words")
    kit.target(kind="fakeface")
    publish(kit.session, kit.context)
    decisions.change(kit.session, changed, kit.actor, {"text": "other words"})
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    place.calls.clear()
    take_down(kit)
    assert sorted(post["texts"] for post in place.posts.values()) == [["first words"], ["stays"]]
    assert len(place.files) == 1
    assert [call for call, _ in place.calls] == [
        "update",
        "finish",
        "withdraw_media",
        "find_media",
    ]
    assert (place.face, sorted(kit.states())) == (
        ["Garden", "Kitchen"],
        [
            ("front_page", "sent"),
            ("media", "changed"),
            ("media", "withdrawn"),
            ("story", "changed"),
            ("story", "sent"),
        ],
    )
    # What the front page was is forgotten once it went: the next change waits for a person again.
    assert [row.memory.urgent for row in kit.deliveries("front_page")] == [False]


def test_a_story_that_goes_leaves_the_front_page_too(kit: Kit, place: FakePlace) -> None:
    goes = kit.takeaway(kit.event("Garden"), "goes")
    changed = kit.takeaway(kit.event("Kitchen"), "first words")
    kit.target(kind="fakeface")
    publish(kit.session, kit.context)
    decisions.change(kit.session, changed, kit.actor, {"text": "other words"})
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    take_down(kit)
    assert place.face == ["Kitchen"]


def test_a_place_that_mails_what_is_new_mails_nothing_for_a_takedown(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeFaceTarget, "announces", True)
    goes = kit.takeaway(kit.event("Garden"), "goes")
    kit.target(kind="fakeface")
    publish(kit.session, kit.context)
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    place.calls.clear()
    take_down(kit)
    assert [call for call, _ in place.calls] == ["withdraw", "find"]


def test_a_change_alone_waits_for_a_person_with_its_front_page(kit: Kit, place: FakePlace) -> None:
    changed = kit.takeaway(kit.event("Kitchen"), "first words")
    kit.target(kind="fakeface")
    publish(kit.session, kit.context)
    decisions.change(kit.session, changed, kit.actor, {"text": "other words"})
    place.calls.clear()
    take_down(kit)
    assert place.calls == []


def test_a_story_in_difficulty_holds_back_no_takedown_of_another(
    kit: Kit, place: FakePlace
) -> None:
    goes = kit.photo(kit.event("Garden"), 1, "goes")
    troubled = kit.photo(kit.event("Kitchen"), 2, "gone, too")
    kit.takeaway(troubled.session, "stays")
    kit.target(kind="fakeface")
    publish(kit.session, kit.context)
    [kitchen] = [row for row in kit.deliveries("story") if row.memory.title == "Kitchen"]
    place.before[("update", kitchen.key)] = [RetryAfter("busy")] * 9
    of_whom = {row.key: row.memory.takeaway for row in kit.deliveries("media")}
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    decisions.withdraw(kit.session, troubled, kit.actor, kit.store)
    for _ in range(5):
        publish(kit.session, kit.context)
        kit.clock.forward(seconds=2)
    # Its own file is shown by the story that does not answer.
    states = {of_whom[row.key]: row.state for row in kit.deliveries("media")}
    assert states == {goes.id: "withdrawn", troubled.id: "withdrawing"}
    assert place.face == ["Kitchen"]


def front_page_due(kit: Kit) -> tuple[Takeaway, Delivery]:
    """The first of two stories' takeaways, and their front page, which is due because the second story has changed."""
    goes = kit.takeaway(kit.event("Garden"), "goes")
    changed = kit.takeaway(kit.event("Kitchen"), "first words")
    kit.target(kind="fakeface")
    publish(kit.session, kit.context)
    decisions.change(kit.session, changed, kit.actor, {"text": "other words"})
    queue(kit.session, kit.context)
    deliver_due(kit.session, kit.context)
    [front] = kit.deliveries("front_page")
    assert front.state == "changed"
    return goes, front


def test_a_front_page_read_before_the_takedown_is_written_again(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes, front = front_page_due(kit)
    written = FakeFaceTarget.update_front_page

    def slowly(self: FakeFaceTarget, *parts: Any) -> Any:
        monkeypatch.setattr(FakeFaceTarget, "update_front_page", written)
        decisions.withdraw(kit.session, goes, kit.actor, kit.store)
        queue(kit.session, kit.context)
        [story] = [row for row in kit.deliveries("story") if row.memory.title == "Garden"]
        assert deliver_row(kit.session, kit.context, story.id) is not None
        return written(self, *parts)

    monkeypatch.setattr(FakeFaceTarget, "update_front_page", slowly)
    deliver_row(kit.session, kit.context, front.id)
    assert place.face == ["Garden", "Kitchen"]
    publish(kit.session, kit.context)
    assert place.face == ["Kitchen"]


def written_anew(kit: Kit) -> tuple[uuid.UUID, Callable[[], None]]:
    """A front page that is due, and what takes one of its two stories back in another process."""
    taken_back, front = front_page_due(kit)
    goes = taken_back.id
    number = front.id

    def take_back() -> None:
        with Session(kit.engine) as other:
            decisions.withdraw(other, other.get_one(Takeaway, goes), kit.actor, kit.store)
            queue(other, kit.context)
            rows = other.scalars(select(Delivery).where(Delivery.item_kind == "story"))
            [story] = [row.id for row in rows if row.memory.title == "Garden"]
            assert deliver_row(other, kit.context, story) is not None
            assert deliver_row(other, kit.context, number) is None

    return number, take_back


def front_page_now(kit: Kit, place: FakePlace) -> tuple[list[str], str, bool]:
    [row] = kit.deliveries("front_page")
    return place.face, row.state, row.memory.urgent


@pytest.mark.parametrize(
    ("module", "step"),
    [(worker, "remember"), (worker, "execute"), (worker, "decide"), (apply, "_note_target")],
)
def test_a_takedown_at_any_step_of_the_front_pages_writer_is_written_after_it(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    front, take_back = written_anew(kit)
    rest = getattr(module, step)

    def others_first(*parts: Any, **named: Any) -> Any:
        monkeypatch.setattr(module, step, rest)
        take_back()
        return rest(*parts, **named)

    monkeypatch.setattr(module, step, others_first)
    assert deliver_row(kit.session, kit.context, front) is not None
    assert front_page_now(kit, place) == (["Garden", "Kitchen"], "changed", True)
    take_down(kit)
    assert front_page_now(kit, place) == (["Kitchen"], "sent", False)
    assert queue(kit.session, kit.context).work == 0


@pytest.mark.parametrize("dies", [True, False])
def test_a_takedown_at_the_front_page_outlives_a_try_that_failed(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    front, take_back = written_anew(kit)
    prepare, execute = front_page.prepare, worker.execute

    def others_first(*parts: Any) -> Any:
        monkeypatch.setattr(front_page, "prepare", prepare)
        take_back()
        monkeypatch.setattr(worker, "execute", fails)
        return prepare(*parts)

    def fails(*_parts: Any) -> Any:
        monkeypatch.setattr(worker, "execute", execute)
        raise KeyboardInterrupt if dies else RetryAfter("busy")

    monkeypatch.setattr(front_page, "prepare", others_first)
    with pytest.raises(KeyboardInterrupt) if dies else nullcontext():
        deliver_row(kit.session, kit.context, front)
    kit.session.rollback()
    assert front_page_now(kit, place)[2]
    kit.clock.forward(seconds=301)
    take_down(kit)
    assert front_page_now(kit, place) == (["Kitchen"], "sent", False)


def test_a_story_posted_while_the_front_page_is_written_gets_there(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit.takeaway(kit.event("Garden"), "words")
    kit.target(kind="fakeface")
    written = FakeFaceTarget.update_front_page

    def slowly(self: FakeFaceTarget, *parts: Any) -> Any:
        monkeypatch.setattr(FakeFaceTarget, "update_front_page", written)
        kit.takeaway(kit.event("Kitchen"), "more words")
        with Session(kit.engine) as other:
            queue(other, kit.context)
            assert deliver_due(other, kit.context) is not None
        return written(self, *parts)

    monkeypatch.setattr(FakeFaceTarget, "update_front_page", slowly)
    publish(kit.session, kit.context)
    assert place.face == ["Garden", "Kitchen"]
