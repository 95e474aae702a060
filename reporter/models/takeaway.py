"""Models of sessions, takeaways and their media."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageString
from reporter.enums import Audience, Faces, MediaState, Source, TakeawayState


class EventSession(Base):
    """A slot of the schedule, with the code on its poster."""

    __tablename__ = "event_session"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    # Its id in the schedule; unchanged when title, room and time change. None: added by hand.
    guid: Mapped[str | None] = mapped_column(unique=True)
    title: Mapped[str]
    room: Mapped[str] = mapped_column(default="")
    track: Mapped[str] = mapped_column(default="")
    speakers: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Text only: the speaker asked not to be recorded.
    do_not_record: Mapped[bool] = mapped_column(default=False)
    # With ``do_not_record``: the words may be published too. Otherwise they stay in the room (see visibility).
    words_leave: Mapped[bool] = mapped_column(default=False)
    licence: Mapped[str] = mapped_column(default="")
    # The language spoken in it, as a code (BCP 47); empty: unknown.
    language: Mapped[str] = mapped_column(default="", server_default="")
    audience: Mapped[str] = mapped_column(default=Audience.PUBLIC)
    # Missing from the schedule at a later import. Its code stays valid: it may be on a poster.
    retired: Mapped[bool] = mapped_column(default=False)
    # Its other ids: its UID in the calendar of the same system, its code there.
    schedule_ids: Mapped[list[str]] = mapped_column(JSON, default=list)
    # Recurs at every gathering: the next one begins with it.
    series: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When each of its fields was last changed (see reporter.gathering.sessions.note_changes): a merge takes the later
    # value. A field that is missing has not been changed since it was added.
    changes: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")

    takeaways: Mapped[list[Takeaway]] = relationship(back_populates="session")


class Takeaway(Base):
    """A contribution. A withdrawn one keeps its row, emptied: the tombstone."""

    __tablename__ = "takeaway"
    __table_args__ = (
        Index("takeaway_state_time", "state", "recorded_at"),
        # The newest of a session.
        Index("takeaway_session_newest", "session_id", "id"),
        # The desk's counts are read from these alone, without the rows.
        Index("takeaway_session_state_time", "session_id", "state", "recorded_at"),
        # The id comes second, or SQLite would search by consent and audience where an order helps more (the wall).
        Index("takeaway_state_flags", "state", "id", "consent", "audience", "starred", "held"),
        Index("takeaway_received_device", "received_at", "device"),
        # The newest cards of the wall, in their order.
        Index("takeaway_state_approved", "state", "approved_at", "received_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    receipt: Mapped[str] = mapped_column(unique=True)
    client_id: Mapped[str | None] = mapped_column(unique=True)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("event_session.id"))
    kind: Mapped[str]
    text: Mapped[str] = mapped_column(Text, default="")
    # The organizer's words; the contributor's stay in ``text``.
    caption: Mapped[str] = mapped_column(Text, default="")
    author: Mapped[str] = mapped_column(default="")
    prompt: Mapped[str] = mapped_column(default="")
    intent: Mapped[str] = mapped_column(default="")
    audience: Mapped[str] = mapped_column(default=Audience.PUBLIC)
    consent: Mapped[str] = mapped_column(default="")
    licence: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default=Source.PHONE)
    # The phone that sent it (see the kiosk's device_cookie), so that the desk can block it. Never
    # shown, never published.
    device: Mapped[str] = mapped_column(default="", index=True)
    # Name of the laptop that took it in; empty: this one.
    kiosk: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(default=TakeawayState.NEW)
    # Contains a word of blocked-words.txt: not shown before an organizer has reviewed it.
    held: Mapped[bool] = mapped_column(default=False)
    starred: Mapped[bool] = mapped_column(default=False)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    revision: Mapped[int] = mapped_column(index=True)

    session: Mapped[EventSession] = relationship(back_populates="takeaways")
    attachments: Mapped[list[Attachment]] = relationship(
        back_populates="takeaway", order_by="Attachment.position", cascade="all, delete-orphan"
    )
    tags: Mapped[list[Tag]] = relationship(
        back_populates="takeaway", order_by="Tag.name", cascade="all, delete-orphan"
    )
    # For a film: what it shows.
    parts: Mapped[list[FilmPart]] = relationship(
        foreign_keys="FilmPart.film_id", cascade="all, delete-orphan"
    )


class FilmPart(Base):
    """A takeaway shown in a film (which is a takeaway too), and what it looked like then."""

    __tablename__ = "film_part"

    film_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), primary_key=True)
    part_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("takeaway.id"), primary_key=True, index=True
    )
    # Its photo or video (``Media.sha256``) with its edits at that time; '' for words alone.
    sha256: Mapped[str] = mapped_column(default="")
    edits_fingerprint: Mapped[str] = mapped_column("mended", default="")
    # Digest of all that is shown of it: see ``reporter.films.arrangement.looks_of``; after a colon that
    # of its captions.
    appearance: Mapped[str] = mapped_column("looks", default="")

    takeaway: Mapped[Takeaway] = relationship(foreign_keys=[part_id])


class Tag(Base):
    """A tag on a takeaway, from an organizer or a #hashtag in the text."""

    __tablename__ = "tag"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, index=True)

    takeaway: Mapped[Takeaway] = relationship(back_populates="tags")


class Media(Base):
    """An original file, content-addressed: one row for the same bytes, however often they arrive."""

    __tablename__ = "media"
    # The messages of failed files are counted from it alone.
    __table_args__ = (Index("media_state_error", "state", "error"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    type: Mapped[str]
    ext: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    # Seconds.
    duration: Mapped[float | None]
    # Recording time by the device itself: local time without zone, as text, because that is all it is.
    captured_local: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=MediaState.RECEIVED)
    error: Mapped[str] = mapped_column(MessageString, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    # Before this time no other worker takes it: a lease while it is processed, a delay after a failure.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Fingerprint of the edits in its current or pending renditions; empty: unedited. See
    # reporter.annotations.edit_history.
    edits_fingerprint: Mapped[str] = mapped_column("mended", default="")
    # Face review state: a value of reporter.enums.Faces.
    faces: Mapped[str] = mapped_column(default=Faces.UNKNOWN, index=True)
    # Text recognized in it, and the picture (SHA-256 of its view) that it was read from. See
    # reporter.annotations.ocr_text.
    recognized_text: Mapped[str] = mapped_column("words", Text, default="")
    recognized_in: Mapped[str] = mapped_column("words_of", default="")

    attachments: Mapped[list[Attachment]] = relationship(back_populates="media")
    renditions: Mapped[list[Rendition]] = relationship(
        back_populates="media", cascade="all, delete-orphan"
    )


class Attachment(Base):
    """A media file in a takeaway: its position, original file name and alt text."""

    __tablename__ = "attachment"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), primary_key=True)
    media_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("media.id"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(default=0)
    filename: Mapped[str] = mapped_column(default="")
    alt: Mapped[str] = mapped_column(Text, default="")

    takeaway: Mapped[Takeaway] = relationship(back_populates="attachments")
    media: Mapped[Media] = relationship(back_populates="attachments")


class Rendition(Base):
    """Derived from an original and always rebuildable: ``thumb``, ``view``, ``poster``, ``play``."""

    __tablename__ = "rendition"

    media_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    ext: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    # Of the rendition file: sent to targets, and used to detect a truncated copy.
    sha256: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[float | None]

    media: Mapped[Media] = relationship(back_populates="renditions")


class Upload(Base):
    """A tus upload in progress. Its bytes are in ``incoming/``; the file's length is the offset."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("event_session.id"))
    length: Mapped[int] = mapped_column(BigInteger)
    # The decoded Upload-Metadata.
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    # The device that began it: see Takeaway.device.
    device: Mapped[str] = mapped_column(default="")
    receipt: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Decision(Base):
    """An action of an organizer or contributor on a takeaway: history, and data for undo (see moderation.history)."""

    __tablename__ = "decision"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(default="")
    action: Mapped[str]
    # Changes made with one click belong together, over however many takeaways, and are undone together.
    step: Mapped[uuid.UUID | None] = mapped_column(Uuid, index=True)
    # The gathering's counter after it: a page loaded at a lower value has not shown this.
    revision: Mapped[int] = mapped_column(default=0)
    undone: Mapped[bool] = mapped_column(default=False)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)


class Tombstone(Base):
    """What remains of withdrawn bytes: no retry, card, merge or re-publish brings them back for this session."""

    __tablename__ = "tombstone"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True, default="", index=True)
    receipt: Mapped[str]
    session_code: Mapped[str]
    withdrawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Digest of the client id (see same_again), so that a retry is recognized although the id itself is deleted.
    client: Mapped[str] = mapped_column(default="", index=True)


class ReceiptAlias(Base):
    """A second valid receipt of a takeaway: two kiosks had acknowledged the same one before they were merged."""

    __tablename__ = "receipt_alias"

    receipt: Mapped[str] = mapped_column(primary_key=True)
    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), index=True)
