"""Laptops whose clocks differ or are set back: what was decided last, by somebody who saw what was before, holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reporter.clock import later
from reporter.media.store import Store
from tests.reporter.merge.test_laws import BEGIN, Laptop, laptops, run

MINUTE = timedelta(minutes=1)
# What is done first, and what is done about it then.
PAIRS = (
    ("approve", "hide"),
    ("text", "undo"),
    ("move", "move"),
    ("plan", "plan"),
    ("plan", "cancel"),
    ("name", "name"),
    ("part", "part"),
    ("say", "decide"),
    ("ask", "answer"),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    Store(tmp_path).make_folders()
    return tmp_path


def expect_everywhere(made: list[Laptop], decided: Laptop) -> None:
    """All merge with all; then each has what this one had."""
    wanted = decided.census()
    run(made, [], [])
    assert [one.census() for one in made] == [wanted] * len(made)


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_a_clock_that_is_behind_decides_last(place: Path, first: str, then: str) -> None:
    """The first laptop's clock is ten minutes ahead of the last one's, which saw what it had done."""
    with laptops(place) as made:
        early, _other, late = made
        early.act(first, 0, BEGIN)
        late.merge(early, BEGIN)
        late.act(then, 0, BEGIN + MINUTE)
        expect_everywhere(made, late)


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_a_clock_that_was_set_back_decides_last(place: Path, first: str, then: str) -> None:
    with laptops(place) as made:
        made[0].act(first, 0, BEGIN)
        made[1].merge(made[0], BEGIN)
        made[0].ahead -= timedelta(days=1)
        made[0].act(then, 0, BEGIN + MINUTE)
        expect_everywhere(made, made[0])


def test_deleted_and_restored_in_this_order_whatever_the_clock_says(place: Path) -> None:
    with laptops(place) as made:
        for what in ("plan", "cancel", "plan", "cancel"):
            made[0].act(what, 0, BEGIN)
            made[1].merge(made[0], BEGIN)
            made[0].ahead -= timedelta(days=1)
        expect_everywhere(made, made[0])


def test_no_moment_is_beyond_the_calendar() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert later(BEGIN, last) == last
    assert later(BEGIN, None, BEGIN) == BEGIN + timedelta(microseconds=1)
    assert later(BEGIN, BEGIN - MINUTE) == BEGIN
