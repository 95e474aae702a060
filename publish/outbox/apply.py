"""Stores what was decided of a row: one UPDATE under its lease, then whatever depends on it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publish.outbox.context import PublishContext
from publish.outbox.items import ITEMS
from publish.outbox.lease import Lease
from publish.outbox.ledger import compare, refresh_story
from publish.outbox.policy.row_states import WAITING
from publish.outbox.policy.transition import TargetNews, Transition
from publish.outbox.target_status import record_reachability, status_of
from publish.targets import Draft
from reporter.enums import ItemKind
from reporter.models import Delivery, Story, Target
from reporter.models.outbox import SentDraft


def apply(session: Session, context: PublishContext, lease: Lease, transition: Transition) -> None:
    """Store the row and let go of it, in one commit; a sleeper whose lease went to another changes nothing of it."""
    now = context.clock()
    _note_target(session, lease.target_id, transition.news, now)
    before = session.scalar(select(Delivery.url).where(Delivery.id == lease.row_id))
    statement = update(Delivery).where(Delivery.id == lease.row_id, Delivery.lease == lease.mark)
    statement = statement.values(lease="", **transition.values())
    stored = session.execute(statement.execution_options(synchronize_session=False))
    row = session.get_one(Delivery, lease.row_id, populate_existing=True)
    if stored.rowcount:  # type: ignore[attr-defined]
        if transition.draft is not None:
            keep_draft(session, row.id, transition.draft)
        ITEMS[row.item_kind].settled(session, row, now)
    session.commit()
    if row.item_kind == ItemKind.STORY and row.url != before:
        refresh_story(session, context, row.item_id, row.target_id)
    if transition.news.limits_changed:
        compare_all(session, context, session.get_one(Target, lease.target_id))


def keep_draft(session: Session, row_id: uuid.UUID, draft: Draft) -> None:
    """Keep the words of a post as they were sent. Does not commit."""
    session.merge(
        SentDraft(delivery_id=row_id, title=draft.title, body=draft.body, mime=draft.mime)
    )


def compare_all(session: Session, context: PublishContext, target: Target) -> None:
    """Compare everything that is known at a target once more. Commits."""
    stories: Sequence[Story] = session.scalars(select(Story)).all()
    compare(session, context, target, stories, only_known=True)
    session.commit()


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
