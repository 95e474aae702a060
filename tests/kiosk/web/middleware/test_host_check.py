"""Pages answer to the kiosk's own names and to addresses in numbers, and to nothing else (DNS rebinding)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.web.middleware.host_check import is_ours, own_host
from reporter.config import KioskSettings, Settings
from reporter.models import EventSession

PHONE = {"REMOTE_ADDR": "192.168.4.23"}
PAGES = ("/", "/s/{code}", "/search", "/wall", "/healthz", "/me", "/desk/", "/station", "/uploads")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "host", ["evil.example", "192.168.4.1.evil.example:8000", "localhost.evil.example"]
)
def test_a_foreign_host_gets_nothing(
    client: FlaskClient, event: EventSession, path: str, host: str
) -> None:
    for address in (PHONE, {"REMOTE_ADDR": "127.0.0.1"}):
        answer = client.get(
            path.format(code=event.code), headers={"Host": host}, environ_base=address
        )
        assert answer.status_code == 403
        assert "evil" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "OPTIONS"])
def test_nor_does_it_change_anything(client: FlaskClient, method: str) -> None:
    answer = client.open("/uploads", method=method, headers={"Host": "evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "host",
    [
        "192.168.4.1:8000",
        "10.0.0.1",
        "[fe80::1]:8000",
        "127.0.0.1",
        "localhost:80",
        "LOCALHOST",
        "localhost.",
    ],
)
def test_numbers_and_own_names_are_answered(
    client: FlaskClient, event: EventSession, host: str
) -> None:
    answer = client.get(f"/s/{event.code}", headers={"Host": host}, environ_base=PHONE)
    assert answer.status_code == 200


def test_the_name_in_the_settings_is_answered(
    app: Flask, client: FlaskClient, event: EventSession
) -> None:
    kiosk, asked = app.extensions["kiosk"], {"Host": "Reporter.example:8000"}
    assert client.get("/", headers=asked, environ_base=PHONE).status_code == 403
    named = replace(KioskSettings(), base_url="http://reporter.example:8000")
    kiosk.settings = replace(kiosk.settings, kiosk=named)
    assert client.get("/", headers=asked, environ_base=PHONE).status_code == 200


def test_probes_of_phones_ask_for_other_names(client: FlaskClient) -> None:
    asked = {"Host": "connectivitycheck.gstatic.com"}
    assert client.get("/generate_204", headers=asked).status_code == 204


def test_a_laptop_answers_to_its_own_name(
    gathering: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiosk.web.middleware import host_check

    monkeypatch.setattr("socket.gethostname", lambda: "Anna-Laptop.fritz.box")
    host_check._laptop_names.cache_clear()
    try:
        for host in ("anna-laptop.local:8000", "anna-laptop.fritz.box"):
            assert is_ours(host, gathering)
        assert not is_ours("anna-laptop.evil.example", gathering)
    finally:
        host_check._laptop_names.cache_clear()


def test_only_names_are_repeated(gathering: Settings) -> None:
    assert own_host("localhost:8000", gathering) == "localhost:8000"
    for host in ("6.6.6.6", "evil.example", "[::1]", "", "a@localhost", "[broken"):
        assert own_host(host, gathering) in ("", "a@localhost")
