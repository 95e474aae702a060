"""The coverage board: counts by session and half-hour, who sends, what went wrong, and the index."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from reporter.gathering.coverage import SLOTS, coverage, sending_devices
from reporter.gathering.sessions import add_session
from reporter.models import EventSession
from reporter.search.maintenance import rebuild_asked, rebuild_if_asked
from tests.kiosk.web.test_etag import queries
from tests.support.browsers.pages import PHONE, press
from tests.support.kiosk_process import TurnableClock, add_takeaway

PAGE = "/desk/coverage"


def test_the_strip_counts_half_hours(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    quiet = add_session(
        session, "Quiet", now=clock(), rng=rng, starts_at=clock() - timedelta(hours=1)
    )
    later = add_session(
        session, "Later", now=clock(), rng=rng, starts_at=clock() + timedelta(hours=1)
    )
    for minutes, count in ((0, 4), (31, 1), (60 * 24, 2)):
        for _ in range(count):
            add_takeaway(session, event, rng, recorded_at=clock() - timedelta(minutes=minutes))
    add_takeaway(session, event, rng, state="withdrawn", recorded_at=clock())
    board = coverage(session, [event, quiet, later], clock())
    first, second, third = board.strips
    assert len(first.counts) == SLOTS
    assert first.counts[-1] == 4
    assert sum(first.counts) == 5, "yesterday's are not in the strip"
    assert first.total == 7
    assert (first.levels[-1], max(first.levels[:-1])) == (4, 1)
    assert (first.empty, second.empty, third.empty) == (False, True, False)
    assert (board.activity[-1], sum(board.activity)) == (4, 5)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Chatham", "Europe/Berlin"])
def test_half_hours_begin_on_the_clock_of_the_gathering(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock, zone: str
) -> None:
    now = clock().astimezone(ZoneInfo(zone)).replace(minute=50)
    for minutes in (19, 20, 21):
        add_takeaway(session, event, rng, recorded_at=now - timedelta(minutes=minutes))
    board = coverage(session, [event], now)
    assert {slot.astimezone(now.tzinfo).minute for slot in board.slots} == {0, 30}
    assert board.activity[-2:] == (1, 2)


def test_the_chart_says_its_bars(
    client: FlaskClient,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    assert '<svg class="chart' not in client.get(PAGE).text
    for minutes in (0, 0, 31):
        add_takeaway(session, event, rng, recorded_at=clock() - timedelta(minutes=minutes))
    for language, x in (("en", "95.4%"), ("ar", "0.4%")):
        page = client.get(f"{PAGE}?lang={language}").text
        assert re.search(
            r'role="img" aria-label="[^"]+: \S+(.AM|.PM|.[صم])?\u2069? 1[,،] ', page
        ), language
        assert f'<rect x="{x}" y="16.0%" width="4.2%" height="66.0%"/>' in page, language


def test_phones_that_send_are_counted_once(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    for device in ("phone-a", "phone-a", "phone-b", ""):
        add_takeaway(session, event, rng, device=device, recorded_at=clock())
    assert sending_devices(session, clock()) == 2
    assert sending_devices(session, clock.turn(minutes=11)) == 0


def test_the_board_is_asked_again_cheaply(
    client: FlaskClient,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    first = client.get(PAGE)
    assert first.text.count("nothing yet: send somebody") == 2, "the Lobby is always open"
    tag = {"If-None-Match": first.headers["ETag"]}
    assert client.get(PAGE, headers=tag).status_code == 304
    add_takeaway(session, event, rng, recorded_at=clock())
    answer = client.get(PAGE, headers=tag)
    assert answer.status_code == 200
    assert answer.text.count("nothing yet: send somebody") == 1
    assert client.get(PAGE, **PHONE).status_code in (302, 403)


def test_the_index_is_built_again_by_a_button(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random, app: Flask
) -> None:
    add_takeaway(session, event, rng, state="approved", text="Compost")
    assert "Search is 1 change behind." in client.get(PAGE).text
    press(client, f"{PAGE}/index")
    assert rebuild_asked(session) is not None
    assert "is being built again" in client.get(PAGE).text
    assert rebuild_if_asked(session, app.extensions["kiosk"].index) == 1
    assert "Search knows everything." in client.get(PAGE).text


def test_many_takeaways_cost_no_more_queries(
    app: Flask,
    client: FlaskClient,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    asked = []
    for more in (1, 40):
        for _ in range(more):
            add_takeaway(session, event, rng, recorded_at=clock())
        add_session(session, f"With {more}", now=clock(), rng=rng, starts_at=clock())
        with queries(app) as sent:
            assert client.get(PAGE).status_code == 200
        asked.append(len(sent))
    assert asked[0] == asked[1]
    assert asked[0] > 0
