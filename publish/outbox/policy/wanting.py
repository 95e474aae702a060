"""What a ledger comparison does with a row: make it due, leave it, or start its withdrawal. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime

from publish.outbox.policy.row_states import REFUSED, due_state, may_be_there
from publish.outbox.policy.transition import Columns
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind

# Files larger than this are sent last; posts that can be changed later need not wait for them.
BIG = 4_000_000


@dataclass(frozen=True)
class Wanted:
    """An item that should be at a target."""

    kind: ItemKind
    id: uuid.UUID
    key: str = ""
    title: str = ""
    fingerprint: str = ""
    # Source from which the delivery is rebuilt.
    story: uuid.UUID | None = None
    takeaway: uuid.UUID | None = None
    bytes: int = 0
    # Why it is not tried, or empty.
    refused: str = ""
    # Takeaways shown by a story.
    shows: frozenset[uuid.UUID] = field(default_factory=frozenset)
    # An existing row stays as is: it is created elsewhere, and removed only when no longer wanted.
    stands: bool = False

    @property
    def big(self) -> bool:
        """Whether other items go first."""
        return self.kind == ItemKind.MEDIA and self.bytes > BIG

    def memory(self, before: DeliveryMemory, *, urgent: bool = False) -> DeliveryMemory:
        """The row's memory for this item."""
        return replace(
            before,
            title=self.title,
            story=self.story or before.story,
            takeaway=self.takeaway or before.takeaway,
            urgent=before.urgent or urgent,
        )


def first(item: Wanted, *, by_hand: bool, now: datetime) -> Columns:
    """A new row for an item without one."""
    state = DeliveryState.PARKED if item.refused else due_state(by_hand=by_hand, sent=False)
    return Columns(
        state=state,
        key=item.key,
        wanted=item.fingerprint,
        memory=item.memory(DeliveryMemory()),
        bytes=item.bytes,
        big=item.big,
        due_at=now,
        error=item.refused,
    )


def differs(row: Columns, item: Wanted) -> bool:
    """Whether the row has to change to match what is wanted now."""
    if row.wanted == item.fingerprint:
        # The reason changes when a copy with the file is added or removed.
        return (
            bool(item.refused) and row.state == DeliveryState.PARKED and row.error != item.refused
        )
    # The target itself refused it: the reason stays until a person retries.
    refused_there = row.state == DeliveryState.PARKED and not row.wanted.startswith(REFUSED)
    return not (item.refused and refused_there)


def is_settled(row: Columns, item: Wanted) -> bool:
    """Whether the target has the item as wanted."""
    return row.sent == item.fingerprint and row.state == DeliveryState.SENT


def want(row: Columns, item: Wanted, *, by_hand: bool, urgent: bool, now: datetime) -> Columns:
    """The row updated to what is wanted now. ``urgent``: some of its content was withdrawn."""
    if row.wanted == item.fingerprint:
        return replace(row, error=item.refused)
    named = replace(
        row,
        wanted=item.fingerprint,
        key=item.key,
        bytes=item.bytes,
        big=item.big,
        memory=item.memory(row.memory, urgent=urgent),
    )
    if is_settled(row, item):
        return named
    return replace(
        named,
        state=DeliveryState.PARKED
        if item.refused
        else due_state(by_hand=by_hand, sent=bool(row.sent)),
        due_at=now,
        attempts=_tried(row),
        error=item.refused,
        bytes_sent=0,
    )


def want_no_more(row: Columns, *, by_hand: bool, now: datetime) -> Columns:
    """The row set to be withdrawn, with ``wanted`` empty, so that a parked takedown stays parked."""
    state = DeliveryState.WITHDRAWING if may_be_there(row) else DeliveryState.WITHDRAWN
    if by_hand and state is DeliveryState.WITHDRAWING:
        state = DeliveryState.MANUAL
    return replace(
        row, wanted="", state=state, due_at=now, attempts=_tried(row), error="", bytes_sent=0
    )


def _tried(row: Columns) -> int:
    """Reset the attempt count but keep whether there were any."""
    return 1 if row.attempts else 0
