"""Notices that the laptop's clock was set back, and makes due what would wait until it shows the old time again.

A laptop without internet may be hours ahead until it gets the right time, just when it begins to
publish. Pictures and deliveries, takedowns among them, are due from the moment they were stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from capture.renditions.worker import LEASE
from capture.renditions.worker import WAITING as MEDIA_WAITING
from publish.outbox.policy.row_states import WAITING as DELIVERY_WAITING
from reporter.models import Delivery, Media, Takeaway

# A clock that is corrected little by little never jumps so far within a few seconds.
JUMP = timedelta(seconds=30)


class ClockSteps:
    """Compares the clock with one that nobody can set, and at first with what is stored."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead: float | None = None

    def was_set_back(self, session: Session, now: datetime) -> bool:
        """Whether the clock was set back since the last call; at the first call, since anything was stored."""
        before, self._ahead = self._ahead, now.timestamp() - self._monotonic()
        if before is None:
            newest = _newest(session)
            return newest is not None and newest > now + JUMP
        return self._ahead < before - JUMP.total_seconds()


def _newest(session: Session) -> datetime | None:
    moments = (
        session.scalar(select(func.max(Takeaway.received_at))),
        session.scalar(select(func.max(Delivery.created_at))),
    )
    return max((one for one in moments if one is not None), default=None)


def recall_waiting(session: Session, now: datetime) -> int:
    """Make due now whatever waits for a later time and is held by nobody; returns how many. Commits.

    A pause that a target asked for is cut short by this: it may refuse once more. Deliveries that a killed kiosk held
    are freed at its next start; a picture's lease that ends later than any can was taken before the step.
    """
    abandoned = Media.due_at > now + LEASE + JUMP
    found = 0
    for model, states, held_by_nobody in (
        (Media, MEDIA_WAITING, or_(Media.lease == "", abandoned)),
        (Delivery, DELIVERY_WAITING, Delivery.lease == ""),
    ):
        late = update(model).where(model.state.in_(states), model.due_at > now, held_by_nobody)
        statement = late.values(due_at=now).execution_options(synchronize_session=False)
        found += session.execute(statement).rowcount  # type: ignore[attr-defined]
    session.commit()
    return found
