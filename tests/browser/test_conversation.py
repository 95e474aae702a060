"""The conversation in a real browser: said on a phone without a script, walked through by keyboard at the desk."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.conversation import replies
from reporter.models import EventSession, Takeaway
from reporter.models.conversation import Reply
from tests.support.browsers.chromium import Windows, press_and_follow
from tests.support.kiosk_process import KioskProcess, TurnableClock, add_takeaway

pytestmark = pytest.mark.browser
WAIT = 60_000


@pytest.fixture
def takeaway(session: Session, event: EventSession, rng: random.Random) -> Takeaway:
    return add_takeaway(session, event, rng, state="approved", text="Who has seeds to share?")


def words(session: Session) -> dict[str, str]:
    session.expire_all()
    return {row.text: row.state for row in session.scalars(select(Reply)) if row.text}


def test_said_on_a_phone_and_answered_by_keyboard(
    kiosk_process: KioskProcess,
    windows: Windows,
    session: Session,
    takeaway: Takeaway,
    axe: Callable[..., list[str]],
) -> None:
    kiosk_process.start()
    phone = windows.phone()
    phone.set_viewport_size({"width": 320, "height": 600})
    phone.goto(f"{kiosk_process.url}/talk/{takeaway.id.hex}")
    assert axe(phone) == []
    phone.get_by_label("Your words").fill("I have leeks. Where do we meet?")
    phone.get_by_label("Name").fill("Ben")
    phone.get_by_role("button", name="Say it").click()
    expect(phone.get_by_text("You may leave the Wi-Fi")).to_be_visible(timeout=WAIT)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 320
    receipt = phone.url
    assert words(session) == {"I have leeks. Where do we meet?": "held"}

    desk = windows.laptop()
    desk.goto(f"{kiosk_process.url}/desk/conversation")
    assert axe(desk) == []
    press_and_follow(desk, "a")
    expect(desk.get_by_role("button", name="Hide")).to_be_visible(timeout=WAIT)
    assert words(session) == {"I have leeks. Where do we meet?": "shown"}
    desk.keyboard.press("r")
    desk.keyboard.type("At the shed, on Monday.")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("Answered.")).to_be_visible(timeout=WAIT)
    expect(desk.get_by_text("Nothing waits for an answer.")).to_be_visible(timeout=WAIT)
    phone.goto(f"{kiosk_process.url}/talk/{takeaway.id.hex}")
    expect(phone.locator(".thread").get_by_text("At the shed, on Monday.")).to_be_visible(
        timeout=WAIT
    )
    assert axe(phone) == []
    phone.goto(receipt)
    phone.get_by_text("Take it back?").click()
    phone.get_by_role("button", name="Yes, take it back").click()
    expect(phone.get_by_text("You took this back")).to_be_visible(timeout=WAIT)


def test_the_inbox_is_walked_by_keyboard(
    kiosk_process: KioskProcess,
    laptop_page: Page,
    session: Session,
    takeaway: Takeaway,
    clock: TurnableClock,
    rng: random.Random,
) -> None:
    for text in ("First", "Second", "Third", "Fourth"):
        clock.turn(minutes=1)
        word = replies.WrittenReply(kind="answer", text=text, author=f"By {text}")
        replies.say(session, takeaway, word, now=clock(), rng=rng)
    kiosk_process.start()
    laptop_page.goto(f"{kiosk_process.url}/desk/conversation")
    shown = laptop_page.locator(".inbox [aria-current]")
    expect(shown).to_contain_text("Fourth")
    press_and_follow(laptop_page, "j")
    expect(shown).to_contain_text("Third")
    press_and_follow(laptop_page, "h")
    expect(shown).to_contain_text("Second")
    press_and_follow(laptop_page, "k")
    expect(shown).to_contain_text("Fourth")
    press_and_follow(laptop_page, "d")
    expect(shown).to_contain_text("Second")
    press_and_follow(laptop_page, "s")
    expect(shown).to_contain_text("First")
    assert words(session)["Third"] == "hidden"
    rows = {row.text: row for row in session.scalars(select(Reply))}
    assert rows["Fourth"].done_at is not None
    assert rows["Second"].snoozed_until is not None
    assert rows["First"].done_at is None
