"""The laptop's start page, left open all day."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from reporter.gathering.sessions import add_session
from reporter.models import EventSession
from tests.support.browsers.chromium import Windows
from tests.support.kiosk_process import TurnableClock, add_takeaway
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

EVERY = 10_000


def test_desk_and_wall_are_in_sight_however_many_sessions_are_listed(
    app: Flask, windows: Windows, session: Session, clock: TurnableClock, rng: random.Random
) -> None:
    for number in range(60):
        begins = clock() + timedelta(minutes=number)
        add_session(session, f"Session {number}", now=clock(), rng=rng, starts_at=begins)
    page = windows.laptop()
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/")
        expect(page.get_by_role("link", name="Session 59")).not_to_be_in_viewport()
        expect(page.get_by_role("link", name="Desk", exact=True)).to_be_in_viewport(ratio=1)
        # Nothing that has the focus lies under them.
        page.get_by_role("link", name="Session 40").focus()
        link, foot = (page.locator(part).bounding_box() for part in ("a:focus", ".foot"))
        assert link
        assert foot
        assert link["y"] + link["height"] <= foot["y"] + 1


def test_it_follows_the_sessions_and_says_when_the_kiosk_is_gone(
    app: Flask,
    windows: Windows,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    rng: random.Random,
) -> None:
    kiosk = app.extensions["kiosk"]
    reachable = replace(kiosk.settings.kiosk, base_url="http://192.168.4.1:8000")
    kiosk.settings = replace(kiosk.settings, kiosk=reachable)
    later = clock() + timedelta(hours=1)
    following = add_session(session, "Bees in town", now=clock(), rng=rng, starts_at=later)
    page = windows.laptop()
    page.clock.install()
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/")
        shown, code = page.locator("#scan"), page.locator(".typed .code")
        expect(shown).to_have_text(event.title)
        link = page.get_by_role("link", name=following.title)
        link.focus()
        clock.turn(hours=1)
        add_takeaway(session, event, rng)
        page.clock.run_for(EVERY)
        expect(shown).to_have_text(following.title)
        expect(code).to_have_text(f"192.168.4.1:8000/s/{following.code}")
        expect(page.get_by_role("img", name="QR code")).to_have_attribute(
            "src", re.compile(rf"/s/{following.code}/screen\.svg\?\d+$")
        )
        expect(page.get_by_text("1 takeaway")).to_be_visible()
        expect(link).to_be_focused()
        page.context.set_offline(True)
        page.clock.run_for(EVERY)
        gone = page.get_by_role("alert").filter(has_text="The kiosk does not answer just now.")
        expect(gone).to_be_visible()
        page.context.set_offline(False)
        page.clock.run_for(EVERY)
        expect(gone).to_be_hidden()


# The text of each line of an element, by where its letters stand.
LINES = """element => {
  const lines = new Map();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    [...node.data].forEach((letter, at) => {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const top = Math.round(range.getBoundingClientRect().top);
      lines.set(top, (lines.get(top) ?? "") + letter);
    });
  }
  return [...lines.values()];
}"""


@pytest.mark.parametrize("width", [320, 390, 768])
def test_the_walls_address_is_torn_neither_in_its_port_nor_in_its_code(
    app: Flask, windows: Windows, event: EventSession, width: int
) -> None:
    kiosk = app.extensions["kiosk"]
    reachable = replace(kiosk.settings.kiosk, base_url="http://192.168.178.123:8000")
    kiosk.settings = replace(kiosk.settings, kiosk=reachable)
    page = windows.laptop()
    page.set_viewport_size({"width": width, "height": 800})
    with served(app) as server:
        with page.expect_response("**/wall/cards*"):
            page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/wall")
        lines = page.locator("#strip-address").evaluate(LINES)
    assert set(lines) <= {
        f"192.168.178.123:8000/s/{event.code}",
        "192.168.178.123:8000",
        f"/s/{event.code}",
    }
