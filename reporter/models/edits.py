"""Models of edits and detected faces of pictures and films."""

from __future__ import annotations

import uuid

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base


class Edit(Base):
    """One edit step on an original.

    Belongs to the media, not to a takeaway: the same bytes are the same picture, and a face blurred
    in one session must not be visible in another.
    """

    __tablename__ = "edit"

    media_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("media.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    # See reporter.media.edits.KINDS.
    kind: Mapped[str]
    numbers: Mapped[list[float]] = mapped_column(JSON)


class Face(Base):
    """A detected face: a proposal for a person, as fractions of the upright original."""

    __tablename__ = "face"

    media_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("media.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[float]
    y: Mapped[float]
    width: Mapped[float]
    height: Mapped[float]
