"""Model of captions: a person's version of what is said in a recording, and the laptop's draft."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base


class Captions(Base):
    """Both on the original's timeline, regardless of later cuts (WebVTT)."""

    __tablename__ = "captions"

    media_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("media.id", ondelete="CASCADE"), primary_key=True
    )
    # The version saved by a person; nothing else is shown.
    saved: Mapped[str] = mapped_column("kept", Text, default="")
    draft: Mapped[str] = mapped_column(Text, default="")
    # "", "asked", "failed": state of the draft.
    draft_state: Mapped[str] = mapped_column("drafting", default="", index=True)
    # Incremented with each change: part of the URL.
    version: Mapped[int] = mapped_column(default=0)
