"""The HTTP interface as an OpenAPI 3.1 document, made from the routes themselves (https://spec.openapis.org/oas/v3.1.1).

Paths, methods and parameters of paths are Flask's; the rest stands beside each route (``describe``) and in ``schemas``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify
from werkzeug.routing import Rule

from kiosk.runtime.static_files import version
from kiosk.web.openapi.describe import Description, Field, describe, description_of
from kiosk.web.openapi.schemas import PATH_PARAMETERS, SCHEMAS

bp = Blueprint("openapi", __name__)

FORM = "application/x-www-form-urlencoded"
FILE_FORM = "multipart/form-data"
PROBLEM = "application/problem+json"
HTML = "text/html"
_TAGS = {
    "desk": "Desk: the laptop itself, or a machine that has logged in",
    "station": "Station: the laptop's walk-up page; who may use the desk",
    "uploads": "Resumable uploads (tus 1.0.0)",
    "probes": "What phones ask of a network",
    "phones": "For phones: no account; whoever holds a receipt may",
    "screens": "Wall, search, media",
}
_SCREENS = frozenset({"wall", "search", "media", "became", "static", "health", "openapi"})
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
    "file": {"type": "string", "contentMediaType": "application/octet-stream"},
}
# Which header a success carries, by status.
_PLACE = {"Location": {"description": "Where to go on.", "schema": {"type": "string"}}}


@bp.get("/openapi.json")
@describe(answers="Document")
def openapi() -> Response:
    """Return the OpenAPI document."""
    return jsonify(document(current_app))


def document(app: Flask) -> dict[str, Any]:
    """Build the whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        place = paths.setdefault(path_of(rule), {})
        place |= {method.lower(): operation(rule, method, view) for method in methods_of(rule)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Social Reporter",
            "version": version(),
            "description": "One kiosk of an offline event. Errors come as problem documents (RFC 9457) to clients "
            "that prefer JSON or speak tus, as pages to others. `429` and `503` carry `Retry-After`.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": words} for name, words in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "login": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
        },
    }


def methods_of(rule: Rule) -> Iterator[str]:
    """Return the methods that a route handles itself, without Flask's HEAD and OPTIONS."""
    given = set(rule.methods or ())
    added = {"OPTIONS"} if given - {"OPTIONS"} else set()
    return iter(sorted(given - added - ({"HEAD"} if "GET" in given else set())))


def path_of(rule: Rule) -> str:
    """Convert ``/s/<code>`` to ``/s/{code}``."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


def operation(rule: Rule, method: str, view: Callable[..., Any]) -> dict[str, Any]:
    """Describe one method of one path."""
    description = description_of(view) or Description()
    tag = tag_of(rule)
    words = (view.__doc__ or "").strip().split("\n\n")
    operation_object: dict[str, Any] = {
        "operationId": f"{method.lower()} {rule.rule}",
        "summary": " ".join(words[0].split()),
        "tags": [tag],
        "parameters": [*_path_parameters(rule), *_parameters(description)],
        "responses": _responses(method, description, tag),
    }
    if tag in ("desk", "station") and rule.endpoint not in ("access.login", "access.check_login"):
        operation_object["security"] = [{}, {"login": []}]
    if body := _body(method, description, tag):
        operation_object["requestBody"] = body
    return operation_object


def tag_of(rule: Rule) -> str:
    """Return the part of the interface that a route belongs to."""
    first = rule.rule.split("/")[1]
    if first in ("desk", "station", "uploads"):
        return first
    blueprint = rule.endpoint.partition(".")[0]
    if blueprint == "probes":
        return "probes"
    return "screens" if blueprint in _SCREENS else "phones"


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": PATH_PARAMETERS.get(name, {"type": "string"}),
        }
        for name in sorted(rule.arguments)
    ]


def _parameters(description: Description) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "in": place, "required": one.required, "schema": _schema(one)}
        for place, fields in (("query", description.query), ("header", description.headers))
        for one in fields
    ]


def _schema(one: Field) -> dict[str, Any]:
    schema = dict(_TYPES[one.type])
    if one.choices:
        # An optional value is an empty field in a form.
        schema["enum"] = list(one.choices) if one.required else ["", *one.choices]
    return {"type": "array", "items": schema} if one.many else schema


def _body(method: str, description: Description, tag: str) -> dict[str, Any] | None:
    if method not in ("POST", "PATCH", "PUT"):
        return None
    content: dict[str, Any] = {}
    if description.json:
        content["application/json"] = {"schema": _ref(description.json)}
    if description.body:
        content[description.body] = {
            "schema": {"type": "string", "contentMediaType": description.body}
        }
    if description.form or description.other_fields or (tag == "desk" and not content):
        schema = _form_schema(description, desk=tag in ("desk", "station"))
        content[FILE_FORM] = {"schema": schema}
        if not any(one.type == "file" for one in description.form):
            content[FORM] = {"schema": schema}
    return {"content": content} if content else None


def _form_schema(description: Description, *, desk: bool) -> dict[str, Any]:
    fields = {one.name: _schema(one) for one in description.form}
    required = [one.name for one in description.form if one.required]
    if desk:
        # Pages include it in their forms; scripts send it as X-CSRFToken.
        fields["csrf_token"] = {"type": "string"}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": fields,
        "additionalProperties": {"type": "string"} if description.other_fields else False,
    }
    return schema | ({"required": required} if required else {})


def _responses(method: str, description: Description, tag: str) -> dict[str, Any]:
    usual = (303,) if method == "POST" else (200,)
    responses = {
        str(status): _success(status, description) for status in description.statuses or usual
    }
    if tag in ("desk", "station") and method == "GET":
        responses["302"] = {"description": "To the login page.", "headers": _PLACE}
    if description.answers and method == "GET":
        responses["304"] = {"description": "Nothing has changed since the ETag that was sent."}
    responses["default"] = {
        "description": "Not done: 400 malformed, 403 not allowed, 404 not found, 408 broke off, 409 changed meanwhile, "
        "410 taken back, 413 too large, 415 another kind, 422 can't be used, 429 too much, 503 busy, 507 disk.",
        "content": {PROBLEM: {"schema": _ref("Problem")}, HTML: {"schema": {"type": "string"}}},
    }
    return responses


def _success(status: int, description: Description) -> dict[str, Any]:
    if status in (301, 302, 303):
        return {"description": "Done; the page to go on with.", "headers": _PLACE}
    if status == 204:
        return {"description": "Done."}
    content: dict[str, Any] = {kind: {} for kind in description.produces}
    if description.answers:
        content["application/json"] = {"schema": _ref(description.answers)}
    if not content:
        content[HTML] = {"schema": {"type": "string"}}
    return {"description": "As asked.", "content": content}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
