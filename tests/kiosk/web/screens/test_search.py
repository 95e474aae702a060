"""The search page and its JSON: what narrows, what is sorted, what is forgiven, what nobody else may see."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as events
from sqlalchemy.orm import Session

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.models import EventSession, Takeaway
from reporter.moderation.decisions import hide
from tests.support.browsers.pages import JSON, PHONE
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway


def take_in(app: Flask) -> None:
    """Let the index see what has changed."""
    with app.app_context():
        current_kiosk().index.sync(db.session())


@pytest.fixture
def rows(
    app: Flask, session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> list[Takeaway]:
    texts: list[tuple[str, dict[str, Any]]] = [
        (
            "Compost stays warm in <b>winter</b>",
            {"author": "Ana", "tags": ["soil"], "intent": "learned"},
        ),
        ("Warm compost for the hedge", {"author": "Bo", "intent": "question"}),
        ("Bees like the hedge", {"author": "Ana", "kind": "photo"}),
        ("A secret compost", {"state": "new"}),
    ]
    added = [
        add_takeaway(
            session,
            event,
            rng,
            text=text,
            recorded_at=clock.turn(minutes=1),
            **{"state": "approved", **values},
        )
        for text, values in texts
    ]
    take_in(app)
    return added


def ask(client: FlaskClient, query: str, **asker: Any) -> dict[str, Any]:
    answer = client.get(f"/search?{query}", headers=JSON, **asker)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def words(found: dict[str, Any]) -> list[str]:
    return [result["text"] for result in found["results"]]


def test_the_json_has_what_others_rely_on(
    client: FlaskClient, rows: list[Takeaway], event: EventSession
) -> None:
    found = ask(client, "q=composts", **PHONE)
    assert set(found) >= {"query", "total", "took_ms", "facets", "suggestion", "results"}
    assert (found["query"], found["total"], found["suggestion"]) == ("composts", 2, "")
    assert found["facets"]["session"] == {event.code: 2}
    assert found["facets"]["author"] == {"Ana": 1, "Bo": 1}
    assert found["facets"]["intent"] == {"learned": 1, "question": 1}
    assert found["facets"]["day"] == {"2026-03-14": 2}
    (learned,) = (r for r in found["results"] if r["intent"] == "learned")
    assert learned["highlight"] == ("<mark>Compost</mark> stays warm in &lt;b&gt;winter&lt;/b&gt;")
    assert learned["session"] == {"code": event.code, "title": event.title}
    assert learned["receipt"] == ""


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=compost&author=Ana", 1),
        ("q=compost&intent=question", 1),
        ("kind=photo", 1),
        ("tag=soil", 1),
        ("day=2026-03-14", 3),
        ("day=2026-03-15", 0),
        ("q=day:today", 3),
        ("q=hedge+-bees", 1),
        ("state=new", 0),
        ("session=NOSUCH", 0),
        ("q=comp&live=1", 2),
        ("offset=nonsense&limit=-4", 3),
        ("sort=nonsense", 3),
    ],
)
def test_what_narrows(client: FlaskClient, rows: list[Takeaway], query: str, count: int) -> None:
    assert ask(client, query, **PHONE)["total"] == count


def test_the_desk_sees_what_waits(client: FlaskClient, rows: list[Takeaway]) -> None:
    assert ask(client, "q=secret")["total"] == 1
    assert ask(client, "state=new")["total"] == 1
    assert ask(client, "q=secret", **PHONE)["total"] == 0
    # Not by a typing slip either.
    assert ask(client, "q=secrte", **PHONE)["suggestion"] == ""
    assert "State" not in client.get("/search", **PHONE).text
    assert ">Waiting<" in client.get("/search?q=secret").text


def test_a_slip_is_told_and_answered(client: FlaskClient, rows: list[Takeaway]) -> None:
    found = ask(client, "q=compsot", **PHONE)
    assert (found["suggestion"], found["loosened"], found["total"]) == ("compost", "spelling", 2)
    assert "q=compost" in client.get("/search?q=compsot", **PHONE).text


def test_answers_are_sorted(client: FlaskClient, rows: list[Takeaway]) -> None:
    texts = [row.text for row in rows[:3]]
    assert words(ask(client, "sort=oldest", **PHONE)) == texts
    assert words(ask(client, "q=warm&sort=newest", **PHONE)) == [texts[1], texts[0]]
    assert words(ask(client, "", **PHONE)) == texts[::-1]


def test_more_like_this(
    app: Flask, client: FlaskClient, rows: list[Takeaway], session: Session, clock: TurnableClock
) -> None:
    assert words(ask(client, f"like={rows[0].id}", **PHONE)) == [rows[1].text]
    page = client.get(f"/search?like={rows[0].id}", **PHONE).text
    assert "Like this one:" in page
    # Nobody learns of what is not shown.
    assert client.get(f"/search?like={rows[3].id}", **PHONE).status_code == 404
    assert client.get("/search?like=nonsense", **PHONE).status_code == 404
    hide(session, rows[1], actor(clock))
    assert words(ask(client, f"like={rows[0].id}", **PHONE)) == []
    assert client.get(f"/search?like={rows[1].id}", **PHONE).status_code == 404


def test_the_page_links_to_what_narrows_it_and_keeps_the_rest(
    client: FlaskClient, rows: list[Takeaway]
) -> None:
    page = client.get("/search?q=compost&author=Ana&sort=newest", **PHONE).text
    assert 'href="/search?q=compost&amp;sort=newest"' in page, "take the person away again"
    assert '<input type="hidden" name="author" value="Ana">' in page
    page = client.get("/search?q=compost&sort=newest", **PHONE).text
    assert 'href="/search?q=compost&amp;sort=newest&amp;author=Ana"' in page


def test_the_page_asks_the_database_as_often_for_many_as_for_few(
    app: Flask,
    client: FlaskClient,
    session: Session,
    event: EventSession,
    rng: random.Random,
    rows: list[Takeaway],
) -> None:
    asked: list[str] = []

    def count(path: str) -> int:
        asked.clear()
        assert client.get(path, **PHONE).status_code == 200
        return len(asked)

    with app.app_context():
        engine = db.engine
    events.listen(engine, "before_cursor_execute", lambda _c, _cur, text, *_: asked.append(text))
    few = count("/search?q=bees")
    for number in range(20):
        add_takeaway(session, event, rng, text=f"bees {number}", state="approved", tags=["bees"])
    take_in(app)
    assert count("/search?q=bees") == few < 12
