"""Settings at the desk: all of them, checked together, written with their comments, in force at once."""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.i18n.setting_help import CHOICES, HELP, SECTIONS
from kiosk.web.desk.settings import listed_zones
from reporter.config import Settings, load_settings, sections
from tests.support.browsers.pages import PHONE, press

PAGE = "/desk/settings"


def fields(settings: Settings, **changed: str) -> dict[str, str]:
    """The form as the page has it, with something else in it; names with __ for the dot."""
    values = {}
    for section, cls in sections().items():
        for one in dataclasses.fields(cls):
            value = getattr(getattr(settings, section), one.name)
            values[f"{section}.{one.name}"] = (
                ("1" if value else "") if isinstance(value, bool) else str(value)
            )
    return {**values, **{name.replace("__", "."): value for name, value in changed.items()}}


def save(client: FlaskClient, settings: Settings, **changed: str) -> TestResponse:
    return press(client, PAGE, **fields(settings, **changed))


def test_every_setting_is_there_with_its_sentence(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    helps = [one.metadata["help"] for cls in sections().values() for one in dataclasses.fields(cls)]
    assert list(HELP) == helps
    assert set(SECTIONS) == set(sections())
    for section, cls in sections().items():
        for one in dataclasses.fields(cls):
            assert f'name="{section}.{one.name}"' in page
            for value in one.metadata["choices"]:
                assert f"{CHOICES[f'{section}.{one.name}', value]}</option>" in page


def test_what_is_wrong_is_marked_and_nothing_is_written(
    client: FlaskClient, gathering: Settings
) -> None:
    file = gathering.folder / "reporter.toml"
    before = file.read_bytes()
    answer = save(
        client,
        gathering,
        gathering__timezone="Mars/Phobos",
        limits__files="many",
        limits__file_mb="0",
        gathering__title="Changed",
    )
    assert answer.status_code == 422
    assert "Mars/Phobos" in answer.text
    assert answer.text.count('aria-invalid="true"') == 3
    assert 'value="Changed"' in answer.text, "what was typed is not lost"
    assert file.read_bytes() == before


def test_a_wifi_that_nothing_can_join_is_marked(client: FlaskClient, gathering: Settings) -> None:
    answer = save(client, gathering, wifi__ssid="Garden", wifi__password="short")
    assert answer.status_code == 422
    assert 'id="e-wifi.password">The password of a Wi-Fi has 8 to 63 letters.</p>' in answer.text
    answer = save(client, gathering, wifi__ssid="G" * 33, wifi__password="long enough")
    assert 'id="e-wifi.ssid">The name of a Wi-Fi has 1 to 32 letters.</p>' in answer.text
    assert load_settings(gathering.folder).wifi.ssid == ""
    assert (
        save(client, gathering, wifi__ssid="Garden", wifi__password="long enough").status_code
        == 303
    )


def test_what_is_saved_is_in_force_and_keeps_comments(
    client: FlaskClient, gathering: Settings, app: Flask
) -> None:
    file = gathering.folder / "reporter.toml"
    file.write_text(
        f"# mine\n{file.read_text(encoding='utf-8')}\n[later]\nx = 1\n", encoding="utf-8"
    )
    answer = save(
        client,
        gathering,
        gathering__title="Summer",
        limits__text_chars="200",
        publish__automatic="",
    )
    assert answer.status_code == 303
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert "x = 1" in text
    fresh = load_settings(gathering.folder)
    assert (fresh.gathering.title, fresh.limits.text_chars, fresh.publish.automatic) == (
        "Summer",
        200,
        False,
    )
    assert app.extensions["kiosk"].settings == fresh
    assert "Summer" in client.get("/").text
    assert "Ctrl-C" not in client.get(PAGE).text


def test_what_needs_a_start_says_so(client: FlaskClient, gathering: Settings, app: Flask) -> None:
    before = app.extensions["kiosk"].pool
    client.get("/search")
    save(client, gathering, kiosk__workers="3", gathering__language="de")
    kiosk = app.extensions["kiosk"]
    assert kiosk.pool is before
    assert kiosk.index.recipe.language == "de"
    assert kiosk.index.outdated()


def test_a_file_edited_by_hand_is_noticed(client: FlaskClient, gathering: Settings) -> None:
    file = gathering.folder / "reporter.toml"
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace("Spring gathering", "By hand"), encoding="utf-8")
    assert "changed the file by hand" in client.get(PAGE).text
    press(client, f"{PAGE}/reload")
    assert "By hand" in client.get("/").text
    file.write_text(good + "\n[broken", encoding="utf-8")
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "What ran before goes on" in page.text
    assert client.get("/").status_code == 200


def test_phones_see_no_settings(client: FlaskClient) -> None:
    assert client.get(PAGE, **PHONE).status_code in (302, 403)


def test_what_waits_for_a_start_says_so_after_saving(
    client: FlaskClient, gathering: Settings
) -> None:
    assert "takes effect at the next start" not in client.get(PAGE).text
    save(client, gathering, kiosk__workers="3")
    assert "takes effect at the next start" in client.get(PAGE).text


def test_a_file_broken_by_hand_is_told_and_left_alone(
    client: FlaskClient, gathering: Settings
) -> None:
    file = gathering.folder / "reporter.toml"
    file.write_text(file.read_text() + "\n[broken")
    before = file.read_bytes()
    answer = save(client, gathering, limits__files="7")
    assert answer.status_code == 422
    assert 'value="7"' in answer.text
    assert file.read_bytes() == before


def test_a_form_left_open_undoes_nothing(client: FlaskClient, gathering: Settings) -> None:
    before = fields(gathering)
    was = {f"was.{name}": value for name, value in before.items()}
    save(client, gathering, gathering__title="Changed elsewhere", limits__files="9")
    answer = press(client, PAGE, **{**before, **was, "limits.text_chars": "300"})
    assert answer.status_code == 303
    now = load_settings(gathering.folder)
    assert (now.gathering.title, now.limits.files) == ("Changed elsewhere", 9)
    assert now.limits.text_chars == 300


def test_the_page_tells_the_form_what_it_was(client: FlaskClient, gathering: Settings) -> None:
    page = client.get(PAGE).text
    assert f'name="was.gathering.title" value="{gathering.gathering.title}"' in page
    answer = press(
        client, PAGE, **{**fields(gathering, limits__files="none"), "was.limits.files": "20"}
    )
    assert 'name="was.limits.files" value="20"' in answer.text, "it survives a slip"


@pytest.mark.parametrize(
    "url",
    [
        "192.168.4.1:8000",
        "javascript:alert(1)",
        "http://",
        "http://a b:8000",
        "http://h:port",
        "http://h:0",
        "http://u@h",
        "http://h/?x=1",
        "ftp://h",
    ],
)
def test_an_address_that_no_phone_can_open_goes_into_no_code(
    client: FlaskClient, gathering: Settings, *, url: str
) -> None:
    answer = save(client, gathering, kiosk__base_url=url)
    assert answer.status_code == 422
    assert "http://192.168.4.1:8000" in answer.text
    assert load_settings(gathering.folder).kiosk.base_url == ""
    good = save(client, gathering, kiosk__base_url="https://kiosk.example:8443")
    assert good.status_code == 303
    assert load_settings(gathering.folder).kiosk.base_url == "https://kiosk.example:8443"


def test_zones_are_listed_by_the_names_they_have_today() -> None:
    zones = listed_zones("Asia/Calcutta")
    assert {"UTC", "Asia/Kolkata", "Europe/Kyiv", "Europe/Berlin"} <= set(zones)
    assert "Asia/Calcutta" in zones, "the one that was chosen stays, whatever it is called"
    assert not {"Asia/Saigon", "Europe/Kiev", "US/Pacific", "Etc/GMT+1"} & set(zones)
