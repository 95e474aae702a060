"""What every part of a merge shares: both databases, the report, and which of their rows is which of ours."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.media.store import Store

# Looks at a file's content: (kind, MIME type, extension); raises ReporterError for what is not kept.
Look = Callable[[Path], tuple[str, str, str]]
# Hears how many takeaways of how many were gone through.
Tell = Callable[[int, int], None]


def untold(_done: int, _of: int) -> None:
    """Nobody watches."""


@dataclass
class MergeReport:
    """What came."""

    sessions: int = 0
    takeaways: int = 0
    changed: int = 0
    withdrawn: int = 0
    files: int = 0
    known: int = 0
    stories: int = 0
    deliveries: int = 0
    targets: int = 0
    captions: int = 0
    # What people said to takeaways.
    replies: int = 0
    # Questions and action items.
    items: int = 0
    # Receipts of takeaways on which both sides had decided, each without knowing of the other.
    look: list[str] = field(default_factory=list)
    # Sentences on what could not be taken.
    left: list[str] = field(default_factory=list)


@dataclass
class MergeContext:
    """One merge under way: both sides, and what is what here."""

    session: Session
    other: Session
    store: Store
    folder: Path
    hand: Actor
    look: Look
    # The name of the laptop that the other side is; empty: nobody gave it one.
    laptop: str = ""
    tell: Tell = untold
    done: MergeReport = field(default_factory=MergeReport)
    # Their ids -> our rows' ids.
    events: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    takeaways: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    stories: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    targets: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    replies: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)

    @property
    def rng(self) -> random.Random:
        """Where new ids come from."""
        return self.hand.rng

    @property
    def now(self) -> datetime:
        """The moment of the merge."""
        return self.hand.now


def row_values(row: Any, *without: str) -> dict[str, Any]:
    """The columns of a row, as keyword arguments."""
    names = [column.key for column in inspect(type(row)).column_attrs]
    return {name: getattr(row, name) for name in names if name not in without}
