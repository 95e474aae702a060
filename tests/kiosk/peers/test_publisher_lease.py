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
from reporter.errors import NotFound
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
