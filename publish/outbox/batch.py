"""Batch delivery for targets that support it: in a git repository a round is one commit and one push.

Only the sending is shared. Each row is claimed beforehand, keeps its own lease, and counts as sent
only after the push. If the batch fails for any reason, the first row is delivered alone at once and
the error is handled there as usual. If the batch arrived but its response was lost, the next try
finds it unchanged and adds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from publish.outbox.context import PublishContext
from publish.outbox.lease import remember, take_lease
from publish.outbox.policy.decide import Sent
from publish.outbox.policy.row_states import TO_SEND
from publish.outbox.policy.transition import Claim
from publish.outbox.queue import due_rows
from publish.outbox.target_status import budget_left
from publish.outbox.upsert import StoryJob
from publish.targets import Target
from publish.targets.base import Limits
from publish.targets.capabilities import Batches
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import ItemKind
from reporter.errors import Attempt
from reporter.models import Delivery
from reporter.models import Target as TargetRow

log = logging.getLogger(__name__)

# Total size limit: about a minute on a slow connection, since an interrupted push starts over.
_MOST_BYTES, _MOST_ROWS = 8_000_000, 100


def claim_others(session: Session, context: PublishContext, claim: Claim) -> list[Claim]:
    """Claim further rows that can be sent together with a claimed one. Commits."""
    if not _joins(claim.kind, claim.state, claim.memory):
        return []
    target = session.get_one(TargetRow, claim.target_id)
    found = [session.get_one(Delivery, i) for i in due_rows(session, context, [target])]
    left = budget_left(session, context.budget)
    most = _MOST_BYTES if left is None else min(_MOST_BYTES, left)
    claimed: list[Claim] = []
    size = claim.bytes
    for other in found:
        size += other.bytes
        if size > most or len(claimed) >= _MOST_ROWS:
            break
        if other.id != claim.id and _joins(other.item_kind, other.state, other.memory):
            taken = take_lease(session, context, other, claim.mark)
            claimed += [taken] if taken else []
    return claimed


def _joins(kind: str, state: str, memory: DeliveryMemory) -> bool:
    # A takedown waits for nothing.
    return kind == ItemKind.STORY and state in TO_SEND and not (memory.alone or memory.urgent)


def fits(job: StoryJob) -> bool:
    """Whether a post can be batched: none of its files needs shrinking."""
    return job.limits == Limits()


def send(
    session: Session, context: PublishContext, claims: Sequence[Claim], jobs: Sequence[StoryJob]
) -> list[Sent] | None:
    """Deliver claimed rows to their target together; None if each has to be delivered alone."""
    with Attempt() as this:
        target = context.connect(session.get_one(TargetRow, claims[0].target_id))
        session.commit()
        try:
            return _send(session, target, claims, jobs)
        finally:
            target.close()
    # The row meets the error again when delivered alone; there it is stored, and logged without secrets.
    session.rollback()
    log.info("%d stories together: %s", len(claims), type(this.error).__name__)
    return None


def _send(
    session: Session, target: Target, claims: Sequence[Claim], jobs: Sequence[StoryJob]
) -> list[Sent]:
    # If this fails nothing has been sent, and the rows may be batched again.
    target.find(jobs[0].post.key)
    # From here on each row goes alone until it is sent: an unreliable connection carries little at once.
    for claim, job in zip(claims, jobs, strict=True):
        remember(session, claim, replace(job.trying, alone=True))
    session.commit()
    assert isinstance(target, Batches)
    there = target.put_all([job.post for job in jobs])
    return [job.sent(target, remote) for job, remote in zip(jobs, there, strict=True)]
