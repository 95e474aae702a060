"""The rows of camera cards: which camera, which import, which shot, and where the roll is cut into sessions."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageJSON, MessageText
from reporter.enums import ImportState
from reporter.models.takeaway import EventSession, Takeaway


class Camera(Base):
    """A camera and what is known of its clock. Its shots, in its own time order, are one roll."""

    __tablename__ = "camera"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # Make, model and serial number; for files that name none, the card that they came on.
    key: Mapped[str] = mapped_column(unique=True)
    make: Mapped[str] = mapped_column(default="")
    model: Mapped[str] = mapped_column(default="")
    serial: Mapped[str] = mapped_column(default="")
    # Seconds to add to what it says, for the true time at the place. None: nothing is known yet.
    offset_s: Mapped[int | None]
    # Where the offset comes from: see reporter.enums.ClockBasis.
    basis: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    shots: Mapped[list[Shot]] = relationship(back_populates="camera")


class CardImport(Base):
    """One reading of a card or folder: asked for, under way, or what came of it."""

    __tablename__ = "card_import"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    path: Mapped[str]
    # The session that was asked for; None: markers decide.
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    state: Mapped[str] = mapped_column(default=ImportState.ASKED, index=True)
    files: Mapped[int] = mapped_column(default=0)
    files_done: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_done: Mapped[int] = mapped_column(BigInteger, default=0)
    imported: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)
    markers: Mapped[int] = mapped_column(default=0)
    # [{"file", "error"}]: what could not be taken; {"file"} alone: what was not read before the card was gone;
    # {"file", "skipped"}: what lies on the card and is no recording, or only a copy of one, and why it stays there;
    # {"file", "note"}: what is in, but not shown in all its parts.
    failures: Mapped[list[dict[str, Any]]] = mapped_column(MessageJSON, default=list)
    message: Mapped[str] = mapped_column(MessageText, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The last sign of life while it runs.
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)

    session: Mapped[EventSession | None] = relationship()

    @property
    def failed(self) -> list[dict[str, Any]]:
        """``file`` and ``error`` of each file that could not be taken."""
        return [entry for entry in self.failures if "error" in entry]

    @property
    def missing(self) -> list[str]:
        """Names of files that were not read before the card was gone."""
        return [entry["file"] for entry in self.failures if entry.keys() == {"file"}]

    @property
    def skipped(self) -> list[dict[str, Any]]:
        """``file`` and ``reason`` of all that is left on the card because it is no recording."""
        return [
            {"file": entry["file"], "reason": entry["skipped"]}
            for entry in self.failures
            if "skipped" in entry
        ]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """``file`` and ``note`` of what was taken in, but is not shown in all its parts."""
        return [entry for entry in self.failures if "note" in entry]


class Shot(Base):
    """A file of a card that was read: a takeaway, or a marker, which is none."""

    __tablename__ = "shot"
    __table_args__ = (Index("shot_camera_taken", "camera_id", "taken", "path"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    camera_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("camera.id"))
    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("card_import.id"), index=True)
    takeaway_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("takeaway.id"), index=True)
    # Below the card's root, with slashes.
    path: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger, index=True)
    mtime: Mapped[int] = mapped_column(BigInteger)
    # Of the first piece, so that a known file need not be read whole to be known again.
    head: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    # The camera's own clock, as an instant that is right if the camera is (the gathering's zone assumed).
    taken: Mapped[datetime] = mapped_column(UtcDateTime)
    # See reporter.enums.Mark, and for a session's marker whose it is.
    mark: Mapped[str] = mapped_column(default="")
    mark_session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    # The kiosk's clock, where the marker was shown on its screen.
    kiosk_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Asked for by a person: no marker changes it.
    given_session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    # Where the takeaway was put last; when it stands elsewhere, a person has moved it.
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    # A small JPEG of what has no rendition: a marker.
    picture: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    camera: Mapped[Camera] = relationship(back_populates="shots")
    takeaway: Mapped[Takeaway | None] = relationship()


class Cut(Base):
    """From this shot on the roll belongs to a session (None: to none). Unsettled: only proposed."""

    __tablename__ = "cut"

    shot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shot.id"), primary_key=True)
    camera_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("camera.id"), index=True)
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    # See CutOrigin. HAND: a person's, kept when the roll is cut anew; with ``skip``: "no cut here".
    origin: Mapped[str]
    settled: Mapped[bool] = mapped_column(index=True)
    skip: Mapped[bool] = mapped_column(default=False)

    session: Mapped[EventSession | None] = relationship()
    shot: Mapped[Shot] = relationship()
