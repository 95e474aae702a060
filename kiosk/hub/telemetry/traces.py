"""OpenTelemetry's traces: loaded only where an OTLP endpoint is named (the extra ``traces``).

A span is called as its route or turn, and a query as its first word: no address, which may hold a secret, and no
values. (OpenTelemetry's own instrumentation of Flask would send addresses.) Endpoint, headers and sampling are set by
variables of its own: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from reporter.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_SERVICE = "reporter-hub"


class Traces:
    """Of one process; those of a process without an endpoint do nothing."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("kiosk.hub") if provider else None

    def span(
        self, name: str, headers: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Any]:
        """A span for a while; part of the trace that ``headers`` (W3C Trace Context; names in small letters) say."""
        if self._tracer is None:
            return nullcontext()
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        return self._tracer.start_as_current_span(
            name,
            context=extract(headers) if headers is not None else None,
            kind=SpanKind.SERVER if headers is not None else SpanKind.INTERNAL,
            record_exception=False,
        )

    def watch(self, engine: Engine) -> None:
        """A span for each query of an engine."""
        if self._tracer is None:
            return
        from opentelemetry.trace import SpanKind

        tracer, key = self._tracer, "span"

        @event.listens_for(engine, "before_cursor_execute")
        def _begin(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            span = tracer.start_span(statement.split(None, 1)[0].upper(), kind=SpanKind.CLIENT)
            span.set_attribute("db.system.name", "postgresql")
            # Values are apart from it.
            span.set_attribute("db.query.text", statement)
            connection.info[key] = span

        @event.listens_for(engine, "after_cursor_execute")
        def _end(connection: Any, *_: Any) -> None:
            connection.info.pop(key).end()

        @event.listens_for(engine, "handle_error")
        def _fail(context: Any) -> None:
            span = context.connection and context.connection.info.pop(key, None)
            if span:
                span.set_attribute("error.type", type(context.original_exception).__name__)
                span.end()

    def stop(self) -> None:
        """Send what waits."""
        if self._provider:
            self._provider.shutdown()


def trace_id(span: Any) -> str:
    """The id of a span's trace, as it stands in ``traceparent``; '' without one."""
    return f"{span.get_span_context().trace_id:032x}" if span is not None else ""


def make_traces(environment: Mapping[str, str] = os.environ) -> Traces:
    """Those that the environment asks for. Raises ConfigError where the extra is missing."""
    if not any(environment.get(name) for name in ENDPOINTS):
        return Traces()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigError(
            "Traces need the extra traces: pip install 'social-reporter[hub,traces]'"
        ) from error
    # OTEL_SERVICE_NAME wins, if it is set.
    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": _SERVICE}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)
