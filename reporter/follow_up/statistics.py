"""Key figures after a gathering, counted from existing rows: nobody is tracked."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from sqlalchemy import ColumnElement, and_, distinct, func, or_, select
from sqlalchemy.orm import Session

from reporter.enums import Intent, ItemState, ReplyState, TakeawayState
from reporter.follow_up.action_items import count_unanswered
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem

# Questions are counted by how soon their first answer came: within an hour, a day, three days, a week, or later.
WITHIN = (timedelta(hours=1), timedelta(days=1), timedelta(days=3), timedelta(days=7))
_SHOWN = Takeaway.state == TakeawayState.APPROVED


@dataclass(frozen=True)
class Share:
    """A part of a total."""

    part: int
    whole: int

    @property
    def percent(self) -> int:
        """Rounded percentage; 0 if the total is 0."""
        return round(100 * self.part / self.whole) if self.whole else 0


@dataclass(frozen=True)
class Statistics:
    """The figures of the board."""

    questions_answered: Share
    # Time from a question to its first reply; None if none was answered yet.
    first_answer_after: timedelta | None
    # Answered questions by ``WITHIN``, and those answered later still.
    answered_within: tuple[int, ...]
    actions_done: Share
    with_reply: Share
    # Phones that recorded on more than one day, out of all phones that recorded.
    came_back: Share


def board(session: Session) -> Statistics:
    """Compute the figures."""
    questions = _count(session, and_(_SHOWN, Takeaway.intent == Intent.QUESTION))
    waits = _first_answers(session)
    return Statistics(
        questions_answered=Share(questions - count_unanswered(session), questions),
        first_answer_after=timedelta(seconds=median(waits)) if waits else None,
        answered_within=_by_wait(waits),
        actions_done=_actions(session),
        with_reply=_with_reply(session),
        came_back=_came_back(session),
    )


def _count(session: Session, rule: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Takeaway).where(rule)) or 0


def _has_reply() -> ColumnElement[bool]:
    return and_(Reply.state == ReplyState.SHOWN, Reply.text != "")


def _first_answers(session: Session) -> list[float]:
    """Seconds from each answered question to its first reply."""
    query = (
        select(Takeaway.recorded_at, func.min(Reply.written_at))
        .join(Reply, Reply.takeaway_id == Takeaway.id)
        .where(_SHOWN, Takeaway.intent == Intent.QUESTION, _has_reply())
        .group_by(Takeaway.id, Takeaway.recorded_at)
    )
    # Clocks of phones and blogs differ: a reply dated before its question counts as immediate.
    return [
        max(0.0, (first - asked_at).total_seconds()) for asked_at, first in session.execute(query)
    ]


def _by_wait(waits: list[float]) -> tuple[int, ...]:
    limits = [limit.total_seconds() for limit in WITHIN]
    counts = Counter(bisect_left(limits, wait) for wait in waits)
    return tuple(counts[number] for number in range(len(limits) + 1))


def _actions(session: Session) -> Share:
    wanted = and_(ActionItem.kind == Intent.ACTION, ActionItem.state != ItemState.DROPPED)
    whole = session.scalar(select(func.count(ActionItem.id)).where(wanted)) or 0
    done = and_(wanted, ActionItem.state == ItemState.DONE)
    return Share(session.scalar(select(func.count(ActionItem.id)).where(done)) or 0, whole)


def _with_reply(session: Session) -> Share:
    query = (
        select(func.count(distinct(Takeaway.id)))
        .join(Reply, Reply.takeaway_id == Takeaway.id)
        .where(_SHOWN, _has_reply())
    )
    return Share(session.scalar(query) or 0, _count(session, _SHOWN))


def _came_back(session: Session) -> Share:
    phone = or_(Takeaway.device.like("phone-%"), Takeaway.device.like("elsewhere:phone-%"))
    own = and_(phone, Takeaway.state != TakeawayState.WITHDRAWN)
    days = (
        select(Takeaway.device, func.count(distinct(func.date(Takeaway.recorded_at))).label("days"))
        .where(own)
        .group_by(Takeaway.device)
        .subquery()
    )
    whole = session.scalar(select(func.count()).select_from(days)) or 0
    back = session.scalar(select(func.count()).select_from(days).where(days.c.days > 1)) or 0
    return Share(back, whole)
