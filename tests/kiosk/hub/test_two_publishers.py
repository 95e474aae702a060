"""A laptop and a hub that publish the same gathering: one at a time, and what one has sent the other does not send."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from kiosk.peers import publisher_lease, push
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import add_target, publish_all
from reporter.hub.publisher_lease import LENGTH
from reporter.models import Delivery
from tests.kiosk.hub.test_whole_path import fill, owner_of_pushed, pair, pushed, work
from tests.support.hub import THERE, HubKit, csrf, gathering_of, wire
from tests.support.kiosk_process import TurnableClock

pytestmark = pytest.mark.sqlite("a laptop pushes the database of its folder")


@pytest.fixture(autouse=True)
def requests(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What the kiosk asks of the hub."""
    return wire(hub, monkeypatch)


@pytest.fixture
def base(app: Flask, hub: HubKit) -> str:
    """A gathering that a laptop and its hub both have, with the same folder to publish to; its path at the hub."""
    owner = owner_of_pushed(app, hub)
    found = gathering_of(owner)
    form = f"{found}/desk/publish/places/add/folder"
    site = site_of(hub, found)
    fields = {"name": "pages", "url": site.as_uri(), "csrf_token": csrf(owner.get(form).text)}
    assert owner.post(form, data=fields).status_code == 303
    page = owner.get(f"{found}/desk/publish").text
    owner.post(f"{found}/desk/publish/now", data={"csrf_token": csrf(page)})
    with app.app_context():
        add_target(current_kiosk(), "folder", "pages", {"url": site.as_uri()}, ask=lambda _: "")
        db.session.remove()
    return found


def site_of(hub: HubKit, base: str) -> Path:
    return hub.folder / "sites" / base[3:] / "pages"


def at_laptop(app: Flask) -> list[str]:
    """Publish at the laptop; the states of its ledger."""
    with app.app_context():
        kiosk = current_kiosk()
        kiosk.parts.clear()
        publish_all(kiosk)
        states = list(db.session.scalars(select(Delivery.state)))
        db.session.remove()
    return states


def test_only_one_publishes_at_a_time(app: Flask, hub: HubKit, base: str) -> None:
    site = site_of(hub, base)
    with app.app_context():
        assert publisher_lease.may_send(current_kiosk())
        db.session.remove()
    work(hub)
    assert not list(site.rglob("*.html"))
    with app.app_context():
        publisher_lease.release(current_kiosk())
        db.session.remove()
    work(hub)
    assert list(site.rglob("*.html"))


def test_a_file_that_takes_longer_than_the_lease_keeps_it(
    app: Flask, hub: HubKit, base: str, clock: TurnableClock
) -> None:
    with app.app_context():
        kiosk = current_kiosk()
        assert publisher_lease.may_send(kiosk)
        for _ in range(5):
            for one in (clock, hub.clock):
                one.turn(seconds=LENGTH.total_seconds() / 2)
            assert publisher_lease.may_go_on(kiosk)
        db.session.remove()
    work(hub)
    assert not list(site_of(hub, base).rglob("*.html"))


def test_a_laptop_keeps_its_lease_while_one_of_its_processes_may_be_sending(
    app: Flask, hub: HubKit, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_of(hub, base)
    for step, process in (("take", "a"), ("take", "b"), ("release", "a")):
        monkeypatch.setattr(publisher_lease, "_PROCESS", {"X-Process": process})
        with app.app_context():
            current_kiosk().parts.pop("publisher lease held", None)
            assert publisher_lease.may_send(current_kiosk())
            if step == "release":
                publisher_lease.release(current_kiosk())
            db.session.remove()
    work(hub)
    assert not list(site.rglob("*.html"))
    monkeypatch.setattr(publisher_lease, "_PROCESS", {"X-Process": "b"})
    with app.app_context():
        assert publisher_lease.may_send(current_kiosk())
        publisher_lease.release(current_kiosk())
        db.session.remove()
    work(hub)
    assert list(site.rglob("*.html"))


def test_a_laptop_waits_for_whoever_publishes(app: Flask, hub: HubKit, base: str) -> None:
    hold(hub, "hub")
    assert "sent" not in at_laptop(app)
    hub.clock.turn(seconds=LENGTH.total_seconds() + 1)
    assert "sent" in at_laptop(app)


def hold(hub: HubKit, who: str) -> None:
    """Give somebody the publisher lease."""
    from reporter.database.row_security import TenantScope, working_for
    from reporter.hub.models import HubGathering

    with hub.owner() as session, working_for(TenantScope(migrating=True)):
        row = session.scalars(select(HubGathering)).one()
        row.publisher, row.publisher_until = who, hub.clock() + LENGTH
        session.commit()


def test_what_the_laptop_has_sent_the_hub_does_not_send_again(
    app: Flask, hub: HubKit, base: str
) -> None:
    assert "sent" in at_laptop(app)
    with app.app_context():
        publisher_lease.release(current_kiosk())
        db.session.remove()
    site = site_of(hub, base)
    before = {path.relative_to(site) for path in site.rglob("*.html")}
    pushed(app)
    hub.clock.turn(hours=1)
    work(hub)
    stories = {path for path in before if path.parent != Path()}
    after = {path.relative_to(site) for path in site.rglob("*.html")}
    assert after == before, stories


def test_a_push_comes_by_itself_when_something_is_new(
    app: Flask, hub: HubKit, requests: list[httpx.Request]
) -> None:
    fill(app)
    pair(app, hub.organization("Gardens"))
    assert turn(app) == 1
    requests.clear()
    hub.clock.turn(minutes=2)
    assert (turn(app), requests) == (0, [])
    # After a while it asks whether something is new there, and that is all that travels.
    hub.clock.turn(minutes=2)
    turn(app)
    assert [request.url.path for request in requests] == ["/hub/push/mark"]
    page = app.test_client().get("/desk/laptops").text
    assert "Gardens" in page
    assert THERE in page


def turn(app: Flask) -> int:
    with app.app_context():
        done = push.push_next(current_kiosk())
        db.session.remove()
    return done
