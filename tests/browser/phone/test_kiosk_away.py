"""Taps on links of a phone's page while the kiosk is out of reach: the page stays, and says what lies on the phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from reporter.models import EventSession
from tests.browser.phone.test_phone import choose, press_send
from tests.support.browsers.chromium import wait_until
from tests.support.kiosk_process import KioskProcess
from tests.support.media import files

pytestmark = pytest.mark.browser


@pytest.fixture
def page_without_kiosk(kiosk_process: KioskProcess, phone_page: Page, event: EventSession) -> Page:
    """A capture page whose kiosk has gone, with a photo on its way."""
    kiosk_process.start_for_phones()
    phone_page.goto(f"{kiosk_process.url}/s/{event.code}", wait_until="networkidle")
    choose(phone_page, "Photo", files.jpeg())
    expect(phone_page.locator("#added li")).to_have_count(1)
    kiosk_process.kill()
    press_send(phone_page)
    expect(phone_page.locator("#verdict")).to_contain_text("did not answer")
    return phone_page


@pytest.mark.parametrize("name", ["My takeaways", "See the wall", "Spring gathering"])
def test_a_tap_stays_in_the_page_until_the_kiosk_is_back(
    kiosk_process: KioskProcess, page_without_kiosk: Page, name: str, axe: Callable[..., list[str]]
) -> None:
    page = page_without_kiosk
    here = page.url
    page.set_viewport_size({"width": 320, "height": 420})
    page.get_by_role("link", name=name).first.click()
    dialog = page.get_by_role("dialog", name="The kiosk does not answer just now")
    expect(dialog).to_be_visible()
    # What it says comes first, also where its buttons are below the edge.
    expect(dialog.get_by_role("heading")).to_be_in_viewport(ratio=1)
    expect(dialog.locator("#away-list li")).to_have_count(1)
    expect(dialog.locator("#away-list")).to_contain_text("Still on your phone")
    assert page.url == here
    assert axe(page) == []
    dialog.get_by_role("button", name="Stay here").click()
    expect(dialog).to_be_hidden()
    kiosk_process.start()
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_role("link", name=name).first.click()
    wait_until(page, lambda: page.url != here)


def test_loading_again_asks_first(page_without_kiosk: Page) -> None:
    page = page_without_kiosk
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    # Not page.reload(): that waits for a page which never comes.
    page.evaluate("setTimeout(() => location.reload())")
    wait_until(page, lambda: asked == ["beforeunload"])
    expect(page.locator("#verdict")).to_contain_text("Still on your phone")


def test_my_takeaways_lists_what_the_phone_knows_while_the_kiosk_is_away(
    kiosk_process: KioskProcess, phone_page: Page, event: EventSession
) -> None:
    kiosk_process.start_for_phones()
    phone_page.goto(f"{kiosk_process.url}/s/{event.code}", wait_until="networkidle")
    phone_page.get_by_label("Your words").fill("Leaves keep the frost away")
    press_send(phone_page)
    expect(phone_page.locator("#verdict")).to_contain_text("Safe on the kiosk")
    kiosk_process.kill()
    phone_page.get_by_role("link", name="My takeaways").click()
    rows = phone_page.get_by_role("dialog").locator("#away-list li")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Leaves keep the frost away")
    expect(rows).to_contain_text("Safe on the kiosk")
    # It says so no longer than it is true.
    kiosk_process.start()
    expect(phone_page.get_by_role("dialog")).to_be_hidden()
