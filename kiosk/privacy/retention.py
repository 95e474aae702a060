"""The retention clock of a running kiosk: its turn, its preview, and where copies still hold what has gone."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.models import Takeaway
from reporter.privacy.retention import (
    CLOCK,
    Expired,
    RetainedItem,
    RetentionKind,
    expire,
    is_announced,
    schedule,
)


@dataclass(frozen=True)
class RetentionPreview:
    """What one period will take: how many, the first and the last day, and how many are announced already."""

    kind: RetentionKind
    period: str
    items: int
    first: datetime | None
    last: datetime | None
    announced: int


def run_clock(kiosk: KioskContext) -> Expired:
    """Announce what is near, let go what is over. Commits."""
    settings = kiosk.settings.privacy
    return expire(db.session(), settings, kiosk.store, kiosk.actor(CLOCK))


def due(kiosk: KioskContext) -> list[RetainedItem]:
    """All that will go, soonest first. Changes nothing."""
    return schedule(db.session(), kiosk.settings.privacy, kiosk.now())


def preview(kiosk: KioskContext, items: Sequence[RetainedItem]) -> list[RetentionPreview]:
    """What will go (``due``), kind by kind."""
    settings, now = kiosk.settings.privacy, kiosk.now()
    near = Counter(item.kind for item in items if is_announced(item, now))
    previews = []
    for kind in RetentionKind:
        goes = [item.goes for item in items if item.kind is kind]
        first, last = (goes[0], goes[-1]) if goes else (None, None)
        previews.append(
            RetentionPreview(kind, getattr(settings, kind), len(goes), first, last, near[kind])
        )
    return previews


def leaving(
    kiosk: KioskContext, items: Sequence[RetainedItem], *, most: int
) -> tuple[list[tuple[Takeaway, datetime]], int]:
    """The first takeaways that are announced, with the moment each goes, and how many more there are; whoever approves
    one keeps it."""
    now = kiosk.now()
    near = [
        item for item in items if item.kind is RetentionKind.UNAPPROVED and is_announced(item, now)
    ]
    goes = {uuid.UUID(item.id): item.goes for item in near[:most]}
    rows = db.session.scalars(
        select(Takeaway).where(Takeaway.id.in_(goes), Takeaway.state.in_(("new", "hidden")))
    )
    found = sorted(((row, goes[row.id]) for row in rows), key=lambda pair: pair[1])
    return found, len(near) - len(goes)
