"""Models for the time after the event: open items, contacts, the next gathering, the follow-up plan."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reporter.database.engine import Base, UtcDateTime
from reporter.enums import ItemState, StepState
from reporter.models.conversation import Reply
from reporter.models.story import Story
from reporter.models.takeaway import Takeaway


class ActionItem(Base):
    """An open question, or something that somebody wants to do."""

    __tablename__ = "action_item"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # 'question' or 'action'.
    kind: Mapped[str]
    what: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(default="")
    # The name is published only with this consent.
    who_agreed: Mapped[bool] = mapped_column(default=False)
    due_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(default=ItemState.OPEN, index=True)
    # The outcome, in a sentence.
    outcome: Mapped[str] = mapped_column(Text, default="")
    takeaway_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("takeaway.id"), index=True)
    reply_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("reply.id", ondelete="SET NULL"), index=True
    )
    # The gathering that it was carried over from; empty: this one.
    carried_from: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    takeaway: Mapped[Takeaway | None] = relationship()
    reply: Mapped[Reply | None] = relationship()


class Contact(Base):
    """An address that a contributor left. Never shown, published, bundled or merged."""

    __tablename__ = "contact"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    address: Mapped[str]
    # None: carried over from an earlier gathering, for the invitation only.
    takeaway_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("takeaway.id"), index=True)
    # Requested a notification of an answer, once; agreed to be invited to the next gathering.
    answer: Mapped[bool] = mapped_column(default=False)
    invite: Mapped[bool] = mapped_column(default=False)
    # Unsubscribe token: whoever holds it can stop all mail to this address.
    token: Mapped[str] = mapped_column(unique=True)
    notified_at: Mapped[datetime | None] = mapped_column("told_at", UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    takeaway: Mapped[Takeaway | None] = relationship()


class NextGathering(Base):
    """Time and place of the next gathering: one row, if known."""

    __tablename__ = "next_gathering"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(default="")
    # Page with details or registration.
    url: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column("words", Text, default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlanStep(Base):
    """A step of the plan after the event. Its story is a draft until somebody approves it."""

    __tablename__ = "plan_step"

    # 'thanks', 'questions', 'done', 'invitation' or 'reminder' (see publish.conversation.follow_up_plan).
    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default=StepState.PLANNED)
    # Set by hand; None: as planned.
    due_on: Mapped[date | None] = mapped_column(Date)
    story_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("story.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(default="")

    story: Mapped[Story | None] = relationship()
