"""The retention clock of a running kiosk: its turn, its preview, and where copies still hold what has gone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.models import Takeaway
from reporter.privacy.retention import CLOCK, Expired, Kind, announced, expire, schedule


@dataclass(frozen=True)
class Preview:
    """What one period will take: how many, the first and the last day, and how many are announced already."""

    kind: Kind
    period: str
    items: int
    first: datetime | None
    last: datetime | None
    announced: int


def run_clock(kiosk: KioskContext) -> Expired:
    """Announce what is near, let go what is over. Commits."""
    settings = kiosk.settings.privacy
    return expire(db.session(), settings, kiosk.store, kiosk.actor(CLOCK))


def preview(kiosk: KioskContext) -> list[Preview]:
    """What will go, kind by kind. Changes nothing."""
    settings, now = kiosk.settings.privacy, kiosk.now()
    items = schedule(db.session(), settings, now)
    near = Counter(item.kind for item in announced(db.session(), settings, now))
    previews = []
    for kind in Kind:
        goes = [item.goes for item in items if item.kind is kind]
        first, last = (goes[0], goes[-1]) if goes else (None, None)
        previews.append(Preview(kind, getattr(settings, kind), len(goes), first, last, near[kind]))
    return previews


def leaving(kiosk: KioskContext) -> list[tuple[Takeaway, datetime]]:
    """The takeaways that are announced, with the moment each goes; whoever approves one keeps it."""
    items = announced(db.session(), kiosk.settings.privacy, kiosk.now())
    goes = {item.id: item.goes for item in items if item.kind is Kind.UNAPPROVED}
    rows = db.session.scalars(db.select(Takeaway).where(Takeaway.state.in_(("new", "hidden"))))
    found = [(row, goes[str(row.id)]) for row in rows if str(row.id) in goes]
    return sorted(found, key=lambda pair: pair[1])
