"""Open items and the next gathering are for everybody only where a public site tells them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.hub.published import PublishedGathering, _read_front_pages
from publish import targets
from reporter.enums import Audience, DeliveryState
from reporter.follow_up.action_items import begin_item, change_item
from reporter.follow_up.next_gathering import set_next
from tests.reporter.merge.test_takeaways import merge
from tests.support.publish.fakes import FakeFaceTarget, FakePlace, FakeTarget, Kit, open_kit
from tests.support.publish.rounds import publish


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> FakePlace:
    place = FakePlace()
    monkeypatch.setattr(FakeTarget, "place", place, raising=False)
    monkeypatch.setitem(targets.KINDS, "fake", FakeTarget)
    monkeypatch.setitem(targets.KINDS, "fakeface", FakeFaceTarget)
    return place


def read(kit: Kit) -> PublishedGathering:
    """As a visitor sees it a little later."""
    kit.clock.forward(seconds=1)
    part = PublishedGathering("Spring", [])
    _read_front_pages(kit.session, part, kit.clock())
    return part


def plan(kit: Kit, what: str) -> Any:
    kit.clock.forward(seconds=1)
    values = {"what": what, "who": "Ann", "who_agreed": "1"}
    item = begin_item(kit.session, kit.actor, "action", values)
    later = kit.clock() + timedelta(days=90)
    set_next(kit.session, kit.actor, title="Autumn", starts_at=later, place=f"Barn for {what}")
    return item


@pytest.mark.parametrize(
    ("kind", "audience"),
    [("fake", Audience.PUBLIC), ("fakeface", Audience.COMMUNITY), ("fakeface", Audience.ROOM)],
)
def test_without_a_public_site_no_item_is_for_everybody(
    kit: Kit, place: FakePlace, kind: str, audience: Audience
) -> None:
    kit.takeaway(kit.event("Garden"), "words")
    plan(kit, "Mend the roof")
    kit.target(kind=kind, audience=audience.value)
    publish(kit.session, kit.context)
    assert place.posts
    assert read(kit) == PublishedGathering("Spring", [])


def test_what_the_public_site_does_not_tell_yet_waits_for_its_next_update(
    kit: Kit, place: FakePlace
) -> None:
    kit.takeaway(kit.event("Garden"), "words")
    first = plan(kit, "Mend the roof")
    kit.target(kind="fakeface", audience=Audience.PUBLIC.value)
    assert (read(kit).items, read(kit).following) == ([], None)
    publish(kit.session, kit.context)
    found = read(kit)
    assert [(one.what, one.who) for one in found.items] == [("Mend the roof", "Ann")]
    assert found.following is not None
    assert found.following[2] == "Barn for Mend the roof"
    plan(kit, "Order seeds")
    found = read(kit)
    assert ([one.what for one in found.items], found.following) == (["Mend the roof"], None)
    # What is settled is missing at once.
    change_item(kit.session, first, kit.actor, {"state": "done"})
    assert read(kit).items == []
    site = kit.deliveries("front_page")[0]
    site.sent_at = kit.clock()
    kit.session.commit()
    found = read(kit)
    assert [one.what for one in found.items] == ["Order seeds"]
    assert found.following is not None
    assert found.following[2] == "Barn for Order seeds"


def test_a_hub_tells_what_the_laptop_has_published(
    kit: Kit, place: FakePlace, tmp_path: Path
) -> None:
    kit.takeaway(kit.event("Garden", guid="s1"), "words")
    plan(kit, "Mend the roof")
    kit.target(kind="fakeface", audience=Audience.PUBLIC.value)
    publish(kit.session, kit.context)
    with open_kit(tmp_path / "hub", seed=2) as hub:
        merge(hub, kit.settings.folder)
        found = read(hub)
        assert ([one.what for one in found.items], found.sites) == (
            ["Mend the roof"],
            ["https://fake.example/"],
        )
        plan(kit, "Order seeds")
        merge(hub, kit.settings.folder)
        assert [one.what for one in read(hub).items] == ["Mend the roof"]
        # What waits at the hub to be sent goes on waiting.
        [row] = hub.deliveries("front_page")
        row.state = DeliveryState.CHANGED.value
        hub.session.commit()
        site = kit.deliveries("front_page")[0]
        site.sent_at = kit.clock()
        kit.session.commit()
        assert merge(hub, kit.settings.folder).deliveries == 1
        assert [one.what for one in read(hub).items] == ["Mend the roof", "Order seeds"]
        [row] = hub.deliveries("front_page")
        assert row.state == DeliveryState.CHANGED
        assert merge(hub, kit.settings.folder).deliveries == 0
        assert merge(kit, hub.settings.folder).deliveries == 0
