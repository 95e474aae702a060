"""Nothing at the desk moves when its scripts come late: a button that jumps is pressed by mistake."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Route, expect

from reporter.models import EventSession
from tests.support.browsers.chromium import Windows
from tests.support.browsers.pages import make_ready, send
from tests.support.media import files
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

# Layout Instability API: the sum of all shifts that nobody caused.
SHIFTS = """window.shifted = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shifted += one.value; })
  .observe({ type: "layout-shift", buffered: true });"""
# Google's limit of "good" is 0.1 for a whole visit.
MOST = 0.02


def test_the_desk_stands_still_until_its_scripts_are_there(
    app: Flask, client: FlaskClient, windows: Windows, event: EventSession
) -> None:
    sent = send(client, event.code, files.jpeg(), text="Frost", intent="question")
    make_ready(app)
    moved: dict[str, float] = {}
    with served(app) as server:
        page = windows.open(viewport={"width": 768, "height": 900})
        page.add_init_script(SHIFTS)
        held: list[Route] = []
        late = True
        page.route("**/js/desk/*", lambda route: held.append(route) if late else route.continue_())
        for path in (
            "/desk/cards",
            "/desk/actions",
            "/desk/conversation",
            f"/desk/edit/{sent['receipt']}/{sent['media'][0]['sha256']}",
        ):
            late = True
            page.goto(f"http://127.0.0.1:{server.bind_addr[1]}{path}", wait_until="commit")
            # It is painted; then its scripts come, and what they fetch.
            expect(page.locator("main h1")).to_be_visible()
            page.evaluate(
                "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))"
            )
            late = False
            while held:
                held.pop().continue_()
            page.wait_for_load_state("load")
            page.evaluate(
                "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))"
            )
            if (shifted := page.evaluate("window.shifted")) > MOST:
                moved[path] = shifted
    assert moved == {}
