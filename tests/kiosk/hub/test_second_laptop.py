"""A second laptop joins a gathering that a hub has: both bring what they have, and get what the other brought."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.errors import Forbidden
from reporter.hub.roles import Role
from reporter.models import EventSession, Takeaway
from reporter.moderation import decisions
from tests.kiosk.hub.test_way_back import census
from tests.kiosk.hub.test_whole_path import owner_of_pushed, pair, pushed
from tests.support.browsers.pages import send
from tests.support.hub import HubKit, csrf, wire
from tests.support.kiosk_process import TurnableClock
from tests.support.media import files
from tests.support.second_laptop import second_laptop

pytestmark = pytest.mark.sqlite("a laptop pushes the database of its folder")


@pytest.fixture
def second(tmp_path: Path, clock: TurnableClock) -> Iterator[Flask]:
    """Another laptop, with a gathering that it calls its own."""
    with second_laptop(tmp_path / "there", "Spring, room 2", clock) as app:
        yield app


@pytest.fixture
def owner(app: Flask, hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Whoever owns the organization to which the first laptop has brought its evening."""
    wire(hub, monkeypatch)
    return owner_of_pushed(app, hub)


def code_for(owner: FlaskClient, title: str) -> str:
    """A code of a gathering, as its page shows it."""
    number = owner.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]
    page = owner.get(f"/hub/o/{number}").text
    [gathering] = re.findall(rf'<option value="([0-9a-f-]+)" dir="auto">{title}<', page)
    form = {"csrf_token": csrf(page), "gathering": gathering}
    shown = owner.post(f"/hub/o/{number}/code", data=form).text
    return re.findall(r"reporter pair \S+ (\w{4}-\w{4})", shown)[0]


def note(app: Flask, text: str) -> str:
    """A photo with words from a phone at this laptop; its receipt."""
    with app.app_context():
        code = db.session.scalars(select(EventSession.code)).first()
        db.session.remove()
    receipt: str = send(
        app.test_client(), code or "", files.jpeg(640, 480), text=text, consent="agreed"
    )["receipt"]
    return receipt


def test_both_get_what_either_has(
    app: Flask, second: Flask, hub: HubKit, owner: FlaskClient
) -> None:
    pair(second, code_for(owner, "Spring gathering"))
    theirs = note(second, "Beans climb")
    assert pushed(second)["takeaways"] == 1
    pushed(app)
    takeaways = census(app)
    assert takeaways == census(second)
    assert takeaways[theirs][1] == "Beans climb"
    for laptop in (app, second):
        assert len(list((laptop.extensions["kiosk"].store.media).rglob("*.jpg"))) == 3
    # One gathering at the hub, and each takeaway says which laptop took it in.
    assert owner.get("/hub/").text.count('href="/g/') == 1
    with app.app_context():
        kiosks = db.session.scalars(select(Takeaway.kiosk).where(Takeaway.receipt == theirs)).all()
        db.session.remove()
    assert kiosks == ["Room 2"]


def test_taken_back_at_one_is_gone_at_the_other(
    app: Flask, second: Flask, hub: HubKit, owner: FlaskClient
) -> None:
    pair(second, code_for(owner, "Spring gathering"))
    theirs = note(second, "Beans climb")
    pushed(second)
    pushed(app)
    hub.clock.turn(minutes=1)
    with app.app_context():
        kiosk = current_kiosk()
        row = decisions.by_receipt(db.session(), theirs)
        decisions.withdraw(db.session(), row, kiosk.actor("desk"), kiosk.store)
        db.session.remove()
    pushed(app)
    pushed(second)
    assert census(second)[theirs][:2] == ("withdrawn", "")
    assert census(app) == census(second)


def test_a_code_opens_its_own_organizations_gatherings_only(
    hub: HubKit, owner: FlaskClient
) -> None:
    hub.organization("Wolves")
    stranger = hub.member("Wolves", "eve@example.org")
    theirs = stranger.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]
    ours = re.findall(r"/g/([0-9a-f]{32})/", owner.get("/hub/").text)[0]
    form = {"csrf_token": csrf(stranger.get(f"/hub/o/{theirs}").text), "gathering": ours}
    assert stranger.post(f"/hub/o/{theirs}/code", data=form).status_code == 404
    form["gathering"] = str(uuid.uuid4())
    assert stranger.post(f"/hub/o/{theirs}/code", data=form).status_code == 404


def test_a_laptop_that_was_lost_is_let_in_no_more(
    app: Flask, second: Flask, hub: HubKit, owner: FlaskClient
) -> None:
    pair(second, code_for(owner, "Spring gathering"))
    pushed(second)
    number = owner.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]
    page = owner.get(f"/hub/o/{number}").text
    [forget] = re.findall(r'action="([^"]+/forget)"(?:(?!action=).)*?Unpair: Room 2', page)
    assert page.count("/forget") == 2

    hub.organization("Wolves")
    wolf = hub.member("Wolves", "eve@example.org")
    own = wolf.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]
    reviewer = hub.member("Gardens", "rob@example.org", Role.REVIEWER)
    tries = (
        (wolf, forget, 404),
        (wolf, forget.replace(number, own), 404),
        (reviewer, forget, 403),
        (owner, forget, 303),
        (owner, forget, 404),
    )
    for browser, path, status in tries:
        form = {"csrf_token": csrf(browser.get("/hub/").text)}
        assert browser.post(path, data=form).status_code == status
    with pytest.raises(Forbidden):
        pushed(second)
    pushed(app)
    assert owner.get("/hub/").text.count('href="/g/') == 1
