"""The captive sheet, apps' own browsers, and what makes the page installable."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk.web.phone.embedded_browsers import APP, SHEET, window
from reporter.models import EventSession
from tests.support.browsers.pages import PHONE

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/124.0 Mobile Safari/537.36"
)


SECURE: dict[str, Any] = {**PHONE, "base_url": "https://192.168.4.1"}


@pytest.mark.parametrize(
    ("agent", "extra", "kind"),
    [
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", {}, ""),
        (f"{IPHONE} CriOS/124.0 Mobile/15E148 Safari/604.1", {}, ""),
        (f"{IPHONE} FxiOS/125.0 Mobile/15E148 Safari/605.1.15", {}, ""),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/124.0 Mobile Safari/537.36",
            {},
            "",
        ),
        ("Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0", {}, ""),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:125.0) Gecko/20100101 Firefox/125.0",
            {},
            "",
        ),
        ("curl/8.5", {}, ""),
        ("CaptiveNetworkSupport-443.120.2 wispr", {}, SHEET),
        (f"{IPHONE} Mobile/15E148", {}, SHEET),
        (ANDROID, {"X-Requested-With": "com.google.android.captiveportallogin"}, SHEET),
        (ANDROID, {}, APP),
        (f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/460.0]", {}, APP),
        (f"{IPHONE} Mobile/15E148 Instagram 330.0", {}, APP),
        (f"{IPHONE} Mobile/15E148 Safari Line/14.5.0", {}, APP),
    ],
)
def test_windows_are_told_apart(agent: str, extra: dict[str, str], kind: str) -> None:
    assert window({"User-Agent": agent, **extra}) == kind


def test_the_sheet_shows_the_address_and_no_form(client: FlaskClient, event: EventSession) -> None:
    for path in ("/", f"/s/{event.code}"):
        sheet = {"User-Agent": f"{IPHONE} Mobile/15E148"}
        page = client.get(path, headers=sheet, **PHONE).text
        assert "<form" not in page
        assert "?here=1" not in page
        shown = re.sub(
            r"<[^>]+>", "", page.split('id="address"')[1].split(">", 1)[1].split("</p>")[0]
        )
        assert re.fullmatch(rf"http://\S+:\d+{path}|http://[^/]+{path}", shown)
    mine = client.get("/mine", headers=sheet, **PHONE)
    assert mine.status_code == 200


def test_an_app_lets_people_go_on(client: FlaskClient, event: EventSession) -> None:
    app = {"User-Agent": ANDROID}
    path = f"/s/{event.code}"
    page = client.get(path, headers=app, **PHONE).text
    assert "<form" not in page
    assert 'href="intent://' in page
    assert "<form" in client.get(f"{path}?here=1", headers=app, **PHONE).text
    # Remembered from then on.
    assert "<form" in client.get(path, headers=app, **PHONE).text


def test_a_browser_that_finds_that_it_cannot_pick_files_asks_for_the_page(
    client: FlaskClient, event: EventSession
) -> None:
    assert "<form" not in client.get(f"/s/{event.code}?outside", **PHONE).text


def test_the_manifest_names_icons_that_are_there(client: FlaskClient, event: EventSession) -> None:
    from PIL import Image

    answer = client.get("/manifest.webmanifest", **PHONE)
    manifest = answer.get_json()
    assert answer.mimetype == "application/manifest+json"
    assert manifest["name"] == "Spring gathering"
    assert client.get(manifest["start_url"], **PHONE).status_code == 200
    for icon in manifest["icons"]:
        got = client.get(icon["src"], **PHONE)
        assert got.status_code == 200
        if icon["type"] == "image/png":
            picture = Image.open(io.BytesIO(got.data))
            assert icon["sizes"] == "{}x{}".format(*picture.size)
            # Paper in the middle, the accent at the edge.
            assert picture.convert("RGB").getpixel((picture.width // 2, picture.height // 3)) == (
                255,
                253,
                248,
            )
            assert picture.convert("RGB").getpixel((1, 1)) == (166, 58, 27)
    assert client.get("/icon-9999.png", **PHONE).status_code == 404


def test_pages_are_installable_with_tls_only(client: FlaskClient, event: EventSession) -> None:
    path = f"/s/{event.code}"
    assert "manifest" not in client.get(path, **PHONE).text
    secure = client.get(path, **SECURE).text
    assert 'rel="manifest"' in secure
    assert 'id="camera"' in secure


def test_the_worker_keeps_every_part_of_the_pages_and_nothing_else(
    client: FlaskClient, event: EventSession
) -> None:
    answer = client.get("/sw.js", **PHONE)
    assert answer.headers["Cache-Control"] == "no-cache"
    listed = re.search(r"const PARTS = \[(.*?)\];", answer.text, re.DOTALL)
    assert listed is not None
    parts = set(re.findall(r'"([^"]+)"', listed[1]))
    for part in parts:
        assert client.get(part, **PHONE).status_code == 200, part
    wanted: set[str] = set()
    for path in ("/", "/mine", f"/s/{event.code}"):
        page = client.get(path, **SECURE).text
        wanted |= set(
            re.findall(r'(?:href|src|data-module|data-tus)="(/(?:static|joined)/[^"?]+)[?"]', page)
        )
    assert wanted <= parts
    assert not [part for part in parts if re.search("desk|wall|station", part)]


def test_the_size_of_the_letters_is_remembered(client: FlaskClient, event: EventSession) -> None:
    path = f"/s/{event.code}"

    def letters(asked: str) -> list[str]:
        return re.findall(r'<html[^>]* data-text="([^"]*)"', client.get(asked, **PHONE).text)

    assert letters(path) == []
    assert f'href="{path}?text_size=large"' in client.get(path, **PHONE).text
    assert letters(f"{path}?text_size=large") == ["large"]
    assert letters("/") == ["large"]
    assert letters("/?text_size=largest") == ["largest"]
    assert letters("/?text_size=") == []
    assert letters("/?text_size=huge") == []
