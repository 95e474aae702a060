"""What an organizer wrote or chose is not lost: to a link, to another form's button, to a kiosk that doesn't answer."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy.orm import Session

from reporter.models import EventSession
from tests.support.browsers.chromium import Windows, wait_until
from tests.support.kiosk_process import add_takeaway
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

AWAY = "The kiosk does not answer just now. Try again in a moment."


@pytest.fixture
def url(app: Flask, session: Session, event: EventSession, rng: random.Random) -> Iterator[str]:
    for number in range(3):
        add_takeaway(session, event, rng, text=f"Takeaway {number}")
    with served(app) as server:
        yield f"http://127.0.0.1:{server.bind_addr[1]}"


class Asked:
    """What the browser asks before it leaves a page, and the answers that it gets."""

    def __init__(self, page: Page) -> None:
        self.kinds: list[str] = []
        self.leave = False
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        self.kinds.append(dialog.type)
        if self.leave:
            dialog.accept()
        else:
            dialog.dismiss()


def test_a_session_that_is_typed_and_not_added_is_not_lost_to_a_link(
    url: str, laptop_page: Page
) -> None:
    page, asked = laptop_page, Asked(laptop_page)
    page.goto(f"{url}/desk/setup/sessions")
    page.get_by_label("Title").fill("Bees in town")
    page.get_by_role("link", name="Leave the setup").click()
    wait_until(page, lambda: asked.kinds == ["beforeunload"])
    expect(page.get_by_label("Title")).to_have_value("Bees in town")
    # What is sent is no loss.
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Added: Bees in town.")).to_be_visible()
    page.get_by_role("button", name="Next: network").click()
    expect(page.get_by_role("heading", name="How do phones reach this laptop?")).to_be_visible()
    assert asked.kinds == ["beforeunload"]


def test_a_caption_is_lost_neither_to_a_picture_nor_to_a_decision(
    url: str, laptop_page: Page
) -> None:
    page, asked = laptop_page, Asked(laptop_page)
    page.goto(f"{url}/desk/review")
    caption = page.get_by_label("Caption (instead of the contributor's words)")
    page.keyboard.press("e")
    caption.fill("Straw and leaves")
    page.locator(".sheet a").nth(1).click()
    wait_until(page, lambda: asked.kinds == ["beforeunload"])
    page.get_by_role("button", name="Approve A").click()
    wait_until(page, lambda: len(asked.kinds) == 2)
    expect(caption).to_have_value("Straw and leaves")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.locator(".sheet a").nth(1).click()
    expect(page.locator(".preview .large")).to_contain_text("Takeaway 1")
    assert len(asked.kinds) == 2


def test_review_says_that_the_kiosk_is_away_and_keeps_what_is_there(
    url: str, laptop_page: Page
) -> None:
    page = laptop_page
    page.goto(f"{url}/desk/review")
    page.context.set_offline(True)
    page.keyboard.press("j")
    alert = page.locator("#complaint")
    expect(alert).to_have_text(AWAY)
    page.locator(".sheet input").nth(2).check()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(alert).to_have_text(AWAY)
    expect(page.locator(".sheet input").nth(2)).to_be_checked()
    page.keyboard.press("e")
    caption = page.get_by_label("Caption (instead of the contributor's words)")
    caption.fill("Straw and leaves")
    save = page.get_by_role("button", name="Save", exact=True).first
    save.click()
    expect(save).to_be_focused()
    expect(caption).to_have_value("Straw and leaves")
    page.context.set_offline(False)
    save.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(alert).to_have_count(0)
    expect(page.locator(".preview .large")).to_contain_text("Straw and leaves")


def test_review_says_why_something_was_refused(url: str, laptop_page: Page) -> None:
    page = laptop_page
    page.goto(f"{url}/desk/review")
    # As after a form that was open when the passphrase changed.
    page.locator(".decide [name=csrf_token]").evaluate("field => (field.value = 'of yesterday')")
    page.keyboard.press("a")
    expect(page.locator("#complaint")).to_contain_text("missing or garbled")
    expect(page.locator(".preview .large")).to_contain_text("Takeaway 0")


def test_an_empty_review_shows_what_comes_in(
    app: Flask, windows: Windows, session: Session, event: EventSession, rng: random.Random
) -> None:
    page = windows.laptop()
    page.clock.install()
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/review")
        expect(page.get_by_text("Nobody has recorded anything yet.")).to_be_visible()
        add_takeaway(session, event, rng, text="Bees find the hedge")
        page.clock.run_for(10_000)
        expect(page.locator(".preview .large")).to_contain_text("Bees find the hedge")


def test_a_filter_is_chosen_by_keys_before_it_applies(url: str, laptop_page: Page) -> None:
    page = laptop_page
    page.goto(f"{url}/desk/actions")
    states = page.locator(".filter")
    expect(states.get_by_role("button")).to_be_hidden()
    page.get_by_role("radio", name="Open").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    show = states.get_by_role("button", name="Show")
    expect(show).to_be_visible()
    assert "state=" not in page.url
    show.press("Enter")
    expect(page.get_by_role("radio", name="Dropped")).to_be_checked()


def test_what_is_written_anywhere_at_the_desk_waits_while_the_kiosk_is_away(
    url: str, laptop_page: Page, axe: Callable[..., list[str]]
) -> None:
    page = laptop_page
    page.goto(f"{url}/desk/sessions/new")
    page.get_by_label("Title").fill("Bees in town")
    page.context.set_offline(True)
    page.get_by_role("button", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog", name=AWAY)
    expect(dialog).to_be_visible()
    assert axe(page) == []
    dialog.get_by_role("button", name="Try again").click()
    dialog.get_by_role("button", name="Stay here").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Title")).to_have_value("Bees in town")
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    page.context.set_offline(False)
    dialog.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Added: Bees in town.")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/desk/sessions", "Stories"),
        ("/desk/setup/sessions", "Leave the setup"),
        ("/desk/review", "Coverage"),
        ("/desk/nowhere", "To the sessions"),
        ("/", "Station"),
        ("/search", "Spring gathering"),
    ],
)
def test_a_link_of_the_laptops_pages_waits_while_the_kiosk_is_away(
    url: str, laptop_page: Page, path: str, link: str
) -> None:
    page, here = laptop_page, f"{url}{path}"
    page.goto(here)
    page.context.set_offline(True)
    page.get_by_role("link", name=link).first.click()
    dialog = page.get_by_role("dialog", name=AWAY)
    dialog.get_by_role("button", name="Stay here").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("link", name=link).first.click()
    page.context.set_offline(False)
    dialog.get_by_role("button", name="Try again").click()
    wait_until(page, lambda: page.url not in (here, "about:blank"))
    assert page.url.startswith(url)


def test_a_filter_waits_while_the_kiosk_is_away(url: str, laptop_page: Page) -> None:
    page = laptop_page
    page.goto(f"{url}/desk/actions")
    page.context.set_offline(True)
    page.get_by_role("radio", name="Dropped").check()
    dialog = page.get_by_role("dialog", name=AWAY)
    expect(dialog).to_be_visible()
    page.context.set_offline(False)
    dialog.get_by_role("button", name="Try again").click()
    wait_until(page, lambda: "state=" in page.url)
    expect(page.get_by_role("radio", name="Dropped")).to_be_checked()


def test_pictures_of_the_review_change_without_leaving_the_page(
    url: str, laptop_page: Page
) -> None:
    page = laptop_page
    page.goto(f"{url}/desk/review")
    page.evaluate("window.same = true")
    page.locator(".sheet a").nth(1).click()
    expect(page.locator(".preview .large")).to_contain_text("Takeaway 1")
    assert page.evaluate("window.same")
