"""Answers of a Matrix server that say nothing: nothing is redacted, made twice, or believed to be gone for them.

A fixture that holds a room as the specification says; the real Synapse gives no such answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug import Request, Response

from publish.errors import PublishError
from publish.status import target_registry
from reporter.moderation import decisions
from tests.publish.conformance.contract import Census, Place
from tests.support.publish.fakes import Kit
from tests.support.publish.odd_answers import ODD_JSON
from tests.support.publish.rounds import publish
from tests.support.publish.target_kit import add, opened, send
from tests.support.servers.fixture import FixtureServer, Refusal

CLIENT, ROOM, ME = "/_matrix/client/v3", "!garden:example.org", "@kit:example.org"


class Server(FixtureServer):
    """One room; ``odd``: a part of a path and the body that one request to it gets, once the rest is done."""

    routes = (
        ("GET", f"{CLIENT}/account/whoami", "whoami"),
        ("POST", f"{CLIENT}/join/.*", "join"),
        ("GET", rf"{CLIENT}/rooms/[^/]*/state/.*", "state"),
        ("PUT", rf"{CLIENT}/rooms/[^/]*/send/m.room.message/(.*)", "say"),
        ("PUT", rf"{CLIENT}/rooms/[^/]*/redact/([^/]*)/.*", "redact"),
        ("GET", rf"{CLIENT}/rooms/[^/]*/event/(.*)", "event"),
        ("GET", rf"{CLIENT}/rooms/[^/]*/messages", "messages"),
        ("GET", r"/_matrix/client/v1/rooms/[^/]*/relations/([^/]*)/(.*)", "relations"),
        ("GET", "/_matrix/client/v1/media/config", "config"),
        ("POST", "/_matrix/media/v3/upload", "upload"),
        ("DELETE", r"/_synapse/admin/v1/media/.*", "drop"),
    )

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.sent: dict[str, str] = {}
        self.odd: tuple[str, bytes] | None = None
        super().__init__()

    def _find(self, request: Request) -> Any:
        odd = self.odd
        if odd is None or odd[0] not in request.path:
            return super()._find(request)
        self.odd = None
        with suppress(Refusal):
            super()._find(request)
        return Response(odd[1], 200, mimetype="application/json")

    def whoami(self, request: Request) -> Any:
        return {"user_id": ME}

    def join(self, request: Request) -> Any:
        return {"room_id": ROOM}

    def state(self, request: Request) -> Any:
        raise Refusal(404, {"errcode": "M_NOT_FOUND"})

    def say(self, request: Request, transaction: str) -> Any:
        if transaction not in self.sent:
            number = self.sent[transaction] = f"$e{len(self.events)}"
            self.events.append(
                {
                    "event_id": number,
                    "sender": ME,
                    "origin_server_ts": len(self.events),
                    "content": request.get_json(),
                }
            )
        return {"event_id": self.sent[transaction]}

    def one(self, number: str) -> dict[str, Any]:
        found = next((event for event in self.events if event["event_id"] == number), None)
        if found is None:
            raise Refusal(404, {"errcode": "M_NOT_FOUND"})
        return found

    def redact(self, request: Request, number: str) -> Any:
        self.one(number)["content"] = {}
        return {"event_id": f"$redacts-{number[1:]}"}

    def event(self, request: Request, number: str) -> Any:
        return self.one(number)

    def messages(self, request: Request) -> Any:
        return {"chunk": self.events[::-1]}

    def relations(self, request: Request, number: str, kind: str) -> Any:
        related = [one["content"].get("m.relates_to", {}) for one in self.events]
        found = [
            event
            for event, relation in zip(self.events, related, strict=True)
            if (relation.get("event_id"), relation.get("rel_type")) == (number, kind)
        ]
        return {"chunk": found[::-1]}

    def config(self, request: Request) -> Any:
        return {"m.upload.size": 50_000_000}

    def upload(self, request: Request) -> Any:
        return {"content_uri": "mxc://example.org/file"}

    def drop(self, request: Request) -> Any:
        return {"deleted_media": ["file"], "total": 1}

    @property
    def answered_oddly(self) -> bool:
        """Whether the odd answer was given."""
        return self.odd is None

    @property
    def shown(self) -> list[str]:
        """Ids of the messages that are not redacted."""
        return [event["event_id"] for event in self.events if event["content"]]


@dataclass
class Garden(Place):
    """The room."""

    kind = "matrix"
    server: Server = field(default_factory=Server)

    def options(self, url: str) -> dict[str, str]:
        return {"url": url, "room": ROOM}

    def census(self, facts: Any) -> Census:
        return Census([])


@pytest.fixture
def place() -> Iterator[Garden]:
    server = Server()
    with closing(server):
        yield Garden(port=server.port, secret="token", server=server)


@pytest.mark.parametrize("part", ["/event/", "/relations/"])
@pytest.mark.parametrize("odd", ODD_JSON)
def test_a_message_that_is_not_told_stays_and_is_changed_in_place(
    kit: Kit, place: Garden, odd: str, part: str
) -> None:
    event = kit.event()
    photo = kit.photo(event, 3, "Leeks stand the frost.")
    add(kit, place)
    send(kit)
    before = place.server.shown
    decisions.change(kit.session, photo, kit.actor, {"caption": "Leeks stand it."})
    place.server.odd = (part, ODD_JSON[odd])
    [row] = publish(kit.session, kit.context)
    assert place.server.answered_oddly
    assert row["state"] == "changed"
    assert "secr" not in row["error"]
    assert place.server.shown == before
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert place.server.shown[: len(before)] == before


@pytest.mark.parametrize("part", ["/event/", "/relations/", "/redact/"])
@pytest.mark.parametrize("odd", ODD_JSON)
def test_what_is_taken_back_goes_whole_whatever_is_answered_at_first(
    kit: Kit, place: Garden, odd: str, part: str
) -> None:
    photo = kit.photo(kit.event(), 3, "Leeks stand the frost.")
    add(kit, place)
    send(kit)
    assert len(place.server.shown) > 1
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    place.server.odd = (part, ODD_JSON[odd])
    [row] = publish(kit.session, kit.context)
    assert row["state"] == "withdrawing"
    assert {row["state"] for row in send(kit)} == {"withdrawn"}
    assert place.server.shown == []


@pytest.mark.parametrize("odd", ODD_JSON)
def test_a_post_whose_answer_was_lost_is_not_made_again_because_a_list_says_nothing(
    kit: Kit, place: Garden, odd: str
) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, place)
    place.server.odd = ("/send/", b"")
    publish(kit.session, kit.context)
    # Transactions are remembered for some time only.
    place.server.sent.clear()
    place.server.odd = ("/messages", ODD_JSON[odd])
    kit.clock.forward(minutes=5)
    publish(kit.session, kit.context)
    assert place.server.answered_oddly
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert len(place.server.shown) == 1


@pytest.mark.parametrize("part", ["/whoami", "/join/", "/state/", "/upload"])
@pytest.mark.parametrize("odd", sorted({*ODD_JSON} - {"a page"}))
def test_no_room_is_called_encrypted_and_no_file_unreadable_for_an_odd_answer(
    kit: Kit, place: Garden, odd: str, part: str
) -> None:
    kit.photo(kit.event(), 3, "Leeks stand the frost.")
    add(kit, place)
    place.server.odd = (part, ODD_JSON[odd])
    [row] = publish(kit.session, kit.context)
    assert place.server.answered_oddly
    assert row["state"] == "due"
    assert "encrypted" not in row["error"]
    assert not target_registry.find_target(kit.session, "there").paused
    assert {row["state"] for row in send(kit)} == {"sent"}


def test_replies_are_not_read_from_a_list_that_says_nothing(kit: Kit, place: Garden) -> None:
    add(kit, place)
    place.server.odd = ("/messages", b"{}")
    with closing(opened(kit)) as target, pytest.raises(PublishError, match="understood"):
        list(target.replies([], None))  # type: ignore[attr-defined]
