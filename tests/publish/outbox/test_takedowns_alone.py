"""Where nothing is published by itself, all of what is taken back goes all the same, and waits for nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from publish import targets
from publish.errors import RetryAfter
from publish.outbox.runner import deliver_due, queue
from publish.outbox.worker import deliver_row
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
        "withdraw_media",
        "find_media",
        "finish",
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
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    decisions.withdraw(kit.session, troubled, kit.actor, kit.store)
    for _ in range(5):
        publish(kit.session, kit.context)
        kit.clock.forward(seconds=2)
    # Its own file is shown by the story that does not answer.
    assert [row.state for row in kit.deliveries("media")] == ["withdrawn", "withdrawing"]
    assert place.face == ["Kitchen"]


def test_a_front_page_read_before_the_takedown_is_written_again(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes = kit.takeaway(kit.event("Garden"), "goes")
    changed = kit.takeaway(kit.event("Kitchen"), "first words")
    kit.target(kind="fakeface")
    publish(kit.session, kit.context)
    decisions.change(kit.session, changed, kit.actor, {"text": "other words"})
    queue(kit.session, kit.context)
    deliver_due(kit.session, kit.context)
    [front] = kit.deliveries("front_page")
    assert front.state == "changed"
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
