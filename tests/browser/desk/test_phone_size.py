"""The desk on an organizer's phone: large enough for a thumb, nothing torn, and what it says while away."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from reporter.gathering.sessions import add_session
from reporter.models import EventSession
from tests.support.browsers.chromium import Windows
from tests.support.kiosk_process import add_takeaway
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

# Links within a sentence may be smaller (WCAG 2.2, 2.5.8); a label is part of its field's target.
SMALL = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !one.matches(".skip"))
  .filter((one) => !one.matches("a") || getComputedStyle(one).display !== "inline")
  .map((one) => [one, one.getBoundingClientRect(), (one.closest("label") ?? one).getBoundingClientRect()])
  .filter(([, own]) => own.width)
  .filter(([, own, whole]) => Math.min(Math.max(own.width, whole.width), Math.max(own.height, whole.height)) < 43.9)
  .map(([one]) => one.outerHTML.slice(0, 120))"""
# How many lines the words of each step take, and of how many words they are.
STEPS = """() => [...document.querySelectorAll(".dots .words")].map((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const lines = new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size;
  return [one.textContent, lines <= one.textContent.split(" ").length];
})"""

# The height of each, in lines.
LINES = """all => all.map((one) =>
  one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight))"""


# Fields of day and time that cut off what is in them: about a fifth of the width a browser gives them is slack.
CUT = """() => [...document.querySelectorAll("input[type=date], input[type=time]")]
  .filter((one) => one.checkVisibility())
  .filter((one) => {
    const own = one.offsetWidth;
    one.style.inlineSize = "max-content";
    return own < 0.8 * one.offsetWidth;
  })
  .map((one) => one.name)"""


# Fields for words that leave much of their form's width empty.
NARROW = """() => [...document.querySelectorAll("main input:not([type])")]
  .filter((one) => one.checkVisibility() && one.offsetWidth < 0.7 * one.form.clientWidth)
  .map((one) => one.name)"""


@pytest.fixture
def page(windows: Windows) -> Page:
    return windows.phone(reduced_motion="reduce")


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_day_and_a_time_are_not_cut_off(
    app: Flask, page: Page, event: EventSession, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    cut: dict[str, list[str]] = {}
    with served(app) as server:
        for path in ("setup/gathering", "setup/sessions", "sessions", "sessions/new", "actions"):
            page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/{path}")
            if found := page.evaluate(CUT):
                cut[path] = found
    assert cut == {}


@pytest.mark.parametrize("width", [320, 390])
def test_words_have_the_width_of_a_phone(
    app: Flask, page: Page, event: EventSession, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    with served(app) as server:
        for path in ("setup/gathering", "setup/sessions", "sessions", "sessions/new"):
            page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/{path}")
            assert page.evaluate(NARROW) == [], path


def test_the_film_says_first_that_nothing_is_starred(app: Flask, page: Page) -> None:
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/film")
        missing = page.get_by_text("Nothing is starred yet").bounding_box()
        options = page.get_by_text("Who will see it?").bounding_box()
    assert missing is not None
    assert options is not None
    assert missing["y"] < options["y"]


def test_every_target_is_large_enough_for_a_thumb(
    app: Flask, page: Page, session: Session, event: EventSession, rng: random.Random
) -> None:
    for number in range(3):
        add_takeaway(session, event, rng, text=f"Takeaway {number}")
        add_takeaway(session, event, rng, state="approved", starred=True, text=f"Star {number}")
    small: dict[str, list[str]] = {}
    with served(app) as server:
        for path in ("review", "sessions", "film", "setup/sessions", "themes", "stories"):
            page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/{path}")
            if found := page.evaluate(SMALL):
                small[path] = found
    assert small == {}


def test_the_corner_around_a_box_ticks_it(
    app: Flask, page: Page, session: Session, event: EventSession, rng: random.Random
) -> None:
    add_takeaway(session, event, rng, text="Straw and leaves")
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/review")
        corner = page.locator(".sheet .pick")
        size = corner.bounding_box()
        assert size is not None
        corner.click(position={"x": 3, "y": size["height"] - 3})
        assert page.locator(".sheet input").is_checked()


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("language", ["de", "uk", "ar"])
def test_no_word_of_a_step_is_torn(app: Flask, page: Page, width: int, language: str) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/setup/sessions?lang={language}")
        steps = page.evaluate(STEPS)
    assert len(steps) == 3
    assert [words for words, whole in steps if not whole] == []


def test_a_preview_of_a_film_says_in_place_that_the_kiosk_is_away(
    app: Flask, page: Page, session: Session, event: EventSession, rng: random.Random
) -> None:
    add_takeaway(session, event, rng, state="approved", starred=True, text="Straw and leaves")
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/film")
        page.context.set_offline(True)
        piece = page.locator(".piece")
        piece.get_by_role("link", name="Preview").click()
        expect(piece.get_by_role("alert")).to_have_text(
            "The kiosk does not answer just now. Try again in a moment."
        )
        expect(page.get_by_role("dialog")).to_have_count(0)
        piece.get_by_role("link", name="Preview").click()
        expect(piece.get_by_role("alert")).to_have_count(1)


def test_days_and_times_of_a_poster_stay_in_one_piece(
    app: Flask, page: Page, session: Session, rng: random.Random
) -> None:
    begins = datetime(2026, 5, 9, 8, tzinfo=UTC)
    ends = begins + timedelta(hours=10)
    add_session(
        session, "Bees", now=begins, rng=rng, starts_at=begins, ends_at=ends, room="لنزرع معًا"
    )
    session.commit()
    page.set_viewport_size({"width": 320, "height": 640})
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/posters")
        parts = page.locator(".poster .where bdi")
        expect(parts).to_have_count(3)
        lines = parts.evaluate_all(LINES)
        assert all(height < 1.5 for height in lines), lines
        expect(parts.nth(1)).to_have_css("display", "inline-block")
