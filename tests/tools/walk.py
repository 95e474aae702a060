"""``python -m tests.tools.walk [BROWSER ...]``: three engines walk the phone's way, the wizard and the desk.

(``make walk``) At phone, tablet, laptop and projector size, light and dark; pictures go to ``.cache/walk/BROWSER/``.
What is wider than its window is told, and ends it with 1. A browser that is not here is left out and said so.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
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
        while not self.see(expression):
            self._page.wait_for_timeout(50)

    def resize(self, width: int, height: int) -> None:
        """See Walker."""
        self._page.set_viewport_size({"width": width, "height": height})

    def picture(self) -> bytes:
        """See Walker."""
        return self._page.screenshot()


@contextmanager
def chromium(executable: str, _home: Path, *, dark: bool) -> Iterator[ChromiumWalker]:
    """One page of it."""
    with run_chromium(executable) as browser:
        page = browser.new_page(color_scheme="dark" if dark else "light")
        page.set_default_timeout(120_000)
        yield ChromiumWalker(page)


Run = Callable[..., AbstractContextManager[Walker]]
BROWSERS: dict[str, tuple[Callable[[], str | None], Run]] = {
    "chromium": (find_chromium, chromium),
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


def walk(page: Walker, kiosk: DemoKiosk, goal: Path) -> list[str]:
    """Everything at every size; pages that were too wide."""
    goal.mkdir(parents=True, exist_ok=True)
    page.goto(f"{kiosk.url}/wall")
    page.see("document.cookie = 'tour=left;path=/'")
    wide = []
    for width, height in SIZES:
        page.resize(width, height)
        send_words(page, f"{kiosk.url}/s/{kiosk.code}", f"Seen at {width} pixels")
        (goal / f"{width}-safe.png").write_bytes(page.picture())
        for name, path in stops(kiosk):
            page.goto(f"{kiosk.url}{path}")
            (goal / f"{width}-{name}.png").write_bytes(page.picture())
            if more := too_wide(page):
                wide.append(f"{goal.name}: {name} at {width} is {more} pixels too wide")
    return wide


def main(names: list[str]) -> int:
    """All that are asked for and here; 1 if a page was too wide."""
    wide: list[str] = []
    with demo_kiosk() as kiosk:
        for name in names or BROWSERS:
            find, run = BROWSERS[name]
            executable = find()
            if executable is None:
                print(f"{name}: not here (as root on Debian: make system-packages)")
                continue
            for dark in (False, True):
                goal = GOAL / f"{name}-{'dark' if dark else 'light'}"
                shutil.rmtree(goal, ignore_errors=True)
                with (
                    tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
                    run(executable, Path(home) / "home", dark=dark) as page,
                ):
                    wide += walk(page, kiosk, goal)
                print(f"{goal}: {len(list(goal.iterdir()))} pictures", flush=True)
    print("\n".join(wide) or "nothing was wider than its window")
    return 1 if wide else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
