"""A hub's log: a JSON document a line on standard error, with what the line belongs to, and without anybody's words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from kiosk.privacy.log_files import redact

# Of the request, or of the turn of a worker, that this thread is at.
_fields: ContextVar[dict[str, object]] = ContextVar("log_fields", default={})  # noqa: B039 - replaced, never changed
# Lines of this one tell of each request.
ACCESS = logging.getLogger("kiosk.hub.access")


class JsonLines(logging.Formatter):
    """Each record as one JSON document; its message is redacted, fields are the program's own."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; where an exception came from stands in ``message``."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(super().format(record)),
            **_fields.get(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, ensure_ascii=False)


def log_as_json() -> None:
    """Write JSON lines from now on: warnings, and each request."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    ACCESS.setLevel(logging.INFO)


def begin_fields(**fields: object) -> None:
    """What the lines of this thread belong to from now on."""
    _fields.set(fields)


def add_fields(**fields: object) -> None:
    """What else they belong to."""
    _fields.set(_fields.get() | fields)


@contextmanager
def with_fields(**fields: object) -> Iterator[None]:
    """Let lines of this thread belong to something for a while."""
    token = _fields.set(_fields.get() | fields)
    try:
        yield
    finally:
        _fields.reset(token)
