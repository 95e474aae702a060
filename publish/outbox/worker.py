"""Deliver one row: lease, prepare (database), execute (network), decide (pure), apply (one UPDATE).

Only the lease holds the row itself; the other stages receive it as a ``Claim``.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from publish.errors import LimitsChanged, PublishError, redact
from publish.net.transfer_meter import TransferMeter, use_meter
from publish.net.understood import understood
from publish.outbox import batch
from publish.outbox.apply import apply
from publish.outbox.context import PublishContext, secrets_of
from publish.outbox.items import ITEMS
from publish.outbox.lease import remember, renewal, reread, take_lease
from publish.outbox.policy.decide import Crashed, Failed, Result, decide, release
from publish.outbox.policy.transition import Claim, Recheck, Snapshot, Traffic
from publish.outbox.queue import next_row
from publish.outbox.target_status import (
    keep_limits,
    learned_limits,
    limits_are_fresh,
    record_transfer,
)
from publish.outbox.upsert import Job, MediaJob, StoryJob, execute, memory_while
from publish.posts.model import PostMedia
from publish.targets import Target as OpenTarget
from publish.targets import target_class
from publish.targets.capabilities import Batches, ManualPosting
from reporter.errors import Attempt
from reporter.messages import Message
from reporter.models import Target

log = logging.getLogger(__name__)
# How long a takedown that finds nothing to take down waits for whoever publishes now.
_BESIDE = timedelta(seconds=30)
_UNEXPECTED = Message("Something unexpected went wrong here; the log has the details.")


@dataclass(frozen=True)
class DeliveryResult:
    """Result of one row that was worked on."""

    target: str
    kind: str
    key: str
    title: str
    state: str
    url: str
    error: str
    # What the ledger now has to compare again.
    recheck: tuple[Recheck, ...] = ()


def deliver_row(
    session: Session, context: PublishContext, row_id: uuid.UUID
) -> DeliveryResult | None:
    """Claim and deliver one row; None if it has to wait or another worker has it."""
    row = next_row(session, row_id, context.clock())
    claim = take_lease(session, context, row) if row is not None else None
    if claim is None:
        return None
    if not (claim.leaving or claim.memory.urgent) and not context.may_send():
        # Whoever publishes now was given the right to do so before this row was claimed.
        unsent = _snapshot(session, context, claim, TransferMeter())
        apply(session, claim, release(unsent), context.clock())
        return None
    together = issubclass(_class_of(session, claim.target_id), Batches)
    others = batch.claim_others(session, context, claim) if together else []
    found = _deliver_batch(session, context, [claim, *others]) if others else None
    if found is None:
        # The row remembers a failed batch.
        alone = reread(session, claim) if others else claim
        found = _deliver_one(session, context, alone)
    return _outcome(session, claim, found) if found is not None else None


def _class_of(session: Session, target_id: uuid.UUID) -> type[OpenTarget]:
    return target_class(session.get_one(Target, target_id).kind)


def _outcome(session: Session, claim: Claim, found: tuple[Recheck, ...]) -> DeliveryResult:
    after = reread(session, claim)
    target = session.get_one(Target, claim.target_id)
    return DeliveryResult(
        target.name,
        after.kind.value,
        after.key,
        after.memory.title,
        after.state,
        after.url,
        after.error or target.paused,
        found,
    )


def _deliver_one(
    session: Session, context: PublishContext, claim: Claim
) -> tuple[Recheck, ...] | None:
    """Deliver and store the outcome; return what to compare again, or None if other rows go first."""
    began = context.clock()
    meter = TransferMeter(renewal(session, context, claim), context.clock)
    with use_meter(meter):
        job, result = _attempt(session, context, claim)
    _note_transfer(session, context, claim.target_id, meter, began=began)
    file = job.media if isinstance(job, MediaJob) else None
    snapshot = _snapshot(session, context, claim, meter, file=file)
    done, found = _store(session, context, claim, result, snapshot=snapshot)
    return found if done else None


def _store(
    session: Session, context: PublishContext, claim: Claim, result: Result, *, snapshot: Snapshot
) -> tuple[bool, tuple[Recheck, ...]]:
    """Store what the policy decides: whether the row is done with, and what to compare again."""
    transition = decide(snapshot, result)
    return transition.done, apply(session, claim, transition, context.clock())


def _attempt(session: Session, context: PublishContext, claim: Claim) -> tuple[Job | None, Result]:
    """The job, if any, and its outcome."""
    job: Job | None = None
    with Attempt() as this:
        job = ITEMS[claim.kind].prepare(session, context, claim)
        return job, _send(session, context, claim, job)
    return job, _failure(session, context, claim, this.error)


def _failure(session: Session, context: PublishContext, claim: Claim, error: Exception) -> Result:
    """The error as an outcome, without secrets."""
    session.rollback()
    secrets = secrets_of(context, session.get_one(Target, claim.target_id).name)
    if isinstance(error, PublishError):
        return Failed(error, redact(error.message, secrets))
    # A traceback may quote a URL with a password.
    trace = "".join(traceback.format_exception(error))
    log.error("delivery %s failed\n%s", claim.id, redact(trace, secrets))
    return Crashed(_UNEXPECTED)


def _send(session: Session, context: PublishContext, claim: Claim, job: Job) -> Result:
    """Execute the job; no transaction is open during network calls. Raises ``publish.errors``."""
    target_id = claim.target_id
    ask = not claim.leaving and not limits_are_fresh(session, target_id, context.clock())
    if isinstance(job, StoryJob) and claim.memory.urgent and not context.may_send():
        job = replace(job, creates_from=context.clock() + _BESIDE)
    target = context.connect(session.get_one(Target, target_id))
    session.commit()
    try:
        if ask:
            with understood(target.name):
                limits = target.limits()
            changed = keep_limits(session, target_id, limits, context.clock())
            session.commit()
            if changed:
                raise LimitsChanged
        # From here on something may arrive, whatever becomes of the try.
        if (trying := memory_while(job)) is not None:
            remember(session, claim, trying)
            session.commit()
        with understood(target.name):
            return execute(target, job)
    finally:
        target.close()


def _snapshot(
    session: Session,
    context: PublishContext,
    claim: Claim,
    meter: TransferMeter,
    *,
    file: PostMedia | None = None,
) -> Snapshot:
    target = session.get_one(Target, claim.target_id)
    return Snapshot.of(
        reread(session, claim),
        kind=claim.kind,
        target=target.name,
        by_hand=issubclass(target_class(target.kind), ManualPosting),
        now=context.clock(),
        chance=context.rng.random(),
        traffic=Traffic(meter.sent, meter.resumable_bytes, bool(meter.answers or meter.sent)),
        file=file,
        learned_limits=learned_limits(session, target.id),
    )


def _note_transfer(
    session: Session,
    context: PublishContext,
    target_id: uuid.UUID,
    meter: TransferMeter,
    *,
    began: datetime,
) -> None:
    target = session.get_one(Target, target_id)
    free = target_class(target.kind).free(target.options)
    took = context.clock() - began
    record_transfer(session, target_id, meter, took, now=began, free=free)


def _deliver_batch(
    session: Session, context: PublishContext, claims: Sequence[Claim]
) -> tuple[Recheck, ...] | None:
    """Deliver several rows of one target together; None: the first goes alone and the others are released."""
    first, began = claims[0], context.clock()
    meter = TransferMeter(renewal(session, context, first), context.clock)
    with use_meter(meter):
        jobs = _prepare_batch(session, context, claims)
        results = batch.send(session, context, claims, jobs) if jobs else None
    _note_transfer(session, context, first.target_id, meter, began=began)
    if results is None:
        for one in claims[1:]:
            unsent = _snapshot(session, context, one, meter)
            apply(session, one, release(unsent), context.clock())
        return None
    found: list[Recheck] = []
    for one, result in zip(claims, results, strict=True):
        snapshot = _snapshot(session, context, one, meter)
        found += _store(session, context, one, result, snapshot=snapshot)[1]
    return tuple(found)


def _prepare_batch(
    session: Session, context: PublishContext, claims: Sequence[Claim]
) -> list[StoryJob] | None:
    """The jobs of all rows; None if one of them has to go alone."""
    with Attempt() as this:
        jobs = [ITEMS[one.kind].prepare(session, context, one) for one in claims]
        stories = [job for job in jobs if isinstance(job, StoryJob) and batch.fits(job)]
        return stories if len(stories) == len(claims) else None
    # The row meets the error again when delivered alone; there it is stored and logged.
    session.rollback()
    log.info("%d stories together: %s", len(claims), type(this.error).__name__)
    return None
