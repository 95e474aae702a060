"""Extract JSON from responses with stray text around it: byte order marks, PHP notices, cache comments.

A single plugin file saved with a byte order mark, or one displayed notice, corrupts every response of a blog.
"""

from __future__ import annotations

import json
import re
from typing import Any

# Stray text is short; more than this in front of a value means that the response is a page.
_FRONT = 1 << 16
_TRIES = 60
_PAGE = re.compile(r"<!doctype html|<html|<head\b|<body\b", re.IGNORECASE)
# Next to these characters a value is a fragment of a larger, truncated one.
_INNER_BEFORE, _INNER_AFTER = ':,[{"', ',:]}"'
# An object or a list of texts, objects or lists; in "[28-Nov-2026] PHP Notice" there is none.
_JSON_BEGINS = re.compile(r"[{\[]\s*(?:[\"{\[\]}]|$)")
_BLANK = "\ufeff\u200b \t\r\n"
# U+D800 to U+DFFF.
_HALF = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
_DECODER = json.JSONDecoder()


def json_in(text: str) -> Any:
    """The JSON value in a text, ignoring stray text around it; None if there is none.

    A web page that contains JSON is still a web page. Halves of characters, which JSON can hold and no
    database can, are replaced.
    """
    value = _found_in(text)
    if not _HALF.search(text):
        return value
    # Through JSON once more, since it may be nested deeper than a function can call itself.
    halves = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
    return json.loads(halves.decode("utf-16", "replace"))


def _found_in(text: str) -> Any:
    bare = text.strip(_BLANK)
    try:
        return json.loads(bare)
    except (ValueError, RecursionError):
        pass
    empty = None
    for found in list(re.finditer(r"[{\[]", bare[:_FRONT]))[:_TRIES]:
        value = _value_at(bare, found.start())
        if _is_answer(value):
            return value
        empty = value if empty is None and value in ([], {}) else empty
    return empty


def stray_words(text: str) -> str:
    """The start of a server's response, on one line and without markup, to show to a person."""
    words = " ".join(re.sub(r"<[^>]*>", " ", text.strip(_BLANK)).split())
    return words if len(words) <= 120 else f"{words[:120].rstrip()}…"


def decoded(body: bytes, encoding: str) -> str:
    """The text of a response. JSON in UTF-16 or UTF-32 is known by its first bytes, whatever its header says."""
    first = json.detect_encoding(body[:4]) if len(body) > 3 else ""
    wide = first.startswith(("utf-16", "utf-32"))
    return body.decode(first if wide else encoding, "replace")


def words_before_json(text: str) -> str:
    """What to show of a response that can't be read: none of the JSON in it, which may hold a token."""
    try:
        json.loads(text.strip(_BLANK))
    except (ValueError, RecursionError):
        return stray_words(_JSON_BEGINS.split(text, maxsplit=1)[0])
    return ""


def is_page(text: str) -> bool:
    """Whether a text is an HTML page."""
    return _PAGE.search(text[:_FRONT]) is not None


def _value_at(text: str, start: int) -> Any:
    """The JSON value at this position, if it stands alone."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    before, after = text[:start].rstrip(), text[end:].lstrip()
    inner = before.endswith(tuple(_INNER_BEFORE)) or after.startswith(tuple(_INNER_AFTER))
    return None if inner or is_page(before) or is_page(after) else value


def _is_answer(value: Any) -> bool:
    """Whether a value is an object or a list of objects: notices contain brackets and braces too."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return isinstance(value, dict) and bool(value)
