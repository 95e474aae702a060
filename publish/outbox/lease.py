"""Leases on ledger rows: one worker at a time, renewed while bytes move, freed when the worker is gone.

A leased row is read as a frozen ``Claim`` and updated only while the lease is ours.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from publish.errors import PausedByUser
from publish.outbox.context import PublishContext
from publish.outbox.policy.row_states import TO_SEND
from publish.outbox.policy.transition import Claim
from publish.outbox.target_status import is_stopped
from publish.processes import is_running, pid_space, start_of_kernel
from reporter.database import job_queue
from reporter.database.job_queue import is_shared
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery

# The lease lasts this long after the last transferred byte.
_DURATION = timedelta(minutes=5)
_RENEW_EVERY = timedelta(seconds=1)
# How often whoever grants the right to publish is asked while one delivery goes on.
_ASK_EVERY = timedelta(minutes=1)


def take_lease(
    session: Session, context: PublishContext, row: Delivery, mark: str = ""
) -> Claim | None:
    """Claim a row and count one attempt; None if it is leased or was paused meanwhile. Commits.

    ``mark``: the lease of the row it is batched with.
    """
    if row.target.paused or is_stopped(session, row.target_id):
        return None
    leaving = row.state == DeliveryState.WITHDRAWING
    now = context.clock()
    mark = mark or f"{pid_space()}/{os.getpid()}:{context.rng.getrandbits(64):016x}"
    taken = job_queue.claim(
        session,
        Delivery,
        row.id,
        states=[DeliveryState.WITHDRAWING] if leaving else TO_SEND,
        to=DeliveryState.WITHDRAWING if leaving else DeliveryState.SENDING,
        lease=mark,
        now=now,
        until=now + _DURATION,
    )
    if not taken:
        return None
    session.refresh(row)
    return claim_of(row, mark)


def renewal(session: Session, context: PublishContext, claim: Claim) -> Callable[[int], None]:
    """Progress callback for a ``TransferMeter``: stores progress, renews the lease, stops when paused.

    The callback raises PausedByUser, and commits at most once a second. Whoever was silent for longer than the lease
    lasts (the machine slept, or the process was stopped) stops as well: what was looked up before tells nothing any
    more, and whoever may publish by now does. So does whoever may not publish any more, but for a takedown.
    """
    renewed, over = context.clock(), False
    ousted = _ousted(context, claim)

    def renew(count: int) -> None:
        nonlocal renewed, over
        now = context.clock()
        if not over and _is_within(now - renewed, _RENEW_EVERY):
            return
        late, renewed = now - renewed >= _DURATION, now
        over = over or late or ousted(now)
        ours = session.execute(change(claim).values(bytes_sent=count, due_at=now + _DURATION))
        stopped = is_stopped(session, claim.target_id)
        session.commit()
        over = over or stopped or not ours.rowcount  # type: ignore[attr-defined]
        if over:
            raise PausedByUser("Paused.")

    return renew


def _ousted(context: PublishContext, claim: Claim) -> Callable[[datetime], bool]:
    """A check whether somebody else publishes by now; it asks once in a while, as that may use the network."""
    asked = context.clock()

    def ousted(now: datetime) -> bool:
        nonlocal asked
        if claim.leaving or claim.memory.urgent or _is_within(now - asked, _ASK_EVERY):
            return False
        asked = now
        return not context.may_go_on()

    return ousted


def _is_within(passed: timedelta, time: timedelta) -> bool:
    """Whether less has passed; a clock that was set back tells nothing."""
    return timedelta(0) <= passed < time


def free_abandoned(session: Session, context: PublishContext) -> None:
    """Free leases of this machine's dead processes, so that a restart need not wait for their expiry."""
    now = context.clock()
    held = select(Delivery.id, Delivery.lease).where(Delivery.lease != "", Delivery.due_at > now)
    for row_id, lease in session.execute(held).all():
        if _is_abandoned(lease, shared=is_shared(session)):
            statement = update(Delivery).where(Delivery.id == row_id, Delivery.lease == lease)
            session.execute(statement.values(lease="", due_at=now, bytes_sent=0))
            session.commit()


def _is_abandoned(lease: str, *, shared: bool) -> bool:
    """Whether the worker with this lease runs no more. ``shared``: it may be another machine's of the same name."""
    where, _, rest = lease.rpartition("/")
    name, _, rest_of_where = where.partition("|")
    here, _, _ = pid_space().partition("|")
    if where == pid_space() or (where == here and not shared):
        # Without more than a name: of an earlier version.
        pid = rest.split(":")[0]
        return pid.isdigit() and not is_running(int(pid))
    start = rest_of_where.partition("|")[0]
    # Since then the machine was started again.
    return not shared and name == here and bool(start) and start != start_of_kernel()


def claim_of(row: Delivery, mark: str) -> Claim:
    """Snapshot of the row claimed under this lease."""
    return Claim.of(
        row,
        id=row.id,
        target_id=row.target_id,
        kind=ItemKind(row.item_kind),
        item_id=row.item_id,
        leaving=row.state == DeliveryState.WITHDRAWING,
        mark=mark,
    )


def reread(session: Session, claim: Claim) -> Claim:
    """The current state of the same row."""
    return claim_of(session.get_one(Delivery, claim.id, populate_existing=True), claim.mark)


def change(claim: Claim) -> Update:
    """UPDATE a row only while the lease is ours: a stalled worker whose lease was taken over changes nothing."""
    return (
        update(Delivery)
        .where(Delivery.id == claim.id, Delivery.lease == claim.mark)
        .execution_options(synchronize_session=False)
    )


def remember(session: Session, claim: Claim, memory: DeliveryMemory) -> None:
    """Store values in the row's memory while it is being delivered. Does not commit.

    Keeps what another process noted since the claim: that something was withdrawn.
    """
    # Locks the row, so that the note is not made between reading and writing.
    session.execute(change(claim).values(lease=claim.mark))
    urgent = memory.urgent or reread(session, claim).memory.urgent
    session.execute(change(claim).values(remote=replace(memory, urgent=urgent).to_json()))
