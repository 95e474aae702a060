"""Bluesky as a place: a fixture for every run, and on demand a real server of the protocol (REAL_SERVERS=bluesky).

The fixture holds records as a server's documentation and refusals say: keys must be TIDs, pictures of a post at most
1,000,000 bytes, tokens run out. Beside the real server, which gathers nobody else's posts, its part that does that
(threads, likes) reads the real server's records.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from werkzeug import Request

from publish.posts.model import GatheringFacts, Remote
from publish.targets.bluesky import records as bluesky_records
from tests.publish.conformance.contract import Census, Place, Seen
from tests.support.servers.fixture import FixtureServer, Refusal
from tests.support.servers.script import real_server

ME, VISITOR = "did:plc:me", "did:plc:visitor"
PASSWORD = "app-pass-word-1"
_XRPC = "/xrpc/com.atproto."
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
Records = dict[tuple[str, str], dict[str, Any]]


class AppView(FixtureServer):
    """What gathers posts: threads, single posts, likes."""

    routes: tuple[tuple[str, str, str], ...] = (
        ("GET", "/xrpc/app.bsky.feed.getPostThread", "thread"),
        ("GET", "/xrpc/app.bsky.feed.getPosts", "posts"),
        ("GET", "/xrpc/app.bsky.feed.getLikes", "likes"),
        ("GET", "/xrpc/app.bsky.feed.getRepostedBy", "reposts"),
    )

    def __init__(self) -> None:
        self.held: Records = {}
        self.liked: list[str] = []
        super().__init__()

    def records(self) -> Records:
        """All posts by (account, key)."""
        return self.held

    def view(self, did: str, rkey: str) -> dict[str, Any]:
        """A post as it is told."""
        row = self.records()[did, rkey]
        return {
            "uri": f"at://{did}/app.bsky.feed.post/{rkey}",
            "cid": row["cid"],
            "record": row["value"],
            "author": {"did": did, "handle": "garden.test" if did == ME else "ann.test"},
        }

    def tree(self, uri: str) -> dict[str, Any]:
        """A post with what answers it."""
        _, _, did, _, rkey = uri.split("/")
        below = [
            at
            for at, row in self.records().items()
            if row["value"].get("reply", {}).get("parent", {}).get("uri") == uri
        ]
        replies = [self.tree(f"at://{d}/app.bsky.feed.post/{r}") for d, r in below]
        return {"post": self.view(did, rkey), "replies": replies}

    def thread(self, request: Request) -> Any:
        uri = request.args["uri"]
        _, _, did, _, rkey = uri.split("/")
        if (did, rkey) not in self.records():
            raise Refusal(400, {"error": "NotFound", "message": "Post not found"})
        return {"thread": self.tree(uri)}

    def posts(self, request: Request) -> Any:
        places = [(uri.split("/")[2], uri.split("/")[4]) for uri in request.args.getlist("uris")]
        return {"posts": [self.view(*at) for at in places if at in self.records()]}

    def likes(self, request: Request) -> Any:
        return {
            "likes": [
                {
                    "actor": {"did": f"did:plc:{who}", "handle": f"{who}.test"},
                    "createdAt": "2026-05-09T10:00:00.000Z",
                }
                for who in self.liked
            ]
        }

    def reposts(self, request: Request) -> Any:
        return {"repostedBy": []}


class Bluesky(AppView):
    """One server with two accounts."""

    routes = (
        *AppView.routes,
        ("POST", f"{_XRPC}server.createSession", "sign_in"),
        ("POST", f"{_XRPC}server.refreshSession", "refresh"),
        ("GET", f"{_XRPC}repo.getRecord", "get"),
        ("POST", f"{_XRPC}repo.putRecord", "put"),
        ("POST", f"{_XRPC}repo.deleteRecord", "delete"),
        ("POST", f"{_XRPC}repo.uploadBlob", "upload"),
    )

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        # What apps show that do not follow changes: the first version since a record was made.
        self.first_seen: dict[tuple[str, str], dict[str, Any]] = {}
        self.token = 1
        super().__init__()

    def session(self) -> dict[str, str]:
        """What a sign-in tells."""
        return {
            "did": ME,
            "handle": "garden.test",
            "accessJwt": f"access-{self.token}",
            "refreshJwt": f"again-{self.token}",
        }

    def sign_in(self, request: Request) -> Any:
        if request.get_json()["password"] != PASSWORD:
            raise Refusal(
                401,
                {"error": "AuthenticationRequired", "message": "Invalid identifier or password"},
            )
        return self.session()

    def refresh(self, request: Request) -> Any:
        if request.headers.get("Authorization") != f"Bearer again-{self.token - 1}":
            raise Refusal(400, {"error": "ExpiredToken", "message": "Token has been revoked"})
        return self.session()

    def _allow(self, request: Request) -> None:
        if request.headers.get("Authorization") != f"Bearer access-{self.token}":
            raise Refusal(400, {"error": "ExpiredToken", "message": "Token has expired"})

    def get(self, request: Request) -> Any:
        self._allow(request)
        at = request.args["repo"], request.args["rkey"]
        if at not in self.held:
            raise Refusal(
                400, {"error": "RecordNotFound", "message": f"Could not locate record: {at}"}
            )
        return {"uri": f"at://{at[0]}/app.bsky.feed.post/{at[1]}", **self.held[at]}

    def put(self, request: Request) -> Any:
        self._allow(request)
        body = request.get_json()
        return self.write(body["repo"], body["rkey"], body["record"])

    def write(self, did: str, rkey: str, record: dict[str, Any]) -> dict[str, str]:
        """Keep a record, checked as the server checks it."""
        if not _TID.fullmatch(rkey):
            raise Refusal(
                400, {"error": "InvalidRequest", "message": "Invalid record key: not a TID"}
            )
        if len(record["text"]) > 300:
            raise Refusal(
                400,
                {
                    "error": "InvalidRequest",
                    "message": "Record/text must not be longer than 300 graphemes",
                },
            )
        for image in record.get("embed", {}).get("images", ()):
            if image["image"]["size"] > 1_000_000:
                raise Refusal(400, {"error": "InvalidRequest", "message": "File too large"})
        cid = hashlib.sha256(repr(record).encode()).hexdigest()[:20]
        self.held[did, rkey] = {"cid": cid, "value": record}
        self.first_seen.setdefault((did, rkey), record)
        return {"uri": f"at://{did}/app.bsky.feed.post/{rkey}", "cid": cid}

    def delete(self, request: Request) -> Any:
        self._allow(request)
        body = request.get_json()
        for known in (self.held, self.first_seen):
            known.pop((body["repo"], body["rkey"]), None)
        return {}

    def upload(self, request: Request) -> Any:
        self._allow(request)
        data = request.get_data()
        link = "bafk" + hashlib.sha256(data).hexdigest()[:30]
        self.blobs[link] = data
        return {
            "blob": {
                "$type": "blob",
                "ref": {"$link": link},
                "mimeType": request.mimetype,
                "size": len(data),
            }
        }


@dataclass
class BlueskyPlace(Place):
    """The fixture as a place."""

    kind = "bluesky"
    view: AppView = field(default_factory=Bluesky)
    me: str = ME
    user: str = "garden.test"
    replies_made: int = 0

    def options(self, url: str) -> dict[str, str]:
        return {"url": url, "user": self.user, "appview": self.view.url}

    def blob(self, link: str) -> bytes:
        """The bytes of a file."""
        assert isinstance(self.view, Bluesky)
        return self.view.blobs[link]

    def write(self, rkey: str, record: dict[str, Any]) -> None:
        """Write a record as the visitor."""
        assert isinstance(self.view, Bluesky)
        self.view.write(VISITOR, rkey, record)

    def census(self, facts: GatheringFacts) -> Census:
        own = {
            rkey: row["value"] for (did, rkey), row in self.view.records().items() if did == self.me
        }
        roots = [
            rkey
            for rkey, record in own.items()
            if "reply" not in record and facts.mark in record["text"]
        ]
        return Census([self._seen(root, own) for root in roots])

    def _seen(self, root: str, own: dict[str, dict[str, Any]]) -> Seen:
        uri = f"at://{self.me}/app.bsky.feed.post/{root}"
        thread = [
            own[root],
            *(r for r in own.values() if r.get("reply", {}).get("root", {}).get("uri") == uri),
        ]
        images = [image for record in thread for image in record.get("embed", {}).get("images", ())]
        words = " ".join(" ".join(record["text"].split()) for record in thread)
        return Seen(
            words,
            [self.blob(image["image"]["ref"]["$link"]) for image in images],
            [image["alt"] for image in images],
        )

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        self.replies_made += 1
        _, _, did, _, rkey = (to or post.id).split("/")
        parent = {"uri": to or post.id, "cid": self.view.records()[did, rkey]["cid"]}
        root = {"uri": post.id, "cid": self.view.records()[self.me, post.id.split("/")[4]]["cid"]}
        record = {
            "$type": "app.bsky.feed.post",
            "text": text,
            "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "reply": {"root": root, "parent": parent},
        }
        self.write(bluesky_records.record_key(f"{post.id}{self.replies_made}"), record)
        return ""

    def outsider_edits(self, post: Remote, reply: str, text: str) -> None:
        _, _, did, _, rkey = reply.split("/")
        self.write(rkey, {**self.view.records()[did, rkey]["value"], "text": text})

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        _, _, did, _, rkey = reply.split("/")
        del self.view.held[did, rkey]

    def close(self) -> None:
        self.view.close()


@contextmanager
def bluesky_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A new one for each test."""
    server = Bluesky()
    with closing(BlueskyPlace(port=server.port, secret=PASSWORD, view=server)) as place:
        yield place


class RealAppView(AppView):
    """Reads what a real server holds."""

    def __init__(self, url: str, accounts: list[str]) -> None:
        self.pds, self.accounts = url, accounts
        super().__init__()

    def records(self) -> Records:
        found: Records = {}
        for did in self.accounts:
            query = {"repo": did, "collection": "app.bsky.feed.post", "limit": "100"}
            rows = (
                httpx.get(f"{self.pds}/xrpc/com.atproto.repo.listRecords", params=query)
                .raise_for_status()
                .json()
            )
            found |= {(did, row["uri"].rpartition("/")[2]): row for row in rows["records"]}
        return found


@dataclass
class RealBlueskyPlace(BlueskyPlace):
    """A real server, with a visitor who has an account there too."""

    visitor: dict[str, Any] = field(default_factory=dict)

    def blob(self, link: str) -> bytes:
        query = {"did": self.me, "cid": link}
        return (
            httpx.get(f"{self.url}/xrpc/com.atproto.sync.getBlob", params=query)
            .raise_for_status()
            .content
        )

    def _repo(self, action: str, **body: Any) -> None:
        given = {"repo": self.visitor["did"], "collection": "app.bsky.feed.post", **body}
        headers = {"Authorization": f"Bearer {self.visitor['accessJwt']}"}
        httpx.post(
            f"{self.url}/xrpc/com.atproto.repo.{action}", json=given, headers=headers
        ).raise_for_status()

    def write(self, rkey: str, record: dict[str, Any]) -> None:
        self._repo("putRecord", rkey=rkey, record=record)

    def outsider_deletes(self, post: Remote, reply: str) -> None:
        self._repo("deleteRecord", rkey=reply.split("/")[4])


@contextmanager
def real_bluesky_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The real server, kept for the run."""
    server = real_server("bluesky", request)
    url = f"http://127.0.0.1:{server.port}"

    def sign_in(who: str) -> dict[str, Any]:
        body = {"identifier": f"{who}.test", "password": f"{who}-pass-1"}
        return dict(
            httpx.post(f"{url}/xrpc/com.atproto.server.createSession", json=body)
            .raise_for_status()
            .json()
        )

    me, visitor = sign_in("leekgarden"), sign_in("neighbour")
    view = RealAppView(url, [me["did"], visitor["did"]])
    place = RealBlueskyPlace(
        port=server.port,
        secret="leekgarden-pass-1",
        view=view,
        me=me["did"],
        user="leekgarden.test",
        visitor=visitor,
    )
    with closing(place):
        yield place
