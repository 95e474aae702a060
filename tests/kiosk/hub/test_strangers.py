"""Who is no member, or a member of another organization, tries every route; and what each role may open."""

from __future__ import annotations

import re
import uuid
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from reporter.hub.roles import Role
from tests.kiosk.hub.test_whole_path import owner_of_pushed
from tests.support.hub import PASSWORD, HubKit, csrf, gathering_of, wire

VALUES = {
    "uuid": str(uuid.UUID(int=7)),
    "int": "1",
    "path": "index.html",
    "default": "0" * 64,
}

pytestmark = pytest.mark.sqlite("a laptop pushes the database of its folder")


@pytest.fixture(autouse=True)
def requests(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What the kiosk asks of the hub."""
    return wire(hub, monkeypatch)


@pytest.fixture
def base(app: Flask, hub: HubKit) -> str:
    """The path of a gathering of the organization Gardens."""
    return gathering_of(owner_of_pushed(app, hub))


def routes(hub: HubKit) -> list[tuple[str, str]]:
    """(method, path) of every page of a gathering."""
    found = []
    for rule in hub.app.url_map.iter_rules():
        if rule.endpoint.startswith("hub") or rule.endpoint == "static":
            continue
        values = {
            name: VALUES.get(type(rule._converters[name]).__name__.lower()[:4], VALUES["default"])
            for name in rule.arguments
        }
        path = hub.app.url_map.bind("hub").build(rule.endpoint, values, method=None)
        found += [
            (method, path) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]
    return found


def answers(browser: FlaskClient, hub: HubKit, base: str) -> dict[tuple[str, str], int]:
    return {
        (method, path): browser.open(base + path, method=method).status_code
        for method, path in routes(hub)
    }


def test_a_member_of_another_organization_is_refused_everywhere(hub: HubKit, base: str) -> None:
    hub.organization("Wolves")
    stranger = hub.member("Wolves", "eve@example.org")
    statuses = answers(stranger, hub, base)
    assert len(statuses) > 150
    assert {route: status for route, status in statuses.items() if status != 404} == {}
    assert "Spring gathering" not in stranger.get("/hub/").text


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'["x"]',
        b"{",
        b'{"code": "\\ud800", "id": "%s", "name": "x"}',
        b'{"code": "ABCD", "id": "%s", "name": "\\udfff"}',
        b'{"code": 7, "id": "%s", "name": "x", "gathering": 7}',
        *(
            b'{"code": "ABCD", "id": "%s", "name": "x", "gathering": {"id": "%s", "name": "y"}, "settings": '
            + settings
            + b"}"
            for settings in (
                b"7",
                b"{}",
                b'{"kiosk": 7}',
                b'{"kiosk": {"title": [[]]}}',
                b'{"kiosk": null}',
                b'{"x": {}}',
            )
        ),
    ],
)
def test_whoever_guesses_a_code_gets_no_server_error(hub: HubKit, body: bytes) -> None:
    number = str(uuid.UUID(int=7)).encode()
    answer = hub.app.test_client().post(
        "/hub/push/pair", data=body.replace(b"%s", number), content_type="application/json"
    )
    assert 400 <= answer.status_code < 500, answer.text


def test_whoever_has_not_signed_in_is_asked_to(hub: HubKit, base: str) -> None:
    statuses = answers(hub.app.test_client(), hub, base)
    assert {status for (method, _), status in statuses.items() if method == "GET"} == {302}
    assert {status for (method, _), status in statuses.items() if method != "GET"} == {403}
    asked = hub.app.test_client().get(f"{base}/search?q=leeks%0Aand+kale&state=new")
    led = {"next": [f"{base}/search?q=leeks%0Aand+kale&state=new"]}
    assert parse_qs(urlsplit(asked.location).query) == led


def test_another_organizations_page_is_nobodys_business(hub: HubKit, base: str) -> None:
    hub.organization("Wolves")
    stranger = hub.member("Wolves", "eve@example.org")
    ours = hub.member("Gardens", "bob@example.org")
    page = ours.get("/hub/").text
    number = page.partition("/hub/o/")[2].partition('"')[0]
    token = csrf(stranger.get("/hub/").text)
    for path, form in (
        ("", None),
        ("/invitation", {"email": "x@example.org", "role": "owner"}),
        ("/code", {}),
        (f"/member/{uuid.uuid4()}", {"role": ""}),
    ):
        address = f"/hub/o/{number}{path}"
        answer = (
            stranger.get(address)
            if form is None
            else stranger.post(address, data={"csrf_token": token, **form})
        )
        assert answer.status_code == 404, address


@pytest.mark.parametrize(
    ("role", "opens", "shut"),
    [
        (Role.REVIEWER, ["/desk/review", "/desk/themes"], ["/desk/publish", "/desk/settings"]),
        (Role.FACILITATOR, ["/desk/review", "/desk/sessions"], ["/desk/publish", "/desk/erase"]),
        (Role.ORGANIZER, ["/desk/publish", "/desk/settings"], []),
    ],
)
def test_a_role_opens_its_part_of_the_desk(
    hub: HubKit, base: str, role: Role, opens: list[str], shut: list[str]
) -> None:
    browser = hub.member("Gardens", f"{role}@example.org", role)
    assert {path: browser.get(base + path).status_code for path in opens} == dict.fromkeys(
        opens, 200
    )
    assert {path: browser.get(base + path).status_code for path in shut} == dict.fromkeys(shut, 403)
    rail = browser.get(f"{base}/desk/review").text.partition('<header class="rail">')[2]
    led = re.findall(rf'<li><a href="{base}([^"]+)"', rail.partition("</nav>")[0])
    assert {path: browser.get(base + path).status_code for path in led} == dict.fromkeys(led, 200)
    assert set(opens) <= set(led)
    number = browser.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]
    token = csrf(browser.get("/hub/").text)
    invited = browser.post(
        f"/hub/o/{number}/invitation",
        data={"csrf_token": token, "email": "x@example.org", "role": "owner"},
    )
    assert invited.status_code == 403


def test_what_only_a_laptop_has_is_not_at_the_hub(hub: HubKit, base: str) -> None:
    owner = hub.member("Gardens", "bob@example.org")
    page = owner.get(f"{base}/desk/review").text
    for path in ("/desk/cards", "/desk/tools", "/desk/laptops"):
        assert f'href="{base}{path}"' not in page
        assert owner.get(base + path).status_code == 404


def test_an_invitation_works_once_and_a_sign_in_until_it_ends(hub: HubKit, base: str) -> None:
    secret = hub.invitation("Gardens", "zoe@example.org", Role.REVIEWER)
    browser = hub.app.test_client()
    path = f"/hub/invitation/{secret}"
    token = csrf(browser.get(path).text)
    weak = browser.post(path, data={"csrf_token": token, "password": "password1"})
    assert weak.status_code == 422
    assert browser.post(path, data={"csrf_token": token, "password": PASSWORD}).status_code == 303
    assert hub.app.test_client().get(path).status_code == 404
    cookie = browser.get_cookie("session")
    assert cookie is not None
    token = csrf(browser.get("/hub/").text)
    browser.post("/hub/sign-out", data={"csrf_token": token})
    browser.set_cookie("session", cookie.value)
    assert browser.get(f"{base}/desk/review").status_code == 302

    def try_in(password: str) -> int:
        form = {
            "csrf_token": csrf(browser.get("/hub/sign-in").text),
            "email": "Zoe@example.org ",
            "password": password,
        }
        browser.post("/hub/sign-in", data=form)
        return browser.get(f"{base}/desk/review").status_code

    assert try_in("wrong") == 302
    assert try_in(PASSWORD) == 200


def test_the_last_owner_stays(hub: HubKit, base: str) -> None:
    owner = hub.member("Gardens", "ann@example.org")
    page = owner.get("/hub/").text
    number = page.partition("/hub/o/")[2].partition('"')[0]
    shown = owner.get(f"/hub/o/{number}").text
    account = shown.partition("/member/")[2].partition('"')[0]
    form = {"csrf_token": csrf(shown), "role": "reviewer"}
    assert owner.post(f"/hub/o/{number}/member/{account}", data=form).status_code == 403
    assert (
        owner.post(f"/hub/o/{number}/member/{account}", data={**form, "role": ""}).status_code
        == 403
    )
