"""JSON request bodies: an object with texts, or an error."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from flask import request

from reporter.errors import BadInput, BadRequest


def read_texts(names: Collection[str]) -> dict[str, str]:
    """Return the texts under these names in the request's JSON object; others are ignored.

    Raises BadRequest for what is no JSON object (RFC 8259), BadInput for a value that is no text. A lone surrogate is
    no text: it has no UTF-8 (RFC 3629, 3).
    """
    given = _object()
    return {name: _text(name, given[name]) for name in names if name in given}


def read_object() -> dict[str, Any]:
    """Return the request's JSON object, whose values may be of any kind; raises as ``read_texts``."""
    given = _object()
    _check_text("JSON", json.dumps(given, ensure_ascii=False))
    return given


def _object() -> dict[str, Any]:
    try:
        given = request.get_json()
    except RecursionError as error:
        raise BadRequest("This JSON is nested too deeply.") from error
    if not isinstance(given, dict):
        raise BadRequest('A JSON object was expected, as {"text": "…"}.')
    return given


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadInput("%(name)s must be a text.", name=name)
    _check_text(name, value)
    return value


def _check_text(name: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadInput("%(name)s holds half a character (a lone surrogate).", name=name) from error
