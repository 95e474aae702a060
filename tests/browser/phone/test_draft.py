"""What somebody is writing on a phone is still there after the page was loaded anew, and goes only once."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.models import EventSession, Takeaway
from tests.browser.phone.test_phone import choose, press_send
from tests.browser.phone.test_queue import PIECES, STORED
from tests.support.browsers.chromium import Windows, wait_until
from tests.support.kiosk_process import add_takeaway
from tests.support.media import files
from tests.support.raw_http import served

pytestmark = pytest.mark.browser


def test_words_and_who_may_see_them_stay_when_the_language_is_changed(
    app: Flask, windows: Windows, event: EventSession
) -> None:
    page = windows.phone()
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/s/{event.code}")
        page.get_by_label("Your words").fill("Leaves keep the frost away")
        page.get_by_label("Name (if you like)").fill("Ana")
        page.get_by_role("radio", name="Only here today").check()
        page.locator(".languages summary").click()
        page.get_by_role("link", name="Deutsch").click()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.locator("#text")).to_have_value("Leaves keep the frost away")
        expect(page.locator("#author")).to_have_value("Ana")
        expect(page.locator("[name=audience][value=room]")).to_be_checked()
        page.locator("#send").click()
        expect(page.locator("#verdict")).to_contain_text("Sicher")
        page.reload()
        expect(page.locator("#text")).to_have_value("")


def test_what_was_picked_stays_and_goes_once(
    app: Flask, windows: Windows, session: Session, event: EventSession
) -> None:
    """A phone short of memory loads the page anew when its camera is done."""
    page = windows.phone()
    # The page asks before it is left.
    page.on("dialog", lambda asked: asked.accept())
    tiles = page.locator("#added li")
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/s/{event.code}", wait_until="load")
        choose(page, "Gallery", files.jpeg(), files.jpeg(900, 600))
        expect(tiles).to_have_count(2)
        wait_until(page, lambda: page.evaluate(STORED, 2))
        page.reload()
        expect(tiles).to_have_count(2)
        page.locator("#added .drop").first.click()
        expect(tiles).to_have_count(1)
        page.reload()
        expect(tiles).to_have_count(1)
        page.get_by_label("Your words").fill("Seeds")
        page.locator(".languages summary").click()
        page.get_by_role("link", name="Deutsch").click()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(tiles.locator("img")).to_have_js_property("naturalWidth", 900)
        press_send(page)
        expect(page.locator("#verdict")).to_contain_text("Sicher")
        page.reload()
        expect(page.locator("#keep")).to_be_visible()
        expect(tiles).to_have_count(0)
        assert page.evaluate(PIECES) == []
    row = session.scalars(select(Takeaway)).one()
    sizes = [one.media.bytes for one in row.attachments]
    assert sizes == [files.jpeg(900, 600).stat().st_size]


def test_a_form_waits_in_the_page_until_the_kiosk_is_back(
    app: Flask, windows: Windows, session: Session, event: EventSession, rng: random.Random
) -> None:
    """A button pressed out of reach of the Wi-Fi would end at the browser's own error page."""
    row = add_takeaway(session, event, rng, text="Compost stays warm")
    page = windows.phone()
    page.clock.install()
    page.on("dialog", lambda asked: asked.accept())
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/t/{row.receipt}")
        page.get_by_text("Change it").click()
        page.get_by_label("Your words").fill("Compost stays warm all winter")
        page.context.set_offline(True)
        page.get_by_role("button", name="Save").first.click()
        dialog = page.get_by_role("dialog", name="The kiosk does not answer just now")
        expect(dialog).to_be_visible()
        dialog.get_by_role("button", name="Stay here").click()
        expect(page.get_by_label("Your words")).to_have_value("Compost stays warm all winter")
        page.get_by_role("button", name="Save").first.click()
        expect(dialog).to_be_visible()
        page.context.set_offline(False)
        # By itself, as the sentence there says.
        page.clock.run_for(2_000)
        expect(page.get_by_text("Changed.")).to_be_visible()
    session.refresh(row)
    assert row.text == "Compost stays warm all winter"


def test_where_a_form_cannot_be_held_back_it_is_sent_at_once(
    app: Flask, windows: Windows, session: Session, event: EventSession, rng: random.Random
) -> None:
    """Safari 15, the last for some iPhones, has dialogs, and no way to send a form by script with its button."""
    row = add_takeaway(session, event, rng, text="Compost stays warm")
    page = windows.phone()
    page.add_init_script("delete HTMLFormElement.prototype.requestSubmit")
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/t/{row.receipt}")
        page.get_by_text("Change it").click()
        page.get_by_label("Your words").fill("Compost stays warm all winter")
        page.get_by_role("button", name="Save").first.click()
        expect(page.get_by_text("Changed.")).to_be_visible()
