"""Each request of a hub: counted, timed, one line in the log, one span. Routes stand for addresses everywhere."""

from __future__ import annotations

import logging
import re
import time
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from kiosk.hub.paths import KEY
from kiosk.hub.telemetry.logs import ACCESS, add_fields, begin_fields
from kiosk.hub.telemetry.metrics import Metrics
from kiosk.hub.telemetry.traces import Traces, trace_id

# The header that names a request, in the log of whoever stands before us and in ours.
REQUEST_ID = "X-Request-ID"
_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What balancers ask every few seconds, and parts of pages: counted, but no line each.
_QUIET = frozenset({"static", "hub_health.healthz", "hub_health.readyz"})


@dataclass(frozen=True)
class Telemetry:
    """What the processes of a hub tell, as ``extensions["telemetry"]``. ``proxied``: request ids are our proxy's."""

    metrics: Metrics
    traces: Traces
    proxied: bool

    def init_app(self, app: Flask) -> None:
        """Look at each request first, and at its answer last."""
        app.extensions["telemetry"] = self
        app.before_request(_begin)
        app.after_request(_note)
        app.teardown_request(_end)


@dataclass
class _Watched:
    """The request of this thread."""

    id: str
    method: str
    route: str
    since: float
    traced: AbstractContextManager[Any]
    span: Any = None


def current_telemetry() -> Telemetry:
    """That of the current application."""
    telemetry: Telemetry = current_app.extensions["telemetry"]
    return telemetry


def _begin() -> None:
    telemetry = current_telemetry()
    method = request.method if request.method in _METHODS else "other"
    route = str(request.url_rule) if request.url_rule else "none"
    # A stranger's ``traceparent`` is as good as none.
    headers = {name.lower(): text for name, text in request.headers} if telemetry.proxied else {}
    traced = telemetry.traces.span(f"{method} {route}", headers)
    g.watched = watched = _Watched(_request_id(), method, route, time.perf_counter(), traced)
    watched.span = traced.__enter__()
    begin_fields(request=watched.id)
    if trace := trace_id(watched.span):
        add_fields(trace=trace)
    gathering: uuid.UUID | None = request.environ.get(KEY)
    if gathering is not None:
        add_fields(gathering=gathering.hex)


def _request_id() -> str:
    request_id = request.headers.get(REQUEST_ID, "") if current_telemetry().proxied else ""
    return request_id if _ID.fullmatch(request_id) else uuid.uuid4().hex


def _note(response: Response) -> Response:
    watched: _Watched = g.watched
    seconds, metrics = time.perf_counter() - watched.since, current_telemetry().metrics
    metrics.requests.labels(watched.method, watched.route, str(response.status_code)).inc()
    metrics.request_seconds.labels(watched.method, watched.route).observe(seconds)
    response.headers[REQUEST_ID] = watched.id
    if watched.span is not None:
        watched.span.set_attribute("http.request.method", watched.method)
        watched.span.set_attribute("http.route", watched.route)
        watched.span.set_attribute("http.response.status_code", response.status_code)
    if request.endpoint not in _QUIET:
        fields = {
            "method": watched.method,
            "route": watched.route,
            "status": response.status_code,
            "ms": round(1000 * seconds, 1),
        }
        ACCESS.log(_level(response), "request", extra={"fields": fields})
    return response


def _level(response: Response) -> int:
    return logging.WARNING if response.status_code >= 500 else logging.INFO


def _end(_error: BaseException | None) -> None:
    watched: _Watched | None = g.get("watched")
    if watched is not None:
        watched.traced.__exit__(None, None, None)
    begin_fields()
