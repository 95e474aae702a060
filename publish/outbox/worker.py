"""One row from "due" to "sent": lease, prepare (database), execute (network), decide (pure), apply (one UPDATE)."""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from publish.errors import LimitsChanged, PublishError, redact
from publish.net.transfer_meter import TransferMeter, counted
from publish.outbox import batch
from publish.outbox.apply import apply
from publish.outbox.context import PublishContext, secrets_of
from publish.outbox.items import ITEMS
from publish.outbox.lease import Lease, renewal, take_lease
from publish.outbox.policy.decide import Crashed, Failed, Result, decide, release
from publish.outbox.policy.row_states import OPEN, SOON
from publish.outbox.policy.transition import Snapshot, Traffic
from publish.outbox.queue import blocked_until
from publish.outbox.target_status import (
    keep_limits,
    learned_limits,
    limits_are_fresh,
    record_transfer,
)
from publish.outbox.upsert import Job, MediaJob, StoryJob, execute
from publish.targets import target_class
from publish.targets.capabilities import Batches, ManualPosting
from reporter.enums import DeliveryState, ItemKind
from reporter.errors import attempt
from reporter.messages import Message
from reporter.models import Delivery

log = logging.getLogger(__name__)
_UNEXPECTED = Message("Something unexpected went wrong here; the log has the details.")


@dataclass(frozen=True)
class Outcome:
    """What became of one row that was worked on."""

    target: str
    kind: str
    key: str
    title: str
    state: str
    url: str
    error: str


def deliver_row(session: Session, context: PublishContext, row_id: uuid.UUID) -> Outcome | None:
    """Claim and deliver one row; None if it has to wait, or somebody else has it."""
    row = session.get(Delivery, row_id, populate_existing=True)
    if row is None or row.state not in OPEN:
        return None
    now = context.clock()
    if (wait := blocked_until(session, row, now)) is not None:
        _postpone(session, row, max(wait, now + SOON))
        return None
    lease = take_lease(session, context, row)
    if lease is None:
        return None
    done = _deliver_batch(session, context, row, lease) or _deliver_one(
        session, context, row, lease
    )
    return _outcome(session, row) if done else None


def _outcome(session: Session, row: Delivery) -> Outcome:
    session.refresh(row)
    return Outcome(
        row.target.name,
        row.item_kind,
        row.key,
        row.memory.title,
        row.state,
        row.url,
        row.error or row.target.paused,
    )


def _postpone(session: Session, row: Delivery, until: datetime) -> None:
    statement = update(Delivery).where(
        Delivery.id == row.id, Delivery.state == row.state, Delivery.lease == row.lease
    )
    session.execute(statement.values(due_at=until))
    session.commit()


def _deliver_one(session: Session, context: PublishContext, row: Delivery, lease: Lease) -> bool:
    """Deliver, and store what came of it. False: it has to wait for others first."""
    began = context.clock()
    meter = TransferMeter(renewal(session, context, lease), context.clock)
    job, result = _attempt(session, context, row, meter)
    session.refresh(row)
    _note_transfer(session, context, row, meter, began=began)
    transition = decide(_snapshot(session, context, row, meter, job=job), result)
    apply(session, context, lease, transition)
    return transition.done


def _attempt(
    session: Session, context: PublishContext, row: Delivery, meter: TransferMeter
) -> tuple[Job | None, Result]:
    job: Job | None = None

    def deliver() -> Result:
        nonlocal job
        with counted(meter):
            job = ITEMS[row.item_kind].prepare(session, context, row)
            return _send(session, context, row, job)

    result = attempt(deliver)
    if not isinstance(result, Exception):
        return job, result
    session.rollback()
    secrets = secrets_of(context, row.target)
    if isinstance(result, PublishError):
        return job, Failed(result, redact(result.message, secrets))
    # A trace may quote an address.
    trace = "".join(traceback.format_exception(result))
    log.error("delivery %s failed\n%s", row.id, redact(trace, secrets))
    return job, Crashed(_UNEXPECTED)


def _send(session: Session, context: PublishContext, row: Delivery, job: Job) -> Result:
    """No transaction is open while the network is waited for. Raises ``publish.errors``."""
    target_id, leaving = row.target_id, row.state == DeliveryState.WITHDRAWING
    ask = not leaving and not limits_are_fresh(session, target_id, context.clock())
    target = context.connect(row.target)
    session.commit()
    try:
        if ask:
            changed = keep_limits(session, target_id, target.limits(), context.clock())
            session.commit()
            if changed:
                raise LimitsChanged
        return execute(target, job)
    finally:
        target.close()


def _snapshot(
    session: Session,
    context: PublishContext,
    row: Delivery,
    meter: TransferMeter,
    *,
    job: Job | None,
) -> Snapshot:
    return Snapshot.of(
        row,
        kind=ItemKind(row.item_kind),
        target=row.target.name,
        by_hand=issubclass(target_class(row.target.kind), ManualPosting),
        now=context.clock(),
        chance=context.rng.random(),
        traffic=Traffic(meter.sent, meter.resumable_bytes, bool(meter.answers or meter.sent)),
        file=job.media if isinstance(job, MediaJob) else None,
        learned_limits=learned_limits(session, row.target_id),
    )


def _note_transfer(
    session: Session,
    context: PublishContext,
    row: Delivery,
    meter: TransferMeter,
    *,
    began: datetime,
) -> None:
    free = target_class(row.target.kind).free(row.target.options)
    took: timedelta = context.clock() - began
    record_transfer(session, row.target_id, meter, took, now=began, free=free)


def _deliver_batch(session: Session, context: PublishContext, row: Delivery, lease: Lease) -> bool:
    """Deliver a row together with others of its target, where that is possible; False: it goes by itself."""
    if not issubclass(target_class(row.target.kind), Batches):
        return False
    others = batch.claim_others(session, context, row, lease)
    if not others:
        return False
    began, rows = context.clock(), [row, *others]
    leases = [Lease(one.id, one.target_id, lease.mark) for one in rows]
    meter = TransferMeter(renewal(session, context, lease), context.clock)
    with counted(meter):
        jobs = _prepare_batch(session, context, rows)
        results = batch.send(session, context, rows, jobs) if jobs else None
    for one in rows:
        session.refresh(one)
    _note_transfer(session, context, row, meter, began=began)
    snapshots = [_snapshot(session, context, one, meter, job=None) for one in rows]
    if results is None:
        # The first one goes by itself at once.
        for one_lease, snapshot in zip(leases[1:], snapshots[1:], strict=True):
            apply(session, context, one_lease, release(snapshot))
        session.refresh(row)
        return False
    for one_lease, snapshot, result in zip(leases, snapshots, results, strict=True):
        apply(session, context, one_lease, decide(snapshot, result))
    return True


def _prepare_batch(
    session: Session, context: PublishContext, rows: Sequence[Delivery]
) -> list[StoryJob] | None:
    """The jobs of all rows; None: one of them has to go by itself."""
    jobs = attempt(lambda: [ITEMS[row.item_kind].prepare(session, context, row) for row in rows])
    if isinstance(jobs, Exception):
        # Whoever goes by itself meets it again, and there it is stored and logged.
        session.rollback()
        log.info("%d stories together: %s", len(rows), type(jobs).__name__)
        return None
    stories = [job for job in jobs if isinstance(job, StoryJob) and batch.fits(job)]
    return stories if len(stories) == len(rows) else None
