"""A theme's summary in posts and reports."""

from __future__ import annotations

import uuid

import pytest

from publish.composition.themes import theme_digest
from reporter.models import EventSession
from reporter.themes.board import ThemeView


@pytest.mark.parametrize(
    ("language", "count", "last"),
    [("en", 5, "Session 4"), ("en", 32, "and 27 more"), ("de", 6, "und 1 weitere")],
)
def test_of_many_sessions_the_first_are_named_and_the_others_counted(
    language: str, count: int, last: str
) -> None:
    sessions = [EventSession(title=f"Session {number}") for number in range(count)]
    theme = ThemeView(count, [], uuid.UUID(int=1), "oven · bread", False, [], sessions)
    named = theme_digest(theme, language).sessions
    assert named[:5] == tuple(f"Session {number}" for number in range(5))
    assert (len(named), named[-1]) == (min(count, 6), last)
