"""What the outbox has learnt of each target, how far it is, and what was asked to be taken down."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageText
from reporter.models.publishing import Delivery, Target


class OutboxState(Base):
    """The outbox as a whole: one row, made when first needed."""

    __tablename__ = "outbox_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Since when a person has paused all sending. None: it goes on.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Bytes sent since ``counted_since``, for the budget.
    spent: Mapped[int] = mapped_column(BigInteger, default=0)
    counted_since: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the work that is open now began: progress counts from there.
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TargetStatus(Base):
    """Connection state of one target: reachability, pauses, limits."""

    __tablename__ = "line"

    target_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("target.id", ondelete="CASCADE"), primary_key=True
    )
    # Since when a person has paused this target. None: it goes on.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # A value of ``publish.errors.Reachability``; empty: never tried.
    reachability: Mapped[str] = mapped_column(default="")
    # The sentence that belongs to it.
    message: Mapped[str] = mapped_column(MessageText, default="")
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Seconds that this laptop's clock is ahead of the target's; None: it never told.
    clock_skew_s: Mapped[float | None]
    # Bytes a second, of the last big things.
    speed: Mapped[float | None]
    # What it takes (``publish.targets.base.Limits`` as JSON), as it says, and as its refusals taught.
    reported_limits: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    learned_limits: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    target: Mapped[Target] = relationship()


class SentDraft(Base):
    """The words of a post as they were sent last, so that a preview can tell what would change."""

    __tablename__ = "sent_draft"

    delivery_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    title: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(Text, default="")
    mime: Mapped[str] = mapped_column(default="")


class Takedown(Base):
    """A takeaway that has to leave one target, and whether it has. Stays, as the answer to "is it gone?"."""

    __tablename__ = "takedown"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    delivery_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What the target's kind can't reach (see ``publish.targets.base.Target.copies_remain``), or empty.
    remains: Mapped[str] = mapped_column(MessageText, default="")

    delivery: Mapped[Delivery] = relationship()
