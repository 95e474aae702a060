"""Models of stories and the film: what an organizer composes from takeaways."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageString
from reporter.models.takeaway import EventSession


class StoryItem(Base):
    """A takeaway that an organizer put into a story. In a story other than its session's own, it leaves that one."""

    __tablename__ = "story_item"

    story_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("story.id"), primary_key=True)
    takeaway_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("takeaway.id"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(default=0)


class Story(Base):
    """A sequence of takeaways composed by an organizer. ``session_id`` set: the session's own,
    created when first needed.

    Text between its takeaways: see StoryText.
    """

    __tablename__ = "story"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("event_session.id"), unique=True
    )
    title: Mapped[str] = mapped_column(default="")
    lead: Mapped[str] = mapped_column(Text, default="")
    # For places with a character limit. Empty: made from title and lead.
    short: Mapped[str] = mapped_column(Text, default="")
    # The report of the whole gathering: its takeaways stay in their session's story too.
    report: Mapped[bool] = mapped_column(default=False)
    # A story of the plan after the event: takeaways that it repeats stay in their session's story too.
    planned: Mapped[bool] = mapped_column(default=False, server_default="0")
    # Draft: not published.
    draft: Mapped[bool] = mapped_column(default=False)
    # For a session's own story: whether approved takeaways in no other story follow below the arranged ones.
    rest: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Number of changes by organizers. If two laptops have the story, a merge takes the version with more.
    edits: Mapped[int] = mapped_column(default=0, server_default="0")

    session: Mapped[EventSession | None] = relationship()
    items: Mapped[list[StoryItem]] = relationship(
        order_by=StoryItem.position, cascade="all, delete-orphan"
    )


class StoryText(Base):
    """An organizer's Markdown; its position is in one sequence with those of the story's takeaways."""

    __tablename__ = "story_words"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    story_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("story.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Film(Base):
    """The film of the evening: its options, and the parts of the finished file.

    There is one per gathering. The finished film is a takeaway of its own, from ``Source.FILM``.
    """

    __tablename__ = "film"

    id: Mapped[int] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(default="public")
    shape: Mapped[str] = mapped_column(default="landscape")
    seconds: Mapped[float] = mapped_column(default=75.0)
    # Receipts: the order, the exclusions, and the seconds of each.
    sequence: Mapped[list[str]] = mapped_column(JSON, default=list)
    excluded: Mapped[list[str]] = mapped_column("dropped", JSON, default=list)
    lengths: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    # The organizer's sound file, stored with the film, and its display name; '' for none.
    music: Mapped[str] = mapped_column(default="", server_default="")
    music_name: Mapped[str] = mapped_column(default="", server_default="")
    # Rendering was requested, or is due again.
    requested: Mapped[bool] = mapped_column("asked", default=False)
    # Of the finished film: its script's fingerprint, '' for none; its length.
    fingerprint: Mapped[str] = mapped_column("made", default="")
    duration: Mapped[float] = mapped_column("made_seconds", default=0.0)
    # Frames rendered and frames in all, while it is rendered.
    frames_done: Mapped[int] = mapped_column("done", default=0)
    frames_total: Mapped[int] = mapped_column("whole", default=0)
    error: Mapped[str] = mapped_column(MessageString, default="")
