"""Search in a real browser: as you type, by keyboard, narrowed down, without scripts, for everybody."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.models import EventSession
from reporter.search import Recipe, WhooshIndex
from tests.support.browsers.chromium import Windows
from tests.support.kiosk_process import KioskProcess, add_takeaway

pytestmark = pytest.mark.browser


@pytest.fixture
def url(
    kiosk_process: KioskProcess,
    session: Session,
    event: EventSession,
    rng: random.Random,
    gathering: Settings,
) -> str:
    for text, author in (
        ("Compost stays warm in winter", "Ana"),
        ("Community kitchens cost little", "Bo"),
        ("Bees find the hedge first", "Ana"),
    ):
        add_takeaway(session, event, rng, text=text, author=author, state="approved")
    WhooshIndex(gathering.folder / "index", Recipe.of(gathering)).sync(session)
    session.rollback()
    return kiosk_process.start()


def test_it_finds_as_you_type(url: str, phone_page: Page, axe: Callable[..., list[str]]) -> None:
    page = phone_page
    page.goto(f"{url}/search")
    box = page.get_by_role("searchbox")
    expect(page.locator(".hit")).to_have_count(3)
    box.press_sequentially("bee")
    expect(page.locator("#count")).to_have_text("1 takeaway found")
    expect(page.locator(".hit mark")).to_have_text("Bees")
    expect(page).to_have_url(re.compile(r"\?q=bee$"))
    expect(box).to_be_focused()
    box.press_sequentially("z")
    expect(page.get_by_text("Nothing is written like that")).to_be_visible()
    box.fill("")
    expect(page.locator(".hit")).to_have_count(3)
    page.get_by_text("Narrow down").click()
    page.get_by_role("link", name="Ana 2").click()
    expect(page.locator(".hit")).to_have_count(2)
    assert axe(page) == []
    # Out of reach it says so, and what was found stays.
    page.context.set_offline(True)
    box.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "The kiosk does not answer just now. Try again in a moment."
    )
    expect(page.locator(".hit")).to_have_count(2)
    page.context.set_offline(False)
    # What was chosen stays while one goes on typing.
    box.press_sequentially("compost")
    expect(page.locator(".hit")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=compost&author=Ana"))
    expect(page.get_by_role("alert")).to_have_count(0)


def test_it_works_without_scripts(url: str, windows: Windows) -> None:
    page = windows.phone(java_script_enabled=False)
    page.goto(f"{url}/search?q=bees")
    expect(page.locator(".hit mark")).to_have_text("Bees")
    page.get_by_role("searchbox").fill("kitchen -bees")
    page.keyboard.press("Enter")
    expect(page.locator(".hit mark")).to_have_text("kitchens")
    page.get_by_role("link", name="More like this").click()
    expect(page.get_by_text("Like this one:")).to_be_visible()


# Each fact of a line that stands at the beginning of one, and how far its dot is behind where the line is cut off.
FIRST = """all => all.flatMap((line) => {
  const edge = line.getBoundingClientRect();
  const facts = [...line.children];
  return facts.slice(1).filter((one, at) =>
    one.getBoundingClientRect().top >= facts[at].getBoundingClientRect().bottom - 1)
    .map((one) => {
      const gap = document.dir === "rtl"
        ? edge.right - one.getBoundingClientRect().right : one.getBoundingClientRect().left - edge.left;
      const { overflowX, fontSize } = getComputedStyle(line);
      return overflowX === "clip" && gap < 0.4 * parseFloat(fontSize);
    });
})"""


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_no_dot_hangs_at_the_end_or_the_beginning_of_a_line(
    url: str, windows: Windows, event: EventSession, lang: str
) -> None:
    page = windows.phone(viewport={"width": 320, "height": 568})
    page.goto(f"{url}/search?lang={lang}")
    lines = page.locator(".hit .parts")
    expect(lines).to_have_count(3)
    assert not any("·" in words for words in lines.all_inner_texts())
    found = lines.evaluate_all(FIRST)
    assert found
    assert all(found)
