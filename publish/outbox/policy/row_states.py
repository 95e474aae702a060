"""States of a ledger row and simple rules on them. Pure: works on rows and snapshots of rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState

# Open: work remains.
OPEN = (
    DeliveryState.DUE.value,
    DeliveryState.CHANGED.value,
    DeliveryState.SENDING.value,
    DeliveryState.WITHDRAWING.value,
)
# Idle: no worker holds it, and it is sent when due.
WAITING = (DeliveryState.DUE, DeliveryState.CHANGED, DeliveryState.WITHDRAWING)
# States that may be claimed for sending; SENDING: its worker was killed.
TO_SEND = (DeliveryState.DUE, DeliveryState.CHANGED, DeliveryState.SENDING)
# Settled: the target has confirmed it.
SETTLED = (DeliveryState.SENT, DeliveryState.WITHDRAWN)
# Prefix of a row's ``wanted``: not tried, because the target's known limits rule it out.
REFUSED = "refused:"
# While a worker holds an open row, check again after this long: its lease lasts much longer.
SOON = timedelta(seconds=1)
# After this long a request without an answer is no longer carried out late.
OVER = timedelta(minutes=10)


class LeasedRow(Protocol):
    """Columns needed by the lease rules."""

    @property
    def lease(self) -> str: ...
    @property
    def due_at(self) -> datetime: ...


class TriedRow(Protocol):
    """Columns needed by the attempt rules."""

    @property
    def sent(self) -> str: ...
    @property
    def remote_id(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def memory(self) -> DeliveryMemory: ...


def due_state(*, by_hand: bool, sent: bool) -> DeliveryState:
    """State of an item to be sent; ``by_hand``: a person posts it there."""
    if by_hand:
        return DeliveryState.MANUAL
    return DeliveryState.CHANGED if sent else DeliveryState.DUE


def may_be_there(row: TriedRow) -> bool:
    """Whether the item is at the target, or might be because a try was made.

    A try whose connection was lost at last costs no attempt, but may have got through until then.
    """
    return bool(row.sent or row.remote_id or row.attempts or row.memory.tried or row.memory.trying)


def is_leased(row: LeasedRow, now: datetime) -> bool:
    """Whether a worker holds it right now."""
    return bool(row.lease) and row.due_at > now


def when_done(row: LeasedRow, now: datetime) -> datetime:
    """When to check again for the row being waited for."""
    return now + SOON if row.lease else row.due_at
