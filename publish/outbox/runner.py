"""The outbox: deliver due rows one after the other, each exactly once.

A delivery claims the row (committed), looks for our key at the target unless its state is known,
sends, and stores the response and the finished row in one commit. If the worker dies in between,
its lease expires, and the next worker finds by key what had arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from publish.errors import PublishError
from publish.outbox.context import PublishContext
from publish.outbox.lease import free_abandoned
from publish.outbox.ledger import chosen_targets, queue, recheck
from publish.outbox.policy.decide import MOST_ATTEMPTS, OFFLINE_PAUSE
from publish.outbox.policy.row_states import REFUSED, WAITING, due_state
from publish.outbox.queue import allowed, due_rows, look_again, may_go
from publish.outbox.target_status import forget_limits
from publish.outbox.worker import DeliveryResult, deliver_row
from publish.targets import target_class
from publish.targets.capabilities import ManualPosting
from reporter.enums import DeliveryState
from reporter.models import Delivery


def deliver_due(
    session: Session, context: PublishContext, *, names: Sequence[str] = (), takedowns: bool = False
) -> DeliveryResult | None:
    """Deliver the first row that is due and not blocked; None if there is nothing to do now.

    ``takedowns``: only rows that take something back. Never raises for a target's errors: these are
    stored in the row. Safe to run in several threads and processes.
    """
    free_abandoned(session, context)
    targets = chosen_targets(session, names)
    due = due_rows(session, context, targets, takedowns=takedowns)
    if not (due or takedowns) and look_again(session, context, targets):
        due = due_rows(session, context, targets)
    if due and not takedowns and not context.may_send():
        # Takedowns may run next to another publisher: removing twice is harmless.
        due = due_rows(session, context, targets, takedowns=True)
    for row_id in due:
        outcome = deliver_row(session, context, row_id)
        if outcome is not None:
            for what in outcome.recheck:
                recheck(session, context, what)
            return outcome
    return None


def wake(session: Session, context: PublishContext, *, names: Sequence[str] = ()) -> None:
    """Retry now what only waits for a connection: on request, or when the connection is back.

    A target that asked for a delay (one of its rows has a counted attempt and a later time) keeps it. Commits.
    """
    now = context.clock()
    other = aliased(Delivery)
    patient = (
        select(other.id)
        .where(other.target_id == Delivery.target_id, other.attempts > 0, other.due_at > now)
        .where(other.state.in_(WAITING))
        .exists()
    )
    statement = update(Delivery).where(
        Delivery.target_id.in_([t.id for t in chosen_targets(session, names)]),
        Delivery.state.in_(WAITING),
        Delivery.lease == "",
        Delivery.attempts == 0,
        ~patient,
    )
    session.execute(statement.values(due_at=now).execution_options(synchronize_session=False))
    session.commit()


# Rounds in which targets may report new limits, before the rest is left to the next run.
_ASK_ANEW = 5


def publish(
    session: Session,
    context: PublishContext,
    *,
    names: Sequence[str] = (),
    wait: bool = False,
    on_progress: Callable[[DeliveryResult, int], None] | None = None,
    pause: Callable[[float], Any] = time.sleep,
) -> None:
    """Queue what is approved and deliver what is due; with ``wait`` until only paused targets have open rows.

    ``on_progress`` is called for each row worked on, with the number of rows still open.
    """
    queue(session, context, names=names)
    wake(session, context, names=names)
    asked_anew = 0
    while True:
        while (outcome := deliver_due(session, context, names=names)) is not None:
            if on_progress is not None:
                on_progress(outcome, open_count(session, context, names))
        # New links, and decisions made meanwhile.
        if queue(session, context, names=names).work:
            continue
        # A target that just reported its limits now gets posts fitted to them.
        if due_rows(session, context, chosen_targets(session, names)) and asked_anew < _ASK_ANEW:
            asked_anew += 1
            continue
        if not wait or not open_count(session, context, names):
            return
        pause(_until_next(session, context, names))


def open_count(session: Session, context: PublishContext, names: Sequence[str] = ()) -> int:
    """Number of open rows, without those that are not allowed to be sent."""
    targets = may_go(session, chosen_targets(session, names))
    query = select(func.count()).select_from(Delivery)
    return session.scalar(query.where(*allowed(session, context, targets))) or 0


def _until_next(session: Session, context: PublishContext, names: Sequence[str]) -> float:
    """Seconds until a row is due, from 0.1 to 5."""
    targets = may_go(session, chosen_targets(session, names))
    query = select(func.min(Delivery.due_at)).where(*allowed(session, context, targets))
    first = session.scalar(query)
    left = (first - context.clock()).total_seconds() if first else 0.0
    return min(5.0, max(0.1, left))


def retry(session: Session, context: PublishContext, *, names: Sequence[str] = ()) -> int:
    """Retry parked rows after a person has fixed the cause; return how many. Commits.

    The targets' limits are queried anew.
    """
    targets = chosen_targets(session, names)
    for target in targets:
        forget_limits(session, target.id)
    query = select(Delivery).where(
        Delivery.target_id.in_([target.id for target in targets]),
        Delivery.state == DeliveryState.PARKED,
    )
    parked = list(session.scalars(query))
    for row in parked:
        by_hand = issubclass(target_class(row.target.kind), ManualPosting)
        state = due_state(by_hand=by_hand, sent=bool(row.sent))
        state = state if row.wanted else DeliveryState.WITHDRAWING
        row.state, row.due_at, row.attempts, row.error = state.value, context.clock(), 1, ""
        row.wanted = row.wanted.removeprefix(REFUSED)
        row.memory = row.memory.once_retried()
    session.commit()
    return len(parked)


__all__ = [
    "MOST_ATTEMPTS",
    "OFFLINE_PAUSE",
    "DeliveryResult",
    "PublishContext",
    "PublishError",
    "deliver_due",
    "open_count",
    "publish",
    "queue",
    "retry",
    "wake",
]
