"""Stories and the film: what an organizer composes from takeaways."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageString
from reporter.models.takeaway import EventSession


class Story(Base):
    """What an organizer composes from takeaways. ``session_id`` set: the session's own, made when first needed.

    What stands between its takeaways is in ``reporter.models.story_text``.
    """

    __tablename__ = "story"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("event_session.id"), unique=True
    )
    title: Mapped[str] = mapped_column(default="")
    lead: Mapped[str] = mapped_column(Text, default="")
    # For places that take few characters. Empty: made from title and lead.
    short: Mapped[str] = mapped_column(Text, default="")
    # The report of the whole gathering: what is in it stays in its session's story too.
    report: Mapped[bool] = mapped_column(default=False)
    # Nobody gets it yet.
    draft: Mapped[bool] = mapped_column(default=False)
    # A session's own: whether what is approved and in no other story follows below what was arranged.
    rest: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    session: Mapped[EventSession | None] = relationship()
    items: Mapped[list[StoryItem]] = relationship(
        order_by="StoryItem.position", cascade="all, delete-orphan"
    )


class StoryItem(Base):
    """A takeaway that an organizer put into a story. In another than its session's own, it leaves that one."""

    __tablename__ = "story_item"

    story_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("story.id"), primary_key=True)
    takeaway_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("takeaway.id"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(default=0)


class StoryText(Base):
    """An organizer's Markdown; its position counts together with those of the story's takeaways."""

    __tablename__ = "story_words"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    story_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("story.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Film(Base):
    """The film of the evening: what is wanted of it, and what the finished file is made of.

    There is one a gathering. The finished one is a takeaway of its own, from ``Source.FILM``.
    """

    __tablename__ = "film"

    id: Mapped[int] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(default="public")
    shape: Mapped[str] = mapped_column(default="landscape")
    seconds: Mapped[float] = mapped_column(default=75.0)
    # Receipts: in which order, which not at all, and for how many seconds each.
    sequence: Mapped[list[str]] = mapped_column(JSON, default=list)
    dropped: Mapped[list[str]] = mapped_column(JSON, default=list)
    lengths: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    # The sound file that an organizer brought, beside the film, and what they call it; '' for none.
    music: Mapped[str] = mapped_column(default="", server_default="")
    music_name: Mapped[str] = mapped_column(default="", server_default="")
    # Somebody asked for it, or it has to be made anew.
    asked: Mapped[bool] = mapped_column(default=False)
    # Of the finished one: its script's fingerprint, '' for none; its length.
    made: Mapped[str] = mapped_column(default="")
    made_seconds: Mapped[float] = mapped_column(default=0.0)
    # Frames made and frames in all, while it is made.
    done: Mapped[int] = mapped_column(default=0)
    whole: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(MessageString, default="")
