"""A fixture that answers as Mastodon documents, with the manners that its issues tell of. It is not Mastodon.

Media 202, then 206, then ready, and 422 for a post with one that is not; limits of the instance; an idempotency key
that lasts one hour and is answered with 500 when it comes again (mastodon/mastodon#40399); 429 with Retry-After.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug import Request

from publish.posts.model import GatheringFacts, Remote
from publish.targets.mastodon.character_count import count
from publish.targets.mastodon.client import MastodonAccount
from tests.publish.conformance.contract import Census, Place, Seen, words_of
from tests.support.servers.fixture import FixtureServer, Refusal

TOKEN = "masto-token-1"
ME, VISITOR = "101", "202"
_TYPES = ["image/jpeg", "image/png", "image/webp", "video/mp4"]


class Mastodon(FixtureServer):
    """One server with two accounts."""

    routes = (
        ("GET", "/api/v2/instance", "instance"),
        ("GET", "/api/v1/accounts/verify_credentials", "me"),
        ("GET", r"/api/v1/accounts/(\w+)/statuses", "timeline"),
        ("POST", "/api/v2/media", "put_media"),
        ("GET", r"/api/v1/media/(\w+)", "media_state"),
        ("POST", "/api/v1/statuses", "post"),
        ("GET", r"/api/v1/statuses/(\w+)", "get"),
        ("PUT", r"/api/v1/statuses/(\w+)", "edit"),
        ("DELETE", r"/api/v1/statuses/(\w+)", "delete"),
        ("GET", r"/api/v1/statuses/(\w+)/context", "context"),
        ("GET", r"/api/v1/statuses/(\w+)/history", "history"),
        ("GET", r"/api/v1/statuses/(\w+)/(reblogged_by|favourited_by)", "cheers"),
    )

    def __init__(self) -> None:
        self.statuses: dict[str, dict[str, Any]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[datetime, str]] = {}
        self.cheering: dict[tuple[str, str], list[str]] = {}
        self.now = datetime.now(UTC)
        self.characters: Any = 500
        # Requests to refuse with 429, and how often a file is "still worked on".
        self.too_many = 0
        self.polls = 2
        self._next = 1000
        super().__init__()

    def before(self, request: Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, {"error": "The access token is invalid"})
        if self.too_many:
            self.too_many -= 1
            raise Refusal(429, {"error": "Too many requests"}, Retry_After="7")

    def new_id(self) -> str:
        """Ids rise."""
        self._next += 1
        return str(self._next)

    def instance(self, request: Request) -> Any:
        return {
            "configuration": {
                "statuses": {
                    "max_characters": self.characters,
                    "max_media_attachments": 4,
                    "characters_reserved_per_url": 23,
                },
                "media_attachments": {
                    "supported_mime_types": _TYPES,
                    "image_size_limit": 16777216,
                    "video_size_limit": 103809024,
                    "description_limit": 1500,
                },
            }
        }

    def account(self, number: str) -> dict[str, Any]:
        """What it tells of an account."""
        name = {ME: "garden", VISITOR: "ann"}.get(number, f"fan{number}")
        return {
            "id": number,
            "acct": name,
            "username": name,
            "display_name": name.title(),
            "url": f"{self.url}/@{name}",
            "created_at": "2024-01-01T00:00:00.000Z",
        }

    def me(self, request: Request) -> Any:
        return self.account(ME)

    def timeline(self, request: Request, number: str) -> Any:
        found = sorted(
            (s for s in self.statuses.values() if s["account"]["id"] == number),
            key=lambda s: -int(s["id"]),
        )
        if tag := request.args.get("tagged"):
            found = [s for s in found if tag.lower() in {t["name"] for t in s["tags"]}]
        if request.args.get("exclude_replies") == "true":
            found = [s for s in found if not s["in_reply_to_id"]]
        if last := request.args.get("max_id"):
            found = [s for s in found if int(s["id"]) < int(last)]
        return found[: min(40, int(request.args.get("limit", 20)))]

    def put_media(self, request: Request) -> Any:
        file = request.files["file"]
        if file.mimetype not in _TYPES:
            raise Refusal(422, {"error": "Validation failed: File content type is invalid"})
        number = self.new_id()
        self.media[number] = {
            "data": file.read(),
            "alt": request.form.get("description", ""),
            "polls": self.polls,
            "on": "",
        }
        return {"id": number, "url": None}, 202

    def media_state(self, request: Request, number: str) -> Any:
        media = self.media[number]
        media["polls"] -= 1
        return (
            ({"id": number, "url": None}, 206)
            if media["polls"] > 0
            else {"id": number, "url": f"{self.url}/{number}"}
        )

    def post(self, request: Request) -> Any:
        key = request.headers.get("Idempotency-Key", "")
        known = self.keys.get(key)
        if key and known and self.now - known[0] < timedelta(hours=1):
            raise Refusal(500, {"error": "Something went wrong on our end"})
        body = request.get_json()
        if body.get("in_reply_to_id") and body["in_reply_to_id"] not in self.statuses:
            raise Refusal(404, {"error": "Record not found"})
        made = self.add(ME, body)
        if key:
            self.keys[key] = (self.now, made["id"])
        return made

    def add(self, account: str, body: dict[str, Any]) -> dict[str, Any]:
        """A new status, checked as the server checks it."""
        number = self.new_id()
        status = {
            "id": number,
            "account": self.account(account),
            "created_at": self.now.isoformat(),
            "in_reply_to_id": body.get("in_reply_to_id"),
            "url": f"{self.url}/@x/{number}",
            "visibility": body.get("visibility", "public"),
            "edited_at": None,
        }
        self.statuses[number] = status
        try:
            self.fill(status, body)
        except Refusal:
            del self.statuses[number]
            raise
        status["versions"] = [status["content"]]
        return status

    def fill(self, status: dict[str, Any], body: dict[str, Any]) -> None:
        """Words and files of a status."""
        text, ids = body.get("status", ""), body.get("media_ids", [])
        most = self.characters if isinstance(self.characters, int) else 500
        if (
            count(text) + len(body.get("spoiler_text", "")) > most
            or len(ids) > 4
            or not (text or ids)
        ):
            raise Refusal(
                422, {"error": f"Validation failed: Text character limit of {most} exceeded"}
            )
        for one in ids:
            if self.media[one]["polls"] > 0:
                raise Refusal(
                    422,
                    {
                        "error": "Cannot attach files that have not finished processing. Try again in a moment!"
                    },
                )
            if self.media[one]["on"] not in ("", status["id"]):
                raise Refusal(422, {"error": "Validation failed: Media is attached already"})
        for one in ids:
            self.media[one]["on"] = status["id"]
        for about in body.get("media_attributes", ()):
            self.media[about["id"]]["alt"] = about["description"]
        status["tags"] = [{"name": tag.lower()} for tag in re.findall(r"(?<![\w&/])#(\w+)", text)]
        status["content"], status["text"] = _content(text), text
        status["spoiler_text"] = body.get("spoiler_text", "")
        status["media_attachments"] = [
            {"id": one, "description": self.media[one]["alt"]} for one in ids
        ]

    def get(self, request: Request, number: str) -> Any:
        if number not in self.statuses:
            raise Refusal(404, {"error": "Record not found"})
        return self.statuses[number]

    def edit(self, request: Request, number: str) -> Any:
        status = self.get(request, number)
        before = status["content"]
        self.fill(status, request.get_json())
        status["versions"] = [*status["versions"], status["content"]]
        if status["content"] != before:
            status["edited_at"] = self.now.isoformat()
        return status

    def history(self, request: Request, number: str) -> Any:
        return [{"content": one} for one in self.get(request, number)["versions"]]

    def delete(self, request: Request, number: str) -> Any:
        return self.remove(self.get(request, number)["id"])

    def remove(self, number: str) -> dict[str, Any]:
        """Gone, with its files."""
        self.media = {n: m for n, m in self.media.items() if m["on"] != number}
        return self.statuses.pop(number)

    def context(self, request: Request, number: str) -> Any:
        self.get(request, number)
        below: list[dict[str, Any]] = []
        ids = {number}
        for status in sorted(self.statuses.values(), key=lambda s: int(s["id"])):
            if status["in_reply_to_id"] in ids:
                ids.add(status["id"])
                below.append(status)
        return {"ancestors": [], "descendants": below}

    def cheers(self, request: Request, number: str, what: str) -> Any:
        return [self.account(who) for who in self.cheering.get((number, what), [])]


def _content(text: str) -> str:
    shown = html.escape(text, quote=False)
    shown = re.sub(r"(https?://[^\s<]+)", r'<a href="\1">\1</a>', shown)
    shown = re.sub(r"(?<![\w&/;])#(\w+)", r'<a href="/tags/\1">#<span>\1</span></a>', shown)
    parts = [part.replace("\n", "<br />") for part in shown.split("\n\n")]
    return "".join(f"<p>{part}</p>" for part in parts)


@dataclass
class MastodonPlace(Place):
    """The fixture as a place."""

    kind = "mastodon"
    server: Mastodon = field(default_factory=Mastodon)

    def options(self, url: str) -> dict[str, str]:
        return {"url": url}

    def census(self, facts: GatheringFacts) -> Census:
        own = [s for s in self.server.statuses.values() if s["account"]["id"] == ME]
        roots = [s for s in own if not s["in_reply_to_id"]]
        return Census([self._seen(root, own) for root in roots if facts.mark in root["content"]])

    def _seen(self, root: dict[str, Any], own: list[dict[str, Any]]) -> Seen:
        thread, ids = [root], {root["id"]}
        for status in own:
            if status["in_reply_to_id"] in ids:
                ids.add(status["id"])
                thread.append(status)
        media = [
            self.server.media[m["id"]] for status in thread for m in status["media_attachments"]
        ]
        words = words_of(" ".join(status["content"] for status in thread))
        return Seen(words, [m["data"] for m in media], [m["alt"] for m in media])

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        mention = "@garden " if not to else "@ann "
        body = {"status": mention + text, "in_reply_to_id": to or post.id}
        return str(self.server.add(VISITOR, body)["id"])

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        self.server.fill(self.server.statuses[reply], {"status": text})

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        self.server.remove(reply)

    def close(self) -> None:
        self.server.close()


@contextmanager
def mastodon_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A new one for each test; waiting for files takes no time."""
    request.getfixturevalue("monkeypatch").setattr(
        MastodonAccount, "pause", staticmethod(lambda seconds: None)
    )
    server = Mastodon()
    place = MastodonPlace(port=server.port, secret=TOKEN, server=server)
    with closing(place):
        yield place
