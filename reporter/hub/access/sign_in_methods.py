"""Sign-in methods of an account: a password, passkeys, identities at a provider.

The last password or passkey can't be removed.

An identity signs in to its own organization only, so it does not replace a password or a passkey.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from reporter.database.row_security import TenantScope, working_for
from reporter.errors import Forbidden, NotFound
from reporter.hub.access.sign_ins import end_others
from reporter.hub.models import Account, Passkey


@dataclass(frozen=True)
class SignInMethods:
    """What an account can be opened with."""

    email: str
    password: bool
    passkeys: Sequence[Passkey]

    @property
    def last(self) -> bool:
        """Whether there is only one."""
        return self.password + len(self.passkeys) <= 1


def sign_in_methods(session: Session, account: uuid.UUID) -> SignInMethods:
    """Those of an account, in its scope."""
    row = session.get_one(Account, account)
    passkeys = session.scalars(
        select(Passkey).where(Passkey.account_id == account).order_by(Passkey.created_at)
    ).all()
    return SignInMethods(row.email, bool(row.password_hash), passkeys)


def address_of(session: Session, account: uuid.UUID) -> str:
    """The address of an account. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(account=account)):
        email = session.get_one(Account, account).email
        session.rollback()
    return email


def set_password(session: Session, account: uuid.UUID, hashed: str, token: str) -> None:
    """Another password ('': none any more), in the account's scope; other browsers are signed out. Commits.

    Raises Forbidden where no way in would be left.
    """
    row = session.get_one(Account, account, with_for_update=True)
    if not hashed and not _passkeys(session, account):
        session.rollback()
        raise _last()
    row.password_hash = hashed
    end_others(session, account, token)
    session.commit()


def remove_passkey(session: Session, account: uuid.UUID, credential: str, token: str) -> None:
    """Forget a passkey, in the account's scope; other browsers are signed out. Commits.

    Raises Forbidden for the last way in.
    """
    # Two that are removed at once: the second waits, and sees that one is left.
    row = session.get_one(Account, account, with_for_update=True)
    if not row.password_hash and _passkeys(session, account) <= 1:
        session.rollback()
        raise _last()
    own = Passkey.account_id == account, Passkey.credential_id == credential
    if session.execute(delete(Passkey).where(*own)).rowcount != 1:  # type: ignore[attr-defined]
        session.rollback()
        raise NotFound("There is no such passkey.")
    end_others(session, account, token)
    session.commit()


def _passkeys(session: Session, account: uuid.UUID) -> int:
    query = select(func.count()).where(Passkey.account_id == account)
    return session.scalar(query) or 0


def _last() -> Forbidden:
    return Forbidden("This is the last way in. Add another one first.")
