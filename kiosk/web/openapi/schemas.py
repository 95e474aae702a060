"""JSON that the kiosk takes and answers, as JSON Schema (draft 2020-12), and what stands in paths."""

from __future__ import annotations

from typing import Any

from reporter.codes import CODE_LENGTH
from reporter.enums import Audience, Consent, Intent, Kind, TakeawayState

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SWITCH: Schema = {"type": "boolean"}
_TIME: Schema = {"type": "string", "format": "date-time"}


def _one_of(values: Any, *, or_empty: bool = False) -> Schema:
    return {"type": "string", "enum": [*([""] if or_empty else []), *(str(one) for one in values)]}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(optional: str = "", /, **properties: Schema) -> Schema:
    """An object with these and no others; all are there but the optional ones (names apart by spaces)."""
    required = [name for name in properties if name not in optional.split()]
    object_schema: Schema = {"type": "object", "properties": properties, "required": required}
    return {**object_schema, "additionalProperties": False}


def _open(closed: Schema) -> Schema:
    """The same, and whatever else is in it."""
    return {**closed, "additionalProperties": True}


PATH_PARAMETERS: dict[str, Schema] = {
    "code": {
        "type": "string",
        "description": f"A session's code: {CODE_LENGTH} letters and digits, the last one a check.",
    },
    "receipt": {
        "type": "string",
        "description": "13 letters and digits; hyphens, spaces and capitals don't matter.",
    },
    "sha256": {"type": "string", "description": "The original's SHA-256 in hexadecimal digits."},
    "rendition": {
        "type": "string",
        "description": "thumb, view, play, poster, captions or original; 404 where there is none.",
    },
    "upload_id": {"type": "string", "description": "40 hexadecimal digits, as Location said."},
    "row_id": {"type": "string", "format": "uuid"},
    "size": {"type": "integer"},
}

_MEDIA = _object(
    sha256=_TEXT,
    type=_TEXT,
    bytes=_COUNT,
    width=_or_null(_COUNT),
    height=_or_null(_COUNT),
    duration=_or_null({"type": "number"}),
    state=_one_of(("processing", "ready", "failed")),
    error=_TEXT,
    alt=_TEXT,
    renditions={"type": "object", "additionalProperties": _TEXT},
)
_PUBLISHED = _open(_object("note", target=_TEXT, url=_TEXT, state=_TEXT, note=_TEXT))
_TAKEAWAY = {
    "receipt": _TEXT,
    "id": {"type": "string", "format": "uuid"},
    "session": _object(code=_TEXT, title=_TEXT),
    "kind": _one_of(Kind),
    "text": _TEXT,
    "caption": _TEXT,
    "author": _TEXT,
    "prompt": _TEXT,
    "intent": _one_of(Intent, or_empty=True),
    "audience": _one_of(Audience),
    "consent": _one_of(Consent, or_empty=True),
    "licence": _TEXT,
    "state": _one_of(TakeawayState),
    "starred": _SWITCH,
    "recorded_at": _TIME,
    "received_at": _TIME,
    "tags": _list(_TEXT),
    "media": _list(_ref("Media")),
    "published": _list(_PUBLISHED),
    "replies": _COUNT,
}
_REPLY = {
    "id": _TEXT,
    "kind": _TEXT,
    "author": _TEXT,
    "text": _TEXT,
    "written_at": _TIME,
    "where": _TEXT,
    "url": _TEXT,
    "in_reply_to": _TEXT,
}
_STATION_SESSION = _object(
    code=_TEXT,
    title=_TEXT,
    when=_TEXT,
    audience=_one_of(Audience),
    do_not_record=_SWITCH,
    running=_SWITCH,
)

SCHEMAS: dict[str, Schema] = {
    "Problem": _object(
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer", "minimum": 400, "maximum": 599},
        detail=_TEXT,
    ),
    "Media": _MEDIA,
    "Takeaway": _object(**_TAKEAWAY),
    # ``credential``: what PublicKeyCredential.toJSON() gives (WebAuthn, 5.1), as a text.
    "PasskeyAnswer": _open(_object("name", credential=_TEXT, name=_TEXT)),
    "Change": _open(
        _object(
            "text audience author consent",
            text=_TEXT,
            audience=_one_of(Audience),
            author=_TEXT,
            consent=_one_of(Consent, or_empty=True),
        )
    ),
    "SearchAnswer": _object(
        query=_TEXT,
        total=_COUNT,
        took_ms={"type": "number"},
        facets={"type": "object"},
        themes={"type": "object"},
        suggestion=_TEXT,
        loosened=_TEXT,
        results=_list(_object(**_TAKEAWAY, highlight=_TEXT)),
    ),
    "States": _list(
        _object(
            receipt=_TEXT,
            state=_one_of(TakeawayState),
            step=_TEXT,
            session=_TEXT,
            text=_TEXT,
            published=_list(_PUBLISHED),
        )
    ),
    "WallCards": _object(
        cards=_list({"type": "object"}),
        map=_list({"type": "object"}),
        now={"type": "object"},
        mode=_TEXT,
        paused=_SWITCH,
        light=_SWITCH,
        line=_TEXT,
    ),
    "Health": _object(
        version=_TEXT,
        gathering=_TEXT,
        gathering_id={"type": "string", "format": "uuid"},
        free_bytes=_COUNT,
        queues=_object(media=_COUNT, index=_COUNT, deliveries=_COUNT),
        writable=_SWITCH,
        last_error=_TEXT,
    ),
    "Reply": _object("receipt state", **_REPLY, receipt=_TEXT, state=_TEXT),
    "Thread": _object(replies=_list(_ref("Reply"))),
    "Counts": {"type": "object", "additionalProperties": _COUNT},
    "StationSessions": _object(sessions=_list(_STATION_SESSION)),
    "Scan": _object(session=_or_null(_STATION_SESSION), other=_SWITCH),
    "Edits": _list(_open(_object(kind=_TEXT, numbers=_list({})))),
    "Corners": _object(corners=_or_null(_list({"type": "number"}))),
    "Tried": _object(opened=_SWITCH),
    "Progress": {"type": "object"},
    "Slides": _object(slides=_list({"type": "object"})),
    "FilmState": _object(asked=_SWITCH, done=_COUNT, whole=_COUNT, made=_TEXT),
    "Manifest": {"type": "object"},
    "Document": {"type": "object", "required": ["openapi", "info", "paths"]},
}
