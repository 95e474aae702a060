"""The queue on the phone, in a real browser over plain http: what was recorded arrives, whatever happens meanwhile."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect
from playwright.sync_api import Error as PlaywrightError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporter.media.store import Store, hash_file
from reporter.models import EventSession, Takeaway, Upload
from tests.browser.phone.test_phone import SAFE, check_stored, choose, press_send, takeaway
from tests.support.browsers.chromium import FLAGS, PHONE, Seen, Windows, find_chromium, wait_until
from tests.support.kiosk_process import KioskProcess
from tests.support.media import files

pytestmark = pytest.mark.browser

# Bytes of what stands in the phone's own store.
PIECES = """() => new Promise((resolve, reject) => {
  const asked = indexedDB.open("reporter");
  asked.onerror = () => reject(asked.error);
  asked.onsuccess = () => {
    const all = asked.result.transaction("pieces").objectStore("pieces").getAll();
    all.onsuccess = () => { asked.result.close(); resolve(all.result.map((piece) => piece.byteLength)); };
  };
})"""
# Whether so many files of a draft are kept.
STORED = """many => Object.entries(sessionStorage).some(
  ([key, value]) => key.startsWith("draft-") && JSON.parse(value).files.length === many)"""
# Whose turn it is, as this page finds it each time that it would like to send.
TURNS = """window.turns = [];
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (value, ...rest) {
  if (this.name === "turn" && value.who) window.turns.push(value.who);
  return put.call(this, value, ...rest);
};"""
NO_ROOM = """IDBObjectStore.prototype.put = function () {
  throw new DOMException("no room on this phone", "QuotaExceededError");
};"""


@pytest.fixture
def kiosk(kiosk_process: KioskProcess) -> KioskProcess:
    """A running kiosk, at an address that phones could use."""
    kiosk_process.start_for_phones()
    return kiosk_process


@pytest.fixture
def long_video(tmp_path: Path) -> Path:
    """A real MP4, made 9 MB by a box that players skip (ISO/IEC 14496-12, "free"): more than two PATCH requests."""
    filler = 9 << 20
    path = tmp_path / "walk.mp4"
    path.write_bytes(
        files.mp4().read_bytes() + struct.pack(">I4s", filler, b"free") + bytes(filler - 8)
    )
    return path


def slow_down(page: Page, bytes_a_second: int) -> None:
    """A weak Wi-Fi, from here on (CDP, "Network.emulateNetworkConditions")."""
    limits = {
        "offline": False,
        "latency": 5,
        "downloadThroughput": -1,
        "uploadThroughput": bytes_a_second,
    }
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", limits)


def press_keep(page: Page) -> None:
    press_send(page)


def open_tab(context: BrowserContext, kiosk: KioskProcess, event: EventSession) -> Page:
    page = context.new_page()
    page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    return page


def begin_slowly(page: Page, path: Path) -> None:
    """Send a file until its first 4 MB are there and the next ones are on their way, at a crawl."""
    pieces: list[Route] = []

    def pass_on(route: Route) -> None:
        pieces.append(route)
        if len(pieces) == 2:
            slow_down(page, 20_000)
        route.continue_()

    page.route("**/uploads/*", pass_on)
    choose(page, "Gallery", path)
    expect(page.locator("#added li")).to_have_count(1)
    press_keep(page)
    expect(page.locator("#verdict")).to_have_text(re.compile(r"Still on your phone: [45]\d %"))
    wait_until(page, lambda: len(pieces) == 2)
    assert [route.request.method for route in pieces] == ["PATCH", "PATCH"]


def test_a_closed_tab_and_a_killed_kiosk_lose_nothing(
    kiosk: KioskProcess,
    phone_page: Page,
    session: Session,
    store: Store,
    event: EventSession,
    long_video: Path,
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.get_by_label("Your words").fill("All the way round")
    begin_slowly(phone_page, long_video)
    assert sum(phone_page.evaluate(PIECES)) == long_video.stat().st_size
    url = kiosk.url
    kiosk.kill()
    context = phone_page.context
    phone_page.close(run_before_unload=False)
    kiosk.start()
    kiosk.url = url
    page = open_tab(context, kiosk, event)
    expect(page.locator("#queue .state")).to_have_text("Safe on the kiosk.")
    row = takeaway(session)
    assert row.text == "All the way round"
    check_stored(session, store, long_video)
    # It went on where it was: one upload, not two.
    assert session.scalar(select(func.count()).select_from(Upload)) == 1
    assert page.evaluate(PIECES) == []


def test_two_open_pages_send_it_once(
    kiosk: KioskProcess, phone_page: Page, session: Session, store: Store, event: EventSession
) -> None:
    context = phone_page.context
    context.add_init_script(TURNS)
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    sent: list[str] = []
    context.on(
        "request",
        lambda request: sent.append(request.method) if "/uploads" in request.url else None,
    )
    held: list[Route] = []
    context.route("**/uploads", lambda route: held.append(route))
    choose(phone_page, "Photo", files.jpeg())
    expect(phone_page.locator("#added li")).to_have_count(1)
    press_keep(phone_page)
    expect(phone_page.locator("#verdict")).to_contain_text("Still on your phone")
    other = open_tab(context, kiosk, event)
    expect(other.locator("#queue li")).to_have_count(1)
    expect(other.locator("#queue .state")).to_contain_text("Still on your phone")
    wait_until(other, lambda: bool(held))
    # A network that has come back is what makes a page try at once. It looks whose turn it is, and leaves it at that.
    tried = len(other.evaluate("turns"))
    other.evaluate("dispatchEvent(new Event('online'))")
    wait_until(other, lambda: len(other.evaluate("turns")) > tried)
    assert {*other.evaluate("turns")} == {phone_page.evaluate("turns")[-1]}
    assert len(held) == 1
    held[0].continue_()
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    expect(other.locator("#queue .state")).to_have_text("Safe on the kiosk.")
    assert sent.count("POST") == 1
    check_stored(session, store, files.jpeg())


def test_it_waits_as_long_as_the_kiosk_asks(
    kiosk: KioskProcess, phone_page: Page, session: Session, store: Store, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    answers = [(503, "takes a break"), (507, "no room left"), (429, "takes a break")]
    left = list(answers)
    times: list[float] = []
    shown = {place: Seen(phone_page, place) for place in ("#refusal", "#verdict")}

    def refuse(route: Route) -> None:
        times.append(time.monotonic())
        if not left:
            return route.continue_()
        status, _words = left.pop(0)
        problem = {"title": "Later", "status": status, "detail": f"Closed until two ({status})."}
        return route.fulfill(status=status, json=problem, headers={"Retry-After": "2"})

    phone_page.route("**/uploads", refuse)
    choose(phone_page, "Photo", files.jpeg())
    expect(phone_page.locator("#added li")).to_have_count(1)
    press_keep(phone_page)
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    refusals = [text for text in shown["#refusal"].texts() if text]
    assert refusals == [f"Closed until two ({status})." for status, _words in answers]
    verdicts = shown["#verdict"].texts()
    shown_verdicts = [text for text in verdicts if any(words in text for _status, words in answers)]
    assert all(
        words in text for text, (_status, words) in zip(shown_verdicts, answers, strict=True)
    )
    assert verdicts.index(SAFE) == len(verdicts) - 1
    # Not once before the time that it was told.
    assert len(times) == 4
    assert all(later - earlier >= 2 for earlier, later in pairwise(times))
    check_stored(session, store, files.jpeg())


def test_a_phone_without_room_says_so_and_sends_all_the_same(
    kiosk: KioskProcess,
    windows: Windows,
    session: Session,
    store: Store,
    event: EventSession,
    long_video: Path,
) -> None:
    page = windows.phone()
    page.add_init_script(NO_ROOM)
    page.goto(f"{kiosk.url}/s/{event.code}")
    begin_slowly(page, long_video)
    expect(page.get_by_text("no room to save it. Keep this page open")).to_be_visible()
    # The page is closed all the same: choosing the same file once more goes on where it stopped.
    context = page.context
    page.close(run_before_unload=False)
    again = context.new_page()
    again.add_init_script(NO_ROOM)
    again.goto(f"{kiosk.url}/s/{event.code}")
    expect(again.locator("#queue")).to_contain_text("Choose the same file once more")
    choose(again, "Gallery", long_video)
    expect(again.get_by_role("alert")).to_contain_text("goes on where it stopped")
    expect(again.locator("#queue .state")).to_have_text("Safe on the kiosk.")
    check_stored(session, store, long_video)
    assert session.scalar(select(func.count()).select_from(Upload)) == 1


@pytest.mark.parametrize("room", [True, False])
def test_a_file_that_was_changed_while_it_waited_is_said_and_the_next_goes(
    kiosk: KioskProcess,
    event: EventSession,
    phone_page: Page,
    session: Session,
    store: Store,
    tmp_path: Path,
    room: bool,
) -> None:
    """Without room on the phone it is read when its turn comes; what stands on the phone is as it was chosen."""
    page = phone_page
    if not room:
        page.add_init_script(NO_ROOM)
    edited = tmp_path / "edited.jpg"
    shutil.copyfile(files.jpeg(), edited)
    page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    page.route("**/uploads", lambda route: route.abort("connectionfailed"))
    page.route("**/takeaways", lambda route: route.abort("connectionfailed"))
    choose(page, "Gallery", edited)
    expect(page.locator("#added li")).to_have_count(1)
    press_keep(page)
    expect(page.locator("#verdict")).to_contain_text("Still on your phone")
    page.get_by_role("button", name="Record another").click()
    page.get_by_label("Your words").fill("The next one")
    press_keep(page)
    edited.write_bytes(b"another picture altogether")
    page.unroute("**/uploads")
    page.unroute("**/takeaways")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#verdict")).to_contain_text(SAFE)
    if room:
        wait_until(page, lambda: len(session.scalars(select(Takeaway.id)).all()) == 2)
        [original] = store.media.glob("*/*")
        assert original.read_bytes() == files.jpeg().read_bytes()
    else:
        expect(page.locator("#queue .reason")).to_contain_text(
            "edited.jpg: Your phone does not let"
        )
        assert session.scalars(select(Takeaway.text)).all() == ["The next one"]


def test_what_was_refused_stays_until_its_person_lets_it_go(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession, tmp_path: Path
) -> None:
    wrong = tmp_path / "holiday.jpg"
    wrong.write_text("This is no photo at all.")
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    choose(phone_page, "Gallery", wrong)
    expect(phone_page.locator("#added li")).to_have_count(1)
    press_keep(phone_page)
    expect(phone_page.locator("#refusal")).to_contain_text("holiday.jpg")
    phone_page.reload()
    expect(phone_page.locator("#queue .reason")).to_contain_text("holiday.jpg")
    assert phone_page.evaluate(PIECES) == [wrong.stat().st_size]
    phone_page.get_by_role("button", name="Let it go").click()
    expect(phone_page.locator("#queue li")).to_have_count(0)
    phone_page.reload()
    expect(phone_page.locator("#pending")).to_be_hidden()
    assert phone_page.evaluate(PIECES) == []
    assert session.scalars(select(Takeaway)).all() == []


def test_words_wait_like_pictures(
    kiosk: KioskProcess, phone_page: Page, session: Session, event: EventSession
) -> None:
    phone_page.goto(f"{kiosk.url}/s/{event.code}", wait_until="load")
    phone_page.route("**/takeaways", lambda route: route.abort("connectionfailed"))
    for words in ("First", "Second"):
        phone_page.get_by_label("Your words").fill(words)
        press_keep(phone_page)
        expect(phone_page.locator("#verdict")).to_contain_text("Still on your phone")
        phone_page.get_by_role("button", name="Record another").click()
    expect(phone_page.locator("#tally")).to_contain_text("On this phone: 2")
    # Nothing warns that the page would be left: it stands on the phone.
    phone_page.unroute("**/takeaways")
    phone_page.goto(f"{kiosk.url}/mine")
    expect(phone_page.locator("#mine li")).to_have_count(2)
    assert {row.text for row in session.scalars(select(Takeaway))} == {"First", "Second"}


def test_my_takeaways_tell_what_became_of_them(
    kiosk: KioskProcess,
    phone_page: Page,
    session: Session,
    event: EventSession,
    axe: Callable[..., list[str]],
) -> None:
    phone_page.goto(f"{kiosk.url}/mine")
    expect(phone_page.get_by_text("Nothing yet.")).to_be_visible()
    phone_page.goto(f"{kiosk.url}/s/{event.code}")
    phone_page.get_by_label("Your words").fill("Plant garlic")
    press_keep(phone_page)
    expect(phone_page.get_by_role("heading", name=SAFE)).to_be_visible()
    phone_page.get_by_role("link", name="My takeaways").click()
    expect(phone_page.locator("#mine li")).to_contain_text("Plant garlic")
    expect(phone_page.locator("#mine .step")).to_contain_text("Safe")
    assert axe(phone_page) == []
    row = takeaway(session)
    row.state = "approved"
    session.commit()
    with phone_page.expect_response("**/mine/states*"):
        phone_page.reload()
    expect(phone_page.locator("#mine .step")).to_contain_text("Approved")
    phone_page.locator("#mine a").click()
    expect(phone_page.get_by_role("heading", name="Your takeaway")).to_be_visible()


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_the_whole_page_weighs_less_than_30_kb(
    kiosk: KioskProcess, phone_page: Page, event: EventSession, lang: str
) -> None:
    """Everything that a phone fetches from the first request until its photo is safe, as it goes over the air."""
    asked: list[Request] = []
    phone_page.on("request", lambda request: asked.append(request))
    phone_page.goto(f"{kiosk.url}/s/{event.code}?lang={lang}", wait_until="networkidle")
    # Nothing is held open, so the network did get idle; and the form is there without any of the scripts.
    choose(phone_page, "Photo" if lang == "en" else "صورة", files.jpeg())
    expect(phone_page.locator("#added li")).to_have_count(1)
    with phone_page.expect_request_finished(lambda request: request.url.endswith("/qr.svg")):
        press_send(phone_page)
    expect(phone_page.locator("#done")).to_be_visible()
    # `sizes` waits for the end of each answer; heads count. The tile's picture is a blob from the phone itself.
    fetched = {
        request.url: request.sizes()["responseBodySize"] + request.sizes()["responseHeadersSize"]
        for request in asked
        if request.method == "GET" and request.url.startswith("http")
    }
    (code,) = [size for url, size in fetched.items() if url.endswith("/qr.svg")]
    scripts = [size for url, size in fetched.items() if ".js" in url]
    assert len(scripts) == 2
    assert min(code, *scripts) > 0, fetched
    assert sum(fetched.values()) < 30 * 1024, fetched


# --- With TLS ----------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of this test's own for the kiosk, and its key."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=kiosk",
        "-addext",
        "subjectAltName=IP:127.0.0.1,DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(cert),
    ]
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate")
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@pytest.fixture
def secure_page(chromium: Browser, certificate: tuple[Path, Path]) -> Iterator[Page]:
    """A phone that trusts this certificate, with a camera that shows Chromium's test picture.

    A browser of its own: to a service worker's requests, Chromium applies only what was said at its start.
    """
    executable = find_chromium()
    assert executable is not None
    flags = (
        "--ignore-certificate-errors",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
    )
    root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    browser = chromium.browser_type.launch(executable_path=executable, args=[*FLAGS, *root, *flags])
    try:
        yield browser.new_context(ignore_https_errors=True, **PHONE).new_page()
    finally:
        browser.close()


def test_with_tls_it_opens_and_records_while_the_kiosk_is_out_of_reach(
    kiosk_process: KioskProcess,
    secure_page: Page,
    certificate: tuple[Path, Path],
    session: Session,
    store: Store,
    event: EventSession,
) -> None:
    cert, key = certificate
    kiosk_process.arguments = ("--tls-cert", str(cert), "--tls-key", str(key))
    url = kiosk_process.start()
    page, path = secure_page, f"{url}/s/{event.code}"
    page.goto(path, wait_until="networkidle")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kept = "caches.match(location.pathname).then((found) => !!found)"
    wait_until(page, lambda: page.evaluate(kept))
    photo_from_the_page(page)
    wait_until(page, lambda: page.evaluate(STORED, 1))
    kiosk_process.kill()
    # Away: the page opens from the phone's own store with the photo that was taken, and takes words and another.
    page.goto(path)
    assert page.get_by_role("heading", name=event.title).is_visible()
    expect(page.locator("#added li")).to_have_count(1)
    for words in ("Written in the garden", "And a second one"):
        page.get_by_label("Your words").fill(words)
        if not page.locator("#added li").count():
            photo_from_the_page(page)
        press_keep(page)
        expect(page.locator("#verdict")).to_contain_text("Still on your phone")
        page.get_by_role("button", name="Record another").click()
    # Nothing old where it matters: the wall, the desk and receipts are the kiosk's alone.
    for elsewhere in ("/wall", "/desk/review", "/t/0000000000000", "/search"):
        # (In a tab of its own: Chromium loads a page that failed again by itself, which ends the next one.)
        tab = page.context.new_page()
        with pytest.raises(PlaywrightError, match="ERR_CONNECTION_REFUSED"):
            tab.goto(url + elsewhere)
        tab.close()
    kiosk_process.start()
    page.goto(path)
    expect(page.locator("#queue .state.safe")).to_have_count(2)
    rows = session.scalars(select(Takeaway)).all()
    assert {row.text for row in rows} == {"Written in the garden", "And a second one"}
    for row in rows:
        (attachment,) = row.attachments
        media = attachment.media
        assert hash_file(store.original(media.sha256, media.ext)) == media.sha256
        assert media.type == "image/jpeg"


def photo_from_the_page(page: Page) -> None:
    """Take a photo with the camera in the page."""
    before = page.locator("#added li").count()
    page.get_by_label("Photo", exact=True).first.click()
    page.get_by_role("button", name="Take the photo").click()
    expect(page.locator("#added li")).to_have_count(before + 1)
