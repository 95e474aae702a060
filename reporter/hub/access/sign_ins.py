"""Browsers in which somebody has signed in; each has a token, of which the database knows the digest."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from reporter.database.row_security import Scope, working_for
from reporter.hub.models import SignIn
from reporter.hub.secrets import digest, new_token

SIGNED_IN = timedelta(days=30)
# Who changes ways in has shown one of them not longer ago.
FRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class SignedIn:
    """Who has signed in, and when. ``only``: the organization whose provider vouched for it, and for no other."""

    account: uuid.UUID
    begun_at: datetime
    only: uuid.UUID | None = None

    @property
    def scope(self) -> Scope:
        """For whom transactions work that ask what this member may see."""
        return Scope(account=self.account, only=self.only)

    def is_fresh(self, now: datetime) -> bool:
        """Whether it began a moment ago."""
        return now < self.begun_at + FRESH


def sign_in(
    session: Session, account: uuid.UUID, *, now: datetime, only: uuid.UUID | None = None
) -> str:
    """The token of a new sign-in. Commits."""
    token = new_token()
    session.rollback()
    with working_for(Scope(account=account)):
        session.execute(delete(SignIn).where(SignIn.begun_at < now - SIGNED_IN))
        row = SignIn(digest=digest(token), account_id=account, begun_at=now, organization_id=only)
        session.add(row)
        session.commit()
    return token


def signed_in(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Whose token this is; None where it has run out or was signed out. Ends the transaction."""
    session.rollback()
    with working_for(Scope(key=digest(token))):
        row = session.get(SignIn, digest(token))
        found = None
        if row is not None and row.begun_at > now - SIGNED_IN:
            found = SignedIn(row.account_id, row.begun_at, row.organization_id)
        session.rollback()
    return found


def sign_out(session: Session, token: str) -> None:
    """Forget a sign-in. Commits."""
    session.rollback()
    with working_for(Scope(key=digest(token))):
        session.execute(delete(SignIn).where(SignIn.digest == digest(token)))
        session.commit()


def end_others(session: Session, account: uuid.UUID, token: str) -> None:
    """Forget the account's sign-ins but this one, in its scope."""
    others = SignIn.account_id == account, SignIn.digest != digest(token)
    session.execute(delete(SignIn).where(*others))
