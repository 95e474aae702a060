"""Lease on publishing a gathering: when several machines can publish it, only the holder of the lease does.

The ledger and the keys prevent later publishers from sending an item twice. Two that check at the
same moment would both find nothing, so one of them has to wait. A lease that is not released
expires.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Update, or_, update
from sqlalchemy.orm import Session

from reporter.hub.models import HubGathering

# All workers of the hub count as one holder: among them, each row of the ledger is claimed.
HUB = "hub"
# Longer than one large file takes on a slow line; a laptop that was closed meanwhile is waited for that long.
LENGTH = timedelta(minutes=30)


def take(session: Session, gathering: uuid.UUID, who: str, *, now: datetime) -> bool:
    """Take the lease, or extend it; False if another holder has it. Commits."""
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


def release(session: Session, gathering: uuid.UUID, who: str) -> None:
    """Release the lease; does nothing if another holder has it by now. Commits."""
    session.execute(_free(gathering, who))
    session.commit()


def release_for_hub(session: Session, gathering: uuid.UUID, claim: str) -> None:
    """Release the hub's lease, unless another worker has claimed the gathering by now and may be sending. Commits."""
    session.execute(_free(gathering, HUB).where(HubGathering.lease == claim))
    session.commit()


def _free(gathering: uuid.UUID, who: str) -> Update:
    return (
        update(HubGathering)
        .where(HubGathering.id == gathering, HubGathering.publisher == who)
        .values(publisher="", publisher_until=None)
        .execution_options(synchronize_session=False)
    )
