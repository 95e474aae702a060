"""Models for reviewing pictures: quality, and groups of look-alikes."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base


class ImageQuality(Base):
    """Measured from a finished picture or poster frame (see capture.renditions); deleted with its media."""

    __tablename__ = "look"
    __table_args__ = (
        Index("look_sharpness", "sharpness"),
        Index("look_brightness", "brightness"),
        # The sharpest of a group is its last one.
        Index("look_group_sharpness", "group_id", "sharpness", "media_id"),
    )

    media_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("media.id", ondelete="CASCADE"), primary_key=True
    )
    # None: not measurable, or (for a film's poster frame) not meaningful.
    sharpness: Mapped[float | None]
    brightness: Mapped[float | None]
    # 16 hex digits; empty: nothing to compare.
    perceptual_hash: Mapped[str] = mapped_column("likeness", default="")
    group_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("look_group.id", ondelete="SET NULL")
    )


class SimilarGroup(Base):
    """Pictures that look alike. Its id is the hash of the first one, also split into indexed parts for lookup."""

    __tablename__ = "look_group"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    part0: Mapped[int] = mapped_column(index=True)
    part1: Mapped[int] = mapped_column(index=True)
    part2: Mapped[int] = mapped_column(index=True)
    part3: Mapped[int] = mapped_column(index=True)
