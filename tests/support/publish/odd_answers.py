"""Answers with 200 that say nothing of what was asked, as overloaded servers, caches and filters give them."""

from __future__ import annotations

from tests.support.publish.fakes import FaultProxy

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
