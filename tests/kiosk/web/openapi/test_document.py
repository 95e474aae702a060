"""The description and the routes say the same: paths, methods, and every field that a view reads."""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from kiosk.runtime.lazy_blueprints import LazyApp
from kiosk.web.openapi.describe import description_of
from kiosk.web.openapi.document import methods_of, path_of
from reporter.models import EventSession
from tests.kiosk.web.openapi import fuzz
from tests.support.browsers.pages import JSON, PHONE, send
from tests.support.raw_http import served

WRITES = {"POST", "PATCH", "PUT"}
SHORT = (
    "POST /s/{code}/takeaways",
    "POST /t/{receipt}",
    "POST /talk/{number}/replies",
    "POST /uploads",
    "PATCH /uploads/{upload_id}",
    "GET /search",
    "GET /m/{sha256}/{rendition}",
    "GET /mine/states",
    "POST /desk/review/{receipt}",
    "POST /desk/sessions",
    "POST /desk/actions",
)


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    contents: dict[str, Any] = client.get("/openapi.json", **PHONE).get_json()
    return contents


def routes(app: LazyApp) -> Iterator[tuple[Rule, str, Callable[..., Any]]]:
    app.load_lazy()
    for rule in app.url_map.iter_rules():
        for method in methods_of(rule):
            yield rule, method, app.view_functions[rule.endpoint]


def fields_read(view: Callable[..., Any]) -> set[str]:
    """Names that the view itself takes from request.form, request.args and request.files, or from a ``form`` of it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(view))))
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=place, attr="get" | "getlist"), args=[name, *_]):
                pass
            case ast.Subscript(value=place, slice=name):
                pass
            case ast.Compare(left=name, ops=[ast.In()], comparators=[place]):
                pass
            case _:
                continue
        source = ast.unparse(place)
        is_request = source in ("request.form", "request.args", "request.files", "form", "args")
        if is_request and isinstance(name, ast.Constant) and isinstance(name.value, str):
            names.add(name.value)
    return names


def test_every_path_and_method_is_described_and_no_other(
    app: LazyApp, document: dict[str, Any]
) -> None:
    there = {(path_of(rule), method.lower()) for rule, method, _view in routes(app)}
    described = {(path, method) for path, place in document["paths"].items() for method in place}
    assert described == there
    assert ("/s/{code}/takeaways", "post") in described
    assert ("/uploads/{upload_id}", "head") in described


def test_whatever_a_view_reads_is_described(app: LazyApp) -> None:
    lacking = {}
    for _rule, _method, view in routes(app):
        description = description_of(view)
        known = (
            {one.name for one in (*description.query, *description.form)} if description else set()
        )
        if missing := fields_read(view) - known:
            lacking[f"{view.__module__}.{view.__name__}"] = sorted(missing)
    # Say it beside the route: @describe(query="…", form="…") of kiosk.web.openapi.describe.
    assert lacking == {}


def test_what_is_written_has_a_described_body(app: LazyApp, document: dict[str, Any]) -> None:
    bare = [
        (path_of(rule), method)
        for rule, method, _view in routes(app)
        if method in WRITES
        and "requestBody" not in document["paths"][path_of(rule)][method.lower()]
    ]
    assert bare == []


def test_the_document_is_valid_and_its_references_lead_somewhere(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()
    astray = copy.deepcopy(document)
    answer = astray["paths"]["/s/{code}/takeaways"]["post"]["responses"]["201"]["content"]
    answer["application/json"]["schema"]["$ref"] = "#/components/schemas/Nothing"
    assert references(document) <= set(document["components"]["schemas"])
    assert references(astray) - set(document["components"]["schemas"]) == {"Nothing"}


def references(place: Any) -> set[str]:
    """Names of the schemas that something in a document refers to."""
    found = (
        {str(place["$ref"]).rpartition("/")[2]}
        if isinstance(place, dict) and "$ref" in place
        else set()
    )
    below = place.values() if isinstance(place, dict) else place if isinstance(place, list) else ()
    return found.union(*map(references, below))


def test_fields_have_their_types(document: dict[str, Any]) -> None:
    operation = document["paths"]["/s/{code}/takeaways"]["post"]
    fields = operation["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert fields["intent"]["enum"] == ["", "learned", "idea", "question", "action"]
    assert fields["client_id"]["format"] == "uuid"
    assert fields["file"]["type"] == "array"
    answer = operation["responses"]["201"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/Takeaway"}
    assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_a_real_answer_is_as_described(
    client: FlaskClient, event: EventSession, document: dict[str, Any]
) -> None:
    record = send(client, event.code, text="Hello")
    schema = document["components"]["schemas"]["Takeaway"]
    assert set(record) == set(schema["properties"])
    health = client.get("/healthz", headers=JSON).get_json()
    assert set(health) == set(document["components"]["schemas"]["Health"]["properties"])


def test_no_request_made_from_it_is_a_server_error(tmp_path: Path) -> None:
    """The short form of ``make fuzz-http``: what anybody may ask, and a few of the desk's routes."""
    app, code = fuzz.make_kiosk(tmp_path / "gathering")
    with served(app.wsgi_app) as server:
        url = f"http://127.0.0.1:{server.bind_addr[1]}"
        tally = fuzz.fuzz(url, examples=2, known=fuzz.fill(url, code), only=SHORT)
    assert tally.failures == {}
    # They came through to the routes.
    assert {200, 303, 404, 422} <= set(tally.statuses)
