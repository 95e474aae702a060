"""Models of themes: groups of takeaways, and an organizer's decisions about them.

An automatic name is never stored: it is computed from people's words whenever it is shown, so
nothing of it outlives a withdrawal.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base, UtcDateTime


class Theme(Base):
    """A theme. Until a person decides something about it, it may be recomputed."""

    __tablename__ = "theme"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # Empty: computed from the members' words.
    name: Mapped[str] = mapped_column(default="")
    # A person decided something about it: it stays, with its members.
    pinned: Mapped[bool] = mapped_column("kept", default=False)
    # Not shown; its members stay, so that it isn't found again.
    hidden: Mapped[bool] = mapped_column("dropped", default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When a person last renamed, hid or showed it; a merge takes the later decision.
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ThemeMember(Base):
    """A takeaway that was analysed: its theme, or none."""

    __tablename__ = "theme_member"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), primary_key=True)
    theme_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("theme.id"), index=True)
    # Assigned by a person.
    by_hand: Mapped[bool] = mapped_column(default=False)
    # Similarity to the centre of its theme, -1 to 1.
    similarity: Mapped[float] = mapped_column("closeness", default=0.0)
    # The takeaway's revision when it was analysed; if in no theme, it is analysed again once it has changed.
    analysed_revision: Mapped[int] = mapped_column("looked_at_revision", default=0)
    # When a person's decision last moved it.
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ThemeStep(Base):
    """An organizer's action, with the former state, for undo: ids, and names that a person gave."""

    __tablename__ = "theme_step"

    # Sequence number, so that the newest is known if two have the same time.
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(default="")
    # 'rename', 'merge', 'split', 'drop' or 'move'.
    action: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    undone: Mapped[bool] = mapped_column(default=False)
