"""Posting by hand on a phone, walked to its end: copy, share, done with its address, answers brought home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.runtime.context import current_kiosk
from kiosk.services.publishing import add_target, publish_all
from reporter.models import Delivery, EventSession
from reporter.models.conversation import Reply
from reporter.moderation.decisions import approve, by_receipt
from tests.support.browsers.chromium import Windows
from tests.support.browsers.pages import make_ready, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

# What a phone has over https: a share sheet that takes words and files.
SHEET = """Object.assign(navigator, {
  canShare: () => true,
  share: async ({ text, files }) => { window.shared = [text, ...files.map((file) => `${file.name} ${file.type}`)]; },
})"""
ANSWERS = "[14.03.26, 18:05] Ana: I have a shed\n[14.03.26, 18:06] Ben: Me too,\nnear the station"


@pytest.fixture
def posted(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    """A photo with words that waits for a person to post it in a group."""
    sent = send(client, event.code, files.jpeg(), text="Who has a shed?", consent="agreed")
    make_ready(app)
    approve(session, by_receipt(session, sent["receipt"]), actor(clock))
    with app.app_context():
        add_target(current_kiosk(), "telegram-group", "garden group", {}, ask=lambda _prompt: "")
        publish_all(current_kiosk(), wait=True)


@pytest.mark.usefixtures("posted")
def test_a_post_is_copied_shared_noted_and_answered(
    app: Flask, windows: Windows, session: Session, axe: Callable[..., list[str]]
) -> None:
    page = windows.phone()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script(SHEET)
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/desk/publish")
        step = page.get_by_role("link", name="Do it")
        # A button in a list keeps its margins.
        expect(step).not_to_have_css("padding-left", "0px")
        step.click()
        copied, share = page.get_by_role("button", name="Copy the words"), "button[data-share]"
        expect(page.locator(share)).to_be_visible()
        # The one that comes later stands below, and moves nothing that a thumb is about to tap.
        boxes = copied.bounding_box(), page.locator(share).bounding_box()
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
        copied.click()
        expect(page.locator("[data-copy]")).to_be_focused()
        expect(page.get_by_role("status")).to_have_text("Copied")
        assert "Who has a shed?" in page.evaluate("navigator.clipboard.readText()")
        page.locator(share).click()
        words, *shared = page.evaluate("window.shared")
        assert "Who has a shed?" in words
        assert [Path(one.split()[0]).suffix for one in shared] == [".jpg"]
        assert axe(page) == []
        page.get_by_label("Address of the post").fill("https://t.me/c/1/7")
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_text("Nothing waits to be posted by hand.")).to_be_visible()
        page.get_by_text("· garden group").click()
        page.get_by_label("Answers from there").fill(ANSWERS)
        page.get_by_role("button", name="Import them").click()
        expect(page.get_by_text("2 new answers wait under Conversation.")).to_be_visible()
    [(state, url)] = session.execute(select(Delivery.state, Delivery.url))
    assert (state, url) == ("sent", "https://t.me/c/1/7")
    said = session.execute(select(Reply.author, Reply.text).order_by(Reply.author)).all()
    assert said == [("Ana", "I have a shed"), ("Ben", "Me too,\nnear the station")]
