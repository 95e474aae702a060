"""The desk's page of themes in a real browser: keys, and nothing in the way of anybody."""

from __future__ import annotations

import random
from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from reporter.models import EventSession
from tests.support.kiosk_process import KioskProcess, add_takeaway
from tests.support.themes.labelled import labelled


def test_a_theme_is_opened_renamed_and_restored_by_keys(
    kiosk_process: KioskProcess,
    session: Session,
    event: EventSession,
    rng: random.Random,
    laptop_page: Page,
    axe: Callable[..., list[str]],
) -> None:
    for one in labelled():
        if one.label in ("bicycles", "energy"):
            add_takeaway(session, event, rng, text=one.text, state="approved")
    session.commit()
    url = kiosk_process.start()
    laptop_page.goto(f"{url}/desk/themes")
    assert axe(laptop_page) == []
    laptop_page.keyboard.press("1")
    box = laptop_page.get_by_label("Name of the theme").first
    expect(box).to_be_visible()
    box.fill("Our theme")
    box.press("Enter")
    heading = laptop_page.get_by_role("heading", name="Our theme")
    expect(heading).to_be_visible()
    assert axe(laptop_page) == []
    assert laptop_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    laptop_page.locator("body").press("u")
    expect(heading).to_have_count(0)
