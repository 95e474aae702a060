"""The inbox: replies from all places that need an organizer's attention, in one list."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from reporter.actor import Actor
from reporter.conversation.replies import WORDS
from reporter.enums import ReplyKind, ReplyState
from reporter.errors import BadInput
from reporter.models import Takeaway
from reporter.models.conversation import Reply

VIEWS = ("open", "snoozed", "done", "hidden")
PAGE = 60
# Choices for snoozing a reply, in days.
NAPS = (1, 7)
_SPOKEN = (*WORDS, ReplyKind.REPORT)


@dataclass(frozen=True)
class InboxPage:
    """One page of the inbox, newest first, and the cursor of the next page ('' on the last)."""

    rows: list[Reply]
    more: str


def in_view(view: str, now: datetime) -> ColumnElement[bool]:
    """Condition for the replies in a view. Our own answers appear in their threads, not in the list."""
    mine = and_(Reply.kind.in_(_SPOKEN), Reply.ours.is_(False))
    asleep = and_(Reply.snoozed_until.is_not(None), Reply.snoozed_until > now)
    readable = Reply.state.in_((ReplyState.HELD, ReplyState.SHOWN))
    views = {
        "open": and_(readable, Reply.done_at.is_(None), ~asleep),
        "snoozed": and_(readable, Reply.done_at.is_(None), asleep),
        "done": and_(readable, Reply.done_at.is_not(None)),
        "hidden": Reply.state.in_((ReplyState.HIDDEN, ReplyState.SPAM)),
    }
    return and_(mine, views.get(view, views["open"]))


def inbox(session: Session, view: str, now: datetime, *, before: str = "") -> InboxPage:
    """One page of a view. ``before``: id (hex) of the last reply on the previous page."""
    query = select(Reply).where(in_view(view, now)).options(*_with_context())
    if before:
        query = query.where(Reply.id < _cursor(before))
    rows = list(session.scalars(query.order_by(Reply.id.desc()).limit(PAGE + 1)))
    return InboxPage(rows[:PAGE], rows[PAGE - 1].id.hex if len(rows) > PAGE else "")


def _cursor(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadInput("This page's address is broken. Go back to the inbox.") from error


def _with_context() -> tuple[joinedload[Reply], ...]:  # type: ignore[valid-type]
    return (
        joinedload(Reply.takeaway).joinedload(Takeaway.session),
        joinedload(Reply.story),
        joinedload(Reply.target),
    )


def open_count(session: Session, now: datetime) -> int:
    """Number of open replies."""
    return session.scalar(select(func.count(Reply.id)).where(in_view("open", now))) or 0


def thread_of(session: Session, reply: Reply) -> list[Reply]:
    """All replies in the same thread (under the same takeaway, or to the same story at that target), oldest first."""
    if reply.takeaway_id is not None:
        same = Reply.takeaway_id == reply.takeaway_id
    else:
        same = and_(Reply.story_id == reply.story_id, Reply.takeaway_id.is_(None))
    visible = or_(Reply.state != ReplyState.GONE, Reply.ours)
    query = select(Reply).where(same, Reply.kind.in_(WORDS), visible)
    return list(session.scalars(query.order_by(Reply.written_at, Reply.id).limit(200)))


def mark_done(session: Session, reply: Reply, actor: Actor, *, done: bool) -> None:
    """Mark as done, or reopen. Commits."""
    reply.done_at, reply.done_by = (actor.now, actor.who) if done else (None, "")
    reply.snoozed_until = None
    session.commit()


def snooze(session: Session, reply: Reply, actor: Actor, days: int) -> None:
    """Snooze for some days. Raises BadInput for a number that is not in ``NAPS``. Commits."""
    if days not in NAPS:
        raise BadInput("It can sleep until tomorrow or for a week.")
    reply.snoozed_until = actor.now + timedelta(days=days)
    session.commit()


def assign(session: Session, reply: Reply, name: str) -> None:
    """Assign to a person; empty for nobody. Commits."""
    reply.assigned = " ".join(name.split())[:80]
    session.commit()
