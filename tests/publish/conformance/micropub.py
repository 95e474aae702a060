"""A fixture that answers as the Micropub specification says, with the manners of known servers; it is none of them.

And on demand a real server of the protocol (REAL_SERVERS=micropub).

As it comes: lists, short names, a media endpoint. Its switches make it poorer: Known (no update, no lists, names of its
own), a hand-made one without media endpoint, one that publishes later (202), Indiekit (deleted posts stay listed).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from werkzeug import Request, Response

from publish.posts.model import GatheringFacts, Remote
from publish.targets.micropub.target import MicropubTarget
from tests.publish.conformance.contract import Census, Place, Seen, words_of
from tests.support.servers.fixture import FixtureServer, Refusal
from tests.support.servers.script import real_server

TOKEN = "indie-token-1"
_FRONT = 3


def refusal(status: int, code: str, description: str, **headers: str) -> Refusal:
    """An error as 3.8 writes it."""
    return Refusal(status, {"error": code, "error_description": description}, **headers)


class Blog(FixtureServer):
    """One blog with its endpoint, its pages and its files."""

    routes = (
        ("GET", "/", "front"),
        ("GET", "/micropub", "query"),
        ("POST", "/micropub", "act"),
        ("GET", "/media", "files_list"),
        ("POST", "/media", "files_act"),
        ("GET", r"(/posts/[\w.-]+)", "page"),
        ("GET", r"(/files/[\w.-]+)", "file"),
    )

    def __init__(self) -> None:
        self.posts: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.comments: dict[str, dict[str, str]] = {}
        # What it can.
        self.lists = self.slugs = self.media = self.updates = self.deletes_files = True
        self.config = True
        self.scopes = {"create", "update", "delete", "media"}
        # Indiekit lists what was deleted; many sanitize classes away; a list may not know pages.
        self.lists_deleted = self.strips_classes = False
        # 202: how many looks it takes until a post is there.
        self.slow = 0
        # Answers to come instead of what was asked for: (path, Refusal).
        self.refusals: list[Refusal] = []
        # Tokens that came where none is needed, and the bodies of what was sent.
        self.leaks: list[str] = []
        self.sent: list[Any] = []
        # The head of the front page, and headers of it.
        self.link = '<link rel="micropub" href="/micropub">'
        self.link_header = ""
        self._next = 0
        super().__init__()

    def before(self, request: Request) -> None:
        if request.path not in ("/micropub", "/media"):
            if "Authorization" in request.headers:
                self.leaks.append(request.path)
            return
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise refusal(401, "unauthorized", "The token is not known")
        if self.refusals:
            raise self.refusals.pop(0)

    # --- Pages ---

    def front(self, request: Request) -> Response:
        """The newest posts, three a page."""
        start = int(request.args.get("from", 0))
        rows = [path for path in reversed(self.posts) if self.is_public(path)]
        shown = "".join(self.entry(path) for path in rows[start : start + _FRONT])
        older = (
            f'<a rel="next" href="/?from={start + _FRONT}">Older</a>'
            if rows[start + _FRONT :]
            else ""
        )
        page = (
            f'<!doctype html><title>Blog</title>{self.link}<div class="h-feed">{shown}</div>{older}'
        )
        headers = {"Link": self.link_header} if self.link_header else {}
        return Response(page, 200, headers, mimetype="text/html")

    def page(self, request: Request, path: str) -> Response:
        if not self.is_public(path):
            return Response("<!doctype html><h1>Not found</h1>", 404, mimetype="text/html")
        return Response(f"<!doctype html>{self.entry(path, whole=True)}", mimetype="text/html")

    def file(self, request: Request, path: str) -> Response:
        if path not in self.files:
            return Response("", 404)
        return Response(self.files[path], mimetype="image/jpeg")

    def entry(self, path: str, *, whole: bool = False) -> str:
        """A post as microformats."""
        properties = self.posts[path]["properties"]
        below = [c for c in self.comments.values() if c["on"] == path] if whole else []
        comments = "".join(_comment(comment, path) for comment in below)
        return (
            f'<article class="h-entry"><h2 class="p-name">{html.escape(properties["name"][0])}</h2>'
            f'<a class="u-url" href="{path}">#</a><div class="e-content">{_html(properties)}</div>{comments}</article>'
        )

    def is_public(self, path: str) -> bool:
        """Whether everybody can read it."""
        post = self.posts.get(path)
        if post is None or post["deleted"] or post["properties"].get("post-status") == ["draft"]:
            return False
        if post["waits"]:
            post["waits"] -= 1
            return False
        return True

    # --- Queries (3.7) ---

    def query(self, request: Request) -> Any:
        asked = request.args.get("q")
        if asked == "config" and self.config:
            return (
                {"media-endpoint": f"{request.host_url}media"}
                if self.media
                else {"syndicate-to": []}
            )
        if asked == "source" and "url" in request.args:
            path = urlsplit(request.args["url"]).path
            if path not in self.posts or self.posts[path]["deleted"] or self.posts[path]["waits"]:
                raise refusal(400, "invalid_request", "not found")
            return self.source(path, request)
        if asked == "source" and self.lists:
            return {"items": self._page(request)}
        raise refusal(400, "invalid_request", "unknown query")

    def _page(self, request: Request) -> list[dict[str, Any]]:
        shown = [
            p
            for p, post in self.posts.items()
            if not post["waits"] and (self.lists_deleted or not post["deleted"])
        ]
        items = [self.source(path, request) for path in reversed(shown)]
        if "filter" in request.args:
            items = [item for item in items if request.args["filter"] in json.dumps(item)]
        start, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 10))
        return items[start : start + limit]

    def source(self, path: str, request: Request) -> dict[str, Any]:
        """A post as it tells it."""
        post = self.posts[path]
        properties = (
            {"deleted": ["2026-05-09T12:00:00Z"]} if post["deleted"] else post["properties"]
        )
        return {
            "type": ["h-entry"],
            "properties": {**properties, "url": [request.host_url.rstrip("/") + path]},
        }

    # --- Actions (3.3 to 3.5) ---

    def act(self, request: Request) -> Any:
        body = request.get_json() if request.is_json else request.form
        self.sent.append(deepcopy(body) if request.is_json else request.form.to_dict(flat=False))
        action = body.get("action", "create")
        if action not in self.scopes:
            raise refusal(403, "insufficient_scope", f"{action} is not among its scopes")
        if action == "create":
            return self.create(request)
        path = urlsplit(body["url"]).path
        if action == "update" and not self.updates:
            raise refusal(501, "not_implemented", "Action not implemented")
        if path not in self.posts or self.posts[path]["deleted"] or self.posts[path]["waits"]:
            raise refusal(400, "invalid_request", f"{path} not found")
        if action == "delete":
            assert not request.is_json
            self.posts[path]["deleted"] = True
            return Response("", 204)
        self._update(self.posts[path]["properties"], request.get_json())
        return Response("", 204)

    def _update(self, properties: dict[str, Any], body: dict[str, Any]) -> None:
        for name, value in body.get("replace", {}).items():
            if not isinstance(value, list) or not value:
                raise refusal(400, "invalid_request", "values have to be arrays")
            properties[name] = self._cleaned(name, value)
        for name in body.get("delete", ()):
            properties.pop(name, None)

    def create(self, request: Request) -> Response:
        """A new post; a short name that is taken gets a number."""
        properties = request.get_json()["properties"] if request.is_json else self._form(request)
        assert all(isinstance(value, list) and value for value in properties.values()), properties
        self._next += 1
        slug = properties.pop("mp-slug", [""])[0] if self.slugs else ""
        name = path = f"/posts/{slug or self._next}"
        number = 1
        while path in self.posts and not self.posts[path]["deleted"]:
            number += 1
            path = f"{name}-{number}"
        properties = {
            key: self._cleaned(key, value)
            for key, value in properties.items()
            if not key.startswith("mp-")
        }
        self.posts.pop(path, None)
        self.posts[path] = {"properties": properties, "deleted": False, "waits": self.slow}
        where = request.host_url.rstrip("/") + path
        return Response("", 202 if self.slow else 201, {"Location": where})

    def _cleaned(self, name: str, value: list[Any]) -> list[Any]:
        if name == "content" and self.strips_classes:
            return [{"html": re.sub(r' class="[^"]*"', "", value[0]["html"])}]
        return value

    def _form(self, request: Request) -> dict[str, list[Any]]:
        properties: dict[str, list[Any]] = {
            name.removesuffix("[]"): request.form.getlist(name)
            for name in request.form
            if name not in ("h", "content[html]")
        }
        properties["content"] = [{"html": request.form["content[html]"]}]
        alts = properties.pop("mp-photo-alt", [])
        for number, (name, file) in enumerate(request.files.items(multi=True)):
            kept = self.keep(file.filename or "", file.read())
            alt = alts[number] if number < len(alts) else ""
            properties.setdefault(name.removesuffix("[]"), []).append({"value": kept, "alt": alt})
        return properties

    # --- Files (3.6) ---

    def keep(self, name: str, data: bytes) -> str:
        """A new file; a name that is taken gets a number."""
        path, number = f"/files/{name}", 1
        while path in self.files:
            number += 1
            path = f"/files/{name}".replace(".", f"-{number}.")
        self.files[path] = data
        return path

    def files_list(self, request: Request) -> Any:
        if not (self.media and self.lists):
            raise refusal(400, "invalid_request", "unknown query")
        return {
            "items": [{"url": request.host_url.rstrip("/") + path} for path in reversed(self.files)]
        }

    def files_act(self, request: Request) -> Any:
        if "media" not in self.scopes:
            raise refusal(401, "insufficient_scope", "no media")
        if request.form.get("action") == "delete":
            path = urlsplit(request.form["url"]).path
            if not self.deletes_files or path not in self.files:
                raise refusal(400, "invalid_request", "no files attached")
            del self.files[path]
            return Response("", 204)
        file = request.files["file"]
        path = self.keep(file.filename or "", file.read())
        return Response("", 201, {"Location": request.host_url.rstrip("/") + path})


def _html(properties: dict[str, Any]) -> str:
    return str(properties["content"][0]["html"])


def _comment(comment: dict[str, str], path: str) -> str:
    to = f'<a class="u-in-reply-to" href="{comment["to"] or path}"></a>'
    return (
        f'<div class="u-comment h-cite"><a class="p-author h-card" href="https://ann.example/">Ann</a>{to}'
        f'<a class="u-url" href="{comment["url"]}"><time class="dt-published" datetime="{comment["at"]}"></time></a>'
        f'<p class="p-content">{html.escape(comment["text"])}</p></div>'
    )


@dataclass
class MicropubPlace(Place):
    """The fixture as a place."""

    kind = "micropub"
    server: Blog = field(default_factory=Blog)

    def options(self, url: str) -> dict[str, str]:
        return {"url": url}

    def census(self, facts: GatheringFacts) -> Census:
        posts = [post["properties"] for post in self.server.posts.values() if not post["deleted"]]
        ours = [
            properties
            for properties in posts
            if facts.mark in _html(properties) + properties["name"][0]
        ]
        files = [name for name in self.server.files if facts.mark in name]
        return Census(
            [self._seen(properties) for properties in ours],
            len(files) if self.server.media else None,
        )

    def _seen(self, properties: dict[str, Any]) -> Seen:
        images = re.findall(r'<img src="([^"]*)" alt="([^"]*)"', _html(properties))
        images += [(photo["value"], photo["alt"]) for photo in properties.get("photo", ())]
        shown = [
            (self.server.files[urlsplit(src).path], alt)
            for src, alt in images
            if urlsplit(src).path in self.server.files
        ]
        words = words_of(f"{html.escape(properties['name'][0])} {_html(properties)}")
        return Seen(words, [data for data, _ in shown], [html.unescape(alt) for _, alt in shown])

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        number = len(self.server.comments) + 1
        url = f"https://ann.example/{number}"
        self.server.comments[url] = {
            "on": urlsplit(post.id).path,
            "text": text,
            "to": to,
            "url": url,
            "at": datetime.now(UTC).isoformat(),
        }
        return url

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        self.server.comments[reply]["text"] = text

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        del self.server.comments[reply]

    def close(self) -> None:
        self.server.close()


@contextmanager
def micropub_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A new one for each test; waiting takes no time."""
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
    monkeypatch.setattr(MicropubTarget, "pause", staticmethod(lambda seconds: None))
    server = Blog()
    with closing(MicropubPlace(port=server.port, secret=TOKEN, server=server)) as place:
        yield place


@dataclass
class RealMicropubPlace(Place):
    """django-indieweb before a blog in memory, asked past its endpoint. It gives files names of its own."""

    kind = "micropub"

    def options(self, url: str) -> dict[str, str]:
        return {"url": url}

    def census(self, facts: GatheringFacts) -> Census:
        posts = httpx.get(f"{self.url}/state").raise_for_status().json()["posts"]
        ours = [post for post in posts if facts.mark in _html(post) + post["name"][0]]
        return Census([self._seen(post) for post in ours])

    def _seen(self, properties: dict[str, Any]) -> Seen:
        shown = re.findall(r'<img src="[^"]*?(/files/[^"]*)" alt="([^"]*)"', _html(properties))
        files = [httpx.get(f"{self.url}{path}").raise_for_status().content for path, _ in shown]
        words = words_of(f"{html.escape(properties['name'][0])} {_html(properties)}")
        return Seen(words, files, [html.unescape(alt) for _, alt in shown])

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        return self._say(on=urlsplit(post.id).path, text=text, to=to)

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        self._say(url=reply, text=text)

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        self._say(gone=reply)

    def _say(self, **fields: str) -> str:
        answer = httpx.post(f"{self.url}/outsider", json=fields).raise_for_status()
        return str(answer.json().get("url", ""))


@contextmanager
def real_micropub_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The real server, kept for the run."""
    server = real_server("micropub", request)
    place = RealMicropubPlace(port=server.port, secret=server.details["TOKEN"])
    httpx.post(f"{place.url}/state").raise_for_status()
    yield place
