"""The wall as the desk sets it: modes, a line, still, light, and away with a card at once."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from reporter.gathering.sessions import add_session
from reporter.models import EventSession, Takeaway
from tests.support.browsers.pages import PHONE, place_of, press
from tests.support.kiosk_process import TurnableClock, add_takeaway

DESK = "/desk/wall"


@pytest.fixture
def takeaways(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> list[Takeaway]:
    early = add_session(
        session,
        "Earlier today",
        now=clock(),
        rng=rng,
        starts_at=clock() - timedelta(hours=4),
        ends_at=clock() - timedelta(hours=3),
    )
    add_session(
        session, "Empty so far", now=clock(), rng=rng, starts_at=clock() - timedelta(hours=2)
    )
    add_session(session, "Tonight", now=clock(), rng=rng, starts_at=clock() + timedelta(hours=4))
    add_session(session, "Tomorrow", now=clock(), rng=rng, starts_at=clock() + timedelta(days=1))
    return [
        add_takeaway(session, event, rng, state="approved", text="From now"),
        add_takeaway(session, early, rng, state="approved", text="Why?", intent="question"),
        add_takeaway(session, early, rng, state="approved", text="From before"),
    ]


def wall_json(client: FlaskClient, query: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/wall/cards{query}").get_json()
    return answer


def texts(client: FlaskClient, query: str = "") -> set[str]:
    return {card["text"] for card in wall_json(client, query)["cards"]}


def test_modes_choose_the_cards(client: FlaskClient, takeaways: list[Takeaway]) -> None:
    assert texts(client) == {"From now", "Why?", "From before"}
    tag = client.get("/wall/cards").headers["ETag"]
    press(client, DESK, mode="now")
    assert client.get("/wall/cards", headers={"If-None-Match": tag}).status_code == 200
    assert texts(client) == {"From now"}
    assert texts(client, "?mode=questions") == {"Why?"}, (
        "a second screen shows what its address says"
    )
    assert press(client, DESK, mode="films").status_code == 422
    assert wall_json(client)["mode"] == "now"


def test_the_map_says_where_somebody_should_go(
    client: FlaskClient, takeaways: list[Takeaway]
) -> None:
    press(client, DESK, mode="map")
    answer = wall_json(client)
    assert answer["cards"] == []
    found = {row["title"]: (row["count"], row["begun"], row["running"]) for row in answer["map"]}
    counted = {row["counted"] for row in answer["map"] if row["count"] == 1}
    assert counted == {"1 takeaway"}, "a number with its noun"
    assert all(not row["counted"] for row in answer["map"] if not row["count"])
    assert found == {
        "Community gardens in winter": (1, True, True),
        "Earlier today": (2, True, False),
        "Empty so far": (0, True, False),
        "Tonight": (0, False, False),
        # Made before there was another: it has no time and is always open.
        "Lobby": (0, True, True),
    }


def test_the_map_follows_the_clock(
    client: FlaskClient,
    session: Session,
    takeaways: list[Takeaway],
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    add_session(
        session,
        "Soon",
        now=clock(),
        rng=rng,
        starts_at=clock() + timedelta(minutes=40),
        ends_at=clock() + timedelta(hours=2),
    )
    clock.turn(minutes=39)
    first = client.get("/wall/cards?mode=map")
    clock.turn(minutes=2)
    tag = {"If-None-Match": first.headers["ETag"]}
    answer = client.get("/wall/cards?mode=map", headers=tag)
    assert answer.status_code == 200
    began = {row["title"]: row["begun"] for row in answer.get_json()["map"]}
    before = {row["title"]: row["begun"] for row in first.get_json()["map"]}
    assert (before["Soon"], began["Soon"]) == (False, True)


def test_a_line_still_and_light(client: FlaskClient, takeaways: list[Takeaway]) -> None:
    press(client, DESK, line="  Lunch <b>is</b>\nready ", mode="latest")
    press(client, DESK, paused="1")
    press(client, DESK, light="1")
    answer = wall_json(client)
    assert (answer["line"], answer["paused"], answer["light"]) == (
        "Lunch <b>is</b> ready",
        True,
        True,
    )
    page = client.get("/wall").text
    assert "Lunch &lt;b&gt;is&lt;/b&gt; ready" in page
    assert 'data-theme="light"' in page
    press(client, DESK, paused="0", line="")
    assert (wall_json(client)["paused"], wall_json(client)["line"]) == (False, "")
    assert press(client, DESK, line="x" * 161).status_code == 422


def test_what_should_not_be_there_goes_at_once(
    client: FlaskClient, session: Session, takeaways: list[Takeaway]
) -> None:
    assert "Hide now" in client.get(DESK).text
    answer = press(client, f"{DESK}/hide/{takeaways[0].receipt}")
    assert place_of(client, answer) == "there"
    assert "From now" not in texts(client)
    session.expire_all()
    assert takeaways[0].state == "hidden"


def test_phones_set_nothing(client: FlaskClient, takeaways: list[Takeaway]) -> None:
    assert client.get(DESK, **PHONE).status_code in (302, 403)
    assert client.post(DESK, data={"mode": "map"}, **PHONE).status_code in (400, 403)
    assert "data-desk" not in client.get("/wall", **PHONE).text
    assert wall_json(client)["mode"] == "latest"
