"""Models of replies from everywhere, polling state of each target, and blocked people."""

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
    """A reply to a takeaway or story: made at the gathering, or at a target (identity: target, remote id).

    The organization's own answers are such rows too (``ours``); one for a target has no remote id
    until it is sent.
    """

    __tablename__ = "reply"
    __table_args__ = (
        UniqueConstraint("target_id", "remote_id"),
        Index("reply_takeaway_state", "takeaway_id", "state"),
        Index("reply_story_state", "story_id", "state"),
        Index("reply_inbox", "state", "written_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # None: made at the gathering.
    target_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("target.id"))
    remote_id: Mapped[str | None]
    # The target's name, kept after the target is deleted.
    place: Mapped[str] = mapped_column(default="")
    # At least one of the two. A reply to a story of several takeaways belongs to all, until somebody narrows it.
    story_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("story.id", ondelete="SET NULL"))
    takeaway_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("takeaway.id"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reply.id"), index=True)
    # The remote id of our post that it stands below (of a thread: of one of its posts); empty: unknown, or said here.
    post_id: Mapped[str] = mapped_column(default="", server_default="")
    # The remote id of its parent, which may arrive later than its child.
    in_reply_to: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default=ReplyKind.REPLY)
    state: Mapped[str] = mapped_column(default=ReplyState.HELD)
    author: Mapped[str] = mapped_column(default="")
    author_url: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(default="")
    ours: Mapped[bool] = mapped_column(default=False)
    # Contains a word of blocked-words.txt: not even shown in the room before an organizer has reviewed it.
    flagged: Mapped[bool] = mapped_column(default=False)
    audience: Mapped[str] = mapped_column(default=Audience.PUBLIC)
    # For replies written here: see Takeaway.
    receipt: Mapped[str | None] = mapped_column(unique=True)
    client_id: Mapped[str | None] = mapped_column(unique=True)
    device: Mapped[str] = mapped_column(default="")
    # Former texts, oldest first: {"text", "until"}.
    former_texts: Mapped[list[dict[str, Any]]] = mapped_column("earlier", JSON, default=list)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Changes with every change of the row: polls and the ledger depend on it.
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # Inbox state: assignee, snoozed until, and who marked it as done.
    assigned: Mapped[str] = mapped_column(default="")
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[str] = mapped_column(default="")

    takeaway: Mapped[Takeaway | None] = relationship()
    story: Mapped[Story | None] = relationship()
    target: Mapped[Target | None] = relationship()
    parent: Mapped[Reply | None] = relationship(remote_side=[id])


class ReplyPoll(Base):
    """When a target was polled for replies, and when it is polled next."""

    __tablename__ = "listening"

    target_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("target.id"), primary_key=True)
    # The last successful poll, and the last that covered everything.
    polled_at: Mapped[datetime | None] = mapped_column("looked_at", UtcDateTime)
    fully_polled_at: Mapped[datetime | None] = mapped_column("complete_at", UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    # Why the last poll failed; empty: it succeeded.
    error: Mapped[str] = mapped_column(MessageString, default="")


class BlockedPerson(Base):
    """A person whose replies are blocked: at one target, by address or name."""

    __tablename__ = "blocked_person"

    target_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    author: Mapped[str] = mapped_column(default="")
    blocked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(default="")
