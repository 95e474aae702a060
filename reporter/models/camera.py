"""Models of camera cards: cameras, imports, shots, and the cuts that divide a roll into sessions."""

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
    """A camera and its clock offset. Its shots, in its own time order, are one roll."""

    __tablename__ = "camera"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # Make, model and serial number; for files without these, the card they came on.
    key: Mapped[str] = mapped_column(unique=True)
    make: Mapped[str] = mapped_column(default="")
    model: Mapped[str] = mapped_column(default="")
    serial: Mapped[str] = mapped_column(default="")
    # Seconds to add to the camera's clock for the true local time. None: unknown.
    offset_s: Mapped[int | None]
    # Source of the offset: see reporter.enums.ClockBasis.
    basis: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CardImport(Base):
    """An import of a card or folder: requested, running or finished."""

    __tablename__ = "card_import"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    path: Mapped[str]
    # The session requested by a person; None: markers decide.
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    state: Mapped[str] = mapped_column(default=ImportState.ASKED, index=True)
    files: Mapped[int] = mapped_column(default=0)
    files_done: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_done: Mapped[int] = mapped_column(BigInteger, default=0)
    imported: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column("known", default=0)
    markers: Mapped[int] = mapped_column(default=0)
    # [{"file", "error"}]: could not be imported; {"file"} alone: not read before the card was removed;
    # {"file", "skipped"}: not a recording, or only a copy of one, with the reason;
    # {"file", "note"}: imported, but not all its parts are shown.
    failures: Mapped[list[dict[str, Any]]] = mapped_column(MessageJSON, default=list)
    message: Mapped[str] = mapped_column(MessageText, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Heartbeat while it runs.
    heartbeat_at: Mapped[datetime] = mapped_column("beat_at", UtcDateTime)

    session: Mapped[EventSession | None] = relationship()

    @property
    def failed(self) -> list[dict[str, Any]]:
        """``file`` and ``error`` of each file that could not be imported."""
        return [entry for entry in self.failures if "error" in entry]

    @property
    def missing(self) -> list[str]:
        """Names of files not read before the card was removed."""
        return [entry["file"] for entry in self.failures if entry.keys() == {"file"}]

    @property
    def skipped(self) -> list[dict[str, Any]]:
        """``file`` and ``reason`` of everything skipped because it is no recording."""
        return [
            {"file": entry["file"], "reason": entry["skipped"]}
            for entry in self.failures
            if "skipped" in entry
        ]

    @property
    def notes(self) -> list[dict[str, Any]]:
        """``file`` and ``note`` of imported files of which not all parts are shown."""
        return [entry for entry in self.failures if "note" in entry]


class Shot(Base):
    """A file read from a card: a takeaway, or a marker (without one)."""

    __tablename__ = "shot"
    __table_args__ = (Index("shot_camera_taken", "camera_id", "taken", "path"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    camera_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("camera.id"))
    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("card_import.id"), index=True)
    takeaway_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("takeaway.id"), index=True)
    # Path relative to the card's root, with slashes.
    path: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger, index=True)
    mtime: Mapped[int] = mapped_column(BigInteger)
    # Hash of the first piece, so that a known file can be recognized without reading all of it.
    head_digest: Mapped[str] = mapped_column("head")
    sha256: Mapped[str] = mapped_column(index=True)
    # Time by the camera's own clock, as an instant that is right if the clock is (in the gathering's zone).
    taken_at: Mapped[datetime] = mapped_column("taken", UtcDateTime)
    # See reporter.enums.Mark, and for a session's marker its session.
    mark: Mapped[str] = mapped_column(default="")
    mark_session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    # Time by the kiosk's clock, if the marker was shown on its screen.
    kiosk_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Requested by a person: no marker changes it.
    given_session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    # Where the takeaway was last placed; if it is elsewhere now, a person has moved it.
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    # A small JPEG of a file without rendition: a marker.
    picture: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    camera: Mapped[Camera] = relationship()
    takeaway: Mapped[Takeaway | None] = relationship()


class Cut(Base):
    """From this shot on the roll belongs to a session (None: to none). Unsettled: only proposed."""

    __tablename__ = "cut"

    shot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shot.id"), primary_key=True)
    camera_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("camera.id"), index=True)
    session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("event_session.id"))
    # See CutOrigin. HAND: set by a person, and kept when the roll is cut again; with ``skip``: "no cut here".
    origin: Mapped[str]
    settled: Mapped[bool] = mapped_column(index=True)
    skip: Mapped[bool] = mapped_column(default=False)

    session: Mapped[EventSession | None] = relationship()
    shot: Mapped[Shot] = relationship()
