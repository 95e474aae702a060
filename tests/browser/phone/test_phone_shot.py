"""A phone after a photo or film was picked: the shot at the top, the question below it, nothing under the bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from reporter.models import EventSession
from tests.browser.phone.test_phone import SAFE, check_stored, choose, takeaway
from tests.support.browsers.chromium import PHONE, Windows, wait_for_picture
from tests.support.kiosk_process import KioskProcess
from tests.support.media import files, recordings

pytestmark = pytest.mark.browser

SIZES = {"small": (320, 568), "usual": (390, 844), "tablet": (768, 1024), "lying": (844, 390)}


@pytest.fixture
def kiosk(kiosk_process: KioskProcess) -> KioskProcess:
    """A running kiosk, at an address that phones could use."""
    kiosk_process.start_for_phones()
    return kiosk_process


def box(part: Locator) -> dict[str, float]:
    found: Any = part.bounding_box()
    assert found is not None
    return {**found, "bottom": found["y"] + found["height"]}


def bar(page: Page) -> dict[str, float]:
    return box(page.locator("#keep .thumbzone"))


@pytest.mark.parametrize("size", ["small", "usual", "tablet"])
@pytest.mark.parametrize("lang", ["en", "de", "ar"])
def test_the_shot_fills_the_top_and_the_question_is_above_the_bar(
    kiosk: KioskProcess, windows: Windows, event: EventSession, size: str, lang: str
) -> None:
    width, height = SIZES[size]
    page = windows.phone(viewport={"width": width, "height": height})
    page.goto(f"{kiosk.url}/s/{event.code}?lang={lang}", wait_until="load")
    page.locator("#photo").set_input_files(files.jpeg())
    shot = page.locator("#added li")
    wait_for_picture(shot.locator("img"))
    seen, question = box(shot), box(page.locator("#consent"))
    page_width = box(page.locator("main"))["width"]
    assert seen["width"] >= page_width
    assert seen["height"] >= height / 3
    # Below the shot at once, and whole: neither cut at the top nor under the bar.
    assert -1 <= seen["y"] < question["y"] < question["bottom"] <= bar(page)["y"] + 1
    assert question["y"] - seen["bottom"] < 40
    order = [box(page.locator(part))["y"] for part in ("#consent", "#text", "#tiles")]
    assert order == sorted(order)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_goes_out_past_an_unseen_question(
    kiosk: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    size: str,
    axe: Callable[..., list[str]],
) -> None:
    width, height = SIZES[size]
    page = windows.phone(viewport={"width": width, "height": height})
    page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    choose(page, "Photo", files.jpeg())
    expect(page.locator("#added li")).to_have_count(1)
    # Scrolled away to the name: the question is out of sight.
    page.get_by_label("Name (if you like)").scroll_into_view_if_needed()
    page.get_by_role("button", name="Send", exact=True).dblclick()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("One question first")
    expect(page.locator("#after")).to_be_hidden()
    question = box(page.locator("#consent"))
    assert question["bottom"] <= bar(page)["y"] + 1
    assert question["y"] >= -1
    assert box(alert)["bottom"] <= height
    assert axe(page) == []
    page.get_by_label("Not sure").check()
    expect(alert).to_be_hidden()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name=SAFE)).to_be_visible()
    assert takeaway(session).consent == "unsure"


def test_of_a_recording_it_asks_whether_people_may_be_heard(
    kiosk: KioskProcess, phone_page: Page, event: EventSession
) -> None:
    page = phone_page
    page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    choose(page, "Voice", recordings.m4a())
    question = page.locator("#consent legend")
    expect(question).to_have_text("Everyone in it agreed to be heard?", use_inner_text=True)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("agree to be heard")
    # A photo beside it can be seen.
    choose(page, "Photo", files.jpeg())
    expect(question).to_have_text("Everyone in it agreed to be shown?", use_inner_text=True)


def test_what_was_not_answered_is_shown_as_not_answered(
    kiosk: KioskProcess, phone_page: Page, windows: Windows, session: Session, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    choose(phone_page, "Photo", files.jpeg())
    phone_page.get_by_role("button", name="Send", exact=True).click()
    phone_page.get_by_role("button", name="Send without an answer").click()
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    assert takeaway(session).consent == "unanswered"
    desk = windows.laptop()
    desk.goto(f"http://127.0.0.1:{kiosk.port}/desk/review")
    expect(
        desk.get_by_text("Nobody has answered yet whether everyone in it agreed")
    ).to_be_visible()
    expect(desk.get_by_text("wasn't sure")).to_have_count(0)
    # Its receipt asks once more.
    phone_page.locator("#receipt").click()
    phone_page.get_by_role("button", name="Yes", exact=True).click()
    expect(phone_page.get_by_role("status")).to_have_text("Changed.")
    assert takeaway(session).consent == "agreed"
    expect(phone_page.get_by_text("One question is left")).to_have_count(0)


@pytest.mark.parametrize("size", ["small", "usual"])
def test_what_is_wrong_stands_above_the_button(
    kiosk: KioskProcess, windows: Windows, event: EventSession, size: str
) -> None:
    width, height = SIZES[size]
    page = windows.phone(viewport={"width": width, "height": height})
    page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    page.locator("#keep").evaluate("form => { form.dataset.mostMb = '0.001'; }")
    choose(page, "Photo", files.jpeg())
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("larger than 0.001 MB")
    assert box(alert)["y"] >= 0
    assert box(alert)["bottom"] <= box(page.locator("#keep .thumbzone button"))["y"]
    expect(page.locator("#added li")).to_have_count(0)


def test_again_takes_the_place_of_the_shot(
    kiosk: KioskProcess, phone_page: Page, session: Session, store: Any, event: EventSession
) -> None:
    first, second = files.jpeg(), files.webp()
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    choose(phone_page, "Photo", first)
    with phone_page.expect_file_chooser() as chosen:
        phone_page.get_by_role("button", name=f"Again: {first.name}").click()
    chosen.value.set_files(second)
    expect(phone_page.get_by_role("button", name=f"Remove: {second.name}")).to_be_visible()
    expect(phone_page.locator("#added li")).to_have_count(1)
    phone_page.get_by_label("Yes", exact=True).check()
    phone_page.get_by_role("button", name="Send", exact=True).click()
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    check_stored(session, store, second)


def test_without_scripts_the_button_stands_below_every_question(
    kiosk: KioskProcess, windows: Windows, session: Session, event: EventSession
) -> None:
    page = windows.open(**{**PHONE, "java_script_enabled": False})
    page.goto(f"{kiosk.url}/s/{event.code}")
    question, button = box(page.locator("#consent")), box(page.locator("#keep .thumbzone"))
    assert question["bottom"] < button["y"]
    assert button["y"] > 844, (
        "the bar does not stick, so nobody presses it before passing the question"
    )
    choose(page, "Photo", files.jpeg())
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/t/*")
    assert takeaway(session).consent == "unanswered"
    page.get_by_role("button", name="There is a child in it").click()
    assert takeaway(session).consent == "child"


def test_an_organizers_answer_is_not_changed_from_the_receipt(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    choose(phone_page, "Photo", files.jpeg())
    phone_page.get_by_label("There is a child in it").check()
    phone_page.get_by_role("button", name="Send", exact=True).click()
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    receipt = takeaway(session).receipt
    answer = phone_page.request.post(f"{kiosk.url}/t/{receipt}", form={"consent": "agreed"})
    assert answer.ok
    assert takeaway(session).consent == "child"
