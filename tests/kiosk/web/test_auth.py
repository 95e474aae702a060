"""Who gets in: the desk, other machines, hostile pages; addresses; errors; probes."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.runtime.addresses import Address, phone_url, sorted_addresses
from kiosk.web.middleware.auth import set_passphrase
from reporter.config import KioskSettings, Settings
from reporter.errors import BadInput
from tests.support.kiosk_process import TurnableClock

PHONE = {"REMOTE_ADDR": "192.168.4.23"}
DESK = "/desk/"


def test_the_laptop_itself_needs_no_login(client: FlaskClient) -> None:
    assert client.get(DESK, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("path", ["/desk/", "/desk/publish", "/desk/sessions", "/desk/kiosk"])
def test_another_machine_is_refused_while_no_passphrase_is_set(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path, environ_base=PHONE, headers={"Host": "192.168.4.1:8000"})
    assert answer.status_code == 403
    assert "passphrase" in answer.text


def test_every_desk_route_requires_access(app: Flask, client: FlaskClient) -> None:
    rules = [
        r
        for r in app.url_map.iter_rules()
        if r.rule.startswith("/desk") and r.endpoint != "access.login"
    ]
    tried = 0
    for rule in rules:
        # Only the argument itself: what stands beside it (".jpg") decides which route is meant.
        path = re.sub(r"<uuid:[^>]+>", str(uuid.UUID(int=1)), rule.rule)
        path = re.sub(r"<[^>]+>", "0000000000001", path)
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = client.open(
                path, method=method, environ_base=PHONE, headers={"Host": "192.168.4.1"}
            )
            if rule.endpoint == "access.check_login":
                assert answer.status_code in (303, 400)
            else:
                # 400: the form's token is checked even before; nothing was done either way.
                assert answer.status_code in (403, 400), (method, path)
                assert method != "GET" or answer.status_code == 403
            tried += 1
    assert tried > 8


def test_a_name_that_points_to_loopback_is_not_the_laptop(client: FlaskClient) -> None:
    assert client.get(DESK, headers={"Host": "evil.example:8000"}).status_code == 403
    assert client.get(DESK, headers={"Host": "localhost:8000"}).status_code in (200, 302)
    assert client.get(DESK, headers={"Host": "[::1]:8000"}).status_code in (200, 302)


def test_a_forwarded_header_is_not_believed(client: FlaskClient) -> None:
    headers = {"X-Forwarded-For": "127.0.0.1", "Host": "127.0.0.1:8000"}
    assert client.get(DESK, environ_base=PHONE, headers=headers).status_code == 403


def test_with_the_passphrase_another_machine_gets_in(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        set_passphrase("warm compost heap")
    client = app.test_client()
    first = client.get(DESK, environ_base=PHONE)
    assert first.status_code == 302
    assert "/desk/login" in first.location
    assert client.get(first.location, environ_base=PHONE).status_code == 200
    wrong = client.post("/desk/login", data={"passphrase": "cold"}, environ_base=PHONE)
    assert wrong.status_code == 303
    # After a slip of the keys it still leads to the page that was asked for.
    wrong = client.post(first.location, data={"passphrase": "cold"}, environ_base=PHONE)
    assert wrong.location == first.location
    assert client.get(DESK, environ_base=PHONE).status_code == 302
    right = client.post(
        "/desk/login?next=//evil.example/",
        data={"passphrase": "warm compost heap"},
        environ_base=PHONE,
    )
    assert right.location == DESK
    assert client.get(DESK, environ_base=PHONE, follow_redirects=True).status_code == 200
    # A new passphrase ends the sessions of the former one.
    with app.app_context():
        set_passphrase("another passphrase")
    assert client.get(DESK, environ_base=PHONE).status_code == 302


def log_in(
    client: FlaskClient, address: str, passphrase: str = "warm compost heap"
) -> TestResponse:
    return client.post(
        "/desk/login", data={"passphrase": passphrase}, environ_base={"REMOTE_ADDR": address}
    )


@pytest.fixture
def open_app(app: Flask) -> Flask:
    """With a passphrase, and forms that need no token."""
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        set_passphrase("warm compost heap")
    return app


def test_guessing_is_slowed(open_app: Flask, clock: TurnableClock) -> None:
    client = open_app.test_client()
    codes = [log_in(client, "192.168.4.23", str(n)).status_code for n in range(12)]
    assert codes == [303] * 10 + [429] * 2
    # The right one too, from this address; others are not locked out.
    assert log_in(client, "192.168.4.23").status_code == 429
    assert log_in(client, "192.168.4.24").location == DESK
    clock.turn(seconds=61)
    assert log_in(client, "192.168.4.23").location == DESK


def test_many_addresses_have_no_more_guesses_in_total(open_app: Flask) -> None:
    client = open_app.test_client()
    codes = [log_in(client, f"192.168.5.{n}", str(n)).status_code for n in range(45)]
    assert codes == [303] * 40 + [429] * 5


def test_right_passphrases_are_no_guesses(open_app: Flask) -> None:
    client = open_app.test_client()
    assert {log_in(client, "192.168.4.23").status_code for _ in range(12)} == {303}


def test_every_page_of_the_desk_lets_another_machine_log_out(open_app: Flask) -> None:
    client = open_app.test_client()
    first = client.get("/desk/review").text
    pages = re.findall(r'<li><a href="(/desk/[^"]*)"', first.split("</header>")[0])
    assert len(pages) > 15
    pages += ["/desk/setup/sessions", "/desk/sessions/schedule", "/desk/support"]
    log_in(client, "192.168.4.23")
    for path in pages:
        here = client.get(path, follow_redirects=True).text
        afar = client.get(path, follow_redirects=True, environ_base={"REMOTE_ADDR": "192.168.4.23"})
        assert (afar.status_code, '"/desk/logout"' in here) == (200, False), path
        assert '"/desk/logout"' in afar.text, path


def test_logging_out_ends_copies_of_the_cookie_too(open_app: Flask, clock: TurnableClock) -> None:
    client, thief = open_app.test_client(), open_app.test_client()
    log_in(client, "192.168.4.23")
    cookie = client.get_cookie("session")
    assert cookie is not None
    thief.set_cookie("session", cookie.value)
    assert thief.get("/desk/kiosk", environ_base=PHONE).status_code == 200
    assert "Log out" in client.get("/desk/kiosk", environ_base=PHONE).text
    assert client.post("/desk/logout", environ_base=PHONE).location == "/desk/login"
    for browser in (client, thief):
        assert browser.get("/desk/kiosk", environ_base=PHONE).status_code == 302
    # A login is over the next day, and each has a secret of its own.
    log_in(client, "192.168.4.23")
    again = client.get_cookie("session")
    assert again is not None
    assert again.value != cookie.value
    clock.turn(hours=24)
    assert client.get("/desk/kiosk", environ_base=PHONE).status_code == 302


@pytest.mark.parametrize(
    "weak", ["short", "password123", "qwertyuiop", "11111111", "Spring gathering", "kiosk desk"]
)
def test_a_weak_passphrase_is_refused(app: Flask, weak: str) -> None:
    with app.app_context(), pytest.raises(BadInput):
        set_passphrase(weak)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "https://localhost:443"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_page_of_another_site_sends_nothing(
    open_app: Flask, headers: dict[str, str], status: int
) -> None:
    """With the laptop's own rights and past the token: it could have been leaked."""
    client = open_app.test_client()
    assert client.post("/desk/kiosk/pause", data={"on": "1"}, headers=headers).status_code == status
    phones = client.post("/t/0000000000000/withdraw", headers=headers).status_code
    assert phones == (404 if status == 303 else 403)


def test_forms_of_the_desk_need_their_token(client: FlaskClient) -> None:
    answer = client.post("/desk/login", data={"passphrase": "x"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/generate_204", 204, ""),
        ("/gen_204", 204, ""),
        ("/hotspot-detect.html", 200, "Success"),
        ("/connecttest.txt", 200, "Microsoft Connect Test"),
        ("/ncsi.txt", 200, "Microsoft NCSI"),
        ("/success.txt", 200, "success\n"),
        ("/check_network_status.txt", 200, "NetworkManager is online\n"),
    ],
)
def test_phones_are_told_that_this_is_the_internet(
    client: FlaskClient, path: str, status: int, body: str
) -> None:
    answer = client.get(path, environ_base=PHONE)
    assert answer.status_code == status
    assert body in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_tells_what_a_facilitator_asks(client: FlaskClient, gathering: Settings) -> None:
    health = client.get("/healthz").json
    assert health is not None
    assert health["gathering"] == "Spring gathering"
    assert health["free_bytes"] > 0
    assert health["queues"] == {"media": 0, "index": 0, "deliveries": 0}
    assert health["last_error"] == ""


def test_errors_are_pages_for_people_and_documents_for_programs(client: FlaskClient) -> None:
    page = client.get("/nothing-here", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    problem = client.get("/nothing-here", headers={"Accept": "application/json"})
    assert problem.mimetype == "application/problem+json"
    document = json.loads(problem.text)
    assert (document["status"], bool(document["detail"])) == (404, True)
    wrong = client.delete("/wall", headers={"Accept": "application/json"})
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["Allow"]


def test_the_error_of_a_form_leads_back_to_it(client: FlaskClient) -> None:
    page = "http://localhost/desk/wall"
    form = {"mode": "nowhere", "csrf_token": "of yesterday"}
    answer = client.post("/desk/wall", data=form, headers={"Referer": page})
    assert answer.status_code == 400
    assert f'id="back" href="{page}"' in answer.text
    for other in ("https://evil.example/desk/wall", ""):
        answer = client.post("/desk/wall", data=form, headers={"Referer": other})
        assert 'id="back"' not in answer.text
    assert 'id="back"' not in client.get("/nowhere", headers={"Referer": page}).text


@pytest.mark.parametrize("path", ["/", "/wall", "/search", "/desk/", "/nothing-here", "/healthz"])
def test_every_page_is_hardened(client: FlaskClient, path: str) -> None:
    headers = client.get(path, follow_redirects=True).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_an_unexpected_error_is_noted_and_says_nothing_of_the_inside(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["TESTING"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def broken() -> str:
        raise RuntimeError("the password is hunter2")

    app.add_url_rule("/broken", view_func=broken)
    client = app.test_client()
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    health = client.get("/healthz").json
    assert health is not None
    assert health["last_error"] == "RuntimeError in GET /broken"


def test_phones_get_an_address_that_they_can_reach() -> None:
    found = [
        Address("127.0.0.1", "lo"),
        Address("169.254.3.4", "eth1"),
        Address("172.17.0.1", "docker0"),
        Address("10.8.0.2", "tun0"),
        Address("203.0.113.9", "wwan0"),
        Address("192.168.4.1", "Wi-Fi"),
        Address("172.20.0.1", "vEthernet (WSL)"),
    ]
    assert [address.ip for address in sorted_addresses(found)] == ["192.168.4.1", "203.0.113.9"]


def test_the_network_with_the_way_out_comes_first_and_containers_last() -> None:
    found = [
        Address("10.0.3.1", "lxcbr0"),
        Address("10.88.0.1", "podman0"),
        Address("192.168.1.7", "enp3s0"),
        Address("192.168.4.7", "wlp2s0"),
        Address("172.16.0.1", "vnic0"),
    ]
    interfaces = [address.interface for address in sorted_addresses(found)]
    assert interfaces == ["wlp2s0", "enp3s0", "lxcbr0", "podman0", "vnic0"]
    assert sorted_addresses(found, default="192.168.1.7")[0].interface == "enp3s0"


def test_the_hotspot_of_windows_is_for_phones() -> None:
    found = [
        Address("192.168.56.1", "VirtualBox Host-Only Ethernet Adapter"),
        Address("192.168.137.1", "Microsoft Wi-Fi Direct Virtual Adapter #2"),
    ]
    assert [address.ip for address in sorted_addresses(found)] == ["192.168.137.1"]


def test_a_set_address_wins(tmp_path: Path) -> None:
    settings = replace(
        Settings(folder=tmp_path),
        kiosk=replace(KioskSettings(), base_url="http://reporter.example/"),
    )
    assert phone_url(settings, 8000) == "http://reporter.example"
    assert phone_url(Settings(folder=tmp_path), 8123).endswith(":8123")
