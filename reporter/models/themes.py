"""Themes: which takeaways belong together, and what an organizer decided about that.

A name that was found is never stored: it is made of people's words whenever it is shown, so nothing of it outlives
what was taken back.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base, UtcDateTime


class Theme(Base):
    """A theme. Until a person decides something about it, it may be found anew."""

    __tablename__ = "theme"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # Empty: made of the members' words.
    name: Mapped[str] = mapped_column(default="")
    # A person decided something about it: it stays, with its members.
    kept: Mapped[bool] = mapped_column(default=False)
    # Not shown; its members stay, so that it isn't found again.
    dropped: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ThemeMember(Base):
    """A takeaway that was looked at: in which theme it is, or in none."""

    __tablename__ = "theme_member"

    takeaway_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("takeaway.id"), primary_key=True)
    theme_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("theme.id"), index=True)
    # Put there by a person.
    by_hand: Mapped[bool] = mapped_column(default=False)
    # How near to the middle of its theme, -1 to 1.
    closeness: Mapped[float] = mapped_column(default=0.0)
    # The takeaway's counter when it was looked at; in no theme then, it is looked at again once it has changed.
    looked_at_revision: Mapped[int] = mapped_column(default=0)


class ThemeStep(Base):
    """What an organizer did, with what was before, for undo: ids, and names that a person gave."""

    __tablename__ = "theme_step"

    # Counts up, so that the newest is known where two have the same time.
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(default="")
    # 'rename', 'merge', 'split', 'drop' or 'move'.
    action: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    undone: Mapped[bool] = mapped_column(default=False)
