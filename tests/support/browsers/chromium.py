"""Real Chromium for the tests: how it is started, and the axe check of a page.

Wait with `expect(locator)` or `expect(page)`: `page.wait_for_function` evaluates a string inside the
page, which our Content-Security-Policy refuses. What a page shows only for a moment is kept by `Seen`;
for what happens in the test's own hands there is `wait_until`. Nothing here waits for a time to pass.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import playwright
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    sync_playwright,
)

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"

# Nothing of what it does on its own reaches for the network; `--no-sandbox` only where root insists.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}


def find_chromium(*, whole: bool = False) -> str | None:
    """Return the path of an installed Chromium or Chrome, or None.

    Chromium without its windows comes first: the same engine for two thirds of the processor time. ``whole``: one that
    people have.
    """
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    shells = () if whole else ("chromium-headless-shell",)
    return next((found for name in (*shells, *names) if (found := shutil.which(name))), None)


def driver_problem() -> str:
    """Return why Playwright's own Node.js cannot run here, as the system says it; empty when it can."""
    node = Path(playwright.__file__).parent / "driver" / ("node.exe" if os.name == "nt" else "node")
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return asked.stderr.strip() if asked.returncode else ""


@contextmanager
def run_chromium(executable: str, *extra_flags: str) -> Iterator[Browser]:
    """Run one headless browser; every context in it starts empty, like a private window."""
    root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=executable, args=[*FLAGS, *root, *extra_flags]
        )
        try:
            yield browser
        finally:
            browser.close()


PATIENCE = 60.0

# Keeps every text that an element has had, since a look from outside may come too late.
SEEN = """selector => {
  const seen = (window.seen ??= {});
  const look = () => {
    const text = document.querySelector(selector)?.textContent.trim() ?? "";
    if (seen[selector].at(-1) !== text) seen[selector].push(text);
  };
  seen[selector] = [];
  look();
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
}"""


class Seen:
    """Every text that one element of a page shows from now on, however briefly."""

    def __init__(self, page: Page, selector: str) -> None:
        self._page = page
        self._selector = selector
        page.evaluate(SEEN, selector)

    def texts(self) -> list[str]:
        """All until now, in order; a text follows a different one."""
        return list(self._page.evaluate("selector => window.seen[selector]", self._selector))

    def wait_for(self, words: str) -> None:
        """Until one of the texts, past ones too, contains this."""
        wait_until(self._page, lambda: any(words in text for text in self.texts()))


def wait_until(page: Page, condition: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Until it is true; meanwhile the page's events and routes go on."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        page.wait_for_timeout(20)


def press_and_follow(page: Page, key: str) -> None:
    """Press a key that leads to another page, and wait for that page and its scripts: before, they hear no key."""
    with page.expect_navigation():
        page.keyboard.press(key)


def wait_for_picture(picture: Locator, *, wider_than: int = 0) -> None:
    """Until an image is there, so many pixels wide. (``complete`` alone is true of one that has no address yet.)"""
    width = "image => image.complete ? image.naturalWidth : 0"
    wait_until(picture.page, lambda: picture.evaluate(width) > wider_than)


class Windows:
    """Opens pages for one test, and remembers what went wrong inside them.

    `problems` are uncaught script errors and breaches of the Content-Security-Policy. A test that
    causes one on purpose clears the list.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.problems: list[str] = []
        self._contexts: list[BrowserContext] = []

    def phone(self, **options: Any) -> Page:
        """Open an empty page at phone size (390 × 844, touch)."""
        return self.open(**{**PHONE, **options})

    def laptop(self, **options: Any) -> Page:
        """Open an empty page at laptop size (1280 × 800)."""
        return self.open(**{**LAPTOP, **options})

    def open(self, **options: Any) -> Page:
        """Open a page in a context of its own; options are those of `Browser.new_context`."""
        context = self.browser.new_context(**options)
        self._contexts.append(context)
        context.set_default_timeout(1000 * PATIENCE)
        context.on("page", self._watch)
        return context.new_page()

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", self._note_policy_breach)

    def _note_policy_breach(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.problems.append(message.text)


def axe_violations(
    page: Page, *, leave_out: tuple[str, ...] = (), only: tuple[str, ...] = ()
) -> list[str]:
    """Run axe-core in the page and return one readable line per finding; empty means clean.

    After a click that leads to another page, expect something of that page first: a click does not wait for it.
    The script goes in through the debugging protocol, because a strict policy refuses script tags.
    `leave_out` names rules (see the rule list of axe-core) that do not apply to the page, `only` those to run.
    """
    # (The station shows nothing until its script has begun.)
    page.locator("main").first.wait_for()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    # What is in order, and where in the page something stands, takes most of its time and is not told.
    options: dict[str, Any] = {
        "rules": {name: {"enabled": False} for name in leave_out},
        "resultTypes": ["violations"],
        "selectors": False,
    }
    if only:
        options["runOnly"] = {"type": "rule", "values": list(only)}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{finding['id']} ({finding['impact']}): {finding['help']}: {node['html'][:200]}"
        for finding in found["violations"]
        for node in finding["nodes"]
    ]
