"""Erase takeaways: here, at every target, in index and database; and say where copies still hold them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.publishing import take_down
from reporter.enums import DeliveryState
from reporter.gathering.copies import CopyContents, copies_holding
from reporter.gathering.purge import purge, purge_due
from reporter.models import Delivery, StoryItem, Takeaway
from reporter.models.outbox import Takedown
from reporter.moderation.decisions import withdraw

# A reader that is at it keeps the log from being cut off; the running kiosk's worker goes on trying.
TRIES = 20
PAUSE = 0.25


@dataclass
class Erased:
    """What an erasure came to."""

    receipts: list[str]
    # Names of targets that could not be reached or refused: the ledger keeps what it needs to take it down there.
    targets_left: list[str] = field(default_factory=list)
    # Copies that hold it still, and those that can't be looked into now.
    copies: list[CopyContents] = field(default_factory=list)
    # Whether no file of the gathering's folder holds any of it.
    clean: bool = False


def erase(kiosk: KioskContext, rows: Sequence[Takeaway], *, who: str) -> Erased:
    """Leave nothing of these takeaways but tombstones without content. Safe to repeat; commits as it goes."""
    session = db.session()
    done = Erased([row.receipt for row in rows])
    ids = [row.id for row in rows]
    for row in rows:
        withdraw(session, row, kiosk.actor(who), kiosk.store)
    take_down(kiosk)
    done.targets_left = _targets_left(ids)
    for one in ids:
        session.execute(delete(StoryItem).where(StoryItem.takeaway_id == one))
    session.commit()
    done.clean = purge_now(kiosk)
    done.copies = [held for held in copies_holding(session, ids) if held.holds or not held.known]
    return done


def _targets_left(ids: Sequence[object]) -> list[str]:
    """Targets where a takedown is not done, by name."""
    query = select(Takedown).where(Takedown.takeaway_id.in_(ids), Takedown.done_at.is_(None))
    names = {row.delivery.target.name for row in db.session.scalars(query)}
    own = [one.hex for one in ids] + [str(one) for one in ids]  # type: ignore[attr-defined]
    leaving = select(Delivery).where(Delivery.state == DeliveryState.WITHDRAWING.value)
    for row in db.session.scalars(leaving):
        if row.remote.get("takeaway") in own:
            names.add(row.target.name)
    return sorted(names)


def purge_now(kiosk: KioskContext) -> bool:
    """Clear freed pages, log and index of what was removed; whether all is clean. Waits some seconds for readers."""
    for _try in range(TRIES):
        purge(db.session(), db.engine, kiosk.index, kiosk.settings.folder)
        if purge_due(db.session()) is None:
            db.session.rollback()
            return True
        db.session.rollback()
        time.sleep(PAUSE)
    return False
