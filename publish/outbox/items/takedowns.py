"""Takedowns: which takeaway has to be removed from which target, and whether it was. Stored as rows
for its contributor to see.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Set
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from publish.targets import target_class
from reporter.delivery_memory import urgent_sql
from reporter.enums import DeliveryState
from reporter.models import Delivery, Takeaway
from reporter.models.outbox import Takedown
from reporter.moderation.visibility import Scope, may_show


def takes_back() -> ColumnElement[bool]:
    """SQL condition for rows that take something back: they go whatever else may be sent."""
    leaving = Delivery.state == DeliveryState.WITHDRAWING
    return or_(leaving, urgent_sql(Delivery.remote))


def takes_back_soon(now: datetime) -> ColumnElement[bool]:
    """The same for rows that are delivered now: another one may fail for hours."""
    return and_(takes_back(), or_(Delivery.lease != "", Delivery.due_at <= now))


def note_story(session: Session, row: Delivery, shows: Set[uuid.UUID], now: datetime) -> bool:
    """Record takeaways removed from a story that stays; return whether there are any. Does not commit."""
    lost = _ask(session, row, row.memory.may_show - shows, now)
    # A takeaway that is back in its story was not taken down after all.
    session.execute(
        delete(Takedown)
        .where(Takedown.delivery_id == row.id, Takedown.takeaway_id.in_(shows))
        .execution_options(synchronize_session="fetch")
    )
    return bool(lost)


def note_gone(session: Session, row: Delivery, now: datetime) -> None:
    """Record that the whole item has to be removed. Does not commit."""
    named = {row.memory.takeaway} if row.memory.takeaway else set()
    _ask(session, row, named | row.memory.may_show, now)


def settle(
    session: Session, row_id: uuid.UUID, shows: Collection[uuid.UUID], now: datetime
) -> None:
    """After the target's confirmation, mark what it no longer shows as removed. Does not commit."""
    session.execute(
        update(Takedown)
        .where(
            Takedown.delivery_id == row_id,
            Takedown.takeaway_id.not_in(shows),
            Takedown.done_at.is_(None),
        )
        .values(done_at=now)
        .execution_options(synchronize_session=False)
    )


def _ask(
    session: Session, row: Delivery, takeaways: Set[uuid.UUID], now: datetime
) -> set[uuid.UUID]:
    """Record those that may no longer be shown there; what only moved to another story is not a takedown."""
    place = Scope(row.target.audience)
    rows = (session.get(Takeaway, one) for one in takeaways)
    lost = {one.id for one in rows if one is not None and not may_show(one, place)}
    known = set(session.scalars(select(Takedown.takeaway_id).where(Takedown.delivery_id == row.id)))
    remains = target_class(row.target.kind).copies_remain
    for one in sorted(lost):
        if one not in known:
            session.add(
                Takedown(
                    takeaway_id=one, delivery_id=row.id, requested_at=now, remaining_copies=remains
                )
            )
    return lost
