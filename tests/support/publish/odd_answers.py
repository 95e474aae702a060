"""Answers with 200 that say nothing of what was asked, as overloaded servers, caches and filters give them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from tests.support.publish.fakes import FaultProxy, HttpAnswer, MakesAnswer

# In place of an object of JSON.
ODD_JSON = {
    "nothing": b"",
    "an empty object": b"{}",
    "null": b"null",
    "a list": b"[]",
    "true": b"true",
    "a word": b'"ok"',
    "an error": b'{"error": "internal", "errcode": "M_UNKNOWN"}',
    "half an answer": b'{"id": "1", "event_id": "$x", "chunk": [{"access_token": "secr',
    "a page": b"<html><body>Please wait</body></html>",
}


def crossed(requests: Sequence[Any], answers: Iterable[str] = ODD_JSON) -> list[Any]:
    """Pairs for ``parametrize``: each answer to each request. In every run each answer comes once, to one request or
    another; the rest comes with ``make test-long``."""
    return [
        pytest.param(request, answer, marks=() if turn % len(requests) == at else pytest.mark.long)
        for turn, answer in enumerate(answers)
        for at, request in enumerate(requests)
    ]


class OddOnce:
    """Answers one request to ``path`` (a part of it) with ``body``; the server has done what was asked."""

    def __init__(self, proxy: FaultProxy, body: bytes, path: str, method: str = "") -> None:
        self.body, self.path, self.method = body, path, method
        self.left = 1
        proxy.fault = self

    def __call__(self, method: str, path: str) -> bytes | None:
        if self.left and self.path in path and self.method in ("", method):
            self.left -= 1
            return self.body
        return None


# --- Whole answers -------------------------------------------------------------------------------------------

LOGIN_PAGE = b"<!doctype html><title>Sign in</title><form><input name=user></form>"
_JSON, _HTML = ("Content-Type", "application/json"), ("Content-Type", "text/html")


def altered(change: Callable[[bytes], bytes], *more: tuple[str, str]) -> MakesAnswer:
    """The server did what was asked; the body of its answer is changed."""

    def answer(own: Callable[[], HttpAnswer]) -> HttpAnswer:
        status, headers, data = own()
        return status, [*headers, *more], change(data)

    return answer


def replaced(status: int, body: bytes, *headers: tuple[str, str]) -> MakesAnswer:
    """The server did what was asked; another answer comes, as from a proxy that lost patience."""

    def answer(own: Callable[[], HttpAnswer]) -> HttpAnswer:
        own()
        return status, headers or [_JSON], body

    return answer


def refusal(status: int, body: bytes = b"", *headers: tuple[str, str]) -> MakesAnswer:
    """Nothing arrived at the server: something before it answers."""
    kind = [] if any(name == "Content-Type" for name, _ in headers) else [_JSON]
    return lambda own: (status, [*kind, *headers], body)


def _other_types(data: bytes) -> bytes:
    """Each id that is a number as a text, and each text of digits as a number."""

    def turn(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: turn(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [turn(one, name) for one in value]
        if name == "id" and isinstance(value, int):
            return str(value)
        return int(value) if name == "id" and isinstance(value, str) and value.isdigit() else value

    try:
        return json.dumps(turn(json.loads(data))).encode()
    except ValueError:
        return data


def odd_answers(secret: str) -> dict[str, MakesAnswer]:
    """Answers as filters, caches, proxies and half-broken servers give them. ``secret``: what some repeat."""
    echo = json.dumps({"error": f"bad token {secret}", "message": f"bad token {secret}"}).encode()
    wait = ("Retry-After", "90")
    done = {
        "done, 204": replaced(204, b""),
        "done, 200 and nothing": replaced(200, b""),
        "done, UTF-16": altered(lambda data: data.decode().encode("utf-16")),
        "done, byte order mark": altered(lambda data: b"\xef\xbb\xbf" + data),
        "done, notice before": altered(
            lambda data: b"<br />\n<b>Notice</b>: Undefined {x}\n" + data
        ),
        "done, comment behind": altered(lambda data: data + b"\n<!-- cached {1} -->"),
        "done, in a list": altered(lambda data: b"[" + data + b"]"),
        "done, null": replaced(200, b"null"),
        "done, true": replaced(200, b"true"),
        "done, a word": replaced(200, b'"ok"'),
        "done, empty object": replaced(200, b"{}"),
        "done, empty list": replaced(200, b"[]"),
        "done, half of it": altered(lambda data: data[: len(data) // 2]),
        "done, ids of the other type": altered(_other_types),
        "done, gzip": altered(gzip.compress, ("Content-Encoding", "gzip")),
        "done, no gzip though said": altered(lambda data: data, ("Content-Encoding", "gzip")),
        "done, sign-in page": replaced(200, LOGIN_PAGE, _HTML),
        "done, 500": replaced(500, b"<h1>Internal Server Error</h1>", _HTML),
        "done, 504": replaced(504, b"", _HTML),
        "done, secret repeated": replaced(200, echo),
    }
    refused = {
        f"{status} {name}": refusal(status, body, *headers)
        for status in (
            400,
            401,
            403,
            404,
            405,
            409,
            410,
            413,
            415,
            422,
            429,
            451,
            500,
            502,
            503,
            507,
        )
        for name, body, headers in (
            ("json", echo, []),
            ("page", b"<html><h1>No</h1></html>", [_HTML]),
        )
    }
    moved = {
        "301 elsewhere": refusal(301, b"", ("Location", "https://new.example.org/")),
        "302 sign-in": refusal(302, b"", ("Location", "http://login.example.org/portal?x=1")),
        "307 nowhere": refusal(307, b""),
        "429 wait": refusal(429, b"{}", wait),
        "503 wait": refusal(503, b"", wait),
        "511": refusal(511, LOGIN_PAGE, _HTML),
    }
    return {**done, **refused, **moved}
