"""Sessions, takeaways and their media: what a gathering recorded."""

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
    """A slot of the schedule, with the code that stands on its poster."""

    __tablename__ = "event_session"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    # What the schedule calls it; stays when title, room and time change. None: added by hand.
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
    # The language that is spoken in it, as a code (BCP 47); empty: nobody said.
    language: Mapped[str] = mapped_column(default="", server_default="")
    audience: Mapped[str] = mapped_column(default=Audience.PUBLIC)
    # Gone from the schedule at a later import. Its code stays valid: it may stand on a poster.
    retired: Mapped[bool] = mapped_column(default=False)
    # Other ids of it: its UID in the calendar of the same system, its code there.
    schedule_ids: Mapped[list[str]] = mapped_column(JSON, default=list)
    # Held at every gathering: the next one begins with it.
    series: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    takeaways: Mapped[list[Takeaway]] = relationship(back_populates="session")


class Takeaway(Base):
    """What somebody recorded. Withdrawn ones keep their row, emptied: the tombstone."""

    __tablename__ = "takeaway"
    __table_args__ = (
        Index("takeaway_state_time", "state", "recorded_at"),
        Index("takeaway_state_id", "state", "id"),
        Index("takeaway_session_state", "session_id", "state"),
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
    # The phone that sent it (see the kiosk's device_cookie), so that the desk can block it.
    # Never shown, never published.
    device: Mapped[str] = mapped_column(default="", index=True)
    # The laptop that took it in, by its name; empty: this one.
    kiosk: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(default=TakeawayState.NEW)
    # Has a word of blocked-words.txt: nobody sees it before an organizer has looked at it.
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
    # Of a film: what is seen in it.
    parts: Mapped[list[FilmPart]] = relationship(
        foreign_keys="FilmPart.film_id", cascade="all, delete-orphan"
    )


class FilmPart(Base):
    """A takeaway that is seen in a film, which is a takeaway too, and what it looked like then."""

    __tablename__ = "film_part"

    film_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), primary_key=True)
    part_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("takeaway.id"), primary_key=True, index=True
    )
    # Its photo or video (``Media.sha256``) with the edits that it had (``Media.mended``); '' for words alone.
    sha256: Mapped[str] = mapped_column(default="")
    mended: Mapped[str] = mapped_column(default="")
    # Digest of all that is seen of it: see ``reporter.films.arrangement.looks_of``.
    looks: Mapped[str] = mapped_column(default="")

    takeaway: Mapped[Takeaway] = relationship(foreign_keys=[part_id])


class Tag(Base):
    """A word that an organizer (or a #hashtag in the text) gave a takeaway."""

    __tablename__ = "tag"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, index=True)

    takeaway: Mapped[Takeaway] = relationship(back_populates="tags")


class Media(Base):
    """An original file, content-addressed: one row for the same bytes, however often they come."""

    __tablename__ = "media"

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
    # What the device itself says of the moment: local time without zone, as text, because that is all it is.
    captured_local: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=MediaState.RECEIVED, index=True)
    error: Mapped[str] = mapped_column(MessageString, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    # Before this moment nobody else takes it up: a lease while it is processed, a pause after a failure.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Fingerprint of the edits that its renditions hold or are about to; empty: shown as it came.
    # See reporter.annotations.edit_history.
    mended: Mapped[str] = mapped_column(default="")
    # What is known of faces in it: a word of reporter.enums.Faces.
    faces: Mapped[str] = mapped_column(default=Faces.UNKNOWN, index=True)
    # What can be read in it, and of which picture (SHA-256 of its view) that is known.
    # See reporter.annotations.ocr_text.
    words: Mapped[str] = mapped_column(Text, default="")
    words_of: Mapped[str] = mapped_column(default="")

    attachments: Mapped[list[Attachment]] = relationship(back_populates="media")
    renditions: Mapped[list[Rendition]] = relationship(
        back_populates="media", cascade="all, delete-orphan"
    )


class Attachment(Base):
    """A media file in a takeaway: the order, the name it came with, and the words for who can't see it."""

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
    """Made from an original, always rebuildable: ``thumb``, ``view``, ``poster``, ``play``."""

    __tablename__ = "rendition"

    media_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("media.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    ext: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    # Of the file itself: what a target is told, and how a truncated copy is found out.
    sha256: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration: Mapped[float | None]

    media: Mapped[Media] = relationship(back_populates="renditions")


class Upload(Base):
    """A tus upload under way. Its bytes stand in ``incoming/``; the file's length is the offset."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("event_session.id"))
    length: Mapped[int] = mapped_column(BigInteger)
    # The decoded Upload-Metadata.
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Of whoever began it: see Takeaway.device.
    device: Mapped[str] = mapped_column(default="")
    receipt: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Decision(Base):
    """What an organizer or contributor did to a takeaway: history, and what undo needs (see moderation.history)."""

    __tablename__ = "decision"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(default="")
    action: Mapped[str]
    # What was done with one press belongs together, over however many takeaways, and is undone together.
    step: Mapped[uuid.UUID | None] = mapped_column(Uuid, index=True)
    # The gathering's counter after it: whoever read a page at an older one has not seen this.
    revision: Mapped[int] = mapped_column(default=0)
    undone: Mapped[bool] = mapped_column(default=False)
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)


class Tombstone(Base):
    """What stays of withdrawn bytes: no retry, card, merge or re-publish brings them back for this session."""

    __tablename__ = "tombstone"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True, default="", index=True)
    receipt: Mapped[str]
    session_code: Mapped[str]
    withdrawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Digest of the client id (see same_again), so that a retry is recognized though the id itself is erased.
    client: Mapped[str] = mapped_column(default="", index=True)


class ReceiptAlias(Base):
    """A second valid receipt of a takeaway: two kiosks had acknowledged the same one before they were merged."""

    __tablename__ = "receipt_alias"

    receipt: Mapped[str] = mapped_column(primary_key=True)
    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), index=True)
