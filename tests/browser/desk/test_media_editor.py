"""Editing in a real browser: by keys, by mouse and by touch; what the wall shows then, in pixels."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.annotations import edit_history
from reporter.models import EventSession, Media
from reporter.moderation.decisions import approve, by_receipt
from tests.capture.imaging.test_apply_edits import film
from tests.support.browsers.chromium import Windows, press_and_follow
from tests.support.kiosk_process import KioskProcess, TurnableClock, actor
from tests.support.media.faces import detail, portrait_jpeg

pytestmark = pytest.mark.browser

JSON = {"Accept": "application/json"}
# Eyes to mouth of the large face.
FACE = (0.42, 0.3, 0.26, 0.4)


def keep(page: Page, url: str, code: str, path: Path, mime: str = "image/jpeg") -> str:
    """Keep a file; its receipt, when it is ready and was searched for faces."""
    file: FilePayload = {"name": path.name, "mimeType": mime, "buffer": path.read_bytes()}
    form: dict[str, str | float | bool | bytes | FilePayload] = {
        "file": file,
        "consent": "agreed",
        "text": path.stem,
    }
    sent = page.request.post(f"{url}/s/{code}/takeaways", multipart=form, headers=JSON)
    assert sent.status == 201, sent.text()
    return str(sent.json()["receipt"])


def wait(session: Session, holds: Callable[[Media], bool]) -> Media:
    """The newest file, when ``holds`` is true of it."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        session.rollback()
        media = session.scalars(select(Media).order_by(Media.id.desc())).first()
        if media is not None and holds(media):
            return media
        time.sleep(0.05)
    raise AssertionError("the workers did not get that far in 90 s")


def looked(media: Media) -> bool:
    return media.state == "ready" and media.faces != ""


def steps(session: Session, media: Media) -> list[dict[str, Any]]:
    session.rollback()
    return edit_history.edits_of(session, media).steps()


def seen(page: Page, image: str, place: tuple[float, float, float, float] = FACE) -> float:
    """What can be recognized at that place of a picture on the page, in its pixels as they were loaded."""
    source = page.locator(image).first
    source.evaluate("image => image.decode()")
    drawn = source.evaluate(
        """image => {
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
          canvas.getContext("2d").drawImage(image, 0, 0);
          return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    with Image.open(io.BytesIO(base64.b64decode(drawn))) as shown:
        return detail(np.asarray(shown.convert("RGB")), place)


def previewed(page: Page, shown: Callable[[Any], bool]) -> None:
    """Wait until the preview shows edits of which ``shown`` is true."""
    image = page.locator("#preview")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        edits = image.get_attribute("data-shows")
        if edits is not None and shown(json.loads(edits)):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the preview did not come in 60 s")


def test_a_face_is_blurred_by_keys_and_the_wall_shows_it_blurred(
    kiosk_process: KioskProcess,
    laptop_page: Page,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    axe: Callable[..., list[str]],
) -> None:
    url, page = kiosk_process.start(), laptop_page
    receipt = keep(page, url, event.code, portrait_jpeg(1200, 800, ((0.25, 0, 0.6),)))
    media = wait(session, looked)
    approve(session, by_receipt(session, receipt), actor(clock))
    page.goto(f"{url}/wall")
    assert seen(page, "#cards img") > 15
    before = page.locator("#cards img").get_attribute("src")

    page.goto(f"{url}/desk/review?state=approved")
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Edit the picture")).to_be_visible()
    expect(page.locator(".box.proposed")).to_have_count(1)
    assert axe(page) == []
    page.keyboard.press("f")
    page.keyboard.press("b")
    expect(page.locator(".box.blur")).to_have_count(2)
    expect(page.get_by_role("button", name="Blurred region 2")).to_be_focused()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowUp")
    previewed(page, lambda edits: len(edits) == 2)
    assert seen(page, "#preview") < 6
    page.keyboard.press("Delete")
    page.keyboard.press("r")
    page.keyboard.press("z")
    expect(page.locator(".box.blur")).to_have_count(1)
    page.keyboard.press("Control+s")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    [saved] = steps(session, media)
    assert saved["kind"] == "oval"
    wait(session, lambda row: row.state == "ready" and row.edits_fingerprint != "")
    expect(page.locator("#making")).to_have_count(0)

    page.goto(f"{url}/wall")
    assert seen(page, "#cards img") < 6
    assert page.locator("#cards img").get_attribute("src") != before


def test_boxes_are_drawn_pulled_and_moved_by_a_mouse_on_a_turned_picture(
    kiosk_process: KioskProcess, laptop_page: Page, session: Session, event: EventSession
) -> None:
    url, page = kiosk_process.start(), laptop_page
    receipt = keep(page, url, event.code, portrait_jpeg(1200, 800))
    media = wait(session, looked)
    page.goto(f"{url}/desk/edit/{receipt}/{media.sha256}")
    page.keyboard.press("r")
    stage = page.locator("#stage")
    frame = stage.bounding_box()
    assert frame is not None
    assert frame["height"] == pytest.approx(frame["width"] * 1.5, rel=0.01)

    def at(x: float, y: float) -> tuple[float, float]:
        assert frame is not None
        return frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        page.mouse.move(*at(*start))
        page.mouse.down()
        page.mouse.move(*at(*end), steps=4)
        page.mouse.up()

    drag((0.1, 0.7), (0.3, 0.8))
    drag((0.3, 0.8), (0.4, 0.9))
    drag((0.25, 0.8), (0.35, 0.7))
    page.locator("#save button").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    region = next(s for s in steps(session, media) if s["kind"] == "oval")
    # Seen on the screen it was (0.2, 0.6) to (0.5, 0.8); the picture lies a quarter turn to the left of that.
    assert region["numbers"] == pytest.approx([0.6, 0.5, 0.2, 0.3], abs=0.01)
    assert {"kind": "turn", "numbers": [90]} in steps(session, media)


def test_a_phone_draws_by_touch(
    kiosk_process: KioskProcess,
    phone_page: Page,
    session: Session,
    event: EventSession,
    axe: Callable[..., list[str]],
) -> None:
    url, page = kiosk_process.start(), phone_page
    receipt = keep(page, url, event.code, portrait_jpeg(1200, 800))
    media = wait(session, looked)
    page.goto(f"{url}/desk/edit/{receipt}/{media.sha256}?lang=ar")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#stage").scroll_into_view_if_needed()
    frame = page.locator("#stage").bounding_box()
    assert frame is not None
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        places = [
            {"x": frame["x"] + x * frame["width"], "y": frame["y"] + y * frame["height"]}
            for x, y in points
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    send("touchStart", (0.7, 0.1))
    send("touchMove", (0.8, 0.2))
    send("touchMove", (0.9, 0.4))
    send("touchEnd")
    expect(page.locator(".box.blur")).to_have_count(1)
    send("touchStart", (0.45, 0.55))
    send("touchEnd")
    expect(page.locator(".box.proposed")).to_have_count(0)
    expect(page.locator(".box.blur")).to_have_count(2)
    page.locator("#save button").click()
    expect(page.locator("main [role=status]").first).to_be_visible()
    wait(session, lambda row: row.edits_fingerprint != "")
    face, region = steps(session, media)
    assert face["numbers"][0] < 0.45 < face["numbers"][0] + face["numbers"][2]
    assert region["numbers"] == pytest.approx([0.7, 0.1, 0.2, 0.3], abs=0.02)


def test_a_film_is_cut_by_keys(
    kiosk_process: KioskProcess, laptop_page: Page, session: Session, event: EventSession
) -> None:
    url, page = kiosk_process.start(), laptop_page
    receipt = keep(page, url, event.code, film(), "video/mp4")
    media = wait(session, looked)
    page.goto(f"{url}/desk/edit/{receipt}/{media.sha256}")
    player = page.locator("video")
    expect(player).to_have_js_property("readyState", 4)
    slider = page.get_by_label("Moment")
    for second, key in (("2", "i"), ("5", "o")):
        slider.fill(second)
        expect(player).to_have_js_property("seeking", False)
        expect(player).to_have_js_property("currentTime", float(second))
        if second == "2":
            # Looking is no change.
            expect(page.get_by_text("Not saved yet.")).to_have_count(0)
        slider.focus()
        page.keyboard.press(key)
    expect(page.get_by_label("Begins at second")).to_have_value("2.00")
    page.keyboard.press("s")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    assert steps(session, media) == [{"kind": "cut", "numbers": [2, 5]}]


def test_faces_are_looked_at_by_keys(
    kiosk_process: KioskProcess,
    windows: Windows,
    session: Session,
    event: EventSession,
    axe: Callable[..., list[str]],
) -> None:
    url, page = kiosk_process.start(), windows.laptop()
    receipts = []
    for width in (1200, 1000, 800):
        receipts.append(keep(page, url, event.code, portrait_jpeg(width, 700)))
        wait(session, looked)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.goto(f"{url}/desk/faces?lang=de")
    assert axe(page) == []
    page.emulate_media(color_scheme="light")
    page.goto(f"{url}/desk/faces?lang=en")
    page.get_by_role("button", name="Check faces before publishing").click()
    expect(page.get_by_role("button", name="Don't check faces any more")).to_be_visible()
    expect(page.get_by_text("3 pictures wait for your look.")).to_be_visible()
    # Its keys are heard once its scripts are there.
    page.wait_for_load_state()
    press_and_follow(page, "a")
    expect(page.get_by_text("2 pictures wait for your look.")).to_be_visible()
    press_and_follow(page, "z")
    expect(page.get_by_text("3 pictures wait for your look.")).to_be_visible()
    press_and_follow(page, "a")
    expect(page.get_by_text("2 pictures wait for your look.")).to_be_visible()
    press_and_follow(page, "b")
    expect(page.get_by_text("1 picture waits for your look.")).to_be_visible()
    press_and_follow(page, "h")
    expect(page.get_by_text("No picture waits for your look.")).to_be_visible()
    session.rollback()
    rows = [by_receipt(session, receipt) for receipt in receipts]
    media = [row.attachments[0].media for row in rows]
    assert [m.faces for m in media] == ["seen", "seen", "found"]
    assert [bool(steps(session, m)) for m in media] == [False, True, False]
    assert rows[2].state == "hidden"
