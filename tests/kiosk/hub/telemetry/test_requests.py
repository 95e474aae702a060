"""What a hub tells of its requests: routes, never addresses; ids that are its own or its proxy's."""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask
from flask.testing import FlaskClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from kiosk.hub.telemetry.logs import ACCESS, JsonLines
from kiosk.hub.telemetry.traces import ENDPOINTS
from kiosk.hub_app import create_hub_app
from kiosk.runtime.database import db
from reporter.hub.roles import Role
from tests.support.hub import HubKit

PATH = "/hub/invitation/<secret>"


class Lines(logging.Handler):
    """The log, as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler = Lines()
    ACCESS.addHandler(handler)
    ACCESS.setLevel(logging.INFO)
    yield handler.texts
    ACCESS.removeHandler(handler)


class Collector:
    """An OTLP collector that keeps what it gets."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self) -> list[tuple[str, str]]:
        """(name, trace id) of each."""
        found = []
        for body in self.bodies:
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    found += [(span.name, span.trace_id.hex()) for span in scope.spans]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def proxied(hub: HubKit, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Pages behind a proxy, whose traces go to the collector."""
    monkeypatch.setenv(ENDPOINTS[1], f"http://127.0.0.1:{collector.server.server_port}")
    app = create_hub_app(dataclasses.replace(hub.settings, proxies=1), clock=hub.clock)
    yield app
    app.extensions["telemetry"].traces.stop()
    app.extensions["hub"].stop()
    with app.app_context():
        db.engine.dispose()


def invited(hub: HubKit, browser: FlaskClient) -> str:
    """Look at an invitation; its secret."""
    hub.organization("Gardens")
    secret = hub.invitation("Gardens", "zoe@example.org", Role.REVIEWER)
    assert browser.get(f"/hub/invitation/{secret}").status_code == 200
    return secret


def figures(hub: HubKit) -> dict[tuple[str, ...], float]:
    """{(name, *labels): value} as Prometheus reads them over HTTP."""
    import httpx

    where, close = hub.app.extensions["telemetry"].metrics.serve("127.0.0.1:0")
    try:
        body = httpx.get(where).raise_for_status().text
    finally:
        close()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


def test_figures_and_lines_name_routes(hub: HubKit, lines: list[str]) -> None:
    browser = hub.app.test_client()
    secret = invited(hub, browser)
    assert browser.get(f"/hub/nothing/{secret}").status_code == 404
    samples = figures(hub)
    assert samples["reporter_hub_requests_total", "GET", PATH, "200"] == 1
    assert samples["reporter_hub_requests_total", "GET", "none", "404"] == 1
    assert samples["reporter_hub_request_seconds_count", "GET", PATH] == 1
    assert ("process_resident_memory_bytes",) in samples
    read = [json.loads(line) for line in lines]
    assert [(one["route"], one["status"]) for one in read] == [(PATH, 200), ("none", 404)]
    assert len({one["request"] for one in read}) == 2
    assert not [name for name in (secret, "zoe@") if name in "".join(lines) + str(samples)]


def test_only_a_proxy_names_requests(hub: HubKit, proxied: Flask, lines: list[str]) -> None:
    asked = {"X-Request-ID": "from-the-proxy"}
    own = hub.app.test_client().get("/hub/sign-in", headers=asked)
    assert own.headers["X-Request-ID"] != "from-the-proxy"
    browser = proxied.test_client()
    assert browser.get("/hub/sign-in", headers=asked).headers["X-Request-ID"] == "from-the-proxy"
    hostile = browser.get("/hub/sign-in", headers={"X-Request-ID": "a b " * 40})
    assert len(hostile.headers["X-Request-ID"]) == 32
    assert json.loads(lines[1])["request"] == "from-the-proxy"


def test_traces_go_where_an_endpoint_is_named(
    hub: HubKit, collector: Collector, proxied: Flask, lines: list[str]
) -> None:
    hub.organization("Gardens")
    secret = hub.invitation("Gardens", "zoe@example.org", Role.REVIEWER)
    trace = "0af7651916cd43dd8448eb211c80319c"
    parent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    proxied.test_client().get(f"/hub/invitation/{secret}", headers=parent)
    proxied.extensions["telemetry"].traces.stop()
    spans = collector.spans()
    assert (f"GET {PATH}", trace) in spans
    assert ("SELECT", trace) in spans
    assert json.loads(lines[0])["trace"] == trace
    sent = b"".join(collector.bodies)
    assert b"FROM hub_invitation" in sent
    assert secret.encode() not in sent
