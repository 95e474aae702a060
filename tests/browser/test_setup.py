"""The first run in a real browser: three steps, a phone that turns the code green, a schedule that is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.runtime.addresses import own_addresses
from reporter.clock import new_random, utc_now
from reporter.config import Settings, load_settings, save_settings
from reporter.gathering.folder import make_gathering
from reporter.models import EventSession
from tests.support.browsers.chromium import Windows
from tests.support.kiosk_process import KioskProcess

pytestmark = pytest.mark.browser

SIZES = ((320, 568), (390, 844), (768, 1024), (1366, 768), (1920, 1080))
PAGES = (
    "/",
    "/wall",
    "/desk/setup/gathering",
    "/desk/setup/sessions",
    "/desk/setup/network",
    "/desk/setup/done",
    "/desk/sessions",
    "/desk/sessions/new",
    "/desk/sessions/schedule",
    "/desk/settings",
    "/desk/kiosk",
    "/desk/wall",
    "/desk/review",
    "/desk/stories",
    "/desk/publish",
    "/desk/actions",
    "/desk/afterwards",
)
LONG = "Nachbarschaftshilfenetzwerksgründungsversammlung am Bahnhofsvorplatz"


@pytest.fixture
def fresh_kiosk(tmp_path: Path) -> Iterator[tuple[KioskProcess, Path]]:
    """A kiosk as it is when somebody has started the program for the first time; its folder."""
    if not own_addresses():
        pytest.skip("this machine has no address but loopback, so no phone could be tried")
    folder = tmp_path / "fresh"
    make_gathering(
        folder, "Our gathering", timezone="UTC", language="en", now=utc_now(), rng=new_random()
    )
    process = KioskProcess(folder, tmp_path / "secrets.json", ("--host", "0.0.0.0"))
    process.start()
    yield process, folder
    process.kill()


def test_the_first_run_from_the_start_page_to_a_phone_that_gets_here(
    fresh_kiosk: tuple[KioskProcess, Path], windows: Windows, axe: Callable[..., list[str]]
) -> None:
    kiosk, folder = fresh_kiosk
    page = windows.laptop()
    page.goto(kiosk.url)
    page.get_by_role("link", name="Set up this gathering").click()
    expect(page.get_by_role("heading", name="What is your gathering?")).to_be_visible()
    assert axe(page) == []
    # What, when, where.
    page.get_by_label("Its name").fill("Winter fair")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Next: sessions").click()
    # Sessions, one after the other; the cursor stands where the next title goes.
    for title in ("Seeds", "Bread"):
        expect(page.get_by_label("Title")).to_be_focused()
        page.keyboard.type(title)
        page.get_by_label("Begins").fill("10:00")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("status")).to_contain_text(f"Added: {title}")
    expect(page.get_by_text("Lobby")).to_have_count(0)
    assert axe(page) == []
    # The last one needs no button of its own.
    page.keyboard.type("Repairs")
    page.get_by_role("button", name="Next: network").click()
    expect(page.get_by_role("status").first).to_contain_text("Added: Repairs")
    # The network, and a phone.
    page.get_by_role("radio").first.check()
    page.get_by_label("Name of the Wi-Fi").fill("Fair")
    page.get_by_label("Password of the Wi-Fi").fill("tomatoes1")
    page.get_by_role("button", name="Save, then try it").click()
    waiting = page.locator("#tried")
    expect(waiting).to_have_text("Waiting for a phone …")
    assert axe(page) == []
    address = page.locator("#try .code").inner_text()
    assert "127.0.0.1" not in address
    phone = windows.phone()
    phone.goto(f"http://{address}")
    expect(phone.get_by_role("heading", name="It works")).to_be_visible()
    expect(waiting).to_contain_text("A phone is here")
    expect(page.locator("#try.opened")).to_be_visible()
    assert axe(page) == []
    # Back keeps what was said; then what is left to do.
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("Seeds")).to_be_visible()
    page.get_by_role("button", name="Next: network").click()
    page.get_by_role("link", name="Next: print, rehearse, start").click()
    expect(page.get_by_role("heading", name="Ready. Three things are left")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Open the start page").click()
    expect(page.locator(".codes figure")).to_have_count(2)
    settings = load_settings(folder)
    assert settings.gathering.title == "Winter fair"
    assert settings.kiosk.base_url == f"http://{address.split('/')[0]}"


def test_a_schedule_is_dropped_and_looked_at_before_it_changes_anything(
    kiosk_process: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    axe: Callable[..., list[str]],
) -> None:
    url = kiosk_process.start()
    page = windows.laptop()
    page.goto(f"{url}/desk/sessions/schedule")
    assert axe(page) == []
    paste = """([words]) => {
      const data = new DataTransfer();
      data.setData("text/plain", words);
      data.items.add(new File([new Uint8Array(9)], "image.png", { type: "image/png" }));
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    }"""
    # As a spreadsheet copies its cells: with a picture of them.
    page.evaluate(paste, ["title\tstart\nBread\t10:00"])
    expect(page.get_by_label("Or paste it")).to_have_value("title\tstart\nBread\t10:00")
    drop = """([words]) => {
      const data = new DataTransfer();
      data.items.add(new File([words], "plan.csv", { type: "text/csv" }));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(drop, ["title,start,end\nBread,2026-03-14 10:00,2026-03-14 11:00\n"])
    expect(page.get_by_role("heading", name="What would change")).to_be_visible()
    expect(page.get_by_text("Bread")).to_be_visible()
    assert axe(page) == []
    assert session.scalars(select(EventSession.title)).all() == [event.title]
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_role("status")).to_contain_text("1 session added")
    assert set(session.scalars(select(EventSession.title))) == {event.title, "Bread"}


def test_nothing_sticks_out_and_no_title_stands_one_letter_a_line(
    kiosk_process: KioskProcess,
    windows: Windows,
    gathering: Settings,
    event: EventSession,
    session: Session,
) -> None:
    event.title = LONG
    event.speakers = "Ada Lovelace, Grace Hopper"
    session.commit()
    save_settings(gathering.folder, {"wifi": {"ssid": "Garden", "password": "tomatoes1"}})
    url = kiosk_process.start()
    page = windows.laptop()
    for path in PAGES:
        page.goto(f"{url}{path}")
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide"
            language = page.locator(".languages summary")
            if language.count():
                box = language.bounding_box()
                assert box is not None
                assert box["x"] >= 0, path
                assert box["x"] + box["width"] <= width, path
                if path.startswith("/desk"):
                    assert box["y"] + box["height"] <= height, f"{path}: the language is cut off"
            if path == "/desk/sessions":
                title = page.get_by_role("link", name=LONG, exact=True).bounding_box()
                assert title is not None
                assert title["width"] > 150


# In every run, at one width: test_desk.py.
@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1366])
def test_the_new_pages_are_for_everybody(
    kiosk_process: KioskProcess,
    windows: Windows,
    gathering: Settings,
    event: EventSession,
    axe: Callable[..., list[str]],
    scheme: str,
    width: int,
) -> None:
    save_settings(gathering.folder, {"wifi": {"ssid": "Garden", "password": "tomatoes1"}})
    url = kiosk_process.start()
    page = windows.open(viewport={"width": width, "height": 800}, color_scheme=scheme)
    for path in (*PAGES[2:12], f"/desk/sessions/{event.code}"):
        page.goto(f"{url}{path}")
        assert axe(page) == [], path


def test_a_session_is_edited_without_scripts(
    kiosk_process: KioskProcess, windows: Windows, session: Session, event: EventSession
) -> None:
    url = kiosk_process.start()
    page = windows.laptop(java_script_enabled=False)
    page.goto(f"{url}/desk/sessions")
    page.get_by_role("link", name=event.title, exact=True).click()
    page.get_by_label("Title").fill("Gardens in spring")
    page.get_by_label("Do not record").check()
    page.get_by_label("Language spoken").select_option("uk")
    page.get_by_role("button", name="Save").click()
    assert "Its code stays" in page.get_by_role("status").inner_text()
    session.expire_all()
    assert (event.title, event.do_not_record, event.language) == ("Gardens in spring", True, "uk")


def test_settings_begin_with_the_basics(kiosk_process: KioskProcess, windows: Windows) -> None:
    url = kiosk_process.start()
    page: Page = windows.laptop()
    page.goto(f"{url}/desk/settings")
    seen = [
        field.get_attribute("name")
        for field in page.locator("form :is(input, select):visible").all()
    ]
    assert seen == [
        "gathering.title",
        "gathering.language",
        "gathering.timezone",
        "wifi.ssid",
        "wifi.password",
    ]
    page.get_by_text("Advanced").click()
    assert page.locator("form :is(input, select):visible").count() > 20
    expect(page.locator(".thumbzone")).to_have_count(0)
