"""An hour at the desk by keyboard only: review, undo, many at once, and a story composed."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.models import EventSession, Takeaway
from tests.support.browsers.chromium import Windows
from tests.support.kiosk_process import KioskProcess, TurnableClock, add_takeaway

pytestmark = pytest.mark.browser


def states(session: Session) -> dict[str, str]:
    session.expire_all()
    return {row.text: row.state for row in session.scalars(select(Takeaway))}


def shown(page: Page, words: str) -> None:
    """The large one says this, and is ready for the next key."""
    expect(page.locator(".preview .large")).to_contain_text(words)


def test_review_by_keys(
    kiosk_process: KioskProcess,
    laptop_page: Page,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    rng: random.Random,
    axe: Callable[..., list[str]],
) -> None:
    for number in range(6):
        moment = clock.turn(seconds=5)
        add_takeaway(session, event, rng, text=f"Takeaway {number}", recorded_at=moment)
    url = kiosk_process.start()
    page = laptop_page
    page.goto(f"{url}/desk/review")
    shown(page, "Takeaway 0")
    assert axe(page) == []
    page.keyboard.press("a")
    shown(page, "Takeaway 1")
    page.keyboard.press("h")
    shown(page, "Takeaway 2")
    assert {k: v for k, v in states(session).items() if v != "new"} == {
        "Takeaway 0": "approved",
        "Takeaway 1": "hidden",
    }
    page.keyboard.press("z")
    shown(page, "Takeaway 1")
    assert states(session)["Takeaway 1"] == "new"
    page.keyboard.press("j")
    shown(page, "Takeaway 2")
    page.keyboard.press("s")
    expect(page.locator(".preview button[aria-pressed=true]")).to_be_visible()
    page.keyboard.press("x")
    page.keyboard.press("j")
    shown(page, "Takeaway 3")
    page.keyboard.press("j")
    shown(page, "Takeaway 4")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-ticked]")).to_contain_text("3")
    page.keyboard.press("Shift+A")
    expect(page.get_by_text("3 takeaways changed.")).to_be_visible()
    assert [text for text, state in states(session).items() if state == "new"] == [
        "Takeaway 1",
        "Takeaway 5",
    ]
    page.keyboard.press("z")
    expect(page.get_by_text("Undone for 3 takeaways.")).to_be_visible()
    assert [text for text, state in states(session).items() if state == "approved"] == [
        "Takeaway 0"
    ]


def test_a_story_is_composed_by_keys(
    kiosk_process: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    rng: random.Random,
    axe: Callable[..., list[str]],
) -> None:
    for number in range(3):
        add_takeaway(session, event, rng, state="approved", starred=True, text=f"Note {number}")
    url = kiosk_process.start()
    page = windows.laptop()
    page.goto(f"{url}/desk/stories")
    page.get_by_role("button", name="Draft from stars: Community gardens").press("Enter")
    pieces = page.locator(".pieces > li .tell")
    expect(pieces).to_have_count(3)
    assert axe(page) == []
    page.locator(".pieces > li").nth(0).focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(pieces.nth(1)).to_contain_text("Note 0")
    # The moved one is chosen again, so that it goes on with the next key.
    expect(page.locator(".pieces > li").nth(1)).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(pieces.nth(2)).to_contain_text("Note 0")
    page.get_by_label("Short text for social places").fill("What a day")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert page.get_by_label("Short text for social places").input_value() == "What a day"
    address = page.get_by_role("link", name="Preview as on the site").get_attribute("href")
    page.goto(f"{url}{address}")
    expect(page.locator(".piece").nth(2)).to_contain_text("Note 0")
