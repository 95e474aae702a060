"""The desk on an organizer's phone: everything is large enough for a thumb, no word of a step is torn."""

from __future__ import annotations

import random

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy.orm import Session

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


@pytest.fixture
def page(windows: Windows) -> Page:
    return windows.phone(reduced_motion="reduce")


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
