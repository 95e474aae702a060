"""Sign-in sessions of browsers; each has a token, of which the database stores only the digest."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from reporter.database.row_security import TenantScope, working_for
from reporter.hub.models import SignIn
from reporter.hub.secrets import digest, new_token

SIGNED_IN = timedelta(days=30)
# Changing ways to sign in requires a sign-in no older than this.
FRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class SignedIn:
    """A signed-in account, and since when. ``only``: the organization whose provider vouched for it, and no other."""

    account: uuid.UUID
    begun_at: datetime
    only: uuid.UUID | None = None

    @property
    def scope(self) -> TenantScope:
        """The scope for queries on behalf of this member."""
        return TenantScope(account=self.account, only=self.only)

    def is_fresh(self, now: datetime) -> bool:
        """Whether the sign-in is recent."""
        return now < self.begun_at + FRESH


def sign_in(
    session: Session, account: uuid.UUID, *, now: datetime, only: uuid.UUID | None = None
) -> str:
    """Create a sign-in; returns its token. Commits."""
    token = new_token()
    session.rollback()
    with working_for(TenantScope(account=account)):
        session.execute(delete(SignIn).where(SignIn.begun_at < now - SIGNED_IN))
        row = SignIn(digest=digest(token), account_id=account, begun_at=now, organization_id=only)
        session.add(row)
        session.commit()
    return token


def signed_in(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """The sign-in of a token; None if it expired or was signed out. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(key=digest(token))):
        row = session.get(SignIn, digest(token))
        found = None
        if row is not None and row.begun_at > now - SIGNED_IN:
            found = SignedIn(row.account_id, row.begun_at, row.organization_id)
        session.rollback()
    return found


def sign_out(session: Session, token: str) -> None:
    """Delete a sign-in. Commits."""
    session.rollback()
    with working_for(TenantScope(key=digest(token))):
        session.execute(delete(SignIn).where(SignIn.digest == digest(token)))
        session.commit()


def end_others(session: Session, account: uuid.UUID, token: str) -> None:
    """Delete the account's other sign-ins, in its scope."""
    others = SignIn.account_id == account, SignIn.digest != digest(token)
    session.execute(delete(SignIn).where(*others))
