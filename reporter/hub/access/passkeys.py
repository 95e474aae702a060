"""Passkeys of members: stored credentials, and one-time values that must not be used again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reporter.database.row_security import TenantScope, working_for
from reporter.errors import Conflict, NotFound
from reporter.hub.models import Passkey, Spent
from reporter.hub.secrets import digest

# Maximum length of the name by which its owner recognizes it.
NAME_LENGTH = 60
# How long a one-time value is valid, and remembered as used.
ONCE = timedelta(minutes=10)


@dataclass(frozen=True)
class KnownPasskey:
    """The stored credential that a signature is verified against."""

    id: str
    account: uuid.UUID
    public_key: bytes
    sign_count: int


def by_id(session: Session, credential: str) -> KnownPasskey | None:
    """The passkey with a credential id from the browser. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(key=credential)):
        row = session.get(Passkey, credential)
        found = None
        if row is not None:
            found = KnownPasskey(credential, row.account_id, row.public_key, row.sign_count)
        session.rollback()
    return found


def note_use(session: Session, known: KnownPasskey, sign_count: int, *, now: datetime) -> None:
    """Store the authenticator's signature counter. Commits."""
    session.rollback()
    with working_for(TenantScope(account=known.account)):
        session.execute(
            update(Passkey)
            .where(Passkey.credential_id == known.id)
            .values(sign_count=sign_count, used_at=now)
            .execution_options(synchronize_session=False)
        )
        session.commit()


def ids_of(session: Session, account: uuid.UUID) -> list[str]:
    """Credential ids of an account, in its scope: an authenticator that has one of these needs no other."""
    return list(session.scalars(select(Passkey.credential_id).where(Passkey.account_id == account)))


def add(session: Session, passkey: Passkey) -> None:
    """Store a new one, in its account's scope. Commits. Raises Conflict if it exists."""
    if session.get(Passkey, passkey.credential_id) is not None:
        raise Conflict("This passkey is known already.")
    session.add(passkey)
    session.commit()


def rename(session: Session, account: uuid.UUID, credential: str, name: str) -> None:
    """Rename it, in its account's scope. Commits."""
    row = session.get(Passkey, credential)
    if row is None or row.account_id != account:
        raise NotFound("There is no such passkey.")
    row.name = clean_name(name) or row.name
    session.commit()


def clean_name(text: str) -> str:
    """Normalize a passkey's name: one line, limited length."""
    return " ".join(text.split())[:NAME_LENGTH]


def spend(session: Session, secret: str, *, now: datetime) -> bool:
    """Consume a one-time value; False if it was used before. Commits."""
    session.rollback()
    with working_for(TenantScope(key=digest(secret))):
        session.execute(delete(Spent).where(Spent.expires_at <= now))
        row = insert(Spent).values(digest=digest(secret), expires_at=now + ONCE)
        made = session.scalar(row.on_conflict_do_nothing().returning(Spent.digest))
        session.commit()
    return made is not None
