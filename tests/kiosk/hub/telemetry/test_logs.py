"""Lines of a hub's log: JSON, with what they belong to, without anybody's words."""

from __future__ import annotations

import json
import logging
import sys
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from kiosk.hub.telemetry.logs import JsonLines, begin_fields, with_fields
from kiosk.web.middleware.error_pages import note_failure


def line(message: str, **more: object) -> dict[str, object]:
    record = logging.LogRecord("kiosk.x", logging.WARNING, "x.py", 1, message, (), None)
    record.__dict__ |= more
    text = JsonLines().format(record)
    assert "\n" not in text
    made: dict[str, object] = json.loads(text)
    return made


def test_a_line_is_one_document() -> None:
    document = line("two\nlines", fields={"status": 503})
    assert document.pop("time")
    assert document == {
        "level": "warning",
        "logger": "kiosk.x",
        "message": "two\nlines",
        "status": 503,
    }


def test_what_identifies_somebody_stays_out() -> None:
    try:
        raise ValueError("Ann's own words")
    except ValueError:
        document = line("from 10.0.0.7 for ann@example.org", exc_info=sys.exc_info())
    message = str(document["message"])
    assert "ValueError" in message
    assert not [word for word in ("10.0.0.7", "ann@", "own words") if word in message]


def test_lines_say_what_they_belong_to() -> None:
    begin_fields(request="r1")
    with with_fields(turn="deliver"):
        assert line("x")["turn"] == "deliver"
        assert line("x")["request"] == "r1"
    assert "turn" not in line("x")
    begin_fields()
    assert "request" not in line("x")


class NotNull(Exception):
    """As psycopg's: all that the database says."""

    sqlstate = "23502"

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}\nDETAIL:  Failing row contains (7, Leeks stand the frost).")
        self.diag = SimpleNamespace(message_primary=message)


class Unreadable(NotNull):
    """Data that it can't read."""

    sqlstate = "22P02"


@pytest.mark.parametrize(
    ("cause", "logged"),
    [
        (NotNull('null value in column "who"'), 'NotNull (23502) null value in column "who"'),
        (Unreadable('invalid input syntax for type uuid: "Leeks"'), "Unreadable (22P02)"),
    ],
)
def test_of_what_the_database_says_the_values_stay_out(
    app: Flask, caplog: pytest.LogCaptureFixture, cause: NotNull, logged: str
) -> None:
    with app.app_context():
        note_failure(logging.getLogger("kiosk.x"), "worker", IntegrityError("INSERT", None, cause))
    assert caplog.messages[-1].splitlines()[0] == f"IntegrityError in worker: {logged}"
    assert "Leeks" not in caplog.text
