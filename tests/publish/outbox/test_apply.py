"""What is stored when a row was tried, and whose turn moves with it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from publish.errors import RetryAfter
from publish.outbox.runner import deliver_due, queue
from reporter.enums import DeliveryState
from reporter.models import Delivery
from tests.support.publish.fakes import FakePlace, FakeTarget, Kit

PUT = ("put_media", "*")


def change(kit: Kit, row: Delivery, **values: object) -> None:
    """As another process leaves a row."""
    with Session(kit.engine) as other:
        held = other.get_one(Delivery, row.id)
        for name, value in values.items():
            setattr(held, name, value)
        other.commit()


def due(kit: Kit, row: Delivery) -> datetime:
    kit.session.expire_all()
    return kit.session.get_one(Delivery, row.id).due_at


def test_who_asks_for_time_holds_what_waits_for_it_and_no_other_row(
    kit: Kit, place: FakePlace
) -> None:
    event = kit.event()
    for seed in range(6):
        kit.photo(event, seed)
    kit.target()
    queue(kit.session, kit.context)
    rows = kit.deliveries("media")
    now, later = kit.clock(), kit.clock() + timedelta(hours=2)
    soon = now + timedelta(minutes=5)
    waits, leaves, taken_down, patient, parked = rows[1:]
    change(kit, leaves, state=DeliveryState.WITHDRAWING.value)
    # Another worker is at it: should it be killed, its lease still has to run out.
    change(
        kit,
        taken_down,
        state=DeliveryState.WITHDRAWING.value,
        lease="elsewhere/7:1",
        due_at=soon,
    )
    change(kit, patient, attempts=1, due_at=later)
    change(kit, parked, state=DeliveryState.PARKED.value)
    place.before[PUT] = [RetryAfter("slowly", 3600)]
    place.before[("withdraw", "*")] = [RetryAfter("slowly", 3600)]
    assert deliver_due(kit.session, kit.context) is not None
    hold = now + timedelta(hours=1)
    assert [due(kit, row) for row in (waits, leaves, taken_down, patient)] == [
        hold,
        hold,
        soon,
        later,
    ]
    assert due(kit, parked) < hold


def test_a_story_waits_for_its_last_file_and_no_longer(kit: Kit, place: FakePlace) -> None:
    kit.photo(kit.event(), 1)
    kit.target()
    queue(kit.session, kit.context)
    [file], [story] = kit.deliveries("media"), kit.deliveries("story")
    minute, hour = (kit.clock() + timedelta(minutes=n) for n in (1, 60))
    change(kit, story, due_at=hour)
    place.before[PUT] = [RetryAfter("slowly", 60)]
    deliver_due(kit.session, kit.context)
    assert (due(kit, file), due(kit, story)) == (minute, hour), "the file is still to come"
    kit.clock.forward(seconds=61)
    deliver_due(kit.session, kit.context)
    assert due(kit, story) == kit.clock()


@pytest.mark.parametrize(
    "values",
    [
        {"error": "The place failed.", "attempts": 2},
        {"state": DeliveryState.WITHDRAWING.value},
        {"lease": "elsewhere/7:1"},
    ],
    ids=["failed", "leaves", "under work"],
)
def test_a_file_that_arrives_hurries_no_story_that_waits_for_something_else(
    kit: Kit, place: FakePlace, values: dict[str, object]
) -> None:
    kit.photo(kit.event(), 1)
    kit.target()
    queue(kit.session, kit.context)
    [story] = kit.deliveries("story")
    hour = kit.clock() + timedelta(hours=1)
    change(kit, story, due_at=hour, **values)
    deliver_due(kit.session, kit.context)
    assert kit.states()[0] == ("media", "sent")
    assert due(kit, story) == hour


def test_a_story_that_went_without_a_file_changes_when_the_file_arrives(
    kit: Kit, place: FakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTarget, "files_may_follow", True)
    kit.photo(kit.event(), 1, "Frost")
    kit.target()
    queue(kit.session, kit.context)
    [file], [story] = kit.deliveries("media"), kit.deliveries("story")
    hour = kit.clock() + timedelta(hours=1)
    change(kit, file, big=True, due_at=hour)
    deliver_due(kit.session, kit.context)
    assert kit.states() == [("media", "due"), ("story", "sent")]
    assert [post["files"] for post in place.posts.values()] == [[]]
    kit.clock.forward(hours=1)
    deliver_due(kit.session, kit.context)
    assert (kit.states()[1], due(kit, story)) == (("story", "changed"), kit.clock())
    deliver_due(kit.session, kit.context)
    assert [post["files"] for post in place.posts.values()] == [[file.key]]
