"""Rows that lie close begin a group together; what a person put together stays one, apart from others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reporter.themes import linkage
from reporter.themes.linkage import middles_of


def around(*places: tuple[float, float], each: int = 5) -> Any:
    """``each`` rows of length one about each place, the same every time."""
    rng = np.random.default_rng(7)
    rows = np.repeat(np.array(places, np.float32), each, axis=0)
    rows = rows + rng.normal(0, 0.05, rows.shape).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


EAST, NORTH, WEST = (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)


def near(middles: Any, *places: tuple[float, float]) -> bool:
    """Whether each place has a middle close to it."""
    return all((middles @ np.array(place)).max() > 0.98 for place in places)


def test_each_heap_gets_a_middle() -> None:
    rows = around(EAST, NORTH, WEST)
    found = middles_of(rows, np.full(len(rows), -1), 3)
    assert found.shape == (3, 2)
    assert near(found, EAST, NORTH, WEST)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1)


def test_more_rows_than_are_looked_at_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkage, "SAMPLE", 20)
    rows = around(EAST, NORTH, WEST, each=50)
    assert near(middles_of(rows, np.full(len(rows), -1), 3), EAST, NORTH, WEST)


def test_what_a_person_put_together_comes_first_and_is_never_joined() -> None:
    rows = around(EAST, NORTH, WEST)
    held = np.full(len(rows), -1)
    # Two halves of one heap, and a row from elsewhere in the first.
    held[[0, 1, 14]], held[[2, 3, 4]] = 0, 1
    first, second, *others = middles_of(rows, held, 4)
    assert first @ np.array(EAST) > 0.9
    assert second @ np.array(EAST) > 0.98
    assert near(np.array(others), NORTH, WEST)


def test_with_no_room_for_others_they_join_what_a_person_keeps() -> None:
    rows = around(EAST, WEST)
    held = np.array([0, *[-1] * 4, 1, *[-1] * 4])
    found = middles_of(rows, held, 2)
    assert near(found[:1], EAST)
    assert near(found[1:], WEST)
