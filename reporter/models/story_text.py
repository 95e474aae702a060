"""What stands between the takeaways of a story."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from reporter.db import Base, UtcDateTime


class StoryWords(Base):
    """An organizer's Markdown; its position counts together with those of the story's takeaways."""

    __tablename__ = "story_words"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    story_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("story.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
