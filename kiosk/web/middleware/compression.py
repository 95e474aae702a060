"""Compress pages, style sheets and scripts with gzip to a third, because a hundred phones share one access point."""

from __future__ import annotations

import gzip
import re
from functools import lru_cache

from flask import Blueprint, Response, request

TYPES = frozenset({"text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"})
# A line of a script that is a comment from its first letter on.
COMMENT = re.compile(rb"^[ \t]*//.*\n", re.MULTILINE)
# Responses that are the same for everybody are compressed once.
KEPT = frozenset({"static", "joined.script"})
# Smaller responses fit in one packet anyway.
LEAST = 600
# No text of ours is larger; media are not compressed.
MOST = 2_000_000


def init_app(bp: Blueprint) -> None:
    """Compress the responses of all views."""
    bp.after_app_request(compress)


def compress(response: Response) -> Response:
    """Return the response, gzipped if that helps and the client accepts it (RFC 9110, 8.4.1)."""
    if not _worth(response):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"]:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    script = response.mimetype == "text/javascript"
    kept = request.endpoint in KEPT
    response.set_data(_packed(body, script=script) if kept else gzip.compress(body, 6))
    response.headers["Content-Encoding"] = "gzip"
    tag, _weak = response.get_etag()
    if tag:
        # Other bytes than without gzip, the same content: a weak mark (RFC 9110, 8.8.1).
        response.set_etag(tag, weak=True)
    return response


def _worth(response: Response) -> bool:
    # The desk is read on the laptop; its pages hold tokens, better not compressed with what others wrote.
    if response.status_code != 200 or request.path.startswith("/desk"):
        return False
    size = response.content_length or 0
    known = response.mimetype in TYPES and "Content-Encoding" not in response.headers
    return known and LEAST < size < MOST and request.method != "HEAD"


@lru_cache(maxsize=64)
def _packed(body: bytes, *, script: bool) -> bytes:
    # A quarter of our scripts is comments, for who reads them in the checkout; a phone doesn't.
    return gzip.compress(COMMENT.sub(b"", body) if script else body, 9)
