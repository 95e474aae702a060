"""The desk on a wide screen: what belongs together stays in sight of each other."""

from __future__ import annotations

import random

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from reporter.models import EventSession
from tests.support.browsers.chromium import Windows
from tests.support.kiosk_process import KioskProcess, add_takeaway

pytestmark = pytest.mark.browser

# How far lines of words and a button at their end reach, in pixels.
LINES = "all => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().width)"


@pytest.mark.parametrize("path", ["wall", "stories", "publish/places/add", "actions", "film"])
def test_words_and_their_button_are_not_at_both_ends_of_a_wide_screen(
    kiosk_process: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    rng: random.Random,
    path: str,
) -> None:
    add_takeaway(session, event, rng, text="A question", intent="question", state="approved")
    session.rollback()
    page = windows.open(viewport={"width": 1920, "height": 1080})
    page.goto(f"{kiosk_process.start()}/desk/{path}")
    widths = page.locator("main > *, main .row.between").evaluate_all(LINES)
    assert 0 < max(widths) <= 1250
    for number in page.locator("main input[type=number]").all():
        assert number.evaluate("one => one.offsetWidth") <= 220


def test_the_contact_sheet_has_the_whole_width(
    kiosk_process: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    rng: random.Random,
) -> None:
    add_takeaway(session, event, rng)
    session.rollback()
    page = windows.open(viewport={"width": 1920, "height": 1080})
    page.goto(f"{kiosk_process.start()}/desk/review")
    expect(page.locator(".review")).to_be_visible()
    assert page.locator(".review").evaluate("one => one.offsetWidth") > 1400
