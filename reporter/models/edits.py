"""Rows of edited pictures and films: what was changed, and where faces may be."""

from __future__ import annotations

import uuid

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base


class Edit(Base):
    """One step from an original to what others see.

    Of the media, not of a takeaway: the same bytes are the same picture, and a face that was blurred in one session
    must not look out of another.
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
    """Where a detector sees a face: a proposal for a person, in shares of the upright original."""

    __tablename__ = "face"

    media_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("media.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[float]
    y: Mapped[float]
    width: Mapped[float]
    height: Mapped[float]
