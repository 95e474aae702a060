"""Data retention: data that is no longer needed is deleted automatically, after an announcement at the desk.

Three kinds have a period in ``[privacy]``: words and files that no organizer has approved,
addresses that people left, and device identifiers. Approved content stays until its contributor
withdraws it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta
from sqlalchemy import Select, delete, func, not_, or_, select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.config import PrivacySettings
from reporter.enums import Source, TakeawayState
from reporter.media.store import Store
from reporter.models import (
    BlockedDevice,
    Contact,
    Decision,
    Reply,
    RetentionNotice,
    Takeaway,
)
from reporter.moderation.decisions import withdraw
from reporter.moderation.same_again import forgotten, is_forgotten_sql
from reporter.moderation.traces import ask_purge

# The actor of automatic deletions in the history.
CLOCK = "retention"
_LENGTHS = {
    "1 week": relativedelta(weeks=1),
    "2 weeks": relativedelta(weeks=2),
    "1 month": relativedelta(months=1),
    "3 months": relativedelta(months=3),
    "6 months": relativedelta(months=6),
    "1 year": relativedelta(years=1),
    "2 years": relativedelta(years=2),
}
# Periods are reckoned back from now to ask the database for what is near; months differ by so much at most.
_MONTHS_DIFFER = timedelta(days=4)
# Batch size of one transaction, since phones want to write too.
_SLICE = 500


class RetentionKind(StrEnum):
    """Kinds of data with a retention period; each is the name of its setting."""

    UNAPPROVED = "unapproved"
    ADDRESSES = "addresses"
    DEVICES = "devices"


# Nobody misses a device identifier: only these kinds are announced.
ANNOUNCED = (RetentionKind.UNAPPROVED, RetentionKind.ADDRESSES)


class RetainedItem(NamedTuple):
    """Data with a retention period: when it ends, when it is announced, and when the data is really deleted.

    Deletion is later than ``due`` if the laptop was off and could not announce it in time.
    """

    kind: RetentionKind
    id: str
    due: datetime
    announced_from: datetime
    goes: datetime
    announced_at: datetime | None = None


@dataclass(frozen=True)
class Expired:
    """How many of each kind were deleted."""

    unapproved: int = 0
    addresses: int = 0
    devices: int = 0


def period_end(moment: datetime, period: str) -> datetime | None:
    """The end of a period that began at a given time; None: never."""
    length = _length_from(moment.date(), period)
    return None if length is None else moment + length


@lru_cache(maxsize=1000)
def _length_from(day: date, period: str) -> timedelta | None:
    """How long a period is that begins on this day; months differ. Most items of a gathering begin on the same few."""
    length, begun = _LENGTHS.get(period), datetime.combine(day, time())
    return None if length is None else begun + length - begun


def schedule(
    session: Session, settings: PrivacySettings, now: datetime, *, near: bool = False
) -> list[RetainedItem]:
    """Everything scheduled for deletion, soonest first; ``near``: at least what is to be announced or deleted now."""
    notices = {
        (row.kind, row.item): row.announced_at for row in session.scalars(select(RetentionNotice))
    }
    items = []
    limits = {kind: _latest_start(settings, kind, now) if near else None for kind in RetentionKind}
    for kind, one, begun in _period_starts(session, limits):
        end = period_end(begun, getattr(settings, kind))
        if end is not None:
            lead = _lead(settings, kind, end - begun)
            announced_at = notices.get((kind, one))
            goes = max(end, (announced_at or now) + lead) if lead else end
            items.append(RetainedItem(kind, one, end, end - lead, goes, announced_at))
    return sorted(items, key=attrgetter("goes", "kind", "id"))


def _latest_start(settings: PrivacySettings, kind: RetentionKind, now: datetime) -> datetime:
    """No period that began after this is to be announced or over by now."""
    length = _LENGTHS.get(getattr(settings, kind))
    if length is None:
        return datetime.min.replace(tzinfo=UTC)
    begun = now - length
    return begun + _lead(settings, kind, now - begun) + _MONTHS_DIFFER


def _lead(settings: PrivacySettings, kind: RetentionKind, period: timedelta) -> timedelta:
    """How long before deletion it is announced: at most half of its period."""
    if kind not in ANNOUNCED:
        return timedelta()
    return min(timedelta(days=settings.remind_days), period / 2)


def _period_starts(
    session: Session, limits: Mapping[RetentionKind, datetime | None]
) -> Iterator[tuple[RetentionKind, str, datetime]]:
    """(kind, id, start of its period) of everything that has one; of a kind with a limit, at least those up to it."""
    waiting, left, with_device = _waiting(), _addresses(), _with_device()
    if limit := limits[RetentionKind.UNAPPROVED]:
        waiting = waiting.where(Takeaway.received_at <= limit)
    if limit := limits[RetentionKind.ADDRESSES]:
        left = left.where(Contact.created_at <= limit)
    if limit := limits[RetentionKind.DEVICES]:
        with_device = with_device.where(Takeaway.received_at <= limit)
    for one, received, at in session.execute(waiting):
        # The period starts again when a person hides or changes it, since they have looked at it.
        yield RetentionKind.UNAPPROVED, str(one), max(received, at or received)
    for one, created, told_at in session.execute(left):
        yield RetentionKind.ADDRESSES, str(one), max(created, told_at or created)
    for one, received in session.execute(with_device):
        yield RetentionKind.DEVICES, str(one), received


def _waiting() -> Select[Any]:
    decided = (
        select(Decision.takeaway_id, func.max(Decision.at).label("at"))
        .group_by(Decision.takeaway_id)
        .subquery()
    )
    return (
        select(Takeaway.id, Takeaway.received_at, decided.c.at)
        .outerjoin(decided, decided.c.takeaway_id == Takeaway.id)
        .where(Takeaway.state.in_((TakeawayState.NEW, TakeawayState.HIDDEN)))
    )


def _addresses() -> Select[uuid.UUID, datetime, datetime | None]:
    return select(Contact.id, Contact.created_at, Contact.notified_at)


def _with_device() -> Select[uuid.UUID, datetime]:
    """Takeaways that identify the sending phone. File names on a camera card do not."""
    named = or_(Takeaway.device != "", not_(is_forgotten_sql()))
    return select(Takeaway.id, Takeaway.received_at).where(
        named, Takeaway.source != Source.CARD, Takeaway.state != TakeawayState.WITHDRAWN
    )


def announce(session: Session, settings: PrivacySettings, now: datetime) -> list[RetainedItem]:
    """Record what the desk announces from now on, and delete obsolete notices; returns the announced items. Commits."""
    near = announced(session, settings, now)
    known = {(row.kind, row.item): row for row in session.scalars(select(RetentionNotice))}
    for item in near:
        if known.pop((item.kind, item.id), None) is None:
            session.add(RetentionNotice(kind=item.kind, item=item.id, announced_at=now))
    for row in known.values():
        session.delete(row)
    session.commit()
    return near


def announced(session: Session, settings: PrivacySettings, now: datetime) -> list[RetainedItem]:
    """Items the desk has to announce now, before they are deleted."""
    return [item for item in schedule(session, settings, now, near=True) if is_announced(item, now)]


def is_announced(item: RetainedItem, now: datetime) -> bool:
    """Whether the desk has to announce it now."""
    return item.kind in ANNOUNCED and item.announced_from <= now


def expire(session: Session, settings: PrivacySettings, store: Store, actor: Actor) -> Expired:
    """Delete what has expired and was announced. Idempotent; commits as it goes, each takeaway separately.

    A takeaway leaves a tombstone like a withdrawn one, so that no merge or card restores it.
    """
    announce(session, settings, actor.now)
    near = schedule(session, settings, actor.now, near=True)
    over = [item for item in near if _may_go(item, actor.now)]
    ids = {
        kind: [uuid.UUID(item.id) for item in over if item.kind is kind] for kind in RetentionKind
    }
    for one in ids[RetentionKind.UNAPPROVED]:
        _expire_takeaway(session, one, store, actor)
    session.execute(delete(Contact).where(Contact.id.in_(ids[RetentionKind.ADDRESSES])))
    ended = _forget_devices(session, ids[RetentionKind.DEVICES])
    ended += _forget_other_devices(session, settings, actor.now)
    if over or ended:
        ask_purge(session, actor.now)
    session.commit()
    if over:
        # Notices of what is gone go too.
        announce(session, settings, actor.now)
    return Expired(len(ids[RetentionKind.UNAPPROVED]), len(ids[RetentionKind.ADDRESSES]), ended)


def went_by_itself(session: Session, takeaway: Takeaway) -> bool:
    """Whether it was deleted by retention, not by its contributor."""
    query = select(Decision.id).where(Decision.takeaway_id == takeaway.id, Decision.who == CLOCK)
    return session.scalar(query.limit(1)) is not None


def _may_go(item: RetainedItem, now: datetime) -> bool:
    """Whether its period is over and, if it has to be announced, the notice has been up long enough."""
    if item.kind in ANNOUNCED and item.announced_at is None:
        return False
    return item.goes <= now


def _expire_takeaway(session: Session, one: uuid.UUID, store: Store, actor: Actor) -> None:
    row = session.get(Takeaway, one)
    # It may have been approved a moment ago.
    if row is not None and row.state in (TakeawayState.NEW, TakeawayState.HIDDEN):
        withdraw(session, row, actor, store)


def _forget_devices(session: Session, ids: list[uuid.UUID]) -> int:
    """Delete the device identifier of a takeaway; a digest of its client id stays, for retries."""
    for at in range(0, len(ids), _SLICE):
        piece = select(Takeaway).where(Takeaway.id.in_(ids[at : at + _SLICE]))
        for row in session.scalars(piece):
            row.device = ""
            row.client_id = forgotten(row.client_id) if row.client_id else None
        session.commit()
    return len(ids)


def _forget_other_devices(session: Session, settings: PrivacySettings, now: datetime) -> int:
    """The same for replies and blocked phones; returns how many."""
    ended = 0
    for row in session.scalars(select(Reply).where(or_(Reply.device != "", Reply.client_id != ""))):
        if _is_over(row.received_at, settings, now):
            row.device, row.client_id, ended = "", None, ended + 1
    for blocked in session.scalars(select(BlockedDevice)):
        if _is_over(blocked.blocked_at, settings, now):
            session.delete(blocked)
            ended += 1
    return ended


def _is_over(begun: datetime, settings: PrivacySettings, now: datetime) -> bool:
    end = period_end(begun, settings.devices)
    return end is not None and end <= now
