"""``python -m tests.tools.screenshots [FOLDER]``: the pictures of README and docs, taken from the sample gathering."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from publish.targets import KINDS
from publish.targets.by_hand.groups import TARGETS as GROUPS
from tests.support.browsers.chromium import LAPTOP, PHONE, find_chromium, run_chromium
from tests.support.commands.demo_kiosk import DemoKiosk, demo_kiosk

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


def shoot_targets(browser: Browser, kiosk: DemoKiosk, goal: Path) -> None:
    """The form that adds each kind of target, and the page of a group that is posted to by hand."""
    page = _page(browser, kiosk, {"viewport": {"width": 860, "height": 900}})
    for kind, cls in KINDS.items():
        if cls not in GROUPS:
            page.goto(f"{kiosk.url}/desk/publish/places/add/{kind}", wait_until="load")
            save(page.locator("main"), goal / f"{kind}.png")
    page.goto(f"{kiosk.url}/desk/publish/places/add/telegram-group", wait_until="load")
    page.fill("[name=name]", "garden group")
    with page.expect_navigation():
        page.click("button.main")
    page.goto(f"{kiosk.url}/desk/publish", wait_until="load")
    page.get_by_role("button", name="Publish now").click()
    phone = _page(browser, kiosk, PHONE)
    phone.goto(f"{kiosk.url}/desk/publish/by-hand", wait_until="load")
    while not phone.locator("textarea").count():
        phone.wait_for_timeout(1000)
        phone.reload(wait_until="load")
    settle(phone)
    save(phone, goal / "by-hand.png")


def _page(browser: Browser, kiosk: DemoKiosk, size: dict[str, Any]) -> Page:
    """Without the strip of the tour."""
    context = browser.new_context(**size)
    context.add_cookies([{"name": "tour", "value": "left", "url": kiosk.url}])
    return context.new_page()


def settle(page: Page) -> None:
    """Until the pictures in sight are there (others are loaded when somebody scrolls), and the wall's fade is over."""
    page.wait_for_timeout(2500)


def save(page: Page | Locator, path: Path) -> None:
    """As PNG with 256 colours: a quarter of the size, and no difference that a reader sees."""
    from PIL import Image

    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path)


def main(goal: Path) -> None:
    """Take them all."""
    executable = find_chromium(whole=True)
    if executable is None:
        sys.exit("Chromium is needed (as root on Debian: make system-packages)")
    targets = goal / "targets"
    targets.mkdir(parents=True, exist_ok=True)
    with run_chromium(executable) as browser, demo_kiosk() as kiosk:
        shoot(browser, kiosk, goal)
        shoot_targets(browser, kiosk, targets)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else GOAL)
