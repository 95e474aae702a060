"""The station in real Chromium, with a webcam that is a film: somebody holds up a code, records, takes the receipt."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.codes.qr_writer import session_url
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession, Media, Takeaway
from tests.support.browsers.chromium import FLAGS, LAPTOP, Windows, find_chromium
from tests.support.kiosk_process import KioskProcess
from tests.support.media.webcam_film import write_film

pytestmark = pytest.mark.browser

# Notes the numbers of the countdown: each stands for a second, which a busy machine may sleep through.
WATCH = """
window.counted = [];
new MutationObserver(() => {
  const told = document.getElementById("count")?.textContent;
  if (told && told !== counted.at(-1)) counted.push(told);
}).observe(document, { childList: true, subtree: true });
"""
# Sums up how long the recorder really ran, whatever the page says.
STOPWATCH = """
window.ran = 0;
let since = null;
for (const [name, runs] of Object.entries({ start: true, pause: false, resume: true, stop: false })) {
  const own = MediaRecorder.prototype[name];
  MediaRecorder.prototype[name] = function (...values) {
    if (since !== null) window.ran += performance.now() - since;
    since = runs ? performance.now() : null;
    return own.apply(this, values);
  };
}
"""
ONLY_WEBM = """
const asked = MediaRecorder.isTypeSupported;
MediaRecorder.isTypeSupported = (type) => /webm;codecs=vp8/.test(type) && asked.call(MediaRecorder, type);
"""
# Holds back what was encoded while there are no "pieces" to be given.
SLOW_ENCODER = """
window.pieces = 0;
const own = Object.getOwnPropertyDescriptor(MediaRecorder.prototype, "ondataavailable");
Object.defineProperty(MediaRecorder.prototype, "ondataavailable", {
  set(told) {
    own.set.call(this, (event) => window.pieces && told(event));
  },
});
"""
# What of a screen lies outside of the window.
STICKS_OUT = """screen => {
  const root = document.documentElement;
  const parts = [...document.querySelectorAll(`#${screen} button`)].filter((each) => each.checkVisibility());
  const outside = parts.filter((each) => {
    const { left, top, right, bottom } = each.getBoundingClientRect();
    return Math.min(left, top) < 0 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5;
  });
  const scrolls = root.scrollWidth > innerWidth || root.scrollHeight > innerHeight;
  return [...outside.map((each) => each.outerHTML), ...(scrolls ? ["the page"] : [])];
}"""
# Of a small window: what lies over another part, or is wider than the page.
COVERED = """screen => {
  const box = (each) => each.getBoundingClientRect();
  const shown = ["#stage", "#below", `#${screen}`].map((name) => document.querySelector(name));
  const parts = shown.filter((each) => each.checkVisibility() && box(each).width > 0);
  const over = (one, other) => box(one).bottom > box(other).top + 8 && box(one).right > box(other).left + 8
    && box(other).bottom > box(one).top + 8 && box(other).right > box(one).left + 8;
  const found = parts.filter((one, n) => parts.slice(n + 1).some((other) => over(one, other)));
  const thin = parts.filter((each) => box(each).width < innerWidth / 2);
  const wide = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
  return [...[...found, ...thin].map((each) => each.id), ...wide];
}"""
ROOT = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
ALLOWED = ("camera", "microphone")


class Station:
    """Opens the station's page in a browser whose camera is the film."""

    def __init__(self, windows: Windows, kiosk: KioskProcess) -> None:
        self.windows = windows
        self.kiosk = kiosk

    def open(
        self,
        *,
        allow: tuple[str, ...] = ALLOWED,
        script: str = "",
        clock: bool = False,
        query: str = "",
        **options: object,
    ) -> Page:
        page = self.windows.open(**{**LAPTOP, **options})
        page.context.grant_permissions(list(allow))
        if clock:
            page.clock.install()
        page.add_init_script(WATCH + script)
        page.goto(f"{self.kiosk.url}/station{query}")
        return page


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake camera plays; Chromium opens it anew for each page."""
    return write_film(tmp_path_factory.mktemp("film") / "camera.y4m", "")


@pytest.fixture(scope="module")
def camera_browser(chromium: Browser, film: Path) -> Iterator[Browser]:
    """A browser of its own, since the camera is chosen when it starts."""
    flags = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    browser = chromium.browser_type.launch(
        executable_path=find_chromium(whole=True), args=[*FLAGS, *ROOT, *flags]
    )
    yield browser
    browser.close()


@pytest.fixture
def station(
    camera_browser: Browser, kiosk_process: KioskProcess, running: EventSession
) -> Iterator[Station]:
    """The station of a kiosk with a session that runs at this moment."""
    windows = Windows(camera_browser)
    kiosk_process.start()
    yield Station(windows, kiosk_process)
    windows.close()
    assert windows.problems == []


@pytest.fixture
def running(session: Session) -> EventSession:
    """A session that runs now, by the clock of the kiosk's process."""
    now = datetime.now(UTC)
    return add_session(
        session,
        "Repair café",
        now=now,
        rng=random.Random(3),
        room="Hall",
        starts_at=now - timedelta(minutes=10),
        ends_at=now + timedelta(hours=1),
    )


def takeaway(session: Session) -> Takeaway:
    session.expire_all()
    return session.scalars(select(Takeaway)).one()


def processed(session: Session) -> Media:
    """The only recording, when its renditions are made."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        (attachment,) = takeaway(session).attachments
        if attachment.media.state in ("ready", "failed"):
            return attachment.media
        time.sleep(0.1)
    raise AssertionError("the recording was not processed")


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def seconds_left(page: Page) -> int:
    return int(page.locator("#timer-text").inner_text())


def wait_until_left(page: Page, most: int) -> None:
    """Until the ring says that at most so many seconds (two digits) are left."""
    fewer = "|".join(str(number) for number in range(10, most + 1))
    expect(page.locator("#timer-text")).to_have_text(re.compile(f"^({fewer})$"))


def check_playable(path: Path, *, lasts: float) -> None:
    """An MP4 whose index stands in front, that is as long as it says, and that can be gone into."""
    import av

    head = path.read_bytes()
    assert head[4:8] == b"ftyp"
    assert 0 < head.find(b"moov") < head.find(b"mdat")
    with av.open(str(path)) as movie:
        pictures = [frame.time or 0 for frame in movie.decode(video=0)]
        # Played through. How many pictures there are is the browser's affair: on a busy machine its encoder drops many.
        assert pictures == sorted(pictures)
        assert 0.4 < pictures[-1] <= lasts + 1
        assert float(movie.duration or 0) / av.time_base == pytest.approx(lasts, abs=1)
        assert movie.streams.audio[0].codec_context.name == "aac"
        movie.seek(int(lasts * av.time_base))
        entered = next(movie.decode(video=0)).time or 0
        assert pictures[-1] - 3 <= entered <= pictures[-1]


def check_kept(session: Session, store: Store, container: str, *, lasts: float) -> Takeaway:
    """The only recording is there as the browser made it, and as a film that can be played anywhere."""
    media, row = processed(session), takeaway(session)
    assert (media.type, media.state) == (f"video/{container}", "ready")
    assert media.duration == pytest.approx(lasts, abs=1)
    (play,) = [made for made in media.renditions if made.name == "play"]
    check_playable(store.rendition(media.sha256, "play", play.ext), lasts=lasts)
    return row


def test_a_code_is_held_up_and_a_video_note_is_kept(
    station: Station,
    film: Path,
    session: Session,
    store: Store,
    event: EventSession,
    axe: Callable[..., list[str]],
) -> None:
    """The session is long over: what is recorded for it is kept all the same."""
    write_film(film, session_url("http://10.0.0.9", event.code))
    page = station.open(script=STOPWATCH)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    expect(page.locator("#event-title")).to_have_text(event.title)
    assert axe(page) == []
    tap(page, "Video note")
    expect(page.locator("#mic")).to_have_text("We can hear you.")
    tap(page, "Record")
    wait_until_left(page, 89)
    tap(page, "Pause")
    left = seconds_left(page)
    assert axe(page) == []
    assert seconds_left(page) == left
    tap(page, "Go on")
    wait_until_left(page, left - 1)
    tap(page, "Finish")
    expect(page.get_by_role("heading", name="Keep it like this?")).to_be_focused()
    lasts = page.evaluate("ran") / 1000
    expect(page.locator("#replay")).to_have_js_property("videoWidth", 640)
    tap(page, "Play")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_hidden()
    assert axe(page) == []
    assert [url for url in sent if "upload" in url] == []
    page.get_by_label("Name (if you like)").fill("Rosa")
    page.get_by_label("Only here today").check()
    tap(page, "Keep it")
    expect(page.get_by_role("heading", name="Safe on the kiosk.")).to_be_visible()
    assert axe(page) == []
    shown = page.locator("#receipt").inner_text().replace("-", "")
    row = check_kept(session, store, "mp4", lasts=lasts)
    assert shown == row.receipt
    assert (row.session_id, row.source, row.kind) == (event.id, "station", "video")
    assert (row.author, row.audience, row.consent) == ("Rosa", "room", "unanswered")
    assert row.prompt == "What will you do differently on Monday?"


def test_a_photo_is_taken_and_the_start_comes_back(
    station: Station, film: Path, session: Session, running: EventSession
) -> None:
    write_film(film, running.code.lower())
    page = station.open(clock=True)
    expect(page.locator("#event-title")).to_have_text(running.title)
    tap(page, "Photo")
    tap(page, "Take the photo")
    expect(page.locator("#still")).to_be_visible()
    assert page.evaluate("counted") == ["3", "2", "1"]
    tap(page, "Again")
    tap(page, "Take the photo")
    page.clock.run_for(3_100)
    expect(page.locator("#still")).to_be_visible()
    page.get_by_label("Yes", exact=True).check()
    tap(page, "Keep it")
    words = page.locator("#back-text")
    expect(words).to_contain_text(re.compile(r"Back to the start in \d+ s"))
    assert page.locator("#receipt-qr").evaluate(
        "image => image.decode().then(() => image.naturalWidth)"
    )
    page.keyboard.press("Shift")
    expect(words).to_have_text("Take your time.")
    page.clock.fast_forward(20_000)
    expect(page.locator("#receipt")).to_be_visible()
    row = takeaway(session)
    assert (row.kind, row.source, row.consent) == ("photo", "station", "agreed")
    media = processed(session)
    assert (media.type, media.width, media.height) == ("image/jpeg", 640, 360)
    tap(page, "Record another")
    tap(page, "Only write")
    page.get_by_label(re.compile("What will you do")).fill("Mend my bicycle")
    tap(page, "Keep it")
    expect(words).to_contain_text("Back to the start")
    page.clock.fast_forward(16_000)
    # The poster still hangs in the picture: it doesn't count again before it was away.
    expect(page.locator("#find")).to_be_visible()
    with page.expect_response("**/station/scan") as answer:
        pass
    assert answer.value.json()["session"]["code"] == running.code
    expect(page.locator("#find")).to_be_visible()


def test_by_keyboard_alone(
    station: Station, session: Session, running: EventSession, film: Path
) -> None:
    write_film(film, "")
    page = station.open(script=STOPWATCH)
    keys = page.keyboard

    def go_to(name: str) -> None:
        wanted = page.get_by_role("button", name=name).last
        # "Record" waits for the microphone.
        expect(wanted).to_be_enabled()
        for _ in range(30):
            if wanted.evaluate("button => button === document.activeElement"):
                return
            keys.press("Tab")
        raise AssertionError(f"{name} is out of reach")

    expect(page.get_by_role("button", name=re.compile("Repair café"))).to_be_visible()
    for name in ("Repair café", "Voice", "Record"):
        go_to(name)
        keys.press("Enter")
    expect(page.get_by_role("button", name="Finish")).to_be_focused()
    wait_until_left(page, 89)
    keys.press("Enter")
    expect(page.locator("#look-title")).to_be_focused()
    go_to("Keep it")
    keys.press("Enter")
    expect(page.locator("#verdict")).to_have_text("Safe on the kiosk.")
    media, row = processed(session), takeaway(session)
    assert (row.kind, row.session_id, media.state) == ("audio", running.id, "ready")
    assert media.duration == pytest.approx(page.evaluate("ran") / 1000, abs=1)
    go_to("Back to the start")
    keys.press("Enter")
    expect(page.locator("#find-title")).to_be_focused()


def test_without_permission_the_rest_works(
    station: Station, session: Session, running: EventSession, axe: Callable[..., list[str]]
) -> None:
    page = station.open(allow=())
    expect(page.locator("#trouble-text")).to_contain_text("told not to use the camera")
    assert axe(page) == []
    page.get_by_role("button", name=re.compile("Repair café")).click()
    expect(page.get_by_role("button", name="Photo", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Only write")).to_be_in_viewport(ratio=1)
    assert axe(page) == []
    tap(page, "Voice")
    expect(page.locator("#mic")).to_contain_text("told not to use the microphone")
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_disabled()
    assert axe(page) == []
    tap(page, "Back")
    tap(page, "Only write")
    tap(page, "Keep it")
    expect(page.get_by_role("alert")).to_have_text("Write a line first.")
    page.get_by_label(re.compile("What will you do")).fill("Plant garlic")
    # The kiosk goes away at this very moment: nothing claims that it is safe before it is.
    station.kiosk.kill()
    tap(page, "Keep it")
    expect(page.locator("#verdict")).to_contain_text("Not safe yet")
    assert not page.locator("#receipt").is_visible()
    station.kiosk.start()
    tap(page, "Try again")
    expect(page.locator("#verdict")).to_have_text("Safe on the kiosk.")
    row = takeaway(session)
    assert (row.text, row.source, row.kind) == ("Plant garlic", "station", "note")


def test_no_camera_and_a_session_that_wants_no_recordings(
    windows: Windows, kiosk_process: KioskProcess, session: Session, running: EventSession
) -> None:
    running.do_not_record = True
    session.commit()
    kiosk_process.start()
    page = Station(windows, kiosk_process).open()
    expect(page.locator("#trouble-text")).to_have_text(
        "No camera was found. Plug one in, then try again."
    )
    page.get_by_role("button", name=re.compile("Repair café")).click()
    expect(page.locator("#words-only")).to_contain_text("asked not to be recorded")
    for name in ("Photo", "Video note", "Voice"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()
    tap(page, "Only write")
    expect(page.get_by_label(re.compile("What will you do"))).to_be_visible()


def test_the_camera_goes_off_and_the_unkept_is_forgotten(
    station: Station, film: Path, session: Session
) -> None:
    write_film(film, "")
    page = station.open(clock=True)
    live = page.locator("#live")
    expect(live).to_be_visible()
    tap(page, "Camera off")
    expect(page.locator("#trouble-text")).to_have_text("The camera is off.")
    assert live.evaluate("video => video.srcObject") is None
    tap(page, "Camera on")
    expect(live).to_be_visible()
    # Ten minutes with nobody there.
    page.clock.fast_forward(601_000)
    expect(page.locator("#trouble-text")).to_have_text("The camera is off.")
    tap(page, "Try again")
    page.get_by_role("button", name=re.compile("Repair café")).click()
    tap(page, "Photo")
    tap(page, "Take the photo")
    expect(page.locator("#still")).to_be_visible()
    page.clock.fast_forward(91_000)
    expect(page.locator("#away")).to_be_visible()
    tap(page, "I am still here")
    expect(page.locator("#away")).to_be_hidden()
    expect(page.locator("#still")).to_be_visible()
    page.clock.fast_forward(91_000)
    expect(page.locator("#away")).to_be_visible()
    page.clock.fast_forward(21_000)
    expect(page.locator("#find")).to_be_visible()
    assert session.scalars(select(Takeaway)).all() == []


@pytest.mark.parametrize(
    ("lang", "width", "height", "scheme", "way"),
    [("de", 1024, 768, "light", "voice"), ("ar", 1280, 720, "dark", "video")],
)
def test_every_screen_is_for_everybody(
    station: Station,
    film: Path,
    session: Session,
    store: Store,
    running: EventSession,
    axe: Callable[..., list[str]],
    lang: str,
    width: int,
    height: int,
    scheme: str,
    way: str,
) -> None:
    """axe finds nothing, and nothing sticks out at a side or below, in both directions, light and dark."""
    write_film(film, "")
    page = station.open(
        query=f"?lang={lang}",
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        script=STOPWATCH + ONLY_WEBM,
    )
    expect(page.locator("#live")).to_be_visible()

    def check(screen: str) -> None:
        expect(page.locator(f"#{screen}")).to_be_visible()
        assert axe(page) == [], screen
        assert page.evaluate(STICKS_OUT, screen) == [], screen

    check("find")
    page.locator("#now button").first.click()
    check("choose")
    page.locator("button[data-way=photo]").click()
    check("photo")
    page.locator("#photo [data-retreat]").click()
    page.locator(f"button[data-way={way}]").click()
    check("record")
    page.locator("#begin").click()
    wait_until_left(page, 89)
    page.locator("#stop").click()
    check("look")
    lasts = page.evaluate("ran") / 1000
    page.locator("#keep .main").click()
    expect(page.locator("#safe")).to_be_visible()
    check("kept")
    if way == "video":
        check_kept(session, store, "webm", lasts=lasts)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (800, 500)])
def test_in_a_small_window_one_part_comes_below_the_other(
    station: Station, running: EventSession, width: int, height: int
) -> None:
    page = station.open(
        query="?lang=de", viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    expect(page.locator("#live")).to_be_visible()
    wrong = {"find": page.evaluate(COVERED, "find")}
    page.locator("#now button").first.click()
    wrong["choose"] = page.evaluate(COVERED, "choose")
    page.locator("button[data-way=photo]").click()
    wrong["photo"] = page.evaluate(COVERED, "photo")
    page.locator("#shoot").click()
    expect(page.locator("#still")).to_be_visible()
    wrong["look"] = page.evaluate(COVERED, "look")
    assert {screen: found for screen, found in wrong.items() if found} == {}


@pytest.mark.parametrize("language", ["de", "ar"])
def test_the_language_button_stands_beside_the_name_on_a_phone(
    station: Station, running: EventSession, language: str
) -> None:
    page = station.open(query=f"?lang={language}", viewport={"width": 320, "height": 640})
    expect(page.locator("#camera-switch")).to_be_visible()
    button, name, below = (
        page.locator(one).bounding_box() for one in ("#tongues", "#place", "#camera-switch")
    )
    assert button is not None
    assert name is not None
    assert below is not None
    assert button["y"] < below["y"]
    left, right = sorted((button, name), key=lambda box: box["x"])
    assert left["x"] + left["width"] <= right["x"]


def test_who_finishes_at_once_has_something_to_keep(
    station: Station, film: Path, running: EventSession
) -> None:
    """An encoder may need longer for its first piece than a person for "Finish"; one that gives nothing is told of."""
    write_film(film, "")
    page = station.open(script=SLOW_ENCODER, clock=True)
    page.get_by_role("button", name=re.compile("Repair café")).click()
    tap(page, "Voice")
    tap(page, "Record")
    # A double click is no wish to stop.
    page.get_by_role("button", name="Finish").dispatch_event("click")
    wait_until_left(page, 89)
    tap(page, "Finish")
    expect(page.get_by_role("button", name="Finish")).to_be_disabled()
    expect(page.locator("#record")).to_be_visible()
    page.evaluate("pieces = 1")
    expect(page.locator("#look-title")).to_be_focused()
    page.evaluate("pieces = 0")
    tap(page, "Again")
    tap(page, "Record")
    wait_until_left(page, 89)
    tap(page, "Finish")
    expect(page.get_by_role("button", name="Finish")).to_be_disabled()
    page.clock.fast_forward(9_000)
    expect(page.locator("#nothing")).to_contain_text("nothing to keep")
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_enabled()
