"""Deduplication: whether a repeated upload brings anything new; see docs/same-again.md for the whole table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from reporter.actor import is_own_device
from reporter.enums import TakeawayState
from reporter.models import Decision, Takeaway, Tombstone
from reporter.moderation.history import fields_of

# Prefix of the digest that replaces a client id after its retention period.
_FORGOTTEN = "sha256:"


def client_digest(client_id: str | None) -> str:
    """SHA-256 of a client id in hexadecimal, '' without one.

    A client id is random (122 bits, RFC 9562), so it can't be recovered from its digest. A
    tombstone keeps the digest.
    """
    if client_id and client_id.startswith(_FORGOTTEN):
        return client_id.removeprefix(_FORGOTTEN)
    return hashlib.sha256(client_id.encode()).hexdigest() if client_id else ""


def forgotten(client_id: str) -> str:
    """The value that replaces an expired client id: a retry is still recognized by it."""
    return _FORGOTTEN + client_digest(client_id)


def is_forgotten_sql() -> ColumnElement[bool]:
    """SQL condition: only the digest of a takeaway's client id is left, or it never had one."""
    return or_(Takeaway.client_id.is_(None), Takeaway.client_id.startswith(_FORGOTTEN))


def by_client_id(session: Session, client_id: str) -> Takeaway | None:
    """The takeaway with a client id, whether stored in full or as a digest."""
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
    """Whether two devices are certainly different: both have a cookie. An address may be shared, and change."""
    return is_own_device(device) and is_own_device(other) and device != other


def former_values(session: Session, takeaway: Takeaway, name: str) -> set[str]:
    """A field's current value and all earlier ones."""
    found = {str(getattr(takeaway, name))}
    query = select(Decision).where(Decision.takeaway_id == takeaway.id)
    for decision in session.scalars(query):
        before = fields_of(decision).before
        if name in before:
            found.add(str(before[name]))
    return found


def was_in(session: Session, takeaway: Takeaway, code: str) -> bool:
    """Whether it was in the session with this code before an organizer moved it."""
    query = select(Decision).where(Decision.takeaway_id == takeaway.id)
    return any(
        fields_of(decision).before.get("session_code") == code
        for decision in session.scalars(query)
    )


def holds_text(texts: Iterable[str], text: str) -> bool:
    """Whether one of the texts equals or contains these paragraphs; always true for no paragraphs."""
    if not text:
        return True
    framed = f"\n\n{text}\n\n"
    return any(framed in f"\n\n{one}\n\n" for one in texts)
