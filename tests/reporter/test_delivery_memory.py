"""The one schema of ``Delivery.remote``."""

from __future__ import annotations

import uuid
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from reporter.delivery_memory import DeliveryMemory

ONE, TWO, THREE = (uuid.UUID(int=number) for number in (1, 2, 3))
BEGUN = datetime(2026, 5, 9, 14, 0, 0, 1, tzinfo=UTC)
FULL = DeliveryMemory(
    title="Frost",
    story=ONE,
    takeaway=TWO,
    takeaways=(TWO, THREE),
    trying=(TWO,),
    begun={TWO: BEGUN},
    tried="print",
    doubtful=True,
    missing=(THREE,),
    date="2026-05-09T14:00:00Z",
    ext=".jpg",
    extra={"rev": 4},
    urgent=True,
    alone=True,
    cuts=3,
    reach=500,
    most=300,
)
STORED = {
    "title": "Frost",
    "story": ONE.hex,
    "takeaway": str(TWO),
    "takeaways": [str(TWO), str(THREE)],
    "trying": [str(TWO)],
    "begun": {str(TWO): "2026-05-09T14:00:00.000001+00:00"},
    "tried": "print",
    "doubtful": True,
    "missing": [str(THREE)],
    "date": "2026-05-09T14:00:00Z",
    "ext": ".jpg",
    "extra": {"rev": 4},
    "urgent": True,
    "alone": True,
    "cuts": 3,
    "reach": 500,
    "most": 300,
}


def test_stored_as_rows_of_all_versions_have_it() -> None:
    assert FULL.to_json() == STORED
    assert DeliveryMemory.from_json(STORED) == FULL
    assert all(getattr(FULL, one.name) != one.default for one in fields(FULL))


def test_nothing_is_stored_for_what_is_empty() -> None:
    assert DeliveryMemory().to_json() == {"title": ""}
    assert DeliveryMemory.from_json({}) == DeliveryMemory()


def test_a_key_of_another_version_is_left_out() -> None:
    assert DeliveryMemory.from_json({"title": "Frost", "colour": "blue"}).to_json() == {
        "title": "Frost"
    }


@pytest.mark.parametrize(
    ("after", "gone"),
    [
        (
            FULL.once_sent({"rev": 4}),
            {"trying", "begun", "tried", "urgent", "alone", "cuts", "reach"},
        ),
        (FULL.once_retried(), {"cuts", "reach", "most"}),
        (FULL.once_withdrawn(), set(STORED) - {"title", "story"}),
    ],
)
def test_what_is_forgotten_and_when(after: DeliveryMemory, gone: set[str]) -> None:
    assert after.to_json() == {name: STORED[name] for name in STORED if name not in gone}


def test_what_the_target_told_is_kept_once_it_is_sent() -> None:
    assert FULL.once_sent({"rev": 5}).extra == {"rev": 5}


def test_ids_of_another_gathering_are_mapped() -> None:
    mapped = FULL.mapped(
        lambda one: uuid.UUID(int=one.int + 10), lambda one: uuid.UUID(int=one.int + 20)
    )
    assert (mapped.story, mapped.takeaway) == (uuid.UUID(int=11), uuid.UUID(int=22))
    assert mapped.takeaways == (uuid.UUID(int=22), uuid.UUID(int=23))
    assert mapped.trying == (uuid.UUID(int=22),)
    assert mapped.begun == {uuid.UUID(int=22): BEGUN}
    assert mapped.missing == FULL.missing
    assert FULL.may_show == {TWO, THREE}


def test_of_two_tries_with_a_takeaway_the_later_moment_is_kept() -> None:
    for minutes in (-1, 1):
        other = BEGUN + timedelta(minutes=minutes)
        both = FULL.also_trying({TWO: other, THREE: other})
        assert both.trying == (TWO, THREE)
        assert both.begun == {TWO: max(BEGUN, other), THREE: other}
        assert both.also_trying({TWO: other}) == both
