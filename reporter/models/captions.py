"""Rows of captions: what is said in a recording, as a person keeps it, and as the laptop drafts it."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base


class Captions(Base):
    """Both in the time of the original, whatever was cut off since (WebVTT)."""

    __tablename__ = "captions"

    media_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("media.id", ondelete="CASCADE"), primary_key=True
    )
    # What a person has kept; nothing else is shown.
    kept: Mapped[str] = mapped_column(Text, default="")
    draft: Mapped[str] = mapped_column(Text, default="")
    # "", "asked", "failed": of the draft.
    drafting: Mapped[str] = mapped_column(default="", index=True)
    # Raised with each change: part of the address.
    version: Mapped[int] = mapped_column(default=0)
