"""The first run: three steps, each kept; the address for phones chosen, never guessed anew; the Wi-Fi's code."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.app import create_app
from kiosk.runtime import addresses
from kiosk.runtime.addresses import Address, is_for_phones, kept_address
from kiosk.runtime.context import current_kiosk
from kiosk.web.desk import setup
from kiosk.web.screens import start_page
from kiosk.web.shared import template_context
from reporter.config import Settings, load_settings, save_settings
from reporter.gathering.folder import make_gathering
from reporter.gathering.sessions import LOBBY
from reporter.models import EventSession
from tests.support.browsers.pages import PHONE, press
from tests.support.kiosk_process import TurnableClock

HOME, HALL = Address("192.168.178.20", "wlan0"), Address("10.42.0.1", "hotspot")


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> list[Address]:
    """The networks that this laptop is in; a test changes the list."""
    found = [HOME]
    for module in (addresses, setup, start_page, template_context):
        monkeypatch.setattr(module, "own_addresses", lambda: list(found))
    return found


@pytest.fixture
def fresh(tmp_path: Path, clock: TurnableClock, rng: random.Random) -> FlaskClient:
    """A gathering that the kiosk has just made by itself."""
    settings = make_gathering(
        tmp_path / "fresh", "Our gathering", timezone="UTC", language="en", now=clock(), rng=rng
    )
    return create_app(settings, clock=clock, rng=rng).test_client()


def test_a_fresh_gathering_leads_to_the_first_step(
    fresh: FlaskClient, networks: list[Address]
) -> None:
    assert "/desk/setup" in fresh.get("/").text
    page = fresh.get("/desk/setup", follow_redirects=True, headers={"Accept-Language": "de"}).text
    assert '<option value="de" lang="de" selected>' in page
    press(
        fresh,
        "/desk/setup/gathering",
        title="Winter fair",
        date="2026-12-05",
        place="Old mill",
        timezone="Europe/Berlin",
        language="de",
    )
    start = fresh.get("/").text
    assert "/desk/setup/gathering" not in start
    assert "Winter fair" in start
    assert "Old mill" in start
    quick = fresh.get("/desk/setup/sessions").text
    assert 'value="2026-12-05"' in quick, "the first session is on the gathering's day"


def test_a_gathering_with_sessions_is_not_sent_there(
    event: EventSession, client: FlaskClient
) -> None:
    assert "/desk/setup/gathering" not in client.get("/").text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"title": " "}, "a title"),
        ({"timezone": "Mars/Phobos"}, "time zone"),
        ({"date": "soon"}, "is not a day"),
    ],
)
def test_what_is_wrong_in_step_one_is_told_and_nothing_lost(
    client: FlaskClient, gathering: Settings, changed: dict[str, str], words: str
) -> None:
    fields = {
        "title": "New",
        "date": "",
        "place": "Here",
        "timezone": "UTC",
        "language": "en",
        **changed,
    }
    answer = press(client, "/desk/setup/gathering", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Here"' in answer.text
    assert load_settings(gathering.folder).gathering.title == "Spring gathering"


def test_the_address_is_chosen_and_stays(
    client: FlaskClient, app: Flask, gathering: Settings, networks: list[Address]
) -> None:
    networks.append(HALL)
    page = client.get("/desk/setup/network", base_url="http://127.0.0.1:8000").text
    assert f"http://{HOME.ip}:8000" in page
    assert f"http://{HALL.ip}:8000" in page
    assert " checked" not in page, "two networks: nobody guesses"
    assert "/qr.svg" not in page
    chosen = f"http://{HALL.ip}:8000"
    press(
        client,
        "/desk/setup/network",
        address=chosen,
        ssid="Garden",
        password="tomatoes1",
        security="WPA",
    )
    settings = load_settings(gathering.folder)
    assert settings.kiosk.base_url == chosen
    assert (settings.wifi.ssid, settings.wifi.password) == ("Garden", "tomatoes1")
    # One that appears later is told, not switched to.
    assert "one more network" not in client.get("/").text
    networks.insert(0, Address("192.168.1.5", "eth0"))
    start = client.get("/").text
    assert "one more network now (192.168.1.5)" in start
    assert f"{HALL.ip}:8000/s/" in start.replace("<wbr>", "")
    # And the chosen one that has gone is told too.
    networks.remove(HALL)
    assert "is not there now" in client.get("/").text


def test_without_a_choice_another_network_does_not_take_the_place(
    client: FlaskClient, networks: list[Address], event: EventSession
) -> None:
    assert f"{HOME.ip}" in client.get("/").text
    networks.insert(0, Address("10.0.0.2", "eth0"))
    start = client.get("/").text
    assert f"reach this laptop at http://{HOME.ip}" in start
    assert "one more network now (10.0.0.2)" in start


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000", "http://0.0.0.0", ""],
)
def test_loopback_is_never_the_address_for_phones(
    client: FlaskClient, gathering: Settings, networks: list[Address], url: str
) -> None:
    assert not is_for_phones(url)
    answer = press(client, "/desk/setup/network", address=url, ssid="", password="", security="WPA")
    assert answer.status_code == 422
    assert "Choose the address that phones can reach" in answer.text
    assert load_settings(gathering.folder).kiosk.base_url == ""


def test_without_a_network_the_start_page_shows_no_code(
    event: EventSession, client: FlaskClient, networks: list[Address]
) -> None:
    networks.clear()
    page = client.get("/").text
    assert "No phone can reach this laptop yet" in page
    assert "screen.svg" not in page
    for path in ("/", "/desk/kiosk"):
        assert "127.0.0.1" not in client.get(path, base_url="http://localhost:8000").text
    assert kept_address("", []) == ""


def titles(session: Session) -> set[str]:
    """Those of the sessions that somebody planned."""
    return set(session.scalars(select(EventSession.title))) - {LOBBY}


def test_a_session_that_is_typed_in_is_added_on_the_way_to_the_next_step(
    client: FlaskClient, session: Session
) -> None:
    day = {"day": "2026-12-05", "begins": "11:00"}
    answer = press(client, "/desk/setup/sessions", title="Seeds", onward="1", **day)
    assert answer.location.endswith("/desk/setup/network")
    assert titles(session) == {"Seeds"}
    # Nothing typed in: the proposed day alone is no session.
    answer = press(client, "/desk/setup/sessions", title=" ", day="2026-12-05", onward="1")
    assert answer.location.endswith("/desk/setup/network")
    answer = press(client, "/desk/setup/sessions", title="Repairs", **day)
    assert answer.location.endswith("/desk/setup/sessions")
    assert titles(session) == {"Seeds", "Repairs"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": "Seeds", "begins": "11:00", "ends": "10:00"}, "The end is before the start"),
        ({"title": "", "begins": "11:00"}, "title"),
    ],
)
@pytest.mark.parametrize("onward", [{}, {"onward": "1"}])
def test_a_session_that_cannot_be_is_corrected_within_the_wizard(
    client: FlaskClient,
    session: Session,
    wrong: dict[str, str],
    words: str,
    onward: dict[str, str],
) -> None:
    answer = press(
        client, "/desk/setup/sessions", room="Attic", day="2026-12-05", **wrong, **onward
    )
    assert answer.status_code == 422
    notice = answer.text.partition('role="alert"')[2].partition("</p>")[0]
    assert words in notice
    assert 'aria-current="step"' in answer.text
    for value in ("Attic", "11:00"):
        assert f'value="{value}"' in answer.text, "it need not be typed again"
    assert titles(session) == set()


def test_a_wifi_that_nothing_can_join_is_refused(
    client: FlaskClient, gathering: Settings, networks: list[Address]
) -> None:
    wifi = {"ssid": "Garden", "password": "short", "security": "WPA"}
    answer = press(client, "/desk/setup/network", address=f"http://{HOME.ip}:8000", **wifi)
    assert answer.status_code == 422
    assert "8 to 63 letters" in answer.text
    wifi["password"] = ""
    answer = press(client, "/desk/setup/network", address=f"http://{HOME.ip}:8000", **wifi)
    assert answer.status_code == 422
    assert "choose “open, without a password”" in answer.text
    assert load_settings(gathering.folder).wifi.ssid == ""


def test_the_code_turns_green_for_a_phone_and_not_for_the_laptop(
    client: FlaskClient, app: Flask, networks: list[Address]
) -> None:
    address = f"http://{HOME.ip}:8000"
    press(client, "/desk/setup/network", address=address, ssid="", password="", security="WPA")
    page = client.get("/desk/setup/network").text
    code = page.split("/desk/setup/network/tried/")[1].split('"')[0]
    asked = f"/desk/setup/network/tried/{code}"
    assert client.get(f"/try/{code}/qr.svg").mimetype == "image/svg+xml"
    assert client.get(asked).get_json() == {"opened": False}
    assert "laptop itself" in client.get(f"/try/{code}").text
    assert client.get(asked).get_json() == {"opened": False}
    assert "It works" in client.get(f"/try/{code}", **PHONE).text
    assert client.get(asked).get_json() == {"opened": True}
    with app.app_context():
        assert len(current_kiosk().tried) == 1


def test_strangers_can_not_fill_the_memory_with_tries(client: FlaskClient, app: Flask) -> None:
    client.get("/try/ANYTHING-AT-ALL", **PHONE)
    with app.app_context():
        assert current_kiosk().tried == {}


@pytest.mark.parametrize("shown", [True, False])
def test_the_wifi_code_is_shown_and_can_be_switched_off(
    event: EventSession,
    client: FlaskClient,
    app: Flask,
    gathering: Settings,
    session: Session,
    networks: list[Address],
    shown: bool,
) -> None:
    press(
        client,
        "/desk/setup/network",
        address=f"http://{HOME.ip}:8000",
        ssid="Garden",
        password="tomatoes1",
        security="WPA",
    )
    if not shown:
        assert press(client, "/desk/wall/wifi-code", **{"from": "start"}).location == "/"
    assert load_settings(gathering.folder).wall.wifi_code is shown
    for page in ("/", "/wall"):
        text = client.get(page).text
        assert ("/wifi.svg" in text) is shown, page
        assert ('<span class="number">1</span>' in text) is shown, page
        assert ('<span class="number">2</span>' in text) is shown, page
    # The desk sees it always; a phone only where it is shown.
    assert client.get("/wifi.svg").status_code == 200
    assert client.get("/wifi.svg", **PHONE).status_code == (200 if shown else 404)


def test_without_a_wifi_there_is_no_code(client: FlaskClient, gathering: Settings) -> None:
    assert client.get("/wifi.svg").status_code == 404
    save_settings(gathering.folder, {"wifi": {"ssid": "Garden", "password": "short"}})
    press(client, "/desk/settings/reload")
    assert client.get("/wifi.svg").status_code == 404
    assert "/wifi.svg" not in client.get("/wall").text
