"""Laptop, desk, wall and login in a real browser: keys, mouse, no scripts, axe on every page."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.runtime.addresses import own_addresses
from reporter.config import Settings, save_settings
from reporter.gathering.sessions import add_session
from reporter.models import EventSession, Takeaway
from reporter.moderation.decisions import approve, by_receipt, hide
from tests.support.browsers.chromium import Windows, wait_for_picture
from tests.support.kiosk_process import KioskProcess, TurnableClock, actor, add_takeaway
from tests.support.media import files
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

# How long the wall waits until it asks again, each time.
PAUSES = """window.pauses = [];
const later = window.setTimeout;
window.setTimeout = (act, wait, ...rest) => {
  if (act.name === "ask") pauses.push(wait);
  return later(act, wait, ...rest);
};"""


def keep(page: Page, url: str, code: str, words: str) -> str:
    """Keep a line of text over the real address; the receipt."""
    answer = page.request.post(
        f"{url}/s/{code}/takeaways", form={"text": words}, headers={"Accept": "application/json"}
    )
    assert answer.status == 201
    return str(answer.json()["receipt"])


def keep_photo(page: Page, url: str, code: str) -> str:
    """Keep a photo and wait until its small picture is made."""
    content = files.jpeg().read_bytes()
    file: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content}
    headers = {"Accept": "application/json"}
    sent = page.request.post(f"{url}/s/{code}/takeaways", multipart={"file": file}, headers=headers)
    receipt = str(sent.json()["receipt"])
    until = time.monotonic() + 120
    while time.monotonic() < until:
        record = page.request.get(f"{url}/t/{receipt}", headers=headers).json()
        if record["media"][0]["state"] == "ready":
            return receipt
    raise AssertionError("the photo was not made ready in two minutes")


def state(session: Session, receipt: str) -> tuple[str, bool]:
    session.expire_all()
    row = session.scalars(select(Takeaway).where(Takeaway.receipt == receipt)).one()
    return row.state, row.starred


def test_the_desk_is_worked_by_keys(
    kiosk_process: KioskProcess, laptop_page: Page, session: Session, event: EventSession
) -> None:
    url = kiosk_process.start()
    page = laptop_page
    receipts = [keep(page, url, event.code, f"Note {number}") for number in range(3)]
    page.goto(f"{url}/desk/")
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("Note 0")
    page.keyboard.press("j")
    expect(preview).to_contain_text("Note 1")
    page.keyboard.press("k")
    expect(preview).to_contain_text("Note 0")
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")
    assert state(session, receipts[0]) == ("new", True)
    page.keyboard.press("a")
    expect(preview).to_contain_text("Note 1")
    assert state(session, receipts[0])[0] == "approved"
    page.keyboard.press("h")
    expect(preview).to_contain_text("Note 2")
    assert state(session, receipts[1])[0] == "hidden"
    page.keyboard.press("z")
    expect(preview).to_contain_text("Note 1")
    assert state(session, receipts[1])[0] == "new"


def test_letters_are_letters_while_somebody_writes(
    kiosk_process: KioskProcess, laptop_page: Page, session: Session, event: EventSession
) -> None:
    url = kiosk_process.start()
    receipt = keep(laptop_page, url, event.code, "As it came")
    laptop_page.goto(f"{url}/desk/review")
    laptop_page.keyboard.press("e")
    caption = laptop_page.get_by_label("Caption (instead of the contributor's words)")
    expect(caption).to_be_focused()
    laptop_page.keyboard.type("has a shed")
    expect(caption).to_have_value("has a shed")
    laptop_page.get_by_role("button", name="Save", exact=True).click()
    expect(laptop_page.get_by_role("status")).to_have_text("Saved.")
    assert state(session, receipt)[0] == "new"
    assert session.scalars(select(Takeaway.caption)).one() == "has a shed"


def test_the_desk_works_without_scripts(
    kiosk_process: KioskProcess, windows: Windows, session: Session, event: EventSession
) -> None:
    url = kiosk_process.start()
    page = windows.laptop(java_script_enabled=False)
    receipts = [keep(page, url, event.code, words) for words in ("One", "Two", "Three")]
    page.goto(f"{url}/desk/review")
    page.get_by_label("Tick Two").check()
    page.get_by_label("Tick Three").check()
    page.locator("#selected").get_by_role("button", name="Approve").click()
    assert page.get_by_role("status").inner_text() == "2 takeaways changed."
    assert [state(session, receipt)[0] for receipt in receipts] == ["new", "approved", "approved"]


def test_the_wall_shows_what_is_approved_within_three_seconds(
    kiosk_process: KioskProcess,
    laptop_page: Page,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
) -> None:
    url = kiosk_process.start()
    receipt = keep(laptop_page, url, event.code, "Plant garlic under the trees")
    laptop_page.add_init_script(PAUSES)
    laptop_page.goto(f"{url}/wall")
    expect(laptop_page.get_by_text("The first takeaways will appear here.")).to_be_visible()
    row = by_receipt(session, receipt)
    card = laptop_page.get_by_text("Plant garlic under the trees")
    with laptop_page.expect_response(lambda answer: answer.status == 200):
        approve(session, row, actor(clock))
    expect(card).to_be_visible()
    with laptop_page.expect_response(lambda answer: answer.status == 200):
        hide(session, row, actor(clock))
    expect(card).to_have_count(0)
    # It asks again two seconds after each answer, and the first answer that is not the old one has it: with the time of
    # the answer itself that is less than three.
    assert set(laptop_page.evaluate("pauses")) == {2000}


def test_the_wall_never_grows(
    kiosk_process: KioskProcess,
    laptop_page: Page,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
) -> None:
    url = kiosk_process.start()
    laptop_page.goto(f"{url}/wall")
    for number in range(12):
        receipt = keep(laptop_page, url, event.code, f"Number {number}")
        clock.turn(minutes=1)
        approve(session, by_receipt(session, receipt), actor(clock))
        if number % 4 == 3:
            expect(laptop_page.get_by_text(f"Number {number}", exact=True)).to_be_visible()
    expect(laptop_page.locator("#cards figure")).to_have_count(6)
    assert laptop_page.locator("#cards > li").count() == 6


# What answers without a page: pictures, files, states for scripts, probes of phones, tus.
# How wide a page is when it is read in a direction.
WIDTH = """direction => {
  document.documentElement.dir = direction;
  return document.documentElement.scrollWidth;
}"""
NO_PAGES = re.compile(
    r"\.(svg|ics|pdf|txt|html|php|png|webmanifest|js)$|/(state|states|cards|qr|uploads|healthz|show|pack|progress)$|"
    r"generate_204|gen_204|redirect$|canonical|success"
)


def pages(app: Flask) -> list[str]:
    """Every address of the laptop that needs no name of a thing, from the application's own list."""
    rules = (r for r in app.url_map.iter_rules() if "GET" in (r.methods or ()) and not r.arguments)
    with app.test_client() as client:
        found = {rule.rule for rule in rules if not NO_PAGES.search(rule.rule)}
        return sorted(
            path
            for path in found
            if (answer := client.get(path)).status_code == 200 and answer.mimetype == "text/html"
        )


def test_every_page_of_the_laptop_is_for_everybody(
    kiosk_process: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    axe: Callable[..., list[str]],
    app: Flask,
    gathering: Settings,
) -> None:
    paths = [
        *pages(app),
        f"/desk/sessions/{event.code}",
        "/desk/review?state=approved",
        "/search?q=a",
    ]
    save_settings(gathering.folder, {"wifi": {"ssid": "Garden", "password": "tomatoes1"}})
    assert {"/", "/wall", "/search", "/desk/review", "/desk/conversation", "/desk/actions"} < {
        *paths
    }
    url = kiosk_process.start()
    page = windows.laptop()
    shown = keep_photo(page, url, event.code)
    keep(page, url, event.code, "Waiting for a decision")
    approve(session, by_receipt(session, shown), actor(clock))
    wrong: dict[str, list[str]] = {}
    for path in paths:
        if found := faults(page, f"{url}{path}{'&' if '?' in path else '?'}lang=de", axe):
            wrong[path] = found
    # What differs in Arabic, on a page of each kind.
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for path in ("/", "/wall", "/search?q=a", "/desk/review", "/desk/settings", "/desk/publish"):
        page.goto(f"{url}{path}{'&' if '?' in path else '?'}lang=ar")
        if found := axe(page):
            wrong[f"{path} in Arabic"] = found
    assert wrong == {}


def faults(page: Page, address: str, axe: Callable[..., list[str]]) -> list[str]:
    """What is wrong with a page in light and dark, wide and narrow, from left and from right; it is loaded once."""
    page.set_viewport_size({"width": 1280, "height": 800})
    # Without motion: half-way through a fade every contrast is too small.
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(address)
    found = axe(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark: {one}" for one in axe(page, only=("color-contrast",))]
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for direction in ("ltr", "rtl"):
            wide = page.evaluate(WIDTH, direction)
            if wide > width:
                found.append(f"{direction}: {wide} pixels wide in {width}")
    return found


def test_a_photo_is_reviewed_in_small_and_large(
    kiosk_process: KioskProcess, laptop_page: Page, event: EventSession
) -> None:
    url = kiosk_process.start()
    keep_photo(laptop_page, url, event.code)
    laptop_page.goto(f"{url}/desk/review")
    for place in (".sheet img", ".large img"):
        wait_for_picture(laptop_page.locator(place), wider_than=100)
    boxes = [laptop_page.locator(place).bounding_box() for place in (".sheet img", ".large img")]
    small, large = (box["width"] if box else 0 for box in boxes)
    assert 0 < small < large


def test_the_desk_is_refused_to_another_machine(
    kiosk_process: KioskProcess, windows: Windows, event: EventSession
) -> None:
    addresses = own_addresses()
    if not addresses:
        pytest.skip(
            "this machine has no address but loopback, so nothing here is 'another machine'"
        )
    kiosk_process.arguments = ("--host", "0.0.0.0")
    local = kiosk_process.start()
    there = f"http://{addresses[0].ip}:{local.rsplit(':', 1)[1]}"
    other, laptop = windows.laptop(), windows.laptop()
    answer = other.goto(f"{there}/desk/review")
    assert answer is not None
    assert answer.status == 403
    assert "set a passphrase at the laptop first" in other.get_by_role("main").inner_text()
    laptop.goto(f"{local}/desk/kiosk")
    laptop.get_by_label("Passphrase").fill("warm compost")
    laptop.get_by_role("button", name="Set it").click()
    expect(laptop.get_by_role("status")).to_contain_text("The passphrase is set.")
    other.goto(f"{there}/desk/review")
    other.get_by_label("Passphrase").fill("cold compost")
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("alert")).to_contain_text("not the passphrase")
    other.get_by_label("Passphrase").fill("warm compost")
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("heading", name="Review")).to_be_visible()


def test_the_wall_obeys_keys(
    kiosk_process: KioskProcess,
    laptop_page: Page,
    session: Session,
    event: EventSession,
    rng: random.Random,
) -> None:
    add_takeaway(session, event, rng, state="approved", text="Why is it warm?", intent="question")
    add_takeaway(session, event, rng, state="approved", text="Compost stays warm")
    add_session(session, "Open all day", now=event.created_at, rng=rng)
    url = kiosk_process.start()
    page = laptop_page
    page.goto(f"{url}/wall")
    cards = page.locator("#cards blockquote")
    expect(cards).to_have_count(2)
    page.keyboard.press("3")
    expect(cards).to_have_text(["Why is it warm?"])
    page.keyboard.press("4")
    expect(page.locator("#map li")).to_have_count(1)
    expect(page.locator("#map .none")).to_contain_text("Open all day")
    page.keyboard.press("l")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.keyboard.press("1")
    expect(cards).to_have_count(2)
    with page.expect_response(
        lambda answer: answer.url.endswith("/wall/cards") and answer.status == 200
    ):
        page.keyboard.press("Space")
    # Held still it shows what was there, also in another mode and after the laptop's browser was opened again.
    page.keyboard.press("3")
    expect(cards).to_have_text(["Why is it warm?"])
    page.reload()
    expect(cards).to_have_text(["Why is it warm?"])


# Of each card of the map whether its count is inside, and of each slot of the board whether it is wide enough to see.
CUT_OFF = """[...document.querySelectorAll("#map li")].filter((card) => {
  const [outer, inner] = [card, card.lastElementChild].map((one) => one.getBoundingClientRect());
  return inner.bottom > outer.bottom + 1 || inner.top < outer.top;
}).map((card) => card.textContent)"""
NARROW = """[...document.querySelectorAll(".heat .cell")].filter((cell) => cell.clientWidth < 20).length"""


@pytest.mark.parametrize("count", [7, 24])
def test_a_full_day_of_long_titles_fits_the_map_and_the_board(
    event: EventSession,
    app: Flask,
    windows: Windows,
    session: Session,
    clock: TurnableClock,
    *,
    rng: random.Random,
    count: int,
) -> None:
    title = "Nachbarschaftshilfenetzwerkgründungsversammlung und was danach im ganzen Viertel kommt"
    for number in range(1, count):
        begins = clock() + timedelta(minutes=20 * number)
        room = f"Gewächshaus hinter dem Bahnhof {number}"
        event = add_session(session, title, now=clock(), rng=rng, room=room, starts_at=begins)
        if number % 2:
            add_takeaway(session, event, rng, recorded_at=begins)
    page = windows.laptop(viewport={"width": 1366, "height": 768})
    with served(app) as server:
        url = f"http://127.0.0.1:{server.bind_addr[1]}"
        page.goto(f"{url}/wall?mode=map")
        expect(page.locator("#map li")).to_have_count(count)
        assert page.evaluate(CUT_OFF) == []
        page.goto(f"{url}/desk/coverage")
        expect(page.locator(".heat tbody tr")).to_have_count(count)
        assert page.evaluate(NARROW) == 0
