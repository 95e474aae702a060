"""``python -m tests.tools.screenshots [FOLDER]``: the pictures of README and docs, taken from the sample gathering."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.browsers.chromium import LAPTOP, PHONE, find_chromium, run_chromium
from tests.support.demo_kiosk import DemoKiosk, demo_kiosk

GOAL = Path(__file__).parents[2] / "docs" / "img"


def shoot(browser: Browser, kiosk: DemoKiosk, goal: Path) -> None:
    """Every picture."""
    phone, laptop = (_page(browser, kiosk, size) for size in (PHONE, LAPTOP))
    for page, name, path in [
        (phone, "phone", f"/s/{kiosk.code}"),
        (phone, "receipt", f"/t/{kiosk.receipt}"),
        (laptop, "start", "/"),
        (laptop, "wall", "/wall"),
        (laptop, "desk", "/desk/review?state=approved"),
        (laptop, "publish", "/desk/publish"),
        (laptop, "tools", "/desk/tools"),
        (laptop, "site", "/tour/site/"),
    ]:
        page.goto(f"{kiosk.url}{path}", wait_until="load")
        settle(page)
        save(page, goal / f"{name}.png")


def _page(browser: Browser, kiosk: DemoKiosk, size: dict[str, Any]) -> Page:
    """Without the strip of the tour."""
    context = browser.new_context(**size)
    context.add_cookies([{"name": "tour", "value": "left", "url": kiosk.url}])
    return context.new_page()


def settle(page: Page) -> None:
    """Until the pictures in sight are there (others are loaded when somebody scrolls), and the wall's fade is over."""
    page.wait_for_timeout(2500)


def save(page: Page, path: Path) -> None:
    """As PNG with 256 colours: a quarter of the size, and no difference that a reader sees."""
    from PIL import Image

    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path)


def main(goal: Path) -> None:
    """Take them all."""
    executable = find_chromium()
    if executable is None:
        sys.exit("Chromium is needed (as root on Debian: make system-packages)")
    goal.mkdir(parents=True, exist_ok=True)
    with run_chromium(executable) as browser, demo_kiosk() as kiosk:
        shoot(browser, kiosk, goal)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else GOAL)
