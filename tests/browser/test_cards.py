"""The desk's page for cards, in a real browser: a card is noticed and read, a cut is moved by one tap."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from reporter.config import Settings
from reporter.gathering.folder import open_session
from reporter.gathering.sessions import add_session
from reporter.models import EventSession, Takeaway
from reporter.models.camera import Cut
from tests.support.browsers.chromium import wait_until
from tests.support.kiosk_process import KioskProcess
from tests.support.media import files
from tests.support.media.camera_rolls import Camera, code_of, snapshot, with_code

pytestmark = pytest.mark.browser
MORNING = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
LOCAL = datetime(2026, 3, 14, 10, 0)  # noqa: DTZ001  what a clock in Berlin shows


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where cards are put in."""
    place = tmp_path / "cards"
    place.mkdir()
    monkeypatch.setenv("REPORTER_CARDS", str(place))
    return place


def two_sessions(settings: Settings) -> list[str]:
    rng = random.Random(4)
    with open_session(settings) as session:
        events = [
            add_session(
                session,
                title,
                now=MORNING,
                rng=rng,
                starts_at=MORNING + timedelta(hours=n),
                ends_at=MORNING + timedelta(hours=n, minutes=50),
            )
            for n, title in enumerate(("Gardens in winter", "Solar roofs for schools"))
        ]
        return [event.code for event in events]


def fill(card: Path, first: str, second: str) -> None:
    """A marker, three pictures, a marker that nobody can read, three pictures."""
    camera = Camera(card)
    camera.marker(LOCAL, first)
    for n in range(3):
        camera.shoot(LOCAL + timedelta(minutes=5 + n))
    blurred = with_code(code_of(second), 0.45, blur=0.7)
    camera.shoot(LOCAL + timedelta(minutes=61), blurred)
    for n in range(3):
        camera.shoot(LOCAL + timedelta(minutes=65 + n))


def test_a_card_is_noticed_read_and_its_cut_moved_by_one_tap(
    gathering: Settings,
    kiosk_process: KioskProcess,
    place: Path,
    laptop_page: Page,
    axe: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    first, second = two_sessions(gathering)
    page, url = laptop_page, kiosk_process.start()
    page.goto(f"{url}/desk/cards")
    expect(page.get_by_text("No card is in.")).to_be_visible()
    fill(tmp_path / "CANON_EOS", first, second)
    before = snapshot(tmp_path / "CANON_EOS")
    (tmp_path / "CANON_EOS").rename(place / "CANON_EOS")
    page.get_by_role("button", name="Bring it in").first.click()
    expect(page.get_by_text("Taken in: 7, known already: 0, markers: 1")).to_be_visible()
    expect(page.get_by_text("proposed: looks like a marker, can't be read")).to_be_visible()
    assert axe(page) == []
    tiles = page.locator(".strip .shot img")
    expect(tiles).to_have_count(8)
    if folder := os.environ.get("REPORTER_SCREENS"):
        page.reload()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=f"{folder}/cards.png", full_page=True)
    page.get_by_role("button", name="Right").click()
    expect(page.locator(".strip .cut.open")).to_have_count(0)
    page.get_by_role("button", name="Solar roofs for schools begins with IMG_0004.JPG").click()
    begins = page.locator(".strip .cut:has(strong:text-is('Solar roofs for schools')) + .shot")
    expect(begins).to_contain_text("IMG_0004.JPG")
    # The page is where it was.
    expect(begins).to_be_in_viewport()
    with open_session(gathering) as session:
        session_codes = {
            row.attachments[0].filename: row.session.code for row in session.query(Takeaway).all()
        }
        cuts = {cut.shot.path[-8:]: cut.origin for cut in session.query(Cut) if not cut.skip}
        drawer = session.query(EventSession).filter_by(guid="reporter:not-yet-assigned").one()
    assert session_codes == {
        "IMG_0002.JPG": first,
        "IMG_0003.JPG": first,
        "IMG_0004.JPG": second,
        "IMG_0005.JPG": second,
        "IMG_0006.JPG": second,
        "IMG_0007.JPG": second,
        "IMG_0008.JPG": second,
    }
    assert cuts == {"0001.JPG": "marker", "0004.JPG": "hand"}
    assert drawer.code not in session_codes.values()
    assert snapshot(place / "CANON_EOS") == before


def test_what_stays_on_the_card_is_named_on_the_page(
    gathering: Settings,
    kiosk_process: KioskProcess,
    place: Path,
    laptop_page: Page,
    axe: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    page, url = laptop_page, kiosk_process.start()
    camera = Camera(tmp_path / "GOPRO")
    for name in ("GX010042.MP4", "GX020042.MP4"):
        seconds = 1.0 + int(name[2:4])
        data = files.mp4(seconds).read_bytes()
        camera.write(f"DCIM/100GOPRO/{name}", data, LOCAL)
    camera.write("DCIM/100GOPRO/GX010042.THM", files.jpeg(160, 120).read_bytes(), LOCAL)
    camera.write("DCIM/100GOPRO/LAYOUT.PSD", b"8BPS\0\1" + bytes(90), LOCAL)
    (tmp_path / "GOPRO").rename(place / "GOPRO")
    page.goto(f"{url}/desk/cards")
    page.get_by_role("button", name="Bring it in").first.click()
    summary = (
        "Taken in: 2, known already: 0, markers: 0 · 1 could not be taken in · 1 left on the card"
    )
    expect(page.get_by_text(summary)).to_be_visible()
    page.get_by_text("What was left on the card").click()
    expect(page.get_by_text("GX010042.THM: The camera's small picture of a film.")).to_be_visible()
    page.get_by_text("Which ones").click()
    expect(page.get_by_text("Photoshop (PSD) can't be opened here.")).to_be_visible()
    assert axe(page) == []
    with open_session(gathering) as session:
        [row] = session.scalars(select(Takeaway))
        assert [a.filename for a in row.attachments] == ["GX010042.MP4", "GX020042.MP4"]


def drop(page: Page, *paths: Path) -> None:
    """Let files and folders fall onto the page, as a file manager does (Chrome DevTools Protocol, Input)."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": 600, "y": 400, "data": data}
        session.send("Input.dispatchDragEvent", event)


def test_files_and_folders_that_are_dropped_come_in_once(
    kiosk_process: KioskProcess, laptop_page: Page, gathering: Settings, tmp_path: Path
) -> None:
    code, other = two_sessions(gathering)
    evening = tmp_path / "evening"
    (evening / "second camera").mkdir(parents=True)
    shutil.copy(files.jpeg(640, 480), evening / "IMG_1.jpg")
    shutil.copy(files.jpeg(480, 640), evening / "second camera" / "IMG_1.jpg")
    shutil.copy(files.heic(600, 400), evening / "IMG_2.HEIC")
    shutil.copy(files.mov_hevc(1.0), evening / "IMG_2.MOV")
    (evening / "notes.txt").write_text("not a picture")
    (broken := tmp_path / "broken.jpg").write_bytes(b"no picture at all")
    url = kiosk_process.start()
    laptop_page.goto(f"{url}/desk/cards")
    laptop_page.locator("#add-session").select_option(code)
    drop(laptop_page, evening, broken)
    expect(laptop_page.locator("#add-status")).to_have_text("Files that are safe: 4 of 5.")
    refused = ["notes.txt was not kept: Not a photo", "broken.jpg was not kept"]
    expect(laptop_page.locator("#add-refused li")).to_contain_text(refused)
    bar = laptop_page.locator("#add-bar")
    assert bar.evaluate("bar => bar.value === bar.max")
    drop(laptop_page, evening / "notes.txt")
    expect(laptop_page.locator("#add-refused li")).to_contain_text(refused[:1])
    # They go where they were chosen for, whatever is chosen while they are on the way, and can be chosen once more.
    photos = [evening / "IMG_1.jpg", shutil.copy(files.jpeg(320, 480), tmp_path / "IMG_9.jpg")]
    for _again in range(2):
        laptop_page.locator("#add-session").select_option(code)
        laptop_page.locator("#add-pick").set_input_files(photos)
        laptop_page.locator("#add-session").select_option(other)
        expect(laptop_page.locator("#add-status")).to_have_text("Files that are safe: 2 of 2.")
    # The same again, after the page was loaded anew: nothing comes twice.
    laptop_page.reload()
    laptop_page.locator("#add-session").select_option(code)
    drop(laptop_page, evening)
    expect(laptop_page.locator("#add-status")).to_have_text("Files that are safe: 4 of 4.")
    with open_session(gathering) as session:
        rows = session.scalars(select(Takeaway)).all()
        assert [(row.session.code, row.state) for row in rows] == [(code, "new")] * 4
        assert sorted([a.filename for a in row.attachments] for row in rows) == [
            ["IMG_1.jpg"],
            ["IMG_1.jpg"],
            ["IMG_2.HEIC", "IMG_2.MOV"],
            ["IMG_9.jpg"],
        ]


def test_a_card_that_is_put_in_while_files_are_sent_shows_at_once(
    kiosk_process: KioskProcess, laptop_page: Page, gathering: Settings, place: Path, tmp_path: Path
) -> None:
    two_sessions(gathering)
    page, url = laptop_page, kiosk_process.start()
    page.goto(f"{url}/desk/cards")
    held: list[Route] = []
    page.route("**/takeaways", lambda route: held.append(route))
    drop(page, files.jpeg(640, 480))
    wait_until(page, lambda: len(held) == 1)
    Camera(tmp_path / "CANON_EOS").shoot(LOCAL)
    (tmp_path / "CANON_EOS").rename(place / "CANON_EOS")
    expect(page.locator("[data-card]")).to_contain_text("CANON_EOS")
    expect(page.locator("#add-files")).to_have_attribute("data-busy", "true")
    held[0].continue_()
    expect(page.locator("#add-status")).to_have_text("Files that are safe: 1 of 1.")
