"""Lease on publishing a gathering: when several machines can publish it, only the holder of the lease does.

The ledger and the keys prevent later publishers from sending an item twice. Two that check at the
same moment would both find nothing, so one of them has to wait. A lease that is not released
expires.

Several processes of one laptop share its lease, because they share its ledger, where each row is
claimed. It is free when the last of them has released it or, if it was killed, when its own time is over.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from reporter.hub.models import HubGathering
from reporter.models import Delivery

# All workers of the hub count as one holder: among them, each row of the ledger is claimed.
HUB = "hub"
# Longer than one large file takes on a slow line; a laptop that was closed meanwhile is waited for that long.
LENGTH = timedelta(minutes=30)
# A laptop of an earlier version, which does not name its processes.
_UNNAMED = "-"


def take(
    session: Session, gathering: uuid.UUID, who: str, *, now: datetime, process: str = ""
) -> bool:
    """Take the lease for a process, or extend its part; False if another holder has it. Commits."""
    row = _locked(session, gathering)
    granted = False
    if row is not None:
        holder, processes = _read(row.publisher, row.publisher_until, now)
        granted = not processes or holder == who
        if granted:
            _write(session, gathering, who, {**processes, process or _UNNAMED: now + LENGTH})
    session.commit()
    return granted


def release(
    session: Session, gathering: uuid.UUID, who: str, *, now: datetime, process: str = ""
) -> None:
    """Release a process's part of the lease; does nothing if another holder has it by now. Commits."""
    row = _locked(session, gathering)
    if row is not None:
        holder, processes = _read(row.publisher, row.publisher_until, now)
        if holder == who and (process or _UNNAMED) in processes:
            del processes[process or _UNNAMED]
            _write(session, gathering, who, processes)
    session.commit()


def release_for_hub(session: Session, gathering: uuid.UUID, claim: str, *, now: datetime) -> None:
    """Release the hub's lease, unless another worker may be sending: one that has claimed the gathering by now, or one
    that lost its claim and still holds a row. Commits.

    A worker claims its row first and takes the lease then: so either its row is seen here, or it asks in vain.
    The transaction's scope is the gathering.
    """
    row = _locked(session, gathering)
    if (
        row is not None
        and row.publisher == HUB
        and row.lease == claim
        and not _sending(session, now)
    ):
        _write(session, gathering, "", {})
    session.commit()


def _sending(session: Session, now: datetime) -> bool:
    held = select(Delivery.id).where(Delivery.lease != "", Delivery.due_at > now)
    return session.scalar(held.limit(1)) is not None


def _locked(session: Session, gathering: uuid.UUID) -> Row[str, datetime | None, str] | None:
    """Who holds the lease and until when, and who works for the gathering; nobody else changes it before the commit."""
    query = select(HubGathering.publisher, HubGathering.publisher_until, HubGathering.lease)
    return session.execute(
        query.where(HubGathering.id == gathering).with_for_update()
    ).one_or_none()


def _write(
    session: Session, gathering: uuid.UUID, who: str, processes: Mapping[str, datetime]
) -> None:
    """Store who holds the lease, with the processes that remain; without any it is free."""
    values = {
        "publisher": _holder_text(who, processes),
        "publisher_until": max(processes.values(), default=None),
    }
    session.execute(
        update(HubGathering)
        .where(HubGathering.id == gathering)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def _read(publisher: str, until: datetime | None, now: datetime) -> tuple[str, dict[str, datetime]]:
    """The holder, and its processes whose time is not over: name -> its end.

    Earlier versions stored no end of each; the whole lease's counts then.
    """
    holder, *entries = publisher.split() or [""]
    ends: dict[str, datetime] = {}
    for one in entries or [_UNNAMED]:
        name, _, end = one.partition("@")
        over = datetime.fromtimestamp(int(end), UTC) if end else until
        if holder and over is not None and over > now:
            ends[name] = max(over, ends.get(name, over))
    return holder, ends


def _holder_text(who: str, processes: Mapping[str, datetime]) -> str:
    if not processes:
        return ""
    if set(processes) == {_UNNAMED}:
        return who
    ends = (f"{name}@{int(end.timestamp())}" for name, end in sorted(processes.items()))
    return " ".join((who, *ends))
