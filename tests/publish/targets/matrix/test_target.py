"""What only Matrix has, at the real Synapse (REAL_SERVERS=matrix): encryption, edits, files, transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from publish.errors import Gone, PauseTarget
from publish.posts.model import Remote
from publish.targets.base import TargetConfig
from publish.targets.matrix.client import Room
from publish.targets.matrix.events import KEY, SLOT
from publish.targets.matrix.target import MatrixTarget
from reporter.moderation import decisions
from tests.publish.conformance.matrix import MatrixPlace, matrix_place
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish
from tests.support.publish.target_kit import add, opened, post_of, send

ENCRYPTED = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[MatrixPlace]:
    with matrix_place(request) as place:
        yield place


def test_an_encrypted_room_is_refused_with_a_sentence(
    kit: Kit, request: pytest.FixtureRequest
) -> None:
    kit.takeaway(kit.event(), "Leeks")
    with matrix_place(request, initial_state=[{**ENCRYPTED, "state_key": ""}]) as place:
        add(kit, place)
        with closing(opened(kit)) as target, pytest.raises(PauseTarget, match="is encrypted"):
            target.test()
        rows = publish(kit.session, kit.context)
        assert {row["state"] for row in rows} <= {"due", "waiting"}
        assert place.events() == []


def test_what_is_taken_back_stays_in_no_history_and_no_store(kit: Kit, place: MatrixPlace) -> None:
    event = kit.event()
    photo = kit.photo(event, 3, "Leeks stand the frost.")
    note = kit.takeaway(event, "Ask first.")
    add(kit, place)
    send(kit)
    shown = [one for one in place.events() if one["shown"].get("url")]
    address = shown[0]["shown"]["url"]
    assert place.file(address)
    decisions.change(kit.session, note, kit.actor, {"text": "Ask twice."})
    send(kit)
    everything = place.ask("GET", place.path("messages"), params={"dir": "b", "limit": "500"})
    assert "Ask twice." in everything.text
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    send(kit)
    everything = place.ask("GET", place.path("messages"), params={"dir": "b", "limit": "500"})
    assert "Ask" not in everything.text
    assert "Leeks" in everything.text
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    send(kit)
    everything = place.ask("GET", place.path("messages"), params={"dir": "b", "limit": "500"})
    assert "Leeks" not in everything.text
    with pytest.raises(httpx.HTTPStatusError):
        place.file(address)


def test_the_same_request_twice_is_one_message(kit: Kit, place: MatrixPlace) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    post = post_of(kit)
    with closing(opened(kit)) as target:
        made = [target.create(post, {}) for _ in range(2)]
    assert made[0].id == made[1].id
    assert len(place.events()) == 1


class CutRoom:
    """A room where somebody has deleted the first message of a thread, without a server."""

    me = "@kit:example.org"

    def __init__(self, *below: dict[str, Any]) -> None:
        self.below = list(below)
        self.redacted: list[str] = []
        self.web = SimpleNamespace(close=lambda: None)

    def event(self, event_id: str) -> dict[str, Any]:
        raise Gone("redacted")

    def related(self, event_id: str, relation: str) -> Iterator[dict[str, Any]]:
        yield from self.below

    def redact(self, event_id: str) -> None:
        self.redacted.append(event_id)

    def delete_file(self, address: str) -> None:
        raise AssertionError("there is no file")


@pytest.mark.parametrize("what", ["withdraw", "update"])
def test_of_a_thread_that_somebody_has_cut_nothing_stays(kit: Kit, what: str) -> None:
    kit.takeaway(kit.event(), "Leeks")
    options = {"url": "http://127.0.0.1:1", "room": "!garden:example.org"}
    target = MatrixTarget(TargetConfig("room", options, "token", kit.facts))
    ours, reply, answer = (
        {
            "event_id": "$ours",
            "sender": CutRoom.me,
            "content": {KEY: "sr-1", SLOT: "1", "body": "Leeks"},
        },
        {"event_id": "$reply", "sender": "@ann:example.org", "content": {"body": "Which?"}},
        {
            "event_id": "$answer",
            "sender": CutRoom.me,
            "content": {KEY: "sra-1", "body": "Blue ones"},
        },
    )
    room = CutRoom(ours, reply, answer)
    target._room = cast("Room", room)
    with closing(target):
        if what == "withdraw":
            target.withdraw(Remote("$root"))
        else:
            with pytest.raises(Gone):
                target.update(Remote("$root"), post_of(kit), {})
    assert room.redacted == ["$ours"]
