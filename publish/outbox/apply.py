"""Store the policy's decision for a row: one UPDATE under its lease, then dependent changes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publish.outbox.items import ITEMS
from publish.outbox.lease import change
from publish.outbox.policy.row_states import WAITING
from publish.outbox.policy.transition import Claim, Recheck, TargetNews, Transition
from publish.outbox.target_status import record_reachability, status_of
from publish.posts.model import Remote
from publish.targets import Draft
from reporter.enums import ItemKind
from reporter.models import Delivery, Target
from reporter.models.outbox import SentDraft


def apply(
    session: Session, claim: Claim, transition: Transition, now: datetime
) -> tuple[Recheck, ...]:
    """Store the row and release its lease in one commit; return what the ledger has to compare again."""
    _note_target(session, claim.target_id, transition.news, now)
    values = transition.values()
    if claim.kind == ItemKind.FRONT_PAGE:
        # Another process may have noted something there a moment ago, which ``settled`` reads.
        del values["wanted"]
    stored = session.execute(change(claim).values(lease="", **values))
    ours = bool(stored.rowcount)  # type: ignore[attr-defined]
    if ours:
        if transition.draft is not None:
            _keep_draft(session, claim.id, transition.draft)
        _correct_files(session, claim.target_id, transition.files)
        ITEMS[claim.kind].settled(session, claim, transition, now)
    session.commit()
    moved = ours and claim.kind == ItemKind.STORY and transition.url != claim.url
    return (
        *((Recheck(claim.target_id, claim.item_id),) if moved else ()),
        *((Recheck(claim.target_id),) if transition.news.limits_changed else ()),
    )


def _keep_draft(session: Session, row_id: uuid.UUID, draft: Draft) -> None:
    """Store a post's text as it was sent."""
    session.merge(
        SentDraft(delivery_id=row_id, title=draft.title, body=draft.body, mime=draft.mime)
    )


def _correct_files(session: Session, target_id: uuid.UUID, files: Mapping[str, Remote]) -> None:
    """Store which of two files was kept: whoever took the other for ours would take down the one that is shown."""
    if not files:
        return
    rows = select(Delivery).where(
        Delivery.target_id == target_id,
        Delivery.item_kind == ItemKind.MEDIA,
        Delivery.remote_id.in_(files),
    )
    for row in session.scalars(rows):
        kept = files[row.remote_id]
        row.remote_id, row.url = kept.id, kept.url
        row.memory = replace(row.memory, extra=dict(kept.extra))


def _note_target(session: Session, target_id: uuid.UUID, news: TargetNews, now: datetime) -> None:
    if news.reachability is not None:
        record_reachability(session, target_id, news.reachability, news.message, now=now)
    if news.paused:
        session.get_one(Target, target_id).paused = news.paused
    if news.learned_limits is not None:
        status_of(session, target_id).learned_limits = dict(news.learned_limits)
    if news.hold_until is not None:
        statement = update(Delivery).where(
            Delivery.target_id == target_id,
            Delivery.state.in_(WAITING),
            Delivery.lease == "",
            Delivery.due_at < news.hold_until,
        )
        hold = statement.values(due_at=news.hold_until)
        session.execute(hold.execution_options(synchronize_session=False))
