"""Nothing at the desk moves when its scripts come late: a button that jumps is pressed by mistake."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Route, expect
from sqlalchemy.orm import Session

from reporter.models import EventSession
from tests.support.browsers.chromium import Windows
from tests.support.browsers.pages import PHONE, make_ready, send
from tests.support.kiosk_process import add_takeaway
from tests.support.media import files
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

# Layout Instability API: the sum of all shifts that nobody caused.
SHIFTS = """window.shifted = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shifted += one.value; })
  .observe({ type: "layout-shift", buffered: true });"""
# Google's limit of "good" is 0.1 for a whole visit.
MOST = 0.02
NO_CAMERA = "No camera was found. Plug one in, then try again."


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


@pytest.mark.parametrize("path", ["/s/{code}", "/mine"])
def test_a_phones_page_stands_still_when_its_script_comes_late(
    app: Flask, windows: Windows, event: EventSession, path: str
) -> None:
    with served(app) as server:
        page = windows.phone()
        page.add_init_script(SHIFTS)
        held: list[Route] = []
        page.route("**/joined/*", lambda route: held.append(route))
        address = f"http://127.0.0.1:{server.bind_addr[1]}{path.format(code=event.code)}"
        page.goto(address, wait_until="commit")
        expect(page.locator("main h1").first).to_be_visible()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
        while held:
            held.pop().continue_()
        page.wait_for_load_state("load")
        expect(page.locator(".js, .begun")).to_have_count(1)
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
        assert page.evaluate("window.shifted") <= MOST


# Writes a page as it arrives over a slow line: half of it, painted, then the rest.
HALVES = """async ([first, rest]) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)));
  document.open();
  document.write(first);
  await Promise.all([...document.querySelectorAll("link[rel=stylesheet]")].map((sheet) =>
    sheet.sheet || new Promise((done) => sheet.addEventListener("load", done))));
  await painted();
  window.shifted = 0;
  document.write(rest);
  document.close();
  await painted();
}"""


@pytest.mark.parametrize("path", ["review", "conversation"])
def test_the_list_stands_still_when_its_preview_comes_late(
    app: Flask,
    client: FlaskClient,
    windows: Windows,
    session: Session,
    event: EventSession,
    rng: random.Random,
    path: str,
) -> None:
    add_takeaway(session, event, rng, text="Straw keeps the frost away")
    talked = add_takeaway(session, event, rng, state="approved", text="Leaves")
    answer = client.post(f"/talk/{talked.id.hex}/replies", data={"text": "And moss?"}, **PHONE)
    assert answer.status_code == 303
    html = client.get(f"/desk/{path}").text
    first, found, rest = html.partition('<section class="preview')
    assert found
    with served(app) as server:
        page = windows.open(viewport={"width": 768, "height": 900})
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/cards")
        page.evaluate(SHIFTS)
        page.evaluate(HALVES, [first, found + rest])
        assert page.evaluate("window.shifted") <= MOST
        expect(page.locator(".review")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (1366, 768)])
def test_a_station_without_a_camera_stands_still(
    app: Flask, windows: Windows, event: EventSession, width: int, height: int
) -> None:
    with served(app) as server:
        page = windows.open(viewport={"width": width, "height": height})
        page.add_init_script(SHIFTS)
        # However long the browser takes to say so.
        page.clock.install()
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/station")
        expect(page.locator("#trouble-text")).to_have_text(NO_CAMERA)
        expect(page.get_by_role("button", name=event.title)).to_be_visible()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
        assert page.evaluate("window.shifted") <= MOST
