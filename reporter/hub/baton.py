"""Who publishes a gathering that several can publish: whoever holds its baton, and nobody else until it is given back.

Ledger and keys keep whoever comes later from sending again what was sent. Two who look at the same moment would both
find nothing; so one of them waits. A baton that is not given back runs out.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from reporter.hub.models import HubGathering

# All workers of the hub are one: among them each row of the ledger is claimed.
HUB = "hub"
# Longer than one large file takes on a slow line; a laptop that was shut in between is waited for so long.
LENGTH = timedelta(minutes=30)


def take(session: Session, gathering: uuid.UUID, who: str, *, now: datetime) -> bool:
    """Take the baton, or keep it for longer; False where somebody else has it. Commits."""
    free = or_(
        HubGathering.publisher.in_(("", who)),
        HubGathering.publisher_until.is_(None),
        HubGathering.publisher_until <= now,
    )
    statement = (
        update(HubGathering)
        .where(HubGathering.id == gathering, free)
        .values(publisher=who, publisher_until=now + LENGTH)
        .execution_options(synchronize_session=False)
    )
    taken = session.execute(statement).rowcount == 1  # type: ignore[attr-defined]
    session.commit()
    return taken


def give_back(session: Session, gathering: uuid.UUID, who: str) -> None:
    """Let others publish; nothing happens where it is somebody else's by now. Commits."""
    session.execute(
        update(HubGathering)
        .where(HubGathering.id == gathering, HubGathering.publisher == who)
        .values(publisher="", publisher_until=None)
        .execution_options(synchronize_session=False)
    )
    session.commit()
