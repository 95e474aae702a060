"""Shared state of a merge: both databases, the report, and the mapping from their rows to ours."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import later
from reporter.enums import TakeawayState
from reporter.media.store import Store
from reporter.models import Decision, Takeaway

# Inspects a file's content: (kind, MIME type, extension); raises ReporterError for an unsupported type.
Look = Callable[[Path], tuple[str, str, str]]
# Progress callback: number of takeaways done, and the total.
Tell = Callable[[int, int], None]


def no_progress(_done: int, _of: int) -> None:
    """Progress callback that does nothing."""


@dataclass
class MergeReport:
    """Counts of what was merged."""

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
    # Replies to takeaways.
    replies: int = 0
    # Questions and action items.
    items: int = 0
    # Receipts of takeaways with conflicting decisions, made on both sides independently.
    look: list[str] = field(default_factory=list)
    # Messages about what could not be merged.
    left: list[str] = field(default_factory=list)


@dataclass
class MergeContext:
    """A merge in progress: both sides, and the id mappings."""

    session: Session
    other: Session
    store: Store
    folder: Path
    actor: Actor
    look: Look
    # Name of the other laptop; empty if unknown.
    laptop: str = ""
    tell: Tell = no_progress
    done: MergeReport = field(default_factory=MergeReport)
    # Their ids -> our rows' ids.
    events: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    takeaways: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    stories: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    targets: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    replies: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)

    @property
    def rng(self) -> random.Random:
        """The random source for new ids."""
        return self.actor.rng

    @property
    def now(self) -> datetime:
        """The time of the merge."""
        return self.actor.now

    def actor_after(self, theirs: Takeaway) -> Actor:
        """Who decides after all that was decided on a takeaway there: those decisions are taken over next."""
        made = select(func.max(Decision.at)).where(Decision.takeaway_id == theirs.id)
        return replace(self.actor, now=later(self.now, self.other.scalar(made)))


def alive_takeaways(session: Session) -> set[uuid.UUID]:
    """Takeaways that were not withdrawn."""
    alive = Takeaway.state != TakeawayState.WITHDRAWN
    return set(session.scalars(select(Takeaway.id).where(alive)))


def row_values(row: Any, *without: str) -> dict[str, Any]:
    """The columns of a row, as keyword arguments."""
    names = [column.key for column in inspect(type(row)).column_attrs]
    return {name: getattr(row, name) for name in names if name not in without}
