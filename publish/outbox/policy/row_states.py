"""States of a ledger row, and the small rules on them. Pure: works on rows and on snapshots of rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from reporter.enums import DeliveryState

# Something is still to be done.
OPEN = (
    DeliveryState.DUE.value,
    DeliveryState.CHANGED.value,
    DeliveryState.SENDING.value,
    DeliveryState.WITHDRAWING.value,
)
# Nobody is at it, and it goes when it is due.
WAITING = (DeliveryState.DUE, DeliveryState.CHANGED, DeliveryState.WITHDRAWING)
# What may be claimed to be sent; SENDING: its worker was killed.
TO_SEND = (DeliveryState.DUE, DeliveryState.CHANGED, DeliveryState.SENDING)
# The target has answered for it.
SETTLED = (DeliveryState.SENT, DeliveryState.WITHDRAWN)
# In front of a row's ``wanted``: never tried, because the target's limits say that it would be refused.
REFUSED = "refused:"
# An open row is asked again after this long while somebody works on it: its lease runs much longer.
SOON = timedelta(seconds=1)


class LeasedRow(Protocol):
    """What these rules look at."""

    @property
    def lease(self) -> str: ...
    @property
    def due_at(self) -> datetime: ...


class TriedRow(Protocol):
    """What these rules look at."""

    @property
    def sent(self) -> str: ...
    @property
    def remote_id(self) -> str: ...
    @property
    def attempts(self) -> int: ...


def due_state(*, by_hand: bool, sent: bool) -> DeliveryState:
    """The state of something that should go out; ``by_hand``: a person posts it there."""
    if by_hand:
        return DeliveryState.MANUAL
    return DeliveryState.CHANGED if sent else DeliveryState.DUE


def may_be_there(row: TriedRow) -> bool:
    """Whether the target has it, or might: something was tried and no answer told."""
    return bool(row.sent or row.remote_id or row.attempts)


def is_leased(row: LeasedRow, now: datetime) -> bool:
    """Whether somebody works on it right now."""
    return bool(row.lease) and row.due_at > now


def when_done(row: LeasedRow, now: datetime) -> datetime:
    """When to ask again after another row."""
    return now + SOON if row.lease else row.due_at
