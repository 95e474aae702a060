"""Edits as data: one form for the same result, and a sentence for whatever a hostile page may send."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.errors import BadInput
from reporter.media.edits import KINDS, MOST_REGIONS, Edits, Region, read_edits


def step(kind: str, *numbers: Any) -> dict[str, Any]:
    return {"kind": kind, "numbers": list(numbers)}


def test_the_order_in_which_they_were_made_makes_no_difference() -> None:
    steps = [
        step("tilt", 2.5),
        step("oval", 0.5, 0.1, 0.2, 0.2),
        step("box", 0.1, 0.1, 0.2, 0.2),
        step("crop", 0.1, 0.1, 0.8, 0.8),
        step("turn", 90),
    ]
    one, other = read_edits(steps, "photo"), read_edits(steps[::-1], "photo")
    assert one == other
    assert one.fingerprint() == other.fingerprint()
    assert [s["kind"] for s in one.steps()] == ["box", "oval", "crop", "turn", "tilt"]


def test_what_changes_nothing_is_no_edit() -> None:
    nothing = [step("turn", 360), step("tilt", 0), step("crop", 0, 0, 1, 1), step("cut", 0, 10)]
    assert read_edits(nothing[:3], "photo") == Edits()
    assert read_edits(nothing[::3], "video", duration=10.02) == Edits()
    assert not Edits()
    assert Edits().fingerprint() == ""


def test_a_region_at_the_edge_is_kept_inside() -> None:
    read = read_edits([step("oval", -0.00005, 0.8, 0.2, 0.20005)], "photo")
    assert read.blur == (Region("oval", (0, 0.8, 0.2, 0.2)),)


NAN, INFINITE = float("nan"), float("inf")
WRONG: list[tuple[str, list[Any], str]] = [
    ("photo", [step("box", NAN, 0, 0.1, 0.1)], "needs 4 numbers"),
    ("photo", [step("box", INFINITE, 0, 0.1, 0.1)], "needs 4 numbers"),
    ("photo", [step("box", "0", 0, 0.1, 0.1)], "needs 4 numbers"),
    ("photo", [step("box", True, 0, 0.1, 0.1)], "needs 4 numbers"),
    ("photo", [step("box", 0, 0, 0.1)], "needs 4 numbers"),
    ("photo", [step("box", 10**400, 0, 0.1, 0.1)], "needs 4 numbers"),
    ("photo", [step("box", 0.95, 0, 0.1, 0.1)], "inside the picture"),
    ("photo", [step("box", -0.1, 0, 0.5, 0.1)], "inside the picture"),
    ("photo", [step("oval", 0.5, 0.5, 0.001, 0.2)], "too small"),
    ("photo", [step("oval", 0.5, 0.5, -0.2, 0.2)], "too small"),
    ("photo", [step("crop", 0.5, 0.5, 0.01, 0.2)], "too small"),
    ("photo", [step("box", 0.1, 0.1, 0.1, 0.1)] * 5000, f"At most {MOST_REGIONS} regions"),
    ("photo", [step("box", 0.1, 0.1, 0.1, 0.1)] * (MOST_REGIONS + 1), "At most"),
    ("photo", [step("turn", 45)], "quarter"),
    ("photo", [step("tilt", 21)], "up to 20 degrees"),
    ("photo", [step("turn", 90), step("turn", 90)], "only once"),
    ("photo", [step("cut", 0, 1)], "can't be done"),
    ("audio", [step("box", 0.1, 0.1, 0.1, 0.1)], "can't be done"),
    ("video", [step("sheet", 0, 0, 1, 0, 1, 1, 0, 1)], "can't be done"),
    ("note", [step("turn", 90)], "can't be done"),
    ("photo", [step("sheet", 0, 0, 0, 1, 1, 1, 1, 0)], "go around it"),
    ("photo", [step("sheet", 0, 0, 1, 1, 1, 0, 0, 1)], "go around it"),
    ("photo", [step("sheet", 0, 0, 0.5, 0, 1, 0, 0, 1)], "go around it"),
    ("photo", [step("sheet", 0, 0, 2, 0, 1, 1, 0, 1)], "in the picture"),
    ("photo", [step("sheet", 0, 0, 1, 0, 1, 1, 0, 1), step("tilt", 2)], "as well"),
    ("video", [step("cut", 2, 11)], "within the recording"),
    ("video", [step("cut", -1, 5)], "within the recording"),
    ("video", [step("cut", 5, 5.2)], "too near"),
    ("video", [step("cut", 8, 2)], "too near"),
    ("photo", [step("explode", 1)], "no kind"),
    ("photo", [{"kind": ["turn"], "numbers": [90]}], "no kind"),
    ("photo", [{"kind": "turn"}], "no kind"),
    ("photo", ["turn"], "no kind"),
    ("photo", {"turn": 90}, "must be a list"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("kind", "steps", "sentence"), WRONG)
def test_hostile_edits_are_refused_with_a_sentence(kind: str, steps: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_edits(steps, kind, duration=10.0)


def test_a_cut_needs_a_known_length() -> None:
    with pytest.raises(BadInput, match="isn't known yet"):
        read_edits([step("cut", 0, 1)], "video")


_anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_steps = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(sorted(KINDS)),
            "numbers": st.lists(st.floats(-1, 2) | _anything, max_size=8),
        }
    ),
    max_size=4,
)


@given(steps=_anything | _steps, kind=st.sampled_from(["photo", "video", "audio", ""]))
def test_whatever_comes_is_refused_or_read_the_same_again(steps: Any, kind: str) -> None:
    try:
        read = read_edits(steps, kind, duration=10.0)
    except BadInput:
        return
    assert read_edits(read.steps(), kind, duration=10.0) == read
