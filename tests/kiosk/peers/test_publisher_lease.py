"""A laptop asks a hub of an earlier version too whether it may publish."""

from __future__ import annotations

import threading
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from kiosk.peers import client, pairing, publisher_lease
from kiosk.runtime.context import KioskContext, current_kiosk
from kiosk.runtime.database import db
from reporter.errors import Forbidden, NotFound, ReporterError
from reporter.models import Peer
from tests.support.kiosk_process import TurnableClock


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was asked of a hub that knows only the former path."""
    asked = []

    def call(_self: client.PeerClient, method: str, path: str, **_parts: Any) -> Any:
        asked.append((method, path))
        if path != "/hub/push/baton":
            raise NotFound("There is no such page.")
        return {"granted": method == "POST"}

    monkeypatch.setattr(client.PeerClient, "call", call)
    monkeypatch.setattr(pairing, "token_of", lambda _kiosk, _peer: "token")
    return asked


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_hub_that_does_not_know_the_path_is_asked_at_the_former_one(
    asked: list[tuple[str, str]], method: str
) -> None:
    kiosk: Any = SimpleNamespace()
    peer: Any = SimpleNamespace(url="http://hub.example")
    assert publisher_lease._ask(kiosk, peer, method) is (method == "POST")
    assert asked == [(method, "/hub/push/publisher-lease"), (method, "/hub/push/baton")]


def add_hub(clock: TurnableClock) -> None:
    peer = Peer(id=uuid.uuid4(), name="Hub", url="http://hub.example", created_at=clock())
    peer.hub, peer.token_digest = True, "x"
    db.session.add(peer)
    db.session.commit()


@pytest.mark.parametrize(("slept", "asks"), [(60, 0), (1800, 1), (-3600, 1)])
def test_after_the_laptop_has_slept_the_hub_is_asked_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch, clock: TurnableClock, slept: int, asks: int
) -> None:
    """The clock that counts the process's own seconds stands still meanwhile."""
    asked: list[str] = []

    def grant(_kiosk: KioskContext, _peer: Peer, method: str) -> bool:
        asked.append(method)
        return True

    monkeypatch.setattr(publisher_lease, "_ask", grant)
    still = SimpleNamespace(monotonic=lambda: 1000.0)
    monkeypatch.setattr(publisher_lease, "time", still)
    with app.app_context():
        kiosk = current_kiosk()
        add_hub(clock)
        assert publisher_lease.may_send(kiosk)
        clock.turn(seconds=slept)
        assert publisher_lease.may_send(kiosk)
        db.session.remove()
    assert asked == ["POST"] * (1 + asks)


def test_who_claims_a_row_while_another_thread_releases_asks_the_hub_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch, clock: TurnableClock
) -> None:
    asked: list[str] = []
    may: list[bool] = []

    def grant(_kiosk: KioskContext, _peer: Peer, method: str) -> bool:
        asked.append(method)
        return True

    def ask_too() -> None:
        with app.app_context():
            may.append(publisher_lease.may_send(current_kiosk()))
            db.session.remove()

    sender = threading.Thread(target=ask_too)

    def sending() -> bool:
        """Nothing is being sent when it is looked at; a moment later another thread has claimed a row."""
        sender.start()
        sender.join(0.2)
        return False

    monkeypatch.setattr(publisher_lease, "_ask", grant)
    monkeypatch.setattr(publisher_lease, "_sending", sending)
    with app.app_context():
        add_hub(clock)
        assert publisher_lease.may_send(current_kiosk())
        publisher_lease.release(current_kiosk())
        db.session.remove()
    sender.join()
    assert (asked, may) == (["POST", "DELETE", "POST"], [True])


@pytest.mark.parametrize(
    ("answer", "going", "then"),
    [
        # However long it takes.
        (True, [True] * 4, True),
        # Without an answer until shortly before the hub's lease is over; nothing new is begun.
        (None, [True, True, False, False], False),
        # Somebody else publishes by now, or the laptop was unpaired.
        (False, [False] * 4, False),
    ],
)
def test_a_delivery_that_takes_long_goes_on_while_the_hub_keeps_the_lease_for_it(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    clock: TurnableClock,
    *,
    answer: bool | None,
    going: list[bool],
    then: bool,
) -> None:
    answers: list[bool | None] = [True]

    def ask(_kiosk: KioskContext, _peer: Peer, _method: str) -> bool | None:
        return answers.pop() if answers else answer

    monkeypatch.setattr(publisher_lease, "_ask", ask)
    with app.app_context():
        kiosk = current_kiosk()
        add_hub(clock)
        assert publisher_lease.may_send(kiosk)
        assert publisher_lease.may_go_on(kiosk)
        found = []
        for _ in going:
            clock.turn(seconds=630)
            found.append(publisher_lease.may_go_on(kiosk))
        assert found == going
        assert publisher_lease.may_send(kiosk) is then
        db.session.remove()


@pytest.mark.parametrize(
    ("error", "answer"), [(Forbidden("No."), False), (client.Unreachable("Nobody."), None)]
)
def test_a_refusal_is_an_answer(
    monkeypatch: pytest.MonkeyPatch, error: ReporterError, answer: bool | None
) -> None:
    def call(_self: client.PeerClient, _method: str, _path: str, **_parts: Any) -> Any:
        raise error

    monkeypatch.setattr(client.PeerClient, "call", call)
    monkeypatch.setattr(pairing, "token_of", lambda _kiosk, _peer: "token")
    peer: Any = SimpleNamespace(url="http://hub.example")
    assert publisher_lease._ask(SimpleNamespace(), peer, "POST") is answer  # type: ignore[arg-type]
