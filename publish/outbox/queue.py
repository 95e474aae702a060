"""Which row is next: what is due, allowed to go, and not waiting for others."""

from __future__ import annotations

import os
import platform
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import Session

from publish.composition.cross_links import rank
from publish.outbox.context import PublishContext
from publish.outbox.ledger import FACE, MEDIA, OPEN, STORY
from publish.outbox.target_status import budget_left, is_stopped
from publish.targets import target_class
from reporter.enums import DeliveryState
from reporter.models import Delivery, Target
from reporter.models.outbox import OutboxState, TargetStatus

_LEAVING = Delivery.state == DeliveryState.WITHDRAWING


def may_go(session: Session, targets: Sequence[Target]) -> list[Target]:
    """Those of these targets that nobody has paused and that do not wait for a person."""
    if session.scalar(select(OutboxState.paused_at)) is not None:
        return []
    held = set(
        session.scalars(select(TargetStatus.target_id).where(TargetStatus.held_at.is_not(None)))
    )
    return [target for target in targets if not target.paused and target.id not in held]


def due_rows(
    session: Session, outbox: PublishContext, targets: Sequence[Target], *, takedowns: bool = False
) -> list[uuid.UUID]:
    """Due rows in the order that makes sense; with ``takedowns`` only what takes something back.

    Takedowns first, then small files and the stories that wait for them, the smallest first, front pages, big files.
    """
    quick = and_(Delivery.item_kind == MEDIA, Delivery.big.is_(False), ~_LEAVING)
    order = case(
        (and_(Delivery.item_kind == STORY, _LEAVING), 0),
        (quick, 1),
        (Delivery.item_kind == STORY, 2),
        (and_(Delivery.item_kind == MEDIA, _LEAVING), 3),
        (and_(Delivery.item_kind != FACE, Delivery.item_kind != MEDIA), 4),
        (Delivery.item_kind == FACE, 5),
        else_=6,
    )
    targets = may_go(session, targets)
    place = {target.id: number for number, target in enumerate(sorted(targets, key=rank))}
    query = (
        select(Delivery.id, Delivery.target_id)
        .where(*allowed(session, outbox, targets), Delivery.due_at <= outbox.clock())
        .order_by(order, Delivery.bytes, Delivery.due_at, Delivery.id)
    )
    if takedowns:
        query = query.where(or_(_LEAVING, Delivery.remote["urgent"].as_boolean()))
    found = session.execute(query.add_columns(order, _urgent())).all()
    # The canonical place first: the others then find its link.
    found_sorted = sorted(found, key=lambda row: (not row[3], row[2], place[row[1]]))
    return [row[0] for row in found_sorted]


def allowed(
    session: Session, outbox: PublishContext, targets: Sequence[Target]
) -> tuple[ColumnElement[bool], ...]:
    """Conditions for rows that are open at these targets and that the budget allows."""
    here = Delivery.target_id.in_([target.id for target in targets])
    return here, Delivery.state.in_(OPEN), _affordable(session, outbox, targets)


def _urgent() -> ColumnElement[bool]:
    return Delivery.remote["urgent"].as_boolean()


def _affordable(
    session: Session, outbox: PublishContext, targets: Sequence[Target]
) -> ColumnElement[bool]:
    """What the budget still allows; takedowns and what goes nowhere near a network always."""
    left = budget_left(session, outbox.budget)
    if left is None:
        return Delivery.id.is_not(None)
    free = [t.id for t in targets if target_class(t.kind).free(t.options)]
    return or_(_LEAVING, _urgent(), Delivery.target_id.in_(free), Delivery.bytes < left)


def is_allowed(session: Session, row: Delivery) -> bool:
    """Whether nobody has paused it since it was found."""
    return not row.target.paused and not is_stopped(session, row.target_id)


def blocked_until(session: Session, row: Delivery, now: datetime) -> datetime | None:
    """When to look again, if this row has to wait for others of its target; None if it may go."""
    others = select(Delivery).where(Delivery.target_id == row.target_id, Delivery.state.in_(OPEN))
    if row.item_kind == MEDIA and row.state == DeliveryState.WITHDRAWING:
        # A file goes after the stories that show it have been changed; a parked story does not hold it back.
        others = others.where(Delivery.item_kind == STORY, Delivery.sent != "")
    elif row.item_kind == FACE:
        # It is written again when a big file has followed.
        small = or_(Delivery.item_kind != MEDIA, Delivery.big.is_(False))
        others = others.where(Delivery.item_kind != FACE, small)
    else:
        return None
    return min((when_done(other, now) for other in session.scalars(others)), default=None)


def when_done(row: Delivery, now: datetime) -> datetime:
    """When to ask again after another row: soon if somebody works on it, for its lease runs much longer."""
    return now + timedelta(seconds=1) if row.lease else row.due_at


def free_abandoned(session: Session, now: datetime) -> None:
    """Take leases from processes of this machine that are no more: a restart need not wait until they run out."""
    held = select(Delivery.id, Delivery.lease).where(Delivery.lease != "", Delivery.due_at > now)
    for row_id, lease in session.execute(held).all():
        host, _, rest = lease.rpartition("/")
        pid = rest.split(":")[0]
        if host == platform.node() and pid.isdigit() and not _alive(int(pid)):
            statement = update(Delivery).where(Delivery.id == row_id, Delivery.lease == lease)
            session.execute(statement.values(lease="", due_at=now, moved=0))
            session.commit()


def _alive(pid: int) -> bool:
    if os.name == "nt":
        # There signal 0 is no question; its lease simply runs out.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
