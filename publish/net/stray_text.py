"""JSON with something around it that does not belong there: byte order marks, PHP's notices, comments of a cache.

One file of a plugin that was saved with a byte order mark, or one notice that is shown, spoils every answer of a blog.
"""

from __future__ import annotations

import json
import re
from typing import Any

# What stands around an answer is short; whoever writes more than this in front of one has written a page.
_FRONT = 1 << 16
_TRIES = 60
_PAGE = re.compile(r"<!doctype html|<html|<head\b|<body\b", re.IGNORECASE)
# Before and behind these a value is a part of a larger one, which was cut.
_INNER_BEFORE, _INNER_AFTER = ':,[{"', ',:]}"'
_BLANK = "\ufeff\u200b \t\r\n"
_DECODER = json.JSONDecoder()


def json_in(text: str) -> Any:
    """The JSON of a text, without what stands before and behind it; None where there is none.

    A web page that has JSON somewhere in it is a web page.
    """
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
    """The beginning of what a server wrote, on one line and without markup, to show to a person."""
    words = " ".join(re.sub(r"<[^>]*>", " ", text.strip(_BLANK)).split())
    return words if len(words) <= 120 else f"{words[:120].rstrip()}…"


def is_page(text: str) -> bool:
    """Whether this is a web page."""
    return _PAGE.search(text[:_FRONT]) is not None


def _value_at(text: str, start: int) -> Any:
    """The value that begins here, if it stands by itself."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    before, after = text[:start].rstrip(), text[end:].lstrip()
    inner = before.endswith(tuple(_INNER_BEFORE)) or after.startswith(tuple(_INNER_AFTER))
    return None if inner or is_page(before) or is_page(after) else value


def _is_answer(value: Any) -> bool:
    """An object, or a list of them: notices have brackets and braces too."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return isinstance(value, dict) and bool(value)
