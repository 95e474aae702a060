"""Several stories in one go, for targets that take them so: in a git repository a round is one commit and one push.

Only the way there is shared. Each row is claimed before, keeps its own lease, and is "sent" only after the push. When
it fails, whatever the reason, the first goes by itself at once, and what failed means is decided there, as for any
other row. What arrived although its answer was lost is found unchanged by the next try, which then adds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from publish.outbox.context import PublishContext
from publish.outbox.delivery import Prepared, Values, prepare_story
from publish.outbox.ledger import STORY, due_state
from publish.outbox.queue import due_rows
from publish.outbox.target_status import budget_left
from publish.targets import Target, target_class
from publish.targets.base import Limits
from reporter.database.job_queue import claim
from reporter.enums import DeliveryState
from reporter.models import Delivery

log = logging.getLogger(__name__)

# Together no more than a thin line carries in a minute: a push that is cut begins anew.
_MOST_BYTES, _MOST_ROWS = 8_000_000, 100
_WAITING = (DeliveryState.DUE, DeliveryState.CHANGED, DeliveryState.SENDING)
# In a row's memory until it is sent: it failed together with others.
ALONE = "alone"


def claim_others(
    session: Session, outbox: PublishContext, row: Delivery, mark: str, until: datetime
) -> list[Delivery]:
    """What may go together with a claimed row, claimed too. Commits."""
    if not _joins(row) or not target_class(row.target.kind).gathers:
        return []
    found = [session.get_one(Delivery, i) for i in due_rows(session, outbox, [row.target])]
    left = budget_left(session, outbox.budget)
    most = _MOST_BYTES if left is None else min(_MOST_BYTES, left)
    claimed: list[Delivery] = []
    size = row.bytes
    for other in found:
        size += other.bytes
        if size > most or len(claimed) >= _MOST_ROWS:
            break
        if other.id != row.id and _joins(other) and _claim(session, outbox, other, mark, until):
            session.refresh(other)
            claimed.append(other)
    return claimed


def _joins(row: Delivery) -> bool:
    # A takedown waits for nothing else.
    single = row.remote.get(ALONE) or row.remote.get("urgent")
    return row.item_kind == STORY and row.state in _WAITING and not single


def _claim(
    session: Session, outbox: PublishContext, row: Delivery, mark: str, until: datetime
) -> bool:
    return claim(
        session,
        Delivery,
        row.id,
        states=_WAITING,
        to=DeliveryState.SENDING,
        lease=mark,
        now=outbox.clock(),
        until=until,
    )


def deliver_together(
    session: Session, outbox: PublishContext, rows: Sequence[Delivery]
) -> list[Values] | None:
    """Make claimed rows true at their target in one go; the columns to store, or None: each has to go by itself."""
    try:
        prepared = [prepare_story(session, outbox, row) for row in rows]
        whole = [one for one in prepared if one is not None and one.limits == Limits()]
        if len(whole) < len(rows):
            return None
        target = outbox.connect(rows[0].target)
        session.commit()
        try:
            return _send(session, target, rows, whole)
        finally:
            target.close()
    except Exception as error:  # noqa: BLE001 - the boundary of the worker
        # Whoever goes by itself meets it again, and there it is told and logged without secrets.
        session.rollback()
        log.info("%d stories together: %s", len(rows), type(error).__name__)
    return None


def _send(
    session: Session, target: Target, rows: Sequence[Delivery], prepared: Sequence[Prepared]
) -> list[Values]:
    # Where this fails nothing has begun, and they may try together again.
    target.find(prepared[0].post.key)
    # Whatever happens now, until it is sent each goes by itself: a line that breaks carries little at once.
    for row in rows:
        row.remote = {**row.remote, ALONE: True}
    session.commit()
    there = target.put_all([one.post for one in prepared])
    return [one.done(target, remote) for one, remote in zip(prepared, there, strict=True)]


def release(session: Session, rows: Sequence[Delivery], mark: str, now: datetime) -> None:
    """Let claimed rows go again, due. Where it was tried that counts: something of it may be there. Commits."""
    for row in rows:
        session.refresh(row)
        state = due_state(row.target, sent=bool(row.sent))
        attempts = row.attempts if row.remote.get(ALONE) else row.attempts - 1
        statement = update(Delivery).where(Delivery.id == row.id, Delivery.lease == mark)
        session.execute(
            statement.values(lease="", state=state.value, due_at=now, attempts=attempts)
        )
    session.commit()
