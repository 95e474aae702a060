"""A place that keeps the contract of targets, over real HTTP, and breaks whatever a seeded chance says."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from publish.errors import RetryAfter
from publish.net.http import HttpClient
from publish.posts.model import Post, PostMedia, Remote
from publish.targets import Target, TargetConfig, TargetOption
from publish.targets.capabilities import MediaLibrary

# before: the request is dropped. within: cut while its body is read. after: done, and the answer is lost. error: done,
# and a 500 comes. stall: done, and the answer comes later than anybody waits. drip: the answer comes in small drops.
# busy: 503 with Retry-After. portal: a sign-in page comes, and nothing is done.
_DROP_S = 0.002
FAULTS = ("before", "within", "after", "error", "stall", "drip", "busy", "portal")


class ContractServer:
    """Posts and files by id; ``chance`` and ``rate`` decide what goes wrong."""

    def __init__(self, stall: float) -> None:
        self.stall = stall
        self.rate = 0.0
        self.chance = random.Random(0)
        self.reset()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                server.serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = _serve

            def log_message(self, format: str, *args: Any) -> None:
                """Stay quiet."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that went away is what these tests are about."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def reset(self) -> None:
        """Forget everything."""
        self.lock = threading.Lock()
        self.things: dict[str, dict[str, dict[str, Any]]] = {"posts": {}, "files": {}}
        self.number = 0
        self.received = 0
        self.struck: list[str] = []

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request, or break it."""
        with self.lock:
            fault = self.chance.choice(FAULTS) if self.chance.random() < self.rate else ""
        if fault:
            self.struck.append(fault)
        length = int(request.headers.get("Content-Length", 0))
        body = request.rfile.read(length // 2 if fault == "within" else length)
        self.received += len(body)
        request.close_connection = bool(fault)
        if fault in ("before", "within"):
            return
        if fault == "portal":
            self._answer(request, 200, b"<!doctype html><title>Cafe Wi-Fi</title>", "text/html")
            return
        if fault == "busy":
            self._answer(request, 503, b"{}", retry_after="3")
            return
        with self.lock:
            status, answer = self._do(request.command, request.path, body)
        if fault == "after":
            return
        if fault == "stall":
            time.sleep(self.stall)
        data = json.dumps(answer).encode()
        self._answer(request, 500 if fault == "error" else status, data, drip=fault == "drip")

    def _do(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        parts = urlsplit(path)
        kind, _, number = parts.path.strip("/").partition("/")
        things = self.things[kind]
        if method == "GET":
            key = parse_qs(parts.query)["key"][0]
            return 200, [one for one in things.values() if one["key"] == key]
        if method == "POST":
            self.number += 1
            one = _file(body) if kind == "files" else json.loads(body)
            things[str(self.number)] = {**one, "id": str(self.number)}
            return 201, {**things[str(self.number)], "data": None}
        if number not in things:
            return 404, {"message": "gone"}
        if method == "DELETE":
            return 200, {"deleted": things.pop(number)["key"]}
        things[number] |= json.loads(body)
        return 200, {**things[number], "data": None}

    def _answer(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        data: bytes,
        mime: str = "application/json",
        *,
        drip: bool = False,
        retry_after: str = "",
    ) -> None:
        request.send_response_only(status)
        request.send_header("Content-Type", mime)
        request.send_header("Content-Length", str(len(data)))
        if retry_after:
            request.send_header("Retry-After", retry_after)
        request.end_headers()
        for start in range(0, len(data), 7) if drip else ():
            request.wfile.write(data[start : start + 7])
            request.wfile.flush()
            time.sleep(_DROP_S)
        if not drip:
            request.wfile.write(data)


def _file(body: bytes) -> dict[str, Any]:
    """The one file of a multipart body, as its key and its length and hash."""
    found = re.search(rb'filename="([^".]+)', body)
    assert found is not None
    return {"key": found[1].decode(), "data": None, "bytes": len(body)}


class ContractTarget(MediaLibrary, Target):
    """Speaks to a ContractServer through ``publish.net.http``."""

    kind: ClassVar[str] = "contract"
    title: ClassVar[str] = "Contract"
    options: ClassVar[tuple[TargetOption, ...]] = (
        TargetOption("url", "where", label="Address", required=True),
    )
    # Called when something was done at the server and nothing is written down yet: may kill the process.
    after: ClassVar[Any] = staticmethod(lambda: None)

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        self._web = HttpClient(setup.name)
        self._url = setup.options["url"]

    def close(self) -> None:
        self._web.close()

    def test(self) -> str:
        return "It answers."

    def _call(self, method: str, path: str, **parts: Any) -> Any:
        answer = self._web.call(method, f"{self._url}/{path}", **parts)
        if answer.data is None:
            raise RetryAfter("An empty answer.")
        if method != "GET":
            self.after()
        return answer.data

    def _found(self, kind: str, key: str) -> Remote | None:
        rows = self._call("GET", kind, params={"key": key})
        return _remote(rows[0]) if rows else None

    def find(self, key: str) -> Remote | None:
        return self._found("posts", key)

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        return _remote(self._call("POST", "posts", json=_post(post, links)))

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        return _remote(self._call("PUT", f"posts/{remote.id}", json=_post(post, links)))

    def withdraw(self, remote: Remote) -> None:
        self._call("DELETE", f"posts/{remote.id}")

    def find_media(self, key: str, ext: str) -> Remote | None:
        return self._found("files", key)

    def put_media(self, media: PostMedia) -> Remote:
        with media.path.open("rb") as file:
            return _remote(
                self._call("POST", "files", files={"file": (media.filename, file, media.mime)})
            )

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        return _remote(self._call("PUT", f"files/{remote.id}", json={"alt": media.alt}))

    def withdraw_media(self, remote: Remote) -> None:
        self._call("DELETE", f"files/{remote.id}")


def _remote(row: Mapping[str, Any]) -> Remote:
    return Remote(row["id"], f"https://contract.example/{row['key']}")


def _post(post: Post, links: Mapping[str, Remote]) -> dict[str, Any]:
    return {
        "key": post.key,
        "texts": sorted(block.caption or block.text for block in post.blocks),
        "files": sorted(links[media.key].id for media in post.media() if media.key in links),
    }
