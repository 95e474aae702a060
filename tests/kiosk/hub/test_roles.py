"""What members may do once their role has changed, with another organization's ids, or from another site's page."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kiosk.runtime.database import db
from reporter.hub.roles import Role, may_use
from reporter.models import Media, Takeaway
from tests.kiosk.hub.test_strangers import answers, routes
from tests.kiosk.hub.test_whole_path import owner_of_pushed, pair, pushed
from tests.support.hub import HubKit, csrf, gathering_of, wire
from tests.support.kiosk_process import TurnableClock
from tests.support.second_laptop import second_laptop

pytestmark = pytest.mark.sqlite("a laptop pushes the database of its folder")


@pytest.fixture(autouse=True)
def requests(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What the kiosk asks of the hub."""
    return wire(hub, monkeypatch)


@pytest.fixture
def owner(app: Flask, hub: HubKit) -> FlaskClient:
    return owner_of_pushed(app, hub)


def organization_page(browser: FlaskClient) -> str:
    return "/hub/o/" + browser.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]


def set_role(owner: FlaskClient, email: str, role: str) -> None:
    """'' removes the member."""
    page = owner.get(organization_page(owner)).text
    row = page[page.index(email) :]
    found = re.search(r'action="([^"]+/member/[^"]+)"', row)
    assert found is not None
    answer = owner.post(found[1], data={"csrf_token": csrf(page), "role": role})
    assert answer.status_code == 303, answer.text


def part_of(hub: HubKit, method: str, path: str) -> str | None:
    """The part of the desk that a page belongs to; None for what is no desk's."""
    endpoint, _values = hub.app.url_map.bind("hub").match(path, method=method)
    names = str(endpoint).split(".")
    return (names[1] if len(names) > 2 else "") if names[0] == "desk" else None


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.FACILITATOR])
def test_a_role_is_refused_at_every_page_and_form_of_other_parts(
    hub: HubKit, owner: FlaskClient, role: Role
) -> None:
    base = gathering_of(owner)
    browser = hub.member("Gardens", "bob@example.org", role)
    token = {"X-CSRFToken": csrf(browser.get("/hub/").text)}
    shut = {
        (method, path): browser.open(base + path, method=method, headers=token).status_code
        for method, path in routes(hub)
        if (part := part_of(hub, method, path)) is not None and not may_use(role, part)
    }
    assert len(shut) > 50
    assert {route: status for route, status in shut.items() if status not in (403, 404)} == {}


def test_a_member_who_was_removed_or_lost_a_role_is_refused_at_once(
    hub: HubKit, owner: FlaskClient
) -> None:
    base = gathering_of(owner)
    bob = hub.member("Gardens", "bob@example.org", Role.ORGANIZER)
    assert bob.get(f"{base}/desk/publish").status_code == 200
    set_role(owner, "bob@example.org", "reviewer")
    assert bob.get(f"{base}/desk/publish").status_code == 403
    assert bob.get(f"{base}/desk/review").status_code == 200
    set_role(owner, "bob@example.org", "")
    statuses = answers(bob, hub, base)
    assert {route: status for route, status in statuses.items() if status != 404} == {}
    assert "Spring gathering" not in bob.get("/hub/").text


def test_another_organizations_ids_open_nothing_within_ones_own_gathering(
    app: Flask, hub: HubKit, owner: FlaskClient, clock: TurnableClock, tmp_path: Path
) -> None:
    with app.app_context():
        receipts = list(db.session.scalars(select(Takeaway.receipt)))
        ids = list(db.session.scalars(select(Takeaway.id)))
        hashes = list(db.session.scalars(select(Media.sha256)))
        db.session.remove()
    base = gathering_of(owner)
    with second_laptop(tmp_path / "den", "Den of wolves", clock) as den:
        pair(den, hub.organization("Wolves"))
        pushed(den)
    wolf = hub.member("Wolves", "eve@example.org")
    own = gathering_of(wolf)
    assert own != base
    paths = [f"/t/{one}" for one in receipts] + [f"/talk/{one}" for one in ids]
    for sha256 in hashes:
        paths += [f"/m/{sha256}/{name}" for name in ("original", "thumb", "view")]
        paths += [f"/desk/edit/{one}/{sha256}" for one in receipts]
        paths += [f"/desk/captions/{one}/{sha256}" for one in receipts]
    assert {path: wolf.get(own + path).status_code for path in paths} == dict.fromkeys(paths, 404)
    found = wolf.get(f"{own}/search?q=leeks&state=new").text
    assert "Leeks stand" not in found


def test_no_form_of_another_site_or_without_a_token_changes_anything(
    hub: HubKit, owner: FlaskClient
) -> None:
    base = gathering_of(owner)
    token = csrf(owner.get("/hub/").text)
    paths = [base + path for method, path in routes(hub) if method == "POST"]
    page = organization_page(owner)
    paths += [
        f"{page}/invitation",
        f"{page}/code",
        f"{page}/public",
        f"{page}/member/{uuid.uuid4()}",
        "/hub/account/password",
        "/hub/account/password/remove",
        "/hub/sign-out",
    ]
    foreign = {"Origin": "https://evil.example"}
    statuses = {
        path: owner.post(path, data={"csrf_token": token}, headers=foreign).status_code
        for path in paths
    }
    wrong = {path: status for path, status in statuses.items() if status not in (403, 404)}
    assert wrong == {}
    without = {path: owner.post(path).status_code for path in paths}
    assert {path: status for path, status in without.items() if status < 400} == {}


def test_nothing_that_a_member_is_shown_is_kept_for_others(hub: HubKit, owner: FlaskClient) -> None:
    """A proxy between may keep whatever does not say otherwise: that a cookie came with the request is no obstacle."""
    base = gathering_of(owner)
    paths = ["/hub/", organization_page(owner), "/hub/account", "/hub/sign-in"]
    paths += [base + path for method, path in routes(hub) if method == "GET"]
    paths += [f"{base}/s/{'0' * 8}/qr.svg", f"{base}/icon-192.png"]
    kept = {}
    for path in paths:
        answer = owner.get(path, buffered=True)
        control = answer.cache_control
        if not (control.private or control.no_store):
            kept[path] = answer.status_code
    assert len(paths) > 70
    assert kept == {}
