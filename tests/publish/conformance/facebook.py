"""A fixture that answers as the Graph API's documentation says. It is not Facebook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug import Request

from publish.posts.model import GatheringFacts, Remote
from tests.publish.conformance.contract import Census, Place, Seen
from tests.support.servers.fixture import FixtureServer, Refusal

TOKEN = "page-token-1"
PAGE = "1001"


def error(status: int, code: int, message: str = "Refused", **more: Any) -> Refusal:
    """An error as the Graph API writes it."""
    headers = more.pop("headers", {})
    refusal = Refusal(
        status, {"error": {"message": message, "type": "OAuthException", "code": code, **more}}
    )
    refusal.headers = headers
    return refusal


def _now() -> str:
    """As it writes moments."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S+0000}"


class Facebook(FixtureServer):
    """One Page, its posts, pictures and comments."""

    routes = (
        ("GET", "/v23.0/me", "me"),
        ("POST", f"/v23.0/{PAGE}/photos", "photo"),
        ("POST", f"/v23.0/{PAGE}/feed", "post"),
        ("GET", f"/v23.0/{PAGE}/published_posts", "posts"),
        ("GET", r"/v23.0/([\w_]+)/comments", "comments"),
        ("POST", r"/v23.0/([\w_]+)/comments", "comment"),
        ("GET", r"/v23.0/([\w_]+)", "get"),
        ("POST", r"/v23.0/([\w_]+)", "change"),
        ("DELETE", r"/v23.0/([\w_]+)", "delete"),
    )

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        # Refusals to come, one a request.
        self.refusals: list[Refusal] = []
        self._next = 5000
        super().__init__()

    def before(self, request: Request) -> None:
        if (
            request.headers.get("Authorization") != f"Bearer {TOKEN}"
            or "access_token" in request.url
        ):
            raise error(400, 190, "Invalid OAuth access token.")
        if self.refusals:
            raise self.refusals.pop(0)

    def keep(self, kind: str, **values: Any) -> str:
        """A new thing; its id."""
        self._next += 1
        number = f"{PAGE}_{self._next}" if kind == "post" else str(self._next)
        self.things[number] = {
            "id": number,
            "kind": kind,
            "created_time": _now(),
            "permalink_url": f"https://www.facebook.com/{number}",
            **values,
        }
        return number

    def thing(self, number: str) -> dict[str, Any]:
        """One that is there."""
        if number not in self.things:
            raise error(400, 100, f"Object with ID '{number}' does not exist", error_subcode=33)
        return self.things[number]

    def me(self, request: Request) -> Any:
        return {"id": PAGE, "name": "Garden"}

    def photo(self, request: Request) -> Any:
        assert request.form["published"] == "false"
        return {
            "id": self.keep(
                "photo", data=request.files["source"].read(), alt=request.form["alt_text_custom"]
            )
        }

    def post(self, request: Request) -> Any:
        photos = [
            json.loads(value)["media_fbid"]
            for name, value in sorted(request.form.items())
            if re.fullmatch(r"attached_media\[\d+\]", name)
        ]
        for photo in photos:
            self.thing(photo)
        return {"id": self.keep("post", message=request.form["message"], photos=photos)}

    def posts(self, request: Request) -> Any:
        rows = [t for t in reversed(self.things.values()) if t["kind"] == "post"]
        start = int(request.args.get("after", 0))
        page = rows[start : start + 2]
        paging = {"cursors": {"after": str(start + 2)}} | (
            {"next": "…"} if rows[start + 2 :] else {}
        )
        return {
            "data": [{k: r[k] for k in ("id", "message", "permalink_url")} for r in page],
            "paging": paging,
        }

    def comments(self, request: Request, number: str) -> Any:
        self.thing(number)
        rows = [t for t in self.things.values() if t["kind"] == "comment" and t["on"] == number]
        return {"data": [{k: v for k, v in row.items() if k not in ("kind", "on")} for row in rows]}

    def comment(self, request: Request, number: str) -> Any:
        return {"id": self.say({"id": PAGE, "name": "Garden"}, number, request.form["message"])}

    def say(self, who: dict[str, str], number: str, text: str) -> str:
        """A comment under a post or a comment."""
        thing = self.thing(number)
        parent = {"parent": {"id": number}} if thing["kind"] == "comment" else {}
        return self.keep(
            "comment", message=text, on=thing.get("on", number), **{"from": who}, **parent
        )

    def get(self, request: Request, number: str) -> Any:
        thing = self.thing(number)
        answer: dict[str, Any] = {
            name: thing[name] for name in ("id", "message", "permalink_url") if name in thing
        }
        shown = [photo for photo in thing.get("photos", ()) if photo in self.things]
        if "attachments" in request.args.get("fields", "") and shown:
            rows = [{"media_type": "photo", "target": {"id": photo}} for photo in shown]
            one = (
                rows[0]
                if len(rows) == 1
                else {"media_type": "album", "subattachments": {"data": rows}}
            )
            answer["attachments"] = {"data": [one]}
        return answer

    def change(self, request: Request, number: str) -> Any:
        thing = self.thing(number)
        if "message" in request.form:
            thing["message"] = request.form["message"]
        if "alt_text_custom" in request.form:
            thing["alt"] = request.form["alt_text_custom"]
        return {"success": True}

    def delete(self, request: Request, number: str) -> Any:
        self.thing(number)
        self.remove(number)
        return {"success": True}

    def remove(self, number: str) -> None:
        """Gone, with the comments below it."""
        below = {number, *(n for n, t in self.things.items() if t.get("on") == number)}
        below |= {n for n, t in self.things.items() if t.get("parent", {}).get("id") == number}
        self.things = {n: t for n, t in self.things.items() if n not in below}


@dataclass
class FacebookPlace(Place):
    """The fixture as a place."""

    kind = "facebook"
    server: Facebook = field(default_factory=Facebook)

    def options(self, url: str) -> dict[str, str]:
        return {"url": f"{url}/v23.0", "page": PAGE}

    def census(self, facts: GatheringFacts) -> Census:
        posts = [
            t
            for t in self.server.things.values()
            if t["kind"] == "post" and facts.mark in t["message"]
        ]
        seen = []
        for post in posts:
            photos = [self.server.things[p] for p in post["photos"] if p in self.server.things]
            words = " ".join(post["message"].split())
            seen.append(Seen(words, [p["data"] for p in photos], [p["alt"] for p in photos]))
        return Census(seen)

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        return self.server.say({"id": "7", "name": "Ann"}, to or post.id, text)

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        self.server.things[reply]["message"] = text

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        self.server.remove(reply)

    def close(self) -> None:
        self.server.close()


@contextmanager
def facebook_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A new one for each test."""
    server = Facebook()
    with closing(FacebookPlace(port=server.port, secret=TOKEN, server=server)) as place:
        yield place
