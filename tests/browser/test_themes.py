"""The desk's page of themes and the slideshow in a real browser: keys, and nothing in the way of anybody."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect
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


def carry(page: Page, row: Locator, goal: Locator) -> None:
    """Drag with the mouse as a hand does: a browser begins it after the first pixels."""
    start, end = row.bounding_box(), goal.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 200, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 205, start["y"] + 15, steps=4)
    page.mouse.move(end["x"] + 20, end["y"] + 5, steps=4)
    page.mouse.up()


def say_two_things(
    session: Session, event: EventSession, rng: random.Random, languages: tuple[str, ...]
) -> None:
    """Takeaways of two themes."""
    for one in labelled():
        if one.label in ("bicycles", "energy") and one.language in languages:
            add_takeaway(session, event, rng, text=one.text, state="approved")
    session.commit()


def test_a_takeaway_is_dragged_to_another_theme_with_what_is_ticked(
    kiosk_process: KioskProcess,
    session: Session,
    event: EventSession,
    rng: random.Random,
    laptop_page: Page,
) -> None:
    say_two_things(session, event, rng, ("en", "de", "es", "fr", "ar"))
    laptop_page.goto(f"{kiosk_process.start()}/desk/themes")
    cards = laptop_page.locator("[id^=theme-]")
    themes = laptop_page.get_by_text("All takeaways in it")
    themes.first.click()
    boxes = cards.first.get_by_role("checkbox")
    receipts = {boxes.nth(number).get_attribute("value") for number in range(2)}
    boxes.nth(0).check()
    boxes.nth(1).check()
    # So tall that nothing has to be scrolled meanwhile.
    laptop_page.set_viewport_size({"width": 1280, "height": 6000})
    carry(laptop_page, cards.first.locator("li:has(input)").nth(1), cards.last.locator("h2"))
    expect(laptop_page.get_by_text("Done. It stays")).to_be_visible()
    there = laptop_page.locator("[id^=theme-]:has(details[open]) input[name=receipt]")
    assert receipts <= {box.get_attribute("value") for box in there.all()}


def test_a_theme_s_name_begins_where_an_arabic_page_does(
    kiosk_process: KioskProcess,
    session: Session,
    event: EventSession,
    rng: random.Random,
    laptop_page: Page,
) -> None:
    say_two_things(session, event, rng, ("en",))
    laptop_page.goto(f"{kiosk_process.start()}/desk/themes?lang=ar")
    name = laptop_page.locator("[id^=theme-] h2").first
    expect(name).to_have_css("direction", "ltr")
    expect(name).to_have_css("text-align", "right")


@pytest.fixture(params=["nothing of it", "its sound alone"])
def foreign_film(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A film of which the browser plays as much as one without H.264 does of ours."""
    path = tmp_path / "film.mp4"
    silence = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
    silence.sample_rate = 48_000
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        has_sound = request.param == "its sound alone"
        audio = out.add_stream("aac", rate=48_000, layout="stereo") if has_sound else None
        for _number in range(20):
            out.mux(video.encode(av.VideoFrame(320, 180, "yuv420p")))
            out.mux(audio.encode(silence) if audio else [])
        out.mux(video.encode(None))
        out.mux(audio.encode(None) if audio else [])
    return path


def test_the_slideshow_says_that_a_film_cannot_be_played_and_goes_on(
    kiosk_process: KioskProcess, laptop_page: Page, foreign_film: Path
) -> None:
    def with_film(route: Route) -> None:
        slides = route.fetch().json()
        film = {"id": "film", "kind": "film", "heading": "", "film": "/slides/film.mp4?v=1"}
        slides["slides"].insert(-1, film)
        route.fulfill(json=slides)

    url = kiosk_process.start()
    laptop_page.route("**/slides/list", with_film)
    laptop_page.route(
        "**/slides/film.mp4*",
        lambda route: route.fulfill(path=foreign_film, content_type="video/mp4"),
    )
    laptop_page.goto(f"{url}/slides")
    expect(laptop_page.locator("#place")).to_contain_text("1 /")
    laptop_page.keyboard.press("PageDown")
    notice = laptop_page.get_by_text("This browser can't play the film. The slideshow goes on.")
    expect(notice).to_be_visible()
    expect(laptop_page.locator("video")).to_have_count(0)
    expect(laptop_page.locator("figure.end")).to_be_visible(timeout=15_000)


def test_the_slideshow_is_never_an_empty_screen(
    kiosk_process: KioskProcess, laptop_page: Page
) -> None:
    """While its slides are gathered, and while the kiosk is away, the gathering's name stands there."""
    url = kiosk_process.start()
    laptop_page.route("**/slides/list", lambda route: route.abort())
    laptop_page.goto(f"{url}/slides")
    expect(laptop_page.locator("#unshown")).to_have_count(0)
    name = laptop_page.locator("figure.title .words")
    expect(name).to_have_text(laptop_page.title().partition(" · ")[2])
    laptop_page.unroute("**/slides/list")
    expect(laptop_page.locator("#place")).to_contain_text("1 /", timeout=15_000)
    expect(laptop_page.locator("figure.title")).to_have_count(1)
