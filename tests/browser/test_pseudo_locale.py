"""Sentences that are two fifths longer than the English ones: nothing is cut, nothing sticks out of the window."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route

from reporter.models import EventSession
from tests.support.browsers.chromium import Windows
from tests.support.pseudo_locale import pseudo_language

pytestmark = pytest.mark.browser

HOST = "http://127.0.0.1:8999"
# What is wider than its box: controls and headings whose words would be cut.
CUT = """() => [...document.querySelectorAll("h1, h2, button, .button, summary, label, .rail a, .rail a span, legend")]
  .filter((one) => one.checkVisibility() && one.clientWidth > 1 && one.scrollWidth > one.clientWidth + 1
    && !one.closest(".quiet, .scroll"))
  .map((one) => `${one.tagName} ${one.textContent.trim()}`)"""


def open_pages(page: Page, client: FlaskClient, address: str) -> None:
    """Answer the browser from this process, whose language can be changed; ``address``: where it calls from."""

    def answer(route: Route) -> None:
        parts = urlsplit(route.request.url)
        got = client.get(
            f"{parts.path}?{parts.query}", base_url=HOST, environ_base={"REMOTE_ADDR": address}
        )
        kind = {"Content-Type": got.headers.get("Content-Type", "")}
        body = got.get_data()
        got.close()
        route.fulfill(status=got.status_code, headers=kind, body=body)

    page.route(f"{HOST}/**", answer)


@pytest.mark.parametrize("width", [320, 390])
def test_long_words_fit_a_phone(
    client: FlaskClient, windows: Windows, event: EventSession, width: int
) -> None:
    page = windows.phone(viewport={"width": width, "height": 640})
    open_pages(page, client, "192.0.2.44")
    wrong: dict[str, object] = {}
    with pseudo_language():
        for path in ("/", f"/s/{event.code}", "/s/ZZZZZZ", "/mine", "/search", "/conduct"):
            page.goto(f"{HOST}{path}")
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width or page.evaluate(CUT):
                wrong[path] = (wide, page.evaluate(CUT))
    assert wrong == {}


@pytest.mark.parametrize("width", [390, 1366])
def test_long_words_fit_the_rail_of_the_desk(
    client: FlaskClient, windows: Windows, event: EventSession, width: int
) -> None:
    page = windows.laptop(viewport={"width": width, "height": 768})
    open_pages(page, client, "127.0.0.1")
    with pseudo_language():
        page.goto(f"{HOST}/desk/review")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert [one for one in page.evaluate(CUT) if not one.startswith("LABEL")] == []
