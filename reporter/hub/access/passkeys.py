"""Passkeys of members: what is kept of each, and what they showed once and may not show again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reporter.database.row_security import Scope, working_for
from reporter.errors import Conflict, NotFound
from reporter.hub.models import Passkey, Spent
from reporter.hub.secrets import digest

# A name is what its owner tells it by.
NAME_LENGTH = 60
# For how long something may be used, and is remembered as used.
ONCE = timedelta(minutes=10)


@dataclass(frozen=True)
class KnownPasskey:
    """What a signature is compared with."""

    id: str
    account: uuid.UUID
    public_key: bytes
    sign_count: int


def by_id(session: Session, credential: str) -> KnownPasskey | None:
    """The passkey that a browser named. Ends the transaction."""
    session.rollback()
    with working_for(Scope(key=credential)):
        row = session.get(Passkey, credential)
        found = None
        if row is not None:
            found = KnownPasskey(credential, row.account_id, row.public_key, row.sign_count)
        session.rollback()
    return found


def note_use(session: Session, known: KnownPasskey, sign_count: int, *, now: datetime) -> None:
    """Keep what an authenticator counted. Commits."""
    session.rollback()
    with working_for(Scope(account=known.account)):
        session.execute(
            update(Passkey)
            .where(Passkey.credential_id == known.id)
            .values(sign_count=sign_count, used_at=now)
            .execution_options(synchronize_session=False)
        )
        session.commit()


def ids_of(session: Session, account: uuid.UUID) -> list[str]:
    """Of an account, in its scope: an authenticator that has one of these needs no other."""
    return list(session.scalars(select(Passkey.credential_id).where(Passkey.account_id == account)))


def add(session: Session, passkey: Passkey) -> None:
    """Keep a new one, in its account's scope. Commits. Raises Conflict for one that is known."""
    if session.get(Passkey, passkey.credential_id) is not None:
        raise Conflict("This passkey is known already.")
    session.add(passkey)
    session.commit()


def rename(session: Session, account: uuid.UUID, credential: str, name: str) -> None:
    """Call it otherwise, in its account's scope. Commits."""
    row = session.get(Passkey, credential)
    if row is None or row.account_id != account:
        raise NotFound("There is no such passkey.")
    row.name = clean_name(name) or row.name
    session.commit()


def clean_name(text: str) -> str:
    """What a passkey may be called: one line, not too long."""
    return " ".join(text.split())[:NAME_LENGTH]


def spend(session: Session, secret: str, *, now: datetime) -> bool:
    """Use up what may be used once; False where it was. Commits."""
    session.rollback()
    with working_for(Scope(key=digest(secret))):
        session.execute(delete(Spent).where(Spent.expires_at <= now))
        row = insert(Spent).values(digest=digest(secret), expires_at=now + ONCE)
        made = session.scalar(row.on_conflict_do_nothing().returning(Spent.digest))
        session.commit()
    return made is not None
