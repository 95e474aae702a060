"""The real Synapse as a place, on demand (REAL_SERVERS=matrix): a room of its own for each test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from publish.posts.model import GatheringFacts, Remote
from tests.publish.conformance.contract import Census, Place, Seen, http_client
from tests.support.servers.script import real_server

CLIENT = "/_matrix/client/v3"


@dataclass
class MatrixPlace(Place):
    """A room, read as a program of another member reads it."""

    kind = "matrix"
    room: str = ""
    visitor: str = ""
    client: httpx.Client = field(default_factory=http_client)
    _sent: int = 0

    def options(self, url: str) -> dict[str, str]:
        return {"url": url, "room": self.room}

    def ask(self, method: str, path: str, token: str = "", **parts: Any) -> Any:
        headers = {"Authorization": f"Bearer {token or self.visitor}"}
        answer = self.client.request(method, f"{self.url}{path}", headers=headers, **parts)
        return answer.raise_for_status()

    def events(self) -> list[dict[str, Any]]:
        """All messages that still say something, oldest first, as they are after their edits."""
        query = {"dir": "b", "limit": "500", "filter": json.dumps({"types": ["m.room.message"]})}
        messages = self.ask("GET", self.path("messages"), params=query).json()["chunk"]
        messages = [event for event in reversed(messages) if event["content"]]
        edits: dict[str, Any] = {}
        for event in messages:
            relation = event["content"].get("m.relates_to", {})
            if relation.get("rel_type") == "m.replace":
                edits[relation["event_id"]] = event["content"]["m.new_content"]
        return [
            {**event, "shown": edits.get(event["event_id"], event["content"])}
            for event in messages
            if event["content"].get("m.relates_to", {}).get("rel_type") != "m.replace"
        ]

    def path(self, rest: str) -> str:
        """An address inside of the room."""
        return f"{CLIENT}/rooms/{quote(self.room)}/{rest}"

    def census(self, facts: GatheringFacts) -> Census:
        messages = self.events()
        roots = [e for e in messages if facts.mark in e["shown"]["body"] and not _root_of(e)]
        return Census([self._seen(root, messages) for root in roots])

    def _seen(self, root: dict[str, Any], messages: list[dict[str, Any]]) -> Seen:
        mine = [
            e for e in messages if _root_of(e) == root["event_id"] and e["sender"] == root["sender"]
        ]
        thread = [event["shown"] for event in (root, *mine)]
        files = [one for one in thread if one.get("url")]
        words = " ".join(one["body"] for one in thread if not one.get("url"))
        data = [self.file(one["url"]) for one in files]
        return Seen(" ".join(words.split()), data, [one["body"] for one in files])

    def file(self, address: str) -> bytes:
        """The bytes of a file."""
        path = f"/_matrix/client/v1/media/download/{address.removeprefix('mxc://')}"
        return bytes(self.ask("GET", path).content)

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        # A plain answer to the post, and one inside of the thread.
        thread = {"rel_type": "m.thread", "event_id": post.id, "is_falling_back": False}
        relation = {"m.in_reply_to": {"event_id": to or post.id}, **(thread if to else {})}
        return self._say({"msgtype": "m.text", "body": text, "m.relates_to": relation})

    def _say(self, content: dict[str, Any]) -> str:
        self._sent += 1
        path = self.path(f"send/m.room.message/v{self._sent}")
        return str(self.ask("PUT", path, json=content).json()["event_id"])

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": reply}
        self._say({**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": relation})

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        self._sent += 1
        self.ask("PUT", self.path(f"redact/{quote(reply)}/v{self._sent}"), json={})

    def close(self) -> None:
        self.client.close()


def _root_of(event: dict[str, Any]) -> str:
    relation = event["content"].get("m.relates_to", {})
    return str(relation.get("event_id", "")) if relation.get("rel_type") == "m.thread" else ""


@contextmanager
def matrix_place(request: pytest.FixtureRequest, **settings: Any) -> Iterator[MatrixPlace]:
    """A new room at the server, which is kept for the run. ``settings``: of the room."""
    server = real_server("matrix", request)
    details = server.details
    place = MatrixPlace(port=server.port, secret=details["GARDEN"], visitor=details["NEIGHBOUR"])
    with closing(place):
        made = place.ask("POST", f"{CLIENT}/createRoom", json={"preset": "public_chat", **settings})
        place.room = made.json()["room_id"]
        yield place
