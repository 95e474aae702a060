"""The rows of the conversation: replies wherever they were written, how far each target was heard, who is blocked."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageString
from reporter.enums import Audience, ReplyKind, ReplyState
from reporter.models.publishing import Target
from reporter.models.story import Story
from reporter.models.takeaway import Takeaway


class Reply(Base):
    """What somebody said to a takeaway or story: here at the gathering, or at a target (identity: target, remote id).

    The organization's own answers are such rows too (``ours``); one that goes to a target has no remote id before it
    was sent.
    """

    __tablename__ = "reply"
    __table_args__ = (
        UniqueConstraint("target_id", "remote_id"),
        Index("reply_takeaway_state", "takeaway_id", "state"),
        Index("reply_story_state", "story_id", "state"),
        Index("reply_inbox", "state", "written_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # None: said here at the gathering.
    target_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("target.id"))
    remote_id: Mapped[str | None]
    # The target's name, which outlives the target.
    place: Mapped[str] = mapped_column(default="")
    # At least one of the two. A reply to a story of several takeaways belongs to all, until somebody narrows it.
    story_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("story.id", ondelete="SET NULL"))
    takeaway_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("takeaway.id"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reply.id"), index=True)
    # What the target says it answers; the parent may come later than its child.
    in_reply_to: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default=ReplyKind.REPLY)
    state: Mapped[str] = mapped_column(default=ReplyState.HELD)
    author: Mapped[str] = mapped_column(default="")
    author_url: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(default="")
    ours: Mapped[bool] = mapped_column(default=False)
    # A word of blocked-words.txt: not even the room sees it before an organizer has looked.
    flagged: Mapped[bool] = mapped_column(default=False)
    audience: Mapped[str] = mapped_column(default=Audience.PUBLIC)
    # Of replies that were written here: see Takeaway.
    receipt: Mapped[str | None] = mapped_column(unique=True)
    client_id: Mapped[str | None] = mapped_column(unique=True)
    device: Mapped[str] = mapped_column(default="")
    # Former texts, oldest first: {"text", "until"}.
    earlier: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Moves with every change of the row: what polls and the ledger depend on.
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # The inbox: who takes care, from when on it shows again, and who is done with it.
    assigned: Mapped[str] = mapped_column(default="")
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str] = mapped_column(default="")

    takeaway: Mapped[Takeaway | None] = relationship()
    story: Mapped[Story | None] = relationship()
    target: Mapped[Target | None] = relationship()
    parent: Mapped[Reply | None] = relationship(remote_side=[id])


class ReplyPoll(Base):
    """How far a target was heard, and when it is heard again."""

    __tablename__ = "listening"

    target_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("target.id"), primary_key=True)
    # The last look that worked, and the last that went over everything.
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    complete_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    # Why the last look did not work; empty: it did.
    error: Mapped[str] = mapped_column(MessageString, default="")


class BlockedPerson(Base):
    """Somebody whose replies are not wanted: at one target, by address or name."""

    __tablename__ = "blocked_person"

    target_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    author: Mapped[str] = mapped_column(default="")
    blocked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(default="")
