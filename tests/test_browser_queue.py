"""The queue on the phone, in a real browser over plain http: what was recorded arrives, whatever happens meanwhile."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporter.models import EventSession, Takeaway, Upload
from reporter.store import Store
from tests import media_files
from tests.browser import Windows
from tests.product import KioskProcess
from tests.test_browser_phone import SAFE, check_stored, choose, takeaway

pytestmark = pytest.mark.browser

WAITS = {"timeout": 30_000}
# Bytes of what stands in the phone's own store.
PIECES = """() => new Promise((resolve, reject) => {
  const asked = indexedDB.open("reporter");
  asked.onerror = () => reject(asked.error);
  asked.onsuccess = () => {
    const all = asked.result.transaction("pieces").objectStore("pieces").getAll();
    all.onsuccess = () => { asked.result.close(); resolve(all.result.map((piece) => piece.byteLength)); };
  };
})"""
NO_ROOM = """IDBObjectStore.prototype.put = function () {
  throw new DOMException("no room on this phone", "QuotaExceededError");
};"""


@pytest.fixture
def kiosk(kiosk_process: KioskProcess) -> KioskProcess:
    """A running kiosk, at an address that phones could use."""
    kiosk_process.start_for_phones()
    return kiosk_process


@pytest.fixture
def long_video(tmp_path: Path) -> Path:
    """A real MP4, made 9 MB by a box that players skip (ISO/IEC 14496-12, "free"): more than two PATCH requests."""
    filler = 9 << 20
    path = tmp_path / "walk.mp4"
    path.write_bytes(
        media_files.mp4().read_bytes() + struct.pack(">I4s", filler, b"free") + bytes(filler - 8)
    )
    return path


def slow_down(page: Page, bytes_a_second: int) -> None:
    """A weak Wi-Fi, from here on (CDP, "Network.emulateNetworkConditions")."""
    limits = {
        "offline": False,
        "latency": 5,
        "downloadThroughput": -1,
        "uploadThroughput": bytes_a_second,
    }
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", limits)


def press_keep(page: Page) -> None:
    page.get_by_role("button", name="Keep it").click()


def open_tab(context: BrowserContext, kiosk: KioskProcess, event: EventSession) -> Page:
    page = context.new_page()
    page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    return page


def begin_slowly(page: Page, path: Path) -> None:
    """Send a file until a part of it is there."""
    slow_down(page, 3_000_000)
    choose(page, "Gallery", path)
    expect(page.locator("#added li")).to_have_count(1)
    press_keep(page)
    expect(page.locator("#verdict")).to_have_text(
        re.compile(r"Still on your phone: [3-8]\d %"), **WAITS
    )


def test_a_closed_tab_and_a_killed_kiosk_lose_nothing(
    kiosk: KioskProcess, phone_page: Page, session: Session, store: Store, event: EventSession,
    long_video: Path,
) -> None:  # fmt: skip
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.get_by_label("Your words").fill("All the way round")
    begin_slowly(phone_page, long_video)
    assert sum(phone_page.evaluate(PIECES)) == long_video.stat().st_size
    url = kiosk.url
    kiosk.kill()
    context = phone_page.context
    phone_page.close(run_before_unload=False)
    kiosk.start()
    kiosk.url = url
    page = open_tab(context, kiosk, event)
    expect(page.locator("#queue .state")).to_have_text("Safe on the kiosk.", **WAITS)
    row = takeaway(session)
    assert row.text == "All the way round"
    check_stored(session, store, long_video)
    # It went on where it was: one upload, not two.
    assert session.scalar(select(func.count()).select_from(Upload)) == 1
    assert page.evaluate(PIECES) == []


def test_two_open_pages_send_it_once(
    kiosk: KioskProcess, phone_page: Page, session: Session, store: Store, event: EventSession
) -> None:
    context = phone_page.context
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    sent: list[str] = []
    context.on(
        "request",
        lambda request: sent.append(request.method) if "/uploads" in request.url else None,
    )
    held: list[Route] = []
    context.route("**/uploads", lambda route: held.append(route))
    choose(phone_page, "Photo", media_files.jpeg())
    press_keep(phone_page)
    expect(phone_page.locator("#verdict")).to_contain_text("Still on your phone")
    other = open_tab(context, kiosk, event)
    expect(other.locator("#queue li")).to_have_count(1)
    # Time enough for the other page to try, if it would.
    expect(other.locator("#queue .state")).to_contain_text("Still on your phone")
    other.wait_for_timeout(1500)
    assert len(held) == 1
    held[0].continue_()
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible(**WAITS)
    expect(other.locator("#queue .state")).to_have_text("Safe on the kiosk.", **WAITS)
    assert sent.count("POST") == 1
    check_stored(session, store, media_files.jpeg())


def test_it_waits_as_long_as_the_kiosk_asks(
    kiosk: KioskProcess, phone_page: Page, session: Session, store: Store, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    answers = [(503, "takes a break"), (507, "no room left"), (429, "takes a break")]
    left = list(answers)
    times: list[float] = []

    def refuse(route: Route) -> None:
        times.append(time.monotonic())
        if not left:
            return route.continue_()
        status, _words = left.pop(0)
        problem = {"title": "Later", "status": status, "detail": f"Closed until two ({status})."}
        return route.fulfill(status=status, json=problem, headers={"Retry-After": "2"})

    phone_page.route("**/uploads", refuse)
    choose(phone_page, "Photo", media_files.jpeg())
    press_keep(phone_page)
    for status, words in answers:
        expect(phone_page.locator("#refusal")).to_have_text(
            f"Closed until two ({status}).", **WAITS
        )
        expect(phone_page.locator("#verdict")).to_contain_text(words)
        assert phone_page.get_by_text(SAFE).count() == 0
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible(**WAITS)
    # Not once before the time that it was told.
    assert len(times) == 4
    assert all(later - earlier >= 2 for earlier, later in pairwise(times))
    check_stored(session, store, media_files.jpeg())


def test_a_phone_without_room_says_so_and_sends_all_the_same(
    kiosk: KioskProcess, windows: Windows, session: Session, store: Store, event: EventSession,
    long_video: Path,
) -> None:  # fmt: skip
    page = windows.phone()
    page.add_init_script(NO_ROOM)
    page.goto(f"{kiosk.url}/s/{event.code}")
    begin_slowly(page, long_video)
    expect(page.get_by_text("no room to put it by. Keep this page open")).to_be_visible()
    # The page is closed all the same: choosing the same file once more goes on where it stopped.
    context = page.context
    page.close(run_before_unload=False)
    again = context.new_page()
    again.add_init_script(NO_ROOM)
    again.goto(f"{kiosk.url}/s/{event.code}")
    expect(again.locator("#queue")).to_contain_text("Choose the same file once more")
    choose(again, "Gallery", long_video)
    expect(again.get_by_role("alert")).to_contain_text("goes on where it stopped")
    expect(again.locator("#queue .state")).to_have_text("Safe on the kiosk.", **WAITS)
    check_stored(session, store, long_video)
    assert session.scalar(select(func.count()).select_from(Upload)) == 1


def test_what_was_refused_stays_until_its_person_lets_it_go(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession, tmp_path: Path
) -> None:
    wrong = tmp_path / "holiday.jpg"
    wrong.write_text("This is no photo at all.")
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    choose(phone_page, "Gallery", wrong)
    press_keep(phone_page)
    expect(phone_page.locator("#refusal")).to_contain_text("holiday.jpg")
    phone_page.reload()
    expect(phone_page.locator("#queue .reason")).to_contain_text("holiday.jpg")
    assert phone_page.evaluate(PIECES) == [wrong.stat().st_size]
    phone_page.get_by_role("button", name="Let it go").click()
    expect(phone_page.locator("#queue li")).to_have_count(0)
    phone_page.reload()
    expect(phone_page.locator("#pending")).to_be_hidden()
    assert phone_page.evaluate(PIECES) == []
    assert session.scalars(select(Takeaway)).all() == []


def test_words_wait_like_pictures(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    phone_page.route("**/takeaways", lambda route: route.abort("connectionfailed"))
    for words in ("First", "Second"):
        phone_page.get_by_label("Your words").fill(words)
        press_keep(phone_page)
        expect(phone_page.locator("#verdict")).to_contain_text("Still on your phone")
        phone_page.get_by_role("button", name="Record another").click()
    expect(phone_page.locator("#tally")).to_contain_text("On this phone: 2")
    # Nothing warns that the page would be left: it stands on the phone.
    phone_page.unroute("**/takeaways")
    phone_page.goto(f"{kiosk.url}/mine")
    expect(phone_page.locator("#mine li")).to_have_count(2, **WAITS)
    assert {row.text for row in session.scalars(select(Takeaway))} == {"First", "Second"}


def test_my_takeaways_tell_what_became_of_them(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession,
    axe: Callable[..., list[str]],
) -> None:  # fmt: skip
    phone_page.goto(f"{kiosk.url}/mine")
    expect(phone_page.get_by_text("Nothing yet.")).to_be_visible()
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.get_by_label("Your words").fill("Plant garlic")
    press_keep(phone_page)
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible(**WAITS)
    phone_page.get_by_role("link", name="My takeaways").click()
    expect(phone_page.locator("#mine li")).to_contain_text("Plant garlic")
    expect(phone_page.locator("#mine .step")).to_contain_text("Safe")
    assert axe(phone_page) == []
    row = takeaway(session)
    row.state = "approved"
    session.commit()
    with phone_page.expect_response("**/mine/states*"):
        phone_page.reload()
    expect(phone_page.locator("#mine .step")).to_contain_text("Approved")
    phone_page.locator("#mine a").click()
    expect(phone_page.get_by_role("heading", name="Your takeaway")).to_be_visible()


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_the_whole_page_weighs_less_than_30_kb(
    kiosk: KioskProcess, phone_page: Page, event: EventSession, lang: str
) -> None:
    """Everything that a phone fetches from the first request until its photo is safe, as it goes over the air."""
    fetched: dict[str, int] = {}

    def weigh(request: Request) -> None:
        if request.method == "GET":
            sizes: Any = request.sizes()
            fetched[request.url] = sizes["responseBodySize"]

    phone_page.on("requestfinished", weigh)
    phone_page.goto(f"{kiosk.url}/s/{event.code}?lang={lang}", wait_until="networkidle")
    # Nothing is held open, so the network did get idle; and the form is there without any of the scripts.
    choose(phone_page, "Photo" if lang == "en" else "صورة", media_files.jpeg())
    phone_page.locator("#keep .thumbzone button").click()
    expect(phone_page.locator("#done")).to_be_visible(**WAITS)
    phone_page.wait_for_load_state("networkidle")
    scripts = [url for url in fetched if url.endswith(".js")]
    assert len(scripts) >= 6
    assert sum(fetched.values()) < 30_000, fetched
