"""A volunteer's phone, for real: Chromium at phone size, over plain http, with and without scripts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.media.store import Store, hash_file
from reporter.models import EventSession, Takeaway
from tests.support.browsers.chromium import Windows, wait_for_picture
from tests.support.kiosk_process import KioskProcess
from tests.support.media import files as media_files

pytestmark = pytest.mark.browser

SAFE = "Safe on the kiosk. You may leave the Wi-Fi."


@pytest.fixture
def kiosk(kiosk_process: KioskProcess) -> KioskProcess:
    """A running kiosk, at an address that phones could use."""
    kiosk_process.start_for_phones()
    return kiosk_process


def choose(page: Page, tile: str, *files: Path) -> None:
    page.get_by_label(tile, exact=True).set_input_files(list(files))


def press_send(page: Page) -> None:
    """Send; where the question about the people in a picture is open, with "Yes"."""
    if page.locator("#added li").count() and not page.locator("#consent :checked").count():
        page.locator("#consent [value=agreed]").check()
    page.locator("#keep .thumbzone button").click()


def takeaway(session: Session) -> Takeaway:
    session.expire_all()
    return session.scalars(select(Takeaway)).one()


def check_stored(session: Session, store: Store, *files: Path) -> None:
    stored = [a.media for a in takeaway(session).attachments]
    sent = [hash_file(path) for path in files]
    assert [media.sha256 for media in stored] == sent
    for media in stored:
        whole = store.original(media.sha256, media.ext).read_bytes()
        assert hashlib.sha256(whole).hexdigest() == media.sha256


def test_photo_and_video_go_up_together(
    kiosk: KioskProcess,
    phone_page: Page,
    session: Session,
    store: Store,
    event: EventSession,
    axe: Callable[..., list[str]],
) -> None:
    files = (media_files.jpeg(), media_files.mp4())
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    assert axe(phone_page) == []
    phone_page.get_by_label("Your words").fill("Look at this #frames")
    choose(phone_page, "Photo", files[0])
    choose(phone_page, "Gallery", files[1])
    expect(phone_page.locator("#added li")).to_have_count(2)
    assert axe(phone_page) == []
    phone_page.get_by_label("Yes", exact=True).check()
    phone_page.get_by_label("Only here today").check()
    phone_page.get_by_label("An idea").check()
    phone_page.get_by_label("Name (if you like)").fill("Rosa")
    phone_page.get_by_role("button", name="Send", exact=True).click()
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    assert axe(phone_page) == []
    row = takeaway(session)
    check_stored(session, store, *files)
    assert (row.text, row.author, row.audience, row.consent, row.intent, row.prompt) == (
        "Look at this #frames",
        "Rosa",
        "room",
        "agreed",
        "idea",
        "What will you take home from this?",
    )
    shown = phone_page.locator("#receipt").inner_text()
    assert shown.replace("-", "") == row.receipt
    wait_for_picture(phone_page.locator("#receipt-qr"))


@pytest.mark.parametrize("kind", ["photo", "video"])
def test_it_works_without_scripts(
    kiosk: KioskProcess,
    windows: Windows,
    session: Session,
    store: Store,
    event: EventSession,
    kind: str,
) -> None:
    tile, path = {
        "photo": ("Photo", media_files.jpeg()),
        "video": ("Video note", media_files.mp4()),
    }[kind]
    page = windows.phone(java_script_enabled=False)
    page.goto(f"{kiosk.url}/s/{event.code}")
    # Nothing sticks out at the side: what is chosen shows in the tile.
    box = page.locator(".tiles").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    page.get_by_label("Your words").fill("Plain form")
    choose(page, tile, path)
    page.get_by_label("There is a child in it").check()
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/t/*")
    assert page.get_by_role("heading", name=SAFE).is_visible()
    assert takeaway(session).consent == "child"
    check_stored(session, store, path)


def test_text_alone_is_sent_at_once(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.get_by_role("button", name="Send", exact=True).click()
    expect(phone_page.get_by_role("alert")).to_contain_text("Write a line first")
    phone_page.get_by_label("Your words").fill("ازرعوا الثوم")
    phone_page.get_by_role("button", name="Send", exact=True).click()
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    assert (takeaway(session).text, takeaway(session).consent) == ("ازرعوا الثوم", "")


def test_another_one_is_another_takeaway(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    for words in ("First", "Second"):
        phone_page.get_by_label("Your words").fill(words)
        phone_page.get_by_role("button", name="Send", exact=True).click()
        expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
        phone_page.get_by_role("button", name="Record another").click()
    assert {row.text for row in session.scalars(select(Takeaway))} == {"First", "Second"}
    expect(phone_page.locator("#queue li")).to_have_count(2)


def test_what_was_added_can_be_removed(
    kiosk: KioskProcess, phone_page: Page, session: Session, store: Store, event: EventSession
) -> None:
    files = (media_files.jpeg(), media_files.webp())
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    choose(phone_page, "Gallery", *files)
    phone_page.get_by_role("button", name=f"Remove: {files[0].name}").click()
    expect(phone_page.locator("#added li")).to_have_count(1)
    press_send(phone_page)
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    check_stored(session, store, files[1])


def test_a_file_that_is_too_large_is_noticed_on_the_phone(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.locator("#keep").evaluate("form => { form.dataset.mostMb = '0.001'; }")
    choose(phone_page, "Photo", media_files.jpeg())
    expect(phone_page.get_by_role("alert")).to_contain_text("larger than 0.001 MB")
    expect(phone_page.locator("#added li")).to_have_count(0)


def test_a_recording_that_is_too_long_is_noticed_on_the_phone(
    kiosk: KioskProcess, phone_page: Page, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.locator("#keep").evaluate("form => { form.dataset.mostSeconds = '1'; }")
    choose(phone_page, "Voice", media_files.wav(4.0))
    expect(phone_page.get_by_role("alert")).to_contain_text("too long: 4 s.")


def test_what_the_kiosk_refuses_is_said_and_blocks_nothing(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession, tmp_path: Path
) -> None:
    wrong = tmp_path / "holiday.jpg"
    wrong.write_text("This is no photo at all.")
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    choose(phone_page, "Gallery", wrong)
    expect(phone_page.locator("#added li")).to_have_count(1)
    press_send(phone_page)
    expect(phone_page.get_by_role("heading", name="Not sent.")).to_be_visible()
    expect(phone_page.locator("#refusal")).to_contain_text("holiday.jpg")
    assert session.scalars(select(Takeaway)).all() == []
    phone_page.get_by_role("button", name="Record another").click()
    phone_page.get_by_label("Your words").fill("Then in words")
    phone_page.get_by_role("button", name="Send", exact=True).click()
    expect(phone_page.get_by_role("heading", name="Safe on the kiosk.")).to_be_visible()
    assert takeaway(session).text == "Then in words"
    phone_page.get_by_role("button", name="Let it go").click()
    expect(phone_page.get_by_text("Not sent.")).to_have_count(0)


def test_nothing_is_called_safe_while_the_kiosk_is_away(
    kiosk_process: KioskProcess,
    phone_page: Page,
    session: Session,
    store: Store,
    event: EventSession,
) -> None:
    """kill -9 before the upload; the page keeps trying, and is done when the kiosk is back."""
    url = kiosk_process.start()
    phone_page.goto(f"{url}/s/{event.code}", wait_until="networkidle")
    photo = media_files.jpeg()
    choose(phone_page, "Photo", photo)
    expect(phone_page.locator("#added li")).to_have_count(1)
    kiosk_process.kill()
    press_send(phone_page)
    verdict = phone_page.locator("#verdict")
    expect(verdict).to_have_text(re.compile("Still on your phone"))
    expect(verdict).to_contain_text("trying again by itself")
    assert not phone_page.get_by_text(SAFE).is_visible()
    kiosk_process.start()
    expect(verdict).to_have_text(SAFE)
    check_stored(session, store, photo)


def test_receipt_changes_and_takes_back(
    kiosk: KioskProcess,
    phone_page: Page,
    session: Session,
    event: EventSession,
    axe: Callable[..., list[str]],
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.get_by_label("Your words").fill("Plant garlc")
    phone_page.get_by_role("button", name="Send", exact=True).click()
    phone_page.locator("#receipt").click()
    expect(phone_page).to_have_url(re.compile("/t/"))
    phone_page.get_by_text("Change it", exact=True).click()
    assert axe(phone_page) == []
    phone_page.get_by_label("Your words").fill("Plant garlic")
    phone_page.get_by_role("button", name="Save").click()
    expect(phone_page.get_by_role("status")).to_have_text("Changed.")
    assert takeaway(session).text == "Plant garlic"
    phone_page.get_by_role("link", name="Take it back").click()
    yes = phone_page.get_by_role("button", name="Yes, take it back")
    expect(yes).to_be_visible()
    assert axe(phone_page) == []
    yes.click()
    expect(phone_page.get_by_text("You took this back.")).to_be_visible()
    assert (takeaway(session).state, takeaway(session).text) == ("withdrawn", "")


@pytest.mark.parametrize(
    ("lang", "width", "scheme"),
    [("en", 320, "dark"), ("de", 320, "light"), ("es", 390, "dark"), ("ar", 390, "light")],
)
def test_every_phone_page_is_for_everybody(
    kiosk: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    axe: Callable[..., list[str]],
    scheme: str,
    width: int,
    lang: str,
) -> None:
    """axe finds nothing, and nothing sticks out, at the narrowest width, in the dark, from right to left."""
    event.title = "Wie Nachbarschaftsgemeinschaftseinrichtungen zusammenarbeiten können"
    session.commit()
    page = windows.phone(viewport={"width": width, "height": 640}, color_scheme=scheme)
    for path in ("/", f"/s/{event.code}", "/s/ZZZZZZ", "/search", "/wall", "/nowhere"):
        page.goto(f"{kiosk.url}{path}{'&' if '?' in path else '?'}lang={lang}")
        assert axe(page) == [], path
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} wide"


def test_send_waits_until_a_picked_recording_was_looked_at(
    kiosk: KioskProcess, phone_page: Page, session: Session, store: Store, event: EventSession
) -> None:
    # A phone that tells the length of a recording only when the test lets it.
    phone_page.add_init_script("""
        const known = new Promise((tell) => { window.tellLength = tell; });
        Object.defineProperty(HTMLMediaElement.prototype, "onloadedmetadata", {
            set(told) { this.addEventListener("loadedmetadata", () => known.then(told)); },
        });
    """)
    path = media_files.mp4()
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.get_by_label("Your words").fill("What the film shows")
    send = phone_page.locator("#keep .thumbzone button")
    expect(send).to_have_text("Send")
    choose(phone_page, "Video note", path)
    # Pressed twice, by a way that no disabled button stops; in one go, before the phone gives up.
    state = send.evaluate("""button => {
        const told = [button.disabled, button.textContent];
        button.form.requestSubmit();
        button.form.requestSubmit();
        return told;
    }""")
    assert state == [True, "Looking at what you picked …"]
    assert phone_page.locator("#after").is_hidden()
    phone_page.evaluate("tellLength()")
    expect(phone_page.locator("#added li")).to_have_count(1)
    expect(phone_page.get_by_role("alert")).to_contain_text("One question first")
    expect(send).to_have_text("Send")
    press_send(phone_page)
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    assert takeaway(session).text == "What the film shows"
    check_stored(session, store, path)
