"""The retention clock: what is not needed any more goes by itself, after it was announced at the desk.

Three kinds have a period in ``[privacy]``: words and files that no organizer has approved, addresses that people left,
and what tells phones apart. What was approved stays until its contributor takes it back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

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

# Who decides when the clock does: stands in the history of what went.
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
# Rows that one transaction changes: phones want to write too.
_SLICE = 500


class Kind(StrEnum):
    """What has a period; each is the name of its setting."""

    UNAPPROVED = "unapproved"
    ADDRESSES = "addresses"
    DEVICES = "devices"


# Nobody misses the number of a phone: only these are announced.
ANNOUNCED = (Kind.UNAPPROVED, Kind.ADDRESSES)


@dataclass(frozen=True)
class Item:
    """Something with a period: when that is over, from when the desk announces it, and when it really goes.

    That is later than ``due`` where the laptop was off and nobody could be told in time.
    """

    kind: Kind
    id: str
    due: datetime
    announced_from: datetime
    goes: datetime
    said_at: datetime | None = None


@dataclass(frozen=True)
class Expired:
    """How many of each kind went."""

    unapproved: int = 0
    addresses: int = 0
    devices: int = 0


def period_end(moment: datetime, period: str) -> datetime | None:
    """When a period that began at a moment is over; None: never."""
    length = _LENGTHS.get(period)
    return None if length is None else moment + length


def schedule(session: Session, settings: PrivacySettings, now: datetime) -> list[Item]:
    """Everything that will go by itself, the soonest first."""
    said = {(row.kind, row.item): row.said_at for row in session.scalars(select(RetentionNotice))}
    items = []
    for kind, one, begun in _begun(session):
        end = period_end(begun, getattr(settings, kind))
        if end is not None:
            lead = _lead(settings, kind, end - begun)
            told = said.get((kind, one))
            goes = max(end, (told or now) + lead) if lead else end
            items.append(Item(kind, one, end, end - lead, goes, told))
    return sorted(items, key=lambda item: (item.goes, item.kind, item.id))


def _lead(settings: PrivacySettings, kind: Kind, period: timedelta) -> timedelta:
    """How long before it goes something is announced: never more than half of its time."""
    if kind not in ANNOUNCED:
        return timedelta()
    return min(timedelta(days=settings.remind_days), period / 2)


def _begun(session: Session) -> Iterator[tuple[Kind, str, datetime]]:
    """(kind, id, since when its period runs) of everything that has one."""
    for one, received, at in session.execute(_waiting()):
        # Whoever hides something, or changes it, has looked at it: it is counted from there.
        yield Kind.UNAPPROVED, str(one), max(received, at or received)
    left = select(Contact.id, Contact.created_at, Contact.told_at)
    for one, created, told in session.execute(left):
        yield Kind.ADDRESSES, str(one), max(created, told or created)
    for one, received in session.execute(_with_device()):
        yield Kind.DEVICES, str(one), received


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


def _with_device() -> Select[uuid.UUID, datetime]:
    """Takeaways that say which phone sent them. What a card's file is called by is no phone's."""
    named = or_(Takeaway.device != "", not_(is_forgotten_sql()))
    return select(Takeaway.id, Takeaway.received_at).where(
        named, Takeaway.source != Source.CARD, Takeaway.state != TakeawayState.WITHDRAWN
    )


def announce(session: Session, settings: PrivacySettings, now: datetime) -> list[Item]:
    """Note what the desk says from now on, forget what is settled; what is announced. Commits."""
    near = announced(session, settings, now)
    known = {(row.kind, row.item): row for row in session.scalars(select(RetentionNotice))}
    for item in near:
        if known.pop((item.kind, item.id), None) is None:
            session.add(RetentionNotice(kind=item.kind, item=item.id, said_at=now))
    for row in known.values():
        session.delete(row)
    session.commit()
    return near


def announced(session: Session, settings: PrivacySettings, now: datetime) -> list[Item]:
    """What the desk has to say now, before it goes."""
    items = schedule(session, settings, now)
    return [item for item in items if item.kind in ANNOUNCED and item.announced_from <= now]


def expire(session: Session, settings: PrivacySettings, store: Store, hand: Actor) -> Expired:
    """Let go what is over and was announced. Safe to repeat; commits as it goes, each takeaway by itself.

    A takeaway leaves the tombstone of one that was withdrawn, so that no merge or card brings it back.
    """
    announce(session, settings, hand.now)
    over = [item for item in schedule(session, settings, hand.now) if _may_go(item, hand.now)]
    ids = {kind: [uuid.UUID(item.id) for item in over if item.kind is kind] for kind in Kind}
    for one in ids[Kind.UNAPPROVED]:
        _expire_takeaway(session, one, store, hand)
    session.execute(delete(Contact).where(Contact.id.in_(ids[Kind.ADDRESSES])))
    ended = _forget_devices(session, ids[Kind.DEVICES])
    ended += _forget_other_devices(session, settings, hand.now)
    if over or ended:
        ask_purge(session, hand.now)
    session.commit()
    announce(session, settings, hand.now)
    return Expired(len(ids[Kind.UNAPPROVED]), len(ids[Kind.ADDRESSES]), ended)


def went_by_itself(session: Session, takeaway: Takeaway) -> bool:
    """Whether the clock has taken it, not its contributor."""
    query = select(Decision.id).where(Decision.takeaway_id == takeaway.id, Decision.who == CLOCK)
    return session.scalar(query.limit(1)) is not None


def _may_go(item: Item, now: datetime) -> bool:
    """Whether its time is over and, for what is announced, the announcement has stood long enough."""
    if item.kind in ANNOUNCED and item.said_at is None:
        return False
    return item.goes <= now


def _expire_takeaway(session: Session, one: uuid.UUID, store: Store, hand: Actor) -> None:
    row = session.get(Takeaway, one)
    # Somebody may have approved it a moment ago.
    if row is not None and row.state in (TakeawayState.NEW, TakeawayState.HIDDEN):
        withdraw(session, row, hand, store)


def _forget_devices(session: Session, ids: list[uuid.UUID]) -> int:
    """Empty what says which phone a takeaway came from; a digest of its client id stays, for retries."""
    for at in range(0, len(ids), _SLICE):
        piece = select(Takeaway).where(Takeaway.id.in_(ids[at : at + _SLICE]))
        for row in session.scalars(piece):
            row.device = ""
            row.client_id = forgotten(row.client_id) if row.client_id else None
        session.commit()
    return len(ids)


def _forget_other_devices(session: Session, settings: PrivacySettings, now: datetime) -> int:
    """The same for what was said in conversations and for blocked phones; how many."""
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
