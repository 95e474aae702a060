"""Several stories in one go, for targets that take them so: in a git repository a round is one commit and one push.

Only the sending is shared. Each row is claimed before, keeps its own lease, and is "sent" only after the push. When
it fails, whatever the reason, the first goes by itself at once, and what failed means is decided there, as for any
other row. What arrived although its answer was lost is found unchanged by the next try, which then adds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from publish.outbox.context import PublishContext
from publish.outbox.lease import Lease, take_lease
from publish.outbox.policy.decide import Sent
from publish.outbox.policy.row_states import TO_SEND
from publish.outbox.queue import due_rows
from publish.outbox.target_status import budget_left
from publish.outbox.upsert import StoryJob
from publish.targets import Target
from publish.targets.base import Limits
from publish.targets.capabilities import Batches
from reporter.enums import ItemKind
from reporter.errors import attempt
from reporter.models import Delivery

log = logging.getLogger(__name__)

# Together no more than a thin line carries in a minute: a push that is cut begins anew.
_MOST_BYTES, _MOST_ROWS = 8_000_000, 100


def claim_others(
    session: Session, context: PublishContext, row: Delivery, lease: Lease
) -> list[Delivery]:
    """What may go together with a claimed row, claimed too. Commits."""
    if not _joins(row):
        return []
    found = [session.get_one(Delivery, i) for i in due_rows(session, context, [row.target])]
    left = budget_left(session, context.budget)
    most = _MOST_BYTES if left is None else min(_MOST_BYTES, left)
    claimed: list[Delivery] = []
    size = row.bytes
    for other in found:
        size += other.bytes
        if size > most or len(claimed) >= _MOST_ROWS:
            break
        if other.id != row.id and _joins(other):
            taken = take_lease(session, context, other, lease.mark)
            claimed += [other] if taken else []
    return claimed


def _joins(row: Delivery) -> bool:
    # A takedown waits for nothing else.
    single = row.memory.alone or row.memory.urgent
    return row.item_kind == ItemKind.STORY and row.state in TO_SEND and not single


def fits(job: StoryJob) -> bool:
    """Whether a post may go with others: nothing of it is made smaller."""
    return job.limits == Limits()


def send(
    session: Session, context: PublishContext, rows: Sequence[Delivery], jobs: Sequence[StoryJob]
) -> list[Sent] | None:
    """Make claimed rows true at their target in one go; None: each has to go by itself."""

    def connect_and_send() -> list[Sent]:
        target = context.connect(rows[0].target)
        session.commit()
        try:
            return _send(session, target, rows, jobs)
        finally:
            target.close()

    sent = attempt(connect_and_send)
    if isinstance(sent, Exception):
        # Whoever goes by itself meets it again, and there it is stored, and logged without secrets.
        session.rollback()
        log.info("%d stories together: %s", len(rows), type(sent).__name__)
        return None
    return sent


def _send(
    session: Session, target: Target, rows: Sequence[Delivery], jobs: Sequence[StoryJob]
) -> list[Sent]:
    # Where this fails nothing has begun, and they may try together again.
    target.find(jobs[0].post.key)
    # Whatever happens now, until it is sent each goes by itself: a line that breaks carries little at once.
    for row in rows:
        row.memory = replace(row.memory, alone=True)
    session.commit()
    assert isinstance(target, Batches)
    there = target.put_all([job.post for job in jobs])
    return [job.sent(target, remote) for job, remote in zip(jobs, there, strict=True)]
