"""Models of the outbox's state: per target, overall, and requested takedowns."""

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
    """State of the outbox as a whole: one row, created when first needed."""

    __tablename__ = "outbox_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Since when a person has paused all sending. None: not paused.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Bytes sent since ``counted_since``, for the budget.
    bytes_spent: Mapped[int] = mapped_column("spent", BigInteger, default=0)
    counted_since: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the current work began: progress counts from there.
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TargetStatus(Base):
    """Connection state of one target: reachability, pauses, limits."""

    __tablename__ = "line"

    target_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("target.id", ondelete="CASCADE"), primary_key=True
    )
    # Since when a person has paused this target. None: not paused.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # A value of ``publish.errors.Reachability``; empty: never tried.
    reachability: Mapped[str] = mapped_column(default="")
    # The message for it.
    message: Mapped[str] = mapped_column(MessageText, default="")
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Seconds that this laptop's clock is ahead of the target's; None: unknown.
    clock_skew_s: Mapped[float | None]
    # Upload rate in bytes a second, of the last large files.
    speed: Mapped[float | None]
    # Its limits (``publish.targets.base.Limits`` as JSON), as declared, and as learnt from its refusals.
    reported_limits: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    limits_reported_at: Mapped[datetime | None] = mapped_column("told_at", UtcDateTime)
    learned_limits: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    target: Mapped[Target] = relationship()


class SentDraft(Base):
    """The text of a post as last sent, so that a preview can show what would change."""

    __tablename__ = "sent_draft"

    delivery_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    title: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(Text, default="")
    mime: Mapped[str] = mapped_column(default="")


class Takedown(Base):
    """A takeaway that has to be taken down at one target, and the state. Kept as the answer to "is it gone?"."""

    __tablename__ = "takedown"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    delivery_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    requested_at: Mapped[datetime] = mapped_column("asked_at", UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What this kind of target can't delete (see ``publish.targets.base.Target.copies_remain``), or empty.
    remaining_copies: Mapped[str] = mapped_column("remains", MessageText, default="")

    delivery: Mapped[Delivery] = relationship()
