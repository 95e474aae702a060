"""A room of Matrix as the specification describes it, for answers that the real Synapse does not give."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from werkzeug import Request, Response

from tests.publish.conformance.matrix import CLIENT, MatrixPlace
from tests.support.servers.fixture import FixtureServer, Refusal

ROOM, ME, VISITOR = "!garden:example.org", "@kit:example.org", "@ann:example.org"


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
        ("GET", rf"{CLIENT}/rooms/[^/]*/joined_members", "members"),
        ("GET", "/_matrix/client/v1/media/config", "config"),
        ("POST", "/_matrix/media/v3/upload", "upload"),
        ("DELETE", r"/_synapse/admin/v1/media/.*", "drop"),
    )

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.sent: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
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
                    "sender": VISITOR if VISITOR in request.headers["Authorization"] else ME,
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

    def members(self, request: Request) -> Any:
        return {"joined": {ME: {"display_name": "Garden"}, VISITOR: {"display_name": "Ann"}}}

    def config(self, request: Request) -> Any:
        return {"m.upload.size": 50_000_000}

    def upload(self, request: Request) -> Any:
        address = f"mxc://example.org/file{len(self.files)}"
        self.files[address] = request.get_data()
        return {"content_uri": address}

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
class Garden(MatrixPlace):
    """The room."""

    room: str = ROOM
    visitor: str = VISITOR
    server: Server = field(default_factory=Server)

    def file(self, address: str) -> bytes:
        return self.server.files[address]

    def close(self) -> None:
        super().close()
        self.server.close()
