"""What a turn of the ledger does with a row, as a table."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publish.outbox.policy.row_states import SOON, when_done
from publish.outbox.policy.transition import Columns
from publish.outbox.policy.wanting import (
    BIG,
    Wanted,
    differs,
    first,
    is_settled,
    want,
    want_no_more,
)
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery

NOW = datetime(2031, 10, 26, 1, 30, tzinfo=UTC)
STORY, ADA = uuid.UUID(int=1), uuid.UUID(int=2)
ITEM = Wanted(ItemKind.STORY, STORY, "sr-1", "Frost", "new", story=STORY, bytes=900)
REFUSED = replace(ITEM, fingerprint="refused:new", refused="Too big.")


def row(**values: Any) -> Columns:
    """A row that was sent as it was wanted then."""
    columns: dict[str, Any] = {
        "state": DeliveryState.SENT,
        "key": "sr-1",
        "wanted": "old",
        "sent": "old",
        "remote_id": "17",
        "memory": DeliveryMemory(title="Rime", story=STORY, takeaways=(ADA,)),
        "bytes": 700,
        "due_at": NOW - timedelta(days=1),
        "error": "Files that follow: 2.",
    }
    return Columns(**{**columns, **values})


@pytest.mark.parametrize(
    ("item", "by_hand", "state"),
    [
        (ITEM, False, DeliveryState.DUE),
        (ITEM, True, DeliveryState.MANUAL),
        (REFUSED, False, DeliveryState.PARKED),
    ],
)
def test_a_new_row(item: Wanted, by_hand: bool, state: DeliveryState) -> None:
    assert first(item, by_hand=by_hand, now=NOW) == Columns(
        state=state,
        key="sr-1",
        wanted=item.fingerprint,
        memory=DeliveryMemory(title="Frost", story=STORY),
        bytes=900,
        due_at=NOW,
        error=item.refused,
    )


def test_a_row_takes_the_key_of_what_is_wanted() -> None:
    after = want(row(key="sr-0"), ITEM, by_hand=False, urgent=False, now=NOW)
    assert after.key == "sr-1"


@pytest.mark.parametrize(
    ("lease", "after"), [("another process", SOON), ("", timedelta(minutes=5))]
)
def test_when_to_ask_again_after_another_row(lease: str, after: timedelta) -> None:
    other = Delivery(lease=lease, due_at=NOW + timedelta(minutes=5))
    assert when_done(other, NOW) == NOW + after


@pytest.mark.parametrize(
    ("kind", "size", "big"),
    [
        (ItemKind.MEDIA, BIG, False),
        (ItemKind.MEDIA, BIG + 1, True),
        (ItemKind.STORY, BIG + 1, False),
    ],
)
def test_others_go_before_big_files(kind: ItemKind, size: int, big: bool) -> None:
    assert first(Wanted(kind, ADA, bytes=size), by_hand=False, now=NOW).big is big


@pytest.mark.parametrize(
    ("before", "item", "changes"),
    [
        (row(), ITEM, True),
        (row(wanted="new"), ITEM, False),
        # Parked for a reason of its own: that is for a person.
        (row(wanted="new", state=DeliveryState.PARKED), ITEM, False),
        (row(wanted="refused:new", state=DeliveryState.PARKED), REFUSED, True),
        (row(wanted="refused:new", state=DeliveryState.PARKED, error="Too big."), REFUSED, False),
        (row(wanted="refused:new"), REFUSED, False),
        # The target's own refusal says more than ours.
        (row(state=DeliveryState.PARKED), REFUSED, False),
        (row(wanted="refused:old", state=DeliveryState.PARKED), REFUSED, True),
        (row(state=DeliveryState.PARKED), ITEM, True),
    ],
)
def test_when_a_row_changes(before: Columns, item: Wanted, changes: bool) -> None:
    assert differs(before, item) is changes


NAMED = {
    "wanted": "new",
    "memory": DeliveryMemory(title="Frost", story=STORY, takeaways=(ADA,)),
    "bytes": 900,
}
DUE = {"due_at": NOW, "attempts": 0, "error": "", "bytes_sent": 0}


@pytest.mark.parametrize(
    ("before", "item", "more", "after"),
    [
        (row(), ITEM, {}, {**NAMED, **DUE, "state": DeliveryState.CHANGED}),
        (row(sent=""), ITEM, {}, {**NAMED, **DUE, "state": DeliveryState.DUE}),
        (row(), ITEM, {"by_hand": True}, {**NAMED, **DUE, "state": DeliveryState.MANUAL}),
        # Tried before: whatever comes, something of it may be there.
        (
            row(attempts=9, bytes_sent=5),
            ITEM,
            {},
            {**NAMED, **DUE, "state": DeliveryState.CHANGED, "attempts": 1},
        ),
        # It is there as it is wanted: only told anew.
        (row(sent="new"), ITEM, {}, NAMED),
        (
            row(state=DeliveryState.PARKED, sent="new"),
            ITEM,
            {},
            {**NAMED, **DUE, "state": DeliveryState.CHANGED},
        ),
        (
            row(),
            REFUSED,
            {},
            {
                **NAMED,
                **DUE,
                "wanted": "refused:new",
                "state": DeliveryState.PARKED,
                "error": "Too big.",
            },
        ),
        (row(wanted="refused:new"), REFUSED, {}, {"error": "Too big."}),
        (
            row(),
            ITEM,
            {"urgent": True},
            {
                **NAMED,
                **DUE,
                "state": DeliveryState.CHANGED,
                "memory": DeliveryMemory(title="Frost", story=STORY, takeaways=(ADA,), urgent=True),
            },
        ),
    ],
)
def test_what_is_wanted_now(
    before: Columns, item: Wanted, more: dict[str, bool], after: dict[str, Any]
) -> None:
    given = {"by_hand": False, "urgent": False, **more}
    assert want(before, item, now=NOW, **given) == replace(before, **after)


def test_urgent_stays_urgent_until_it_is_sent() -> None:
    before = row(memory=DeliveryMemory(title="Rime", story=STORY, urgent=True))
    assert want(before, ITEM, by_hand=False, urgent=False, now=NOW).memory.urgent


@pytest.mark.parametrize(
    ("before", "by_hand", "state", "attempts"),
    [
        (row(), False, DeliveryState.WITHDRAWING, 0),
        (row(), True, DeliveryState.MANUAL, 0),
        (row(sent="", remote_id="", attempts=3), False, DeliveryState.WITHDRAWING, 1),
        (row(sent=""), False, DeliveryState.WITHDRAWING, 0),
        (row(sent="", remote_id=""), False, DeliveryState.WITHDRAWN, 0),
        (row(sent="", remote_id=""), True, DeliveryState.WITHDRAWN, 0),
    ],
)
def test_what_is_not_wanted_any_more_leaves(
    before: Columns, by_hand: bool, state: DeliveryState, attempts: int
) -> None:
    assert want_no_more(before, by_hand=by_hand, now=NOW) == replace(
        before, wanted="", state=state, due_at=NOW, attempts=attempts, error="", bytes_sent=0
    )


@pytest.mark.parametrize(
    ("before", "settled"),
    [
        (row(sent="new"), True),
        (row(), False),
        (row(sent="new", state=DeliveryState.CHANGED), False),
    ],
)
def test_settled(before: Columns, settled: bool) -> None:
    assert is_settled(before, ITEM) is settled


def test_only_changed_columns_are_told() -> None:
    before = row()
    assert before.changes(before) == {}
    assert replace(before, error="", memory=DeliveryMemory()).changes(before) == {
        "error": "",
        "remote": {"title": ""},
    }
