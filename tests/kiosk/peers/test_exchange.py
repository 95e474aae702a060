"""Two laptops of one gathering over the network: paired by a code, merged, broken off and merged again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kiosk.peers import client as client_module
from kiosk.peers import exchange, pairing
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.workers import purge
from reporter.enums import TakeawayState
from reporter.errors import BadInput, Conflict, Forbidden, NotFound
from reporter.gathering.lock import Locked, hold_lock
from reporter.gathering.purge import purge_due
from reporter.merge.context import MergeReport
from reporter.models import Contact, EventSession, Media, Peer
from reporter.models.conversation import Reply
from reporter.moderation import decisions
from tests.support.browsers.pages import press, send
from tests.support.kiosk_process import TurnableClock
from tests.support.media import files
from tests.support.second_laptop import second_laptop

THERE = "http://192.168.4.2:8000"
FROM_HERE = {"REMOTE_ADDR": "192.168.4.1"}


@pytest.fixture
def other(tmp_path: Path, clock: TurnableClock) -> Iterator[Flask]:
    """The second laptop, with a gathering of its own that has the same Lobby code."""
    with second_laptop(tmp_path / "there", "Spring", clock) as app:
        yield app


@pytest.fixture(autouse=True)
def network(other: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Requests to the other laptop go to its application; what was asked, in order."""
    asked: list[str] = []

    class Wire(httpx.WSGITransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(f"{request.method} {request.url.path} {request.headers.get('Range', '')}")
            return super().handle_request(request)

    make = client_module.PeerClient.__init__

    def wired(self: Any, url: str, token: str = "", **_: Any) -> None:
        make(self, url, token, transport=Wire(app=other, remote_addr="192.168.4.1"))

    monkeypatch.setattr(client_module.PeerClient, "__init__", wired)
    return asked


@contextmanager
def at(app: Flask) -> Iterator[Any]:
    with app.app_context():
        yield current_kiosk()
        db.session.remove()


def shown_code(other: Flask) -> str:
    with at(other) as kiosk:
        return pairing.format_code(pairing.new_code(db.session(), kiosk))


def pair(app: Flask, other: Flask) -> None:
    code = shown_code(other)
    with at(app) as kiosk:
        exchange.pair_with(kiosk, THERE, code.lower())


def merge(app: Flask) -> MergeReport:
    with at(app) as kiosk:
        return exchange.merge_peer(kiosk, exchange.peer_at(db.session(), THERE))


def lobby(app: Flask) -> str:
    with at(app):
        return db.session.scalars(select(EventSession.code)).one()


def fill(other: Flask) -> str:
    """A photo on the other laptop, with an address left for an answer and a "me too"; its receipt."""
    there = other.test_client()
    receipt: str = send(there, lobby(other), files.jpeg(), text="Leeks", consent="agreed")[
        "receipt"
    ]
    with at(other) as kiosk:
        takeaway = decisions.by_receipt(db.session(), receipt)
        decisions.approve(db.session(), takeaway, kiosk.actor("desk"))
        ids = {"takeaway_id": takeaway.id, "received_at": kiosk.now(), "changed_at": kiosk.now()}
        reply = Reply(id=_id(kiosk), kind="second", state="shown", written_at=kiosk.now(), **ids)
        about = {"address": "eve@example.org", "token": "t", "created_at": kiosk.now()}
        db.session.add_all([reply, Contact(id=_id(kiosk), takeaway_id=takeaway.id, **about)])
        db.session.commit()
    return receipt


def _id(kiosk: Any) -> Any:
    from reporter.clock import new_id

    return new_id(kiosk.now(), kiosk.rng)


def test_a_code_pairs_once_and_not_for_long(
    app: Flask, other: Flask, clock: TurnableClock, secrets_file: Path
) -> None:
    code = shown_code(other)
    with at(app) as kiosk:
        with pytest.raises(NotFound):
            exchange.peer_at(db.session(), THERE)
        with pytest.raises(Forbidden):
            exchange.pair_with(kiosk, THERE, "0000-0000")
        peer = exchange.pair_with(kiosk, THERE, code)
        assert (peer.name, peer.url) == ("Room 2", THERE)
        token = pairing.token_of(kiosk, peer)
        with pytest.raises(Forbidden):
            exchange.pair_with(kiosk, THERE, code)
    # The token is a secret: in no gathering's folder.
    for folder in (
        app.extensions["kiosk"].settings.folder,
        other.extensions["kiosk"].settings.folder,
    ):
        assert all(token.encode() not in p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert token in secrets_file.read_text()
    code = shown_code(other)
    clock.turn(minutes=11)
    with at(app) as kiosk, pytest.raises(Forbidden):
        exchange.pair_with(kiosk, THERE, code)
    with at(other) as kiosk, pytest.raises(BadInput):
        pairing.accept(db.session(), kiosk, code, pairing.introduction(kiosk))


def test_nobody_else_learns_anything(other: Flask) -> None:
    phone = other.test_client()
    for path in ("/peers/summary", "/peers/snapshot", f"/peers/media/{'0' * 64}"):
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
            assert phone.get(path, headers=headers).status_code == 403


@pytest.mark.sqlite("a laptop sends the database of its folder")
def test_merging_brings_everything_once_and_takes_back(
    app: Flask, other: Flask, network: list[str]
) -> None:
    receipt = fill(other)
    pair(app, other)
    done = merge(app)
    assert (done.takeaways, done.files, done.replies, done.left) == (1, 1, 1, [])
    with at(app) as kiosk:
        row = decisions.by_receipt(db.session(), receipt)
        assert (row.text, row.state, row.kiosk, row.device) == ("Leeks", "approved", "Room 2", "")
        assert kiosk.store.original(row.attachments[0].media.sha256, ".jpg").is_file()
        assert db.session.scalars(select(Contact)).all() == []
        assert list(kiosk.store.incoming.iterdir()) == []
    network.clear()
    assert merge(app) == MergeReport()
    assert network == ["GET /peers/snapshot "]
    with at(other) as kiosk:
        row = decisions.by_receipt(db.session(), receipt)
        decisions.withdraw(db.session(), row, kiosk.actor("contributor"), kiosk.store)
    assert merge(app).withdrawn == 1
    with at(app):
        assert decisions.by_receipt(db.session(), receipt).state == TakeawayState.WITHDRAWN
        assert db.session.scalars(select(Media)).all() == []


@pytest.mark.sqlite("a laptop sends the database of its folder")
def test_what_broke_off_goes_on_and_what_is_damaged_comes_anew(
    app: Flask, other: Flask, network: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(other)
    pair(app, other)
    whole = client_module.PeerClient._write
    cut = [200]

    def breaks(self: Any, response: httpx.Response, part: Path, heard: Any, mode: str) -> None:
        if cut and "media" in str(response.request.url):
            with part.open(mode) as file:
                file.write(response.read()[: cut.pop()])
            raise httpx.ReadError("cut")
        whole(self, response, part, heard, mode)

    monkeypatch.setattr(client_module.PeerClient, "_write", breaks)
    assert merge(app).files == 1
    assert [line.rsplit(" ", 1)[1] for line in network if "/media/" in line] == ["", "bytes=200-"]


@pytest.mark.sqlite("a laptop sends the database of its folder")
def test_the_desk_pairs_and_merges(
    app: Flask, client: FlaskClient, other: Flask, clock: TurnableClock
) -> None:
    receipt = fill(other)
    page = press(other.test_client(), "/desk/laptops/code").text
    code = page.split('<strong dir="ltr">')[1].split("<")[0]
    paired = press(client, "/desk/laptops", url="192.168.4.2:8000", code=code)
    assert paired.status_code == 303
    with at(app) as kiosk:
        assert exchange.merge_next(kiosk) == 1
        peer = db.session.scalars(select(Peer)).one()
        assert (peer.merge_requested_at, peer.error, peer.report["takeaways"]) == (None, "", 1)
        assert decisions.by_receipt(db.session(), receipt).text == "Leeks"
        assert exchange.merge_next(kiosk) == 0
    assert b"Room 2" in client.get("/desk/laptops").data
    press(client, f"/desk/laptops/{peer.id}/automatic", on="1")
    clock.turn(minutes=5)
    with at(other) as kiosk:
        pairing.forget(db.session(), kiosk, db.session.scalars(select(Peer)).one())
    with at(app) as kiosk:
        assert exchange.merge_next(kiosk) == 1
        assert "not paired" in db.session.scalars(select(Peer)).one().error
    assert b"not paired" in client.get("/desk/laptops").data


def test_two_processes_fetch_from_one_laptop_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "peer.lock"
    with ThreadPoolExecutor(1) as threads:
        with exchange._turn(lock):
            waiting = threads.submit(_enter, lock)
            time.sleep(0.5)
            assert not waiting.done()
        assert waiting.result(timeout=30)
    monkeypatch.setattr(exchange, "_PATIENCE", 0.3)
    with exchange._turn(lock), pytest.raises(Conflict), exchange._turn(lock):
        pass


def _enter(lock: Path) -> bool:
    with exchange._turn(lock):
        return lock.exists()


def test_what_somebody_else_holds_inside_is_told(tmp_path: Path) -> None:
    """It is not taken for the lock of the turn itself."""
    with pytest.raises(Locked), exchange._turn(tmp_path / "peer.lock"):
        raise Locked


@pytest.mark.sqlite("a laptop sends the database of its folder")
def test_what_a_merge_had_fetched_before_it_broke_off_goes_with_what_is_taken_back(
    app: Flask, other: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other laptop went home: nobody merges with it again, and its rows would stay here, words and all."""
    receipt = fill(other)
    pair(app, other)
    merge(app)
    with at(other):
        db.session.scalars(select(EventSession)).one().title = "Another name"
        db.session.commit()

    def broken(*_: object, **__: object) -> None:
        raise Conflict("The Wi-Fi went")

    with monkeypatch.context() as patch:
        patch.setattr(exchange, "merge_folder", broken)
        with pytest.raises(Conflict):
            merge(app)
    with at(app) as kiosk:
        [left] = kiosk.store.incoming.glob("peer-*")
        assert b"Leeks" in (left / "reporter.db").read_bytes()
        row = decisions.by_receipt(db.session(), receipt)
        decisions.withdraw(db.session(), row, kiosk.actor("desk"), kiosk.store)
        with hold_lock(left.with_suffix(".lock")):
            purge(kiosk)
            assert purge_due(db.session()) is not None, "a merge goes on"
        purge(kiosk)
        assert purge_due(db.session()) is None
        assert not left.exists()
    assert merge(app).withdrawn == 0
