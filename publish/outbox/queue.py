"""Choose the next row: due, allowed, and not waiting for others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import Session

from publish.composition.cross_links import rank
from publish.outbox.context import PublishContext
from publish.outbox.items import ITEMS
from publish.outbox.items.base import ItemModule
from publish.outbox.items.takedowns import takes_back
from publish.outbox.policy.row_states import OPEN, OVER, SOON, when_done
from publish.outbox.target_status import budget_left
from publish.targets import target_class
from reporter.delivery_memory import doubtful_sql, urgent_sql
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery, Target
from reporter.models.outbox import OutboxState, TargetStatus

# What was sent longer ago is looked at with its next change.
_FORGOTTEN = timedelta(days=1)
_LEAVING = Delivery.state == DeliveryState.WITHDRAWING


def may_go(session: Session, targets: Sequence[Target]) -> list[Target]:
    """The targets that are neither paused nor waiting for a person."""
    if session.scalar(select(OutboxState.paused_at)) is not None:
        return []
    held = set(
        session.scalars(select(TargetStatus.target_id).where(TargetStatus.paused_at.is_not(None)))
    )
    return [target for target in targets if not target.paused and target.id not in held]


def due_rows(
    session: Session, context: PublishContext, targets: Sequence[Target], *, takedowns: bool = False
) -> list[uuid.UUID]:
    """Due rows in delivery order; with ``takedowns`` only those that take something back.

    Takedowns first (except of files), then small files and the stories waiting for them (smallest
    first), front pages, big files (``ORDER`` of each item kind).
    """
    order = _order()
    targets = may_go(session, targets)
    place = {target.id: number for number, target in enumerate(sorted(targets, key=rank))}
    query = (
        select(Delivery.id, Delivery.target_id)
        .where(*allowed(session, context, targets), Delivery.due_at <= context.clock())
        .order_by(order, Delivery.bytes, Delivery.due_at, Delivery.id)
    )
    if takedowns:
        query = query.where(takes_back())
    found = session.execute(query.add_columns(order, _first())).all()
    # The canonical target first, so that the others find its link.
    found_sorted = sorted(found, key=lambda row: (not row[3], row[2], place[row[1]]))
    return [row[0] for row in found_sorted]


@cache
def _order() -> ColumnElement[int]:
    return case(*(when for item in ITEMS.values() for when in _order_of(item)), else_=9)


@cache
def _first() -> ColumnElement[bool]:
    # A file stays until the stories showing it have been changed: those need not be urgent.
    return or_(urgent_sql(Delivery.remote), and_(_LEAVING, Delivery.item_kind != ItemKind.MEDIA))


def _order_of(item: ItemModule) -> list[tuple[ColumnElement[bool], int]]:
    this = Delivery.item_kind == item.KIND
    return [
        (and_(this, _LEAVING), item.ORDER.leaving),
        (and_(this, Delivery.big), item.ORDER.big),
        (this, item.ORDER.small),
    ]


def allowed(
    session: Session, context: PublishContext, targets: Sequence[Target]
) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions for open rows at these targets within the budget."""
    here = Delivery.target_id.in_([target.id for target in targets])
    return here, Delivery.state.in_(OPEN), _affordable(session, context, targets)


def _affordable(
    session: Session, context: PublishContext, targets: Sequence[Target]
) -> ColumnElement[bool]:
    """Rows within the byte budget; takedowns and rows that use no network are always allowed."""
    left = budget_left(session, context.budget)
    if left is None:
        return Delivery.id.is_not(None)
    free = [t.id for t in targets if target_class(t.kind).free(t.options)]
    return or_(takes_back(), Delivery.target_id.in_(free), Delivery.bytes < left)


def look_again(session: Session, context: PublishContext, targets: Sequence[Target]) -> bool:
    """Make posts due of which a try was not answered, once it can't be carried out any more: what it made goes.

    Returns whether there are any. Commits.
    """
    here = [t.id for t in may_go(session, targets) if target_class(t.kind).may_double]
    if not here:
        return False
    now = context.clock()
    sent_then = Delivery.due_at.between(now - _FORGOTTEN, now - OVER)
    doubtful = doubtful_sql(Delivery.remote)
    rows = select(Delivery.id).where(
        Delivery.state == DeliveryState.SENT, sent_then, Delivery.target_id.in_(here)
    )
    found = list(session.scalars(rows.where(Delivery.item_kind == ItemKind.STORY, doubtful)))
    if found:
        again = update(Delivery).where(
            Delivery.id.in_(found), Delivery.state == DeliveryState.SENT, Delivery.lease == ""
        )
        session.execute(again.values(state=DeliveryState.CHANGED.value, due_at=now))
        session.commit()
    return bool(found)


def next_row(session: Session, row_id: uuid.UUID, now: datetime) -> Delivery | None:
    """The row, if it may be claimed now. A row waiting for others is postponed, which commits."""
    row = session.get(Delivery, row_id, populate_existing=True)
    if row is None or row.state not in OPEN:
        return None
    wait = _blocked_until(session, row, now)
    if wait is None:
        return row
    later = update(Delivery).where(
        Delivery.id == row_id, Delivery.state == row.state, Delivery.lease == row.lease
    )
    session.execute(later.values(due_at=max(wait, now + SOON)))
    session.commit()
    return None


def _blocked_until(session: Session, row: Delivery, now: datetime) -> datetime | None:
    """When the rows that go first at its target may be done; None if there are none."""
    waits_for = ITEMS[row.item_kind].waits_for
    first = waits_for(row, now) if waits_for is not None else None
    if first is None:
        return None
    others = select(Delivery).where(
        Delivery.target_id == row.target_id, Delivery.state.in_(OPEN), first
    )
    return min((when_done(other, now) for other in session.scalars(others)), default=None)
