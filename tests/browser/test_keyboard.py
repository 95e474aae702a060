"""By keys alone, in a real browser: every page at 200 %, and what people do there; the focus is always to be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.runtime.addresses import own_addresses
from reporter.clock import new_random, utc_now
from reporter.config import Settings, load_settings
from reporter.gathering.folder import make_gathering
from reporter.models import EventSession, Takeaway
from tests.browser.test_desk import keep, keep_photo, state
from tests.support.browsers.chromium import Windows
from tests.support.kiosk_process import KioskProcess

pytestmark = pytest.mark.browser

# A laptop's window of 1280 × 800 pixels at 200 %: half as many to lay a page out in.
ZOOMED: dict[str, Any] = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}
MOST_STOPS = 300

# Where the Tab key has to come by, in order: of radio buttons the chosen one, or one where none is.
WAY = """() => {
  const kinds = "a[href], button, input, select, textarea, summary, [controls], [tabindex]";
  const all = [...document.querySelectorAll(kinds)];
  const beside = (one) => all.filter((other) => other.name === one.name && other.form === one.form);
  const of = (radios) => radios.find((other) => other.checked) ?? radios[0];
  const chosen = (one) => one.type !== "radio" || one === of(beside(one));
  window.way = all.filter((one) => one.tabIndex >= 0 && !one.disabled && one.type !== "hidden"
    && chosen(one) && one.checkVisibility({ visibilityProperty: true }));
  return window.way.map((one) => one.outerHTML.slice(0, 90));
}"""
# The element with the focus: its number on the way, whether a ring is drawn, whether any of it is to be seen.
HERE = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const ring = (each) => {
    if (!each) return false;
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && style.opacity !== "0";
  };
  const label = one.closest("label");
  // The buttons of a player draw rings of their own.
  const ringed = one.matches("video, audio") || [one, one.nextElementSibling, label, one.parentElement].some(ring);
  const box = (label && getComputedStyle(one).opacity === "0" ? label : one).getBoundingClientRect();
  const parts = [0.1, 0.5, 0.9].flatMap((x) => [0.1, 0.5, 0.9].map((y) => [x, y]));
  const seen = parts.some(([x, y]) => {
    const hit = document.elementFromPoint(box.x + box.width * x, box.y + box.height * y);
    return hit && (one.contains(hit) || label?.contains(hit));
  });
  return [window.way.indexOf(one), ringed, seen, one.outerHTML.slice(0, 90)];
}"""


def faults(page: Page) -> list[str]:
    """Walk a whole page by the Tab key: what it passes by, in which order, and what can't be seen."""
    names = page.evaluate(WAY)
    # From the very top, whatever the page itself gave the focus to.
    page.evaluate("document.body.tabIndex = -1; document.body.focus(); scrollTo(0, 0)")
    found: list[str] = []
    visited: list[int] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None or (len(visited) > 1 and here[0] == visited[0]):
            break
        number, ring, seen, html = here
        # A scrolled region is no part of the order; a date has several stops.
        if number >= 0 and number not in visited[-1:]:
            visited.append(number)
        found += [] if ring else [f"no ring: {html}"]
        found += [] if seen else [f"covered: {html}"]
    else:
        found.append("the Tab key never leaves")
    found += [f"passed by: {names[n]}" for n in range(len(names)) if n not in visited]
    if visited != sorted(visited):
        found.append(f"out of order: {[names[n] for n in visited]}")
    return list(dict.fromkeys(found))


def go_to(page: Page, name: str, role: str = "button") -> None:
    """Press Tab until the focus is there."""
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    expect(wanted).to_be_visible()
    for _ in range(MOST_STOPS):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} is out of reach")


def choose(page: Page, name: str, role: str = "button") -> None:
    """Go there, and press Enter."""
    go_to(page, name, role)
    page.keyboard.press("Enter")


def write(page: Page, name: str, words: str) -> None:
    """Go to a field, and write instead of what is in it."""
    go_to(page, name, "textbox")
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def test_every_page_is_walked_by_keys_at_twice_its_size(
    kiosk_process: KioskProcess, windows: Windows, session: Session, event: EventSession
) -> None:
    url = kiosk_process.start()
    page = windows.open(**ZOOMED, reduced_motion="reduce")
    shown = keep_photo(page, url, event.code)
    keep(page, url, event.code, "Who has a shed?")
    sha256 = page.request.get(f"{url}/t/{shown}", headers={"Accept": "application/json"}).json()[
        "media"
    ][0]["sha256"]
    wrong: dict[str, list[str]] = {}
    for path in (
        "/",
        f"/s/{event.code}",
        f"/t/{shown}",
        "/mine",
        "/search?q=shed",
        "/desk/setup/gathering",
        "/desk/setup/sessions",
        "/desk/setup/network",
        "/desk/setup/done",
        "/desk/review",
        f"/desk/edit/{shown}/{sha256}",
        "/desk/publish",
        "/desk/publish/places/add",
        "/desk/settings",
        "/desk/sessions",
        "/desk/tools",
    ):
        answer = page.goto(f"{url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        found = faults(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{wide} pixels wide at 200 %"] if wide > ZOOMED["viewport"]["width"] else []
        if found:
            wrong[path] = found
    assert wrong == {}


def test_a_takeaway_is_sent_and_taken_back_by_keys(
    kiosk_process: KioskProcess, windows: Windows, session: Session, event: EventSession
) -> None:
    url = kiosk_process.start()
    page = windows.phone()
    page.goto(f"{url}/s/{event.code}")
    choose(page, "Send")
    expect(page.locator("#problem")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    write(page, "Your words", "I will ask my neighbour for her shed")
    choose(page, "Send")
    expect(page.locator("#verdict")).to_contain_text("Safe on the kiosk")
    row = session.scalars(select(Takeaway)).one()
    assert row.text == "I will ask my neighbour for her shed"
    page.goto(f"{url}/t/{row.receipt}")
    choose(page, "Take it back", "link")
    choose(page, "Yes, take it back")
    expect(page).to_have_url(f"{url}/t/{row.receipt}")
    session.expire_all()
    assert session.scalars(select(Takeaway.state)).all() == ["withdrawn"]


def test_the_desk_is_worked_by_tab_and_enter(
    kiosk_process: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    gathering: Settings,
    tmp_path: Path,
) -> None:
    """Review, a place to publish to, settings; letters as shortcuts are tested in test_review.py."""
    url = kiosk_process.start()
    page = windows.laptop()
    receipt = keep(page, url, event.code, "Who has a shed?")
    page.goto(f"{url}/desk/review")
    choose(page, "To the content", "link")
    expect(page.locator("#content")).to_be_focused()
    # The first of two buttons decides on what is ticked, the one with the key on what is shown.
    choose(page, "Approve A")
    expect(page.get_by_role("status")).to_have_text("Approved")
    expect(page.locator("#content")).to_be_focused()
    assert state(session, receipt)[0] == "approved"
    choose(page, "Publish", "link")
    choose(page, "Add a place", "link")
    choose(page, "Add USB stick or web space", "link")
    write(page, "What you call it", "stick")
    (tmp_path / "site").mkdir()
    write(page, "Address", (tmp_path / "site").as_uri())
    choose(page, "Try it and keep it")
    expect(page.get_by_role("heading", name="stick")).to_be_visible()
    choose(page, "Settings", "link")
    write(page, "Name of the gathering", "Winter fair")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    assert load_settings(gathering.folder).gathering.title == "Winter fair"


def test_the_first_run_is_done_by_keys(tmp_path: Path, windows: Windows) -> None:
    if not own_addresses():
        pytest.skip("this machine has no address but loopback, so no phone could be tried")
    folder, page = tmp_path / "fresh", windows.laptop()
    make_gathering(
        folder, "Our gathering", timezone="UTC", language="en", now=utc_now(), rng=new_random()
    )
    kiosk = KioskProcess(folder, tmp_path / "secrets.json", ("--host", "0.0.0.0"))
    page.goto(kiosk.start())
    try:
        choose(page, "Set up this gathering", "link")
        write(page, "Its name, as on every page and poster", "Winter fair")
        choose(page, "Next: sessions")
        expect(page.get_by_label("Title")).to_be_focused()
        page.keyboard.type("Seeds")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Added: Seeds")
        choose(page, "Next: network")
        write(page, "Name of the Wi-Fi", "Fair")
        write(page, "Password of the Wi-Fi", "tomatoes1")
        page.get_by_role("radio").first.focus()
        page.keyboard.press("Space")
        choose(page, "Save, then try it")
        expect(page.locator("#tried")).to_be_visible()
        choose(page, "Next: print, rehearse, start", "link")
        choose(page, "Open the start page", "link")
        expect(page.locator(".codes figure")).to_have_count(2)
    finally:
        kiosk.kill()
    assert load_settings(folder).gathering.title == "Winter fair"
