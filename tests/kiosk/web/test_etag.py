"""Polling costs next to nothing, and never hides a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as listen
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from kiosk.runtime.database import db
from reporter.clock import new_id
from reporter.gathering.sessions import add_session
from reporter.models import Delivery, EventSession, Target
from reporter.moderation.decisions import approve, by_receipt, hide
from reporter.stories.queries import session_story
from tests.support.browsers.pages import JSON, PHONE, make_ready, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files


@contextmanager
def queries(app: Flask) -> Iterator[list[str]]:
    """The statements that the application sends to its database meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    listen.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        listen.remove(engine, "before_cursor_execute", note)


class Poller:
    """Asks as a browser does: with the ETag of what it has."""

    def __init__(self, client: FlaskClient, path: str) -> None:
        self.client, self.path, self.tag = client, path, ""

    def __call__(self) -> TestResponse:
        known = {"If-None-Match": self.tag} if self.tag else {}
        answer = self.client.get(self.path, headers={**JSON, **known}, **PHONE)
        self.tag = answer.headers["ETag"]
        return answer


def test_a_receipt_is_asked_with_one_query_and_tells_each_change(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    receipt = send(client, event.code, files.jpeg(), text="Hello")["receipt"]
    ask = Poller(client, f"/t/{receipt}")
    first = ask()
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.get_json()["media"][0]["state"] == "processing"
    with queries(app) as sent:
        again = ask()
    assert (again.status_code, again.get_data()) == (304, b"")
    assert len(sent) == 1
    make_ready(app)
    assert "view" in ask().get_json()["media"][0]["renditions"]
    row = by_receipt(session, receipt)
    for decide, state in ((approve, "approved"), (hide, "hidden"), (approve, "approved")):
        decide(session, row, actor(clock))
        assert ask().get_json()["state"] == state
        assert ask().status_code == 304
    event.title = "Gardens"
    session.commit()
    assert ask().get_json()["session"]["title"] == "Gardens"
    story = session_story(session, event, now=clock(), rng=actor(clock).rng)
    target = Target(
        id=new_id(clock(), actor(clock).rng),
        kind="folder",
        name="stick",
        options={},
        created_at=clock(),
    )
    delivery = Delivery(
        id=new_id(clock(), actor(clock).rng),
        target=target,
        item_kind="story",
        item_id=story.id,
        key="k",
        state="due",
        due_at=clock(),
        created_at=clock(),
        remote={"takeaways": [str(row.id)]},
    )
    session.add(delivery)
    session.commit()
    ask()
    delivery.state, delivery.sent_at, delivery.url = "sent", clock(), "http://blog/1"
    session.commit()
    assert ask().get_json()["published"] == [
        {"target": "stick", "url": "http://blog/1", "state": "sent"}
    ]
    client.post(f"/t/{receipt}/withdraw", **PHONE)
    assert ask().get_json()["state"] == "withdrawn"


def test_the_wall_is_asked_with_few_queries_and_tells_each_change(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    receipt = send(client, event.code, files.jpeg(), text="Hello")["receipt"]
    ask = Poller(client, "/wall/cards")
    assert ask().get_json()["cards"] == []
    approve(session, by_receipt(session, receipt), actor(clock))
    assert ask().get_json()["cards"][0]["image"] == ""
    make_ready(app)
    assert ask().get_json()["cards"][0]["image"].endswith("/view")
    with queries(app) as sent:
        assert ask().status_code == 304
    assert len(sent) <= 2
    hide(session, by_receipt(session, receipt), actor(clock))
    assert ask().get_json()["cards"] == []
    clock.turn(hours=3)
    add_session(session, "Evening", now=clock(), rng=actor(clock).rng, starts_at=clock())
    assert ask().get_json()["now"]["title"] == "Evening"


def test_an_unknown_receipt_stays_unknown(client: FlaskClient, event: EventSession) -> None:
    assert client.get("/t/0000000000000", headers=JSON, **PHONE).status_code == 404
