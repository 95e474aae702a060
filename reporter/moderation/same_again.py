"""Whether something that comes again brings anything new: see docs/same-again.md for the whole table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from reporter.actor import is_own_device
from reporter.enums import TakeawayState
from reporter.models import Decision, Takeaway, Tombstone
from reporter.moderation.history import fields_of

# Stands before the digest that takes the place of a client id that was kept long enough.
_FORGOTTEN = "sha256:"


def client_digest(client_id: str | None) -> str:
    """SHA-256 of a client id in hexadecimal, '' without one.

    A client id is random (122 bits, RFC 9562), so nobody can find it from its digest. A tombstone keeps the digest.
    """
    if client_id and client_id.startswith(_FORGOTTEN):
        return client_id.removeprefix(_FORGOTTEN)
    return hashlib.sha256(client_id.encode()).hexdigest() if client_id else ""


def forgotten(client_id: str) -> str:
    """What stands in the place of a client id when it is not kept any more: a retry is still recognized by it."""
    return _FORGOTTEN + client_digest(client_id)


def is_forgotten_sql() -> ColumnElement[bool]:
    """As a condition: nothing is left of a takeaway's client id but its digest, or it never had one."""
    return or_(Takeaway.client_id.is_(None), Takeaway.client_id.startswith(_FORGOTTEN))


def by_client_id(session: Session, client_id: str) -> Takeaway | None:
    """The takeaway that a phone calls so, whether its client id is still kept or only its digest."""
    names = (client_id, forgotten(client_id))
    return session.scalar(select(Takeaway).where(Takeaway.client_id.in_(names)))


def is_withdrawn_client(session: Session, client_id: str | None) -> bool:
    """Whether a takeaway with this client id was withdrawn, here or on a kiosk that was merged."""
    if not client_id:
        return False
    mine = by_client_id(session, client_id)
    if mine is not None and mine.state == TakeawayState.WITHDRAWN:
        return True
    buried = select(Tombstone.takeaway_id).where(Tombstone.client == client_digest(client_id))
    return session.scalar(buried.limit(1)) is not None


def is_other_device(device: str, other: str) -> bool:
    """Whether two devices are certainly two: both have a cookie of their own. An address may be shared, and change."""
    return is_own_device(device) and is_own_device(other) and device != other


def former_values(session: Session, takeaway: Takeaway, name: str) -> set[str]:
    """What a field holds now and what stood in it before any decision."""
    found = {str(getattr(takeaway, name))}
    query = select(Decision).where(Decision.takeaway_id == takeaway.id)
    for decision in session.scalars(query):
        before = fields_of(decision).before
        if name in before:
            found.add(str(before[name]))
    return found


def holds_text(texts: Iterable[str], text: str) -> bool:
    """Whether one of the texts is or contains these paragraphs; none at all are always held."""
    if not text:
        return True
    framed = f"\n\n{text}\n\n"
    return any(framed in f"\n\n{one}\n\n" for one in texts)
