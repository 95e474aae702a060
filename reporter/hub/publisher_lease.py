"""Lease on publishing a gathering: when several machines can publish it, only the holder of the lease does.

The ledger and the keys prevent later publishers from sending an item twice. Two that check at the
same moment would both find nothing, so one of them has to wait. A lease that is not released
expires.

Several processes of one laptop share its lease, because they share its ledger, where each row is
claimed. It is free when the last of them has released it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from reporter.hub.models import HubGathering

# All workers of the hub count as one holder: among them, each row of the ledger is claimed.
HUB = "hub"
# Longer than one large file takes on a slow line; a laptop that was closed meanwhile is waited for that long.
LENGTH = timedelta(minutes=30)
# A laptop of an earlier version, which does not name its processes.
_UNNAMED = "-"


def take(
    session: Session, gathering: uuid.UUID, who: str, *, now: datetime, process: str = ""
) -> bool:
    """Take the lease for a process, or extend it; False if another holder has it. Commits."""
    row = _locked(session, gathering)
    granted = row is not None
    if row is not None:
        holder, processes = _read(row.publisher)
        expired = row.publisher_until is None or row.publisher_until <= now
        granted = expired or holder in ("", who)
        if granted:
            others = set() if expired or holder != who else processes
            told = _told(who, others | {process or _UNNAMED})
            _write(session, gathering, told, now + LENGTH)
    session.commit()
    return granted


def release(session: Session, gathering: uuid.UUID, who: str, *, process: str = "") -> None:
    """Release a process's part of the lease; does nothing if another holder has it by now. Commits."""
    row = _locked(session, gathering)
    holder, processes = _read(row.publisher) if row else ("", set())
    left = processes - {process or _UNNAMED}
    if row is not None and holder == who and left != processes:
        told = _told(who, left) if left else ""
        _write(session, gathering, told, row.publisher_until if left else None)
    session.commit()


def release_for_hub(session: Session, gathering: uuid.UUID, claim: str) -> None:
    """Release the hub's lease, unless another worker has claimed the gathering by now and may be sending. Commits."""
    session.execute(
        update(HubGathering)
        .where(
            HubGathering.id == gathering,
            HubGathering.publisher == HUB,
            HubGathering.lease == claim,
        )
        .values(publisher="", publisher_until=None)
        .execution_options(synchronize_session=False)
    )
    session.commit()


def _locked(session: Session, gathering: uuid.UUID) -> Row[str, datetime | None] | None:
    """Who holds the lease and until when; nobody else changes it before the commit."""
    asked = select(HubGathering.publisher, HubGathering.publisher_until)
    return session.execute(
        asked.where(HubGathering.id == gathering).with_for_update()
    ).one_or_none()


def _write(session: Session, gathering: uuid.UUID, publisher: str, until: datetime | None) -> None:
    session.execute(
        update(HubGathering)
        .where(HubGathering.id == gathering)
        .values(publisher=publisher, publisher_until=until)
        .execution_options(synchronize_session=False)
    )


def _read(publisher: str) -> tuple[str, set[str]]:
    """The holder, and its processes."""
    holder, *processes = publisher.split() or [""]
    return holder, set(processes) or {_UNNAMED}


def _told(who: str, processes: set[str]) -> str:
    return who if processes == {_UNNAMED} else " ".join((who, *sorted(processes)))
