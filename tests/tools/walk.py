"""``python -m tests.tools.walk [BROWSER ...]``: three engines walk the phone's way, the wizard and the desk.

(``make walk``) At phone, tablet, laptop and projector size; each page is loaded once and taken light and dark, by the
attribute that the wall's key L sets. Pictures go to ``.cache/walk/BROWSER-light`` and ``-dark``. What is wider than its
window is told, and ends it with 1, as does a browser that fails or has not seen everything after ``MINUTES``: others
still have their turn. A browser that is not here is left out and said so.
"""

from __future__ import annotations

import functools
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page

from tests.support.browsers.chromium import find_chromium, run_chromium
from tests.support.browsers.firefox import find_firefox, run_firefox
from tests.support.browsers.webkit import find_webkit, run_webkit
from tests.support.commands.demo_kiosk import DemoKiosk, demo_kiosk

ROOT = Path(__file__).parents[2]
GOAL = ROOT / ".cache" / "walk"
SIZES = ((320, 640), (390, 844), (768, 1024), (1366, 768), (1920, 1080))
COLLECT = ("review", "faces", "sessions", "cards", "coverage")
TELL = ("stories", "themes", "film", "report", "publish", "conversation", "actions", "afterwards")
RUN = ("wall", "tools", "laptops", "settings", "privacy", "kiosk")
# Each browser's time; unloaded, one needs about a third of it.
MINUTES = 20
PATIENCE = 120.0
# Colours that fade from light to dark are there at once.
DARK = """(document.documentElement.dataset.theme = 'dark',
  document.getAnimations().forEach((one) => one.effect.getComputedTiming().endTime < Infinity && one.finish()))"""
WIZARD = ("gathering", "sessions", "network", "done")


class Walker(Protocol):
    """A page of any browser."""

    def goto(self, url: str) -> None:
        """Open a page."""

    def see(self, expression: str) -> Any:
        """What JavaScript is in it."""

    def wait_for(self, expression: str) -> None:
        """Until it is true."""

    def resize(self, width: int, height: int) -> None:
        """Make it so large."""

    def picture(self) -> bytes:
        """A PNG of what is in sight."""


class ChromiumWalker:
    """Chromium, by Playwright."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def goto(self, url: str) -> None:
        """See Walker."""
        self._page.goto(url, wait_until="load")

    def see(self, expression: str) -> Any:
        """See Walker."""
        return self._page.evaluate(expression)

    def wait_for(self, expression: str) -> None:
        """See Walker."""
        end = time.monotonic() + PATIENCE
        while not self.see(expression):
            assert time.monotonic() < end, expression
            self._page.wait_for_timeout(50)

    def resize(self, width: int, height: int) -> None:
        """See Walker."""
        self._page.set_viewport_size({"width": width, "height": height})

    def picture(self) -> bytes:
        """See Walker."""
        return self._page.screenshot()


@contextmanager
def chromium(executable: str, _home: Path) -> Iterator[ChromiumWalker]:
    """One page of it."""
    with run_chromium(executable) as browser:
        page = browser.new_page(color_scheme="light", reduced_motion="reduce")
        page.set_default_timeout(1000 * PATIENCE)
        yield ChromiumWalker(page)


Run = Callable[..., AbstractContextManager[Walker]]
BROWSERS: dict[str, tuple[Callable[[], str | None], Run]] = {
    "chromium": (functools.partial(find_chromium, whole=True), chromium),
    "firefox": (find_firefox, run_firefox),
    "webkit": (find_webkit, run_webkit),
}


def stops(kiosk: DemoKiosk) -> Iterator[tuple[str, str]]:
    """(name, address) of all pages but the phone's own."""
    yield from [("start", "/"), ("session", f"/s/{kiosk.code}"), ("receipt", f"/t/{kiosk.receipt}")]
    yield from [
        ("search", "/search?q=garden"),
        ("wall", "/wall"),
        ("station", "/station"),
        ("mine", "/mine"),
    ]
    yield from ((f"setup-{name}", f"/desk/setup/{name}") for name in WIZARD)
    yield from ((f"desk-{name}", f"/desk/{name}") for name in (*COLLECT, *TELL, *RUN))


def too_wide(page: Walker) -> int:
    """By how many pixels a page is wider than its window."""
    return int(
        page.see("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )


def send_words(page: Walker, url: str, words: str) -> None:
    """The phone's way: a line is written and sent; the page calls it safe."""
    page.goto(url)
    page.see(f"document.getElementById('text').value = {words!r}")
    page.see("document.querySelector('#keep .thumbzone button').click()")
    page.wait_for("document.getElementById('verdict').classList.contains('safe')")


def walk(page: Walker, kiosk: DemoKiosk, name: str, minutes: float = MINUTES) -> Iterator[str]:
    """Everything at every size; yields what is wrong: pages that are too wide, what there was no time for."""
    light, dark = GOAL / f"{name}-light", GOAL / f"{name}-dark"
    for goal in (light, dark):
        shutil.rmtree(goal, ignore_errors=True)
        goal.mkdir(parents=True)
    end = time.monotonic() + 60 * minutes
    page.goto(f"{kiosk.url}/wall")
    page.see("document.cookie = 'tour=left;path=/'")
    for width, height in SIZES:
        page.resize(width, height)
        send_words(page, f"{kiosk.url}/s/{kiosk.code}", f"{name} at {width} pixels")
        (light / f"{width}-safe.png").write_bytes(page.picture())
        for place, path in stops(kiosk):
            if time.monotonic() > end:
                yield f"{name}: {minutes} minutes are over before {place} at {width}"
                return
            page.goto(f"{kiosk.url}{path}")
            (light / f"{width}-{place}.png").write_bytes(page.picture())
            if more := too_wide(page):
                yield f"{name}: {place} at {width} is {more} pixels too wide"
            page.see(DARK)
            (dark / f"{width}-{place}.png").write_bytes(page.picture())
        print(f"{name}: {width} pixels", flush=True)


def main(names: list[str]) -> int:
    """All that are asked for and here; 1 if anything was wrong."""
    wrong: list[str] = []
    with demo_kiosk() as kiosk:
        for name in names or BROWSERS:
            find, run = BROWSERS[name]
            executable = find()
            if executable is None:
                print(f"{name}: not here (as root on Debian: make system-packages)")
                continue
            try:
                with (
                    tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
                    run(executable, Path(home) / "home") as page,
                ):
                    for fault in walk(page, kiosk, name):
                        wrong.append(fault)
            # Whatever one browser's driver raises: the next has its turn, and the exit says it.
            except Exception as error:  # noqa: BLE001 - told at the end
                wrong.append(f"{name} failed: {error}")
            print(
                f"{GOAL}/{name}-*: {len(list(GOAL.glob(f'{name}-*/*.png')))} pictures", flush=True
            )
    print("\n".join(wrong) or "nothing was wider than its window")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
