"""What is seldom seen is for everybody, too: errors, banners, what is folded, by axe; small phones, by their width."""

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from kiosk.services.tools.tasks import Task, Tasks
from reporter.models import EventSession
from tests.support.browsers.chromium import PHONE, Windows
from tests.support.kiosk_process import add_takeaway
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

Reach = Callable[[Page], None]
BLOG = {"name": "blog", "url": "not an address", "user": "ana"}
SCHEDULE = "title,start\nBees,2026-05-09 14:00\n"


def unfold(page: Page) -> None:
    """Open whatever can be opened."""
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")


def approve(page: Page) -> None:
    """The banner that offers to undo it."""
    page.keyboard.press("a")
    expect(page.locator(".notice.safe")).to_be_visible()


def lose_the_kiosk(page: Page) -> None:
    """What review says of it."""
    page.context.set_offline(True)
    page.keyboard.press("j")
    expect(page.locator("#complaint")).to_be_visible()


def press(button: str, shown: str, **fields: str) -> Reach:
    """Fill in fields by their names, and press a button after which something is shown."""

    def reach(page: Page) -> None:
        for name, value in fields.items():
            page.locator(f"main [name='{name.replace('__', '.')}']").first.fill(value)
        page.get_by_role("button", name=button, exact=True).first.click()
        expect(page.locator(shown).first).to_be_visible()

    return reach


DESK: list[tuple[str, Reach]] = [
    ("/desk/review", unfold),
    ("/desk/review", approve),
    ("/desk/review", lose_the_kiosk),
    ("/desk/review?kind=photo", unfold),
    ("/desk/conversation?view=done", unfold),
    ("/desk/settings", press("Save", "[aria-invalid]", gathering__title="")),
    (
        "/desk/sessions/new",
        press("Add", "[role=alert]", title="Bees", day="2026-05-09", begins="14:00", ends="13:00"),
    ),
    ("/desk/publish/places/add/wordpress", press("Try it and keep it", "[role=alert]", **BLOG)),
    ("/desk/sessions/schedule", press("Show what would change", ".agenda", text=SCHEDULE)),
    ("/desk/erase", press("Show what that is", ".notice", receipts="XXXX")),
]
VOLUNTEER: list[tuple[str, Reach]] = [
    ("/s/CODE", press("Send", "#problem")),
    ("/mine", press("Look it up", "text=404", receipt="XXXX")),
    ("/search?q=nothing-of-it", unfold),
    ("/s/XXXXXX", unfold),
]


@pytest.mark.parametrize(
    ("size", "states"), [({}, DESK), (PHONE, VOLUNTEER)], ids=["desk", "phone"]
)
def test_what_is_seldom_seen_is_for_everybody(
    app: Flask,
    windows: Windows,
    session: Session,
    event: EventSession,
    rng: random.Random,
    axe: Callable[..., list[str]],
    size: dict[str, object],
    states: list[tuple[str, Reach]],
) -> None:
    for number in range(3):
        add_takeaway(session, event, rng, text=f"Takeaway {number}")
    wrong: dict[str, list[str]] = {}
    with served(app) as server:
        page = windows.open(**size, reduced_motion="reduce")
        for number, (path, reach) in enumerate(states):
            address = path.replace("CODE", event.code)
            page.goto(f"http://127.0.0.1:{server.bind_addr[1]}{address}")
            reach(page)
            found = axe(page)
            page.emulate_media(color_scheme="dark")
            found += [f"dark: {one}" for one in axe(page, only=("color-contrast",))]
            page.emulate_media(color_scheme="light")
            page.context.set_offline(False)
            if found:
                wrong[f"{number}: {path}"] = found
    assert wrong == {}


def test_work_whose_size_is_not_known_yet_does_not_look_idle(
    app: Flask, windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar of a task is painted before its first number, and is an ordinary one after it."""
    task, tasks = Task("rehearse"), Tasks(app)
    tasks.last = task
    monkeypatch.setitem(app.extensions, "tasks", tasks)
    with served(app) as server:
        page = windows.open(reduced_motion="reduce")
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/tools")
        bar = page.locator("#task progress")
        unknown = shades(bar.screenshot())
        task.done, task.of = 0, 20
        expect(bar).to_have_attribute("value", "0")
        assert shades(bar.screenshot()) < 5 < unknown


def shades(picture: bytes) -> int:
    """How many colours stand side by side in the middle row of a picture."""
    with Image.open(BytesIO(picture)) as image:
        high = image.height // 2
        row = image.convert("RGB").crop((10, high, image.width - 10, high + 1))
        return len(row.getcolors(row.width) or ())


@pytest.mark.parametrize("language", ["uk", "de", "ar"])
def test_long_words_fit_the_smallest_phones(
    app: Flask, windows: Windows, event: EventSession, language: str
) -> None:
    wide: dict[str, int] = {}
    with served(app) as server:
        page = windows.open(viewport={"width": 320, "height": 568})
        for path in (
            "/",
            f"/s/{event.code}",
            "/desk/setup/gathering",
            "/desk/setup/network",
            "/desk/film",
            "/desk/publish/places/add/folder",
            "/desk/tools",
            "/desk/settings",
        ):
            page.goto(f"http://127.0.0.1:{server.bind_addr[1]}{path}?lang={language}")
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                wide[path] = width
    assert wide == {}


def test_the_example_of_an_address_reads_from_the_left_in_arabic(
    app: Flask, laptop_page: Page
) -> None:
    page = laptop_page
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/sessions/schedule?lang=ar")
        expect(page.locator("#url")).to_have_css("direction", "ltr")
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/search")
        expect(page.locator("#q")).to_have_css("direction", "rtl")
