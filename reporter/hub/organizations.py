"""Organizations, their members, invitations and accounts.

Each function documents the scope it has to run in (see ``reporter.hub.policies``); outside of it,
it finds nothing.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.database.row_security import TenantScope, working_for
from reporter.errors import BadInput, Conflict, Forbidden, NotFound
from reporter.hub.models import Account, Identity, Invitation, Member, Organization, RegistryBase
from reporter.hub.roles import Role
from reporter.hub.secrets import digest, new_token

INVITED = timedelta(days=14)


def clean_email(text: str) -> str:
    """Normalize an email address to lower case; raises BadInput if it is invalid."""
    address = text.strip().lower()
    name, at, place = address.partition("@")
    if not (name and at and place) or any(c.isspace() for c in address) or len(address) > 254:
        raise BadInput("%(address)s is not an e-mail address.", address=text)
    return address


def make_organization(
    session: Session, name: str, *, now: datetime, rng: random.Random
) -> uuid.UUID:
    """Create an organization, in a scope of its own. Commits. Raises Conflict if the name is taken."""
    if not name.strip():
        raise BadInput("An organization needs a name.")
    if find_organization(session, name) is not None:
        raise Conflict("There is an organization %(name)s already.", name=name.strip())
    number = new_id(now, rng)
    session.commit()
    with working_for(TenantScope(organization=number)):
        session.add(Organization(id=number, name=name.strip(), created_at=now))
        session.commit()
    return number


def find_organization(session: Session, name: str) -> uuid.UUID | None:
    """The organization with a name; in the scope of a migration, which sees all."""
    return session.scalar(select(Organization.id).where(Organization.name == name.strip()))


def invite(
    session: Session, organization: uuid.UUID, email: str, role: str, *, now: datetime
) -> str:
    """Create an invitation, in the organization's scope; returns its secret. Commits."""
    secret = new_token()
    session.execute(delete(Invitation).where(Invitation.expires_at <= now))
    session.add(
        Invitation(
            digest=digest(secret),
            organization_id=organization,
            email=clean_email(email),
            role=Role(role).value,
            expires_at=now + INVITED,
        )
    )
    session.commit()
    return secret


@dataclass(frozen=True)
class Invited:
    """The role, organization and address of an invitation."""

    organization_id: uuid.UUID
    organization: str
    email: str
    role: str


def look_at_invitation(session: Session, secret: str, *, now: datetime) -> Invited:
    """The contents of an invitation. Raises NotFound if it was used or has expired. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(key=digest(secret))):
        row = session.get(Invitation, digest(secret))
        if row is None or row.expires_at <= now:
            raise NotFound("This invitation was used or has expired. Ask for a new one.")
        offer = (row.organization_id, row.email, row.role)
        session.rollback()
    with working_for(TenantScope(organization=offer[0])):
        name = session.get_one(Organization, offer[0]).name
        session.rollback()
    return Invited(offer[0], name, *offer[1:])


@dataclass(frozen=True)
class Joining:
    """The account that accepts an invitation; a new id if nobody has the address yet.

    ``rows``: passkeys and identities to add as ways to sign in; ``password_hash`` is that of a new
    account. ``email`` is its address if that is not the invited one.
    """

    account: uuid.UUID
    email: str = ""
    password_hash: str = ""
    rows: tuple[RegistryBase, ...] = ()


def accept(session: Session, secret: str, joining: Joining, *, now: datetime) -> None:
    """Accept an invitation. Commits.

    Whoever has its link may accept it, under any address of their own: nobody has checked whose the
    invited one is, and somebody else may have registered it first.

    Raises NotFound as ``look_at_invitation``, and if somebody else has just used it; Forbidden if
    the address belongs to another account.
    """
    offer = look_at_invitation(session, secret, now=now)
    email = joining.email or offer.email
    known, number = account_of(session, email), joining.account
    if known is not None and known[0] != number:
        raise Forbidden("This invitation is for somebody else.")
    with working_for(TenantScope(organization=offer.organization_id, account=number)):
        used = delete(Invitation).where(Invitation.digest == digest(secret))
        if session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
            session.rollback()
            raise NotFound("This invitation was used or has expired. Ask for a new one.")
        if known is None:
            _make_account(session, joining, email, now)
        session.add_all(joining.rows)
        _join(session, offer, number, now)
        session.commit()


def _join(session: Session, offer: Invited, account: uuid.UUID, now: datetime) -> None:
    """Make the account a member; one already keeps the more privileged role, or its owner could be lost."""
    member = session.get(Member, (offer.organization_id, account), with_for_update=True)
    if member is None:
        member = Member(
            organization_id=offer.organization_id,
            account_id=account,
            role=offer.role,
            created_at=now,
        )
        session.add(member)
    member.role = min(member.role, offer.role, key=lambda role: list(Role).index(Role(role)))


def _make_account(session: Session, joining: Joining, email: str, now: datetime) -> None:
    row = Account(
        id=joining.account, email=email, password_hash=joining.password_hash, created_at=now
    )
    session.add(row)
    session.flush()


def account_of(session: Session, email: str) -> tuple[uuid.UUID, str] | None:
    """Id and password hash of the account with an address. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(key=email)):
        row = session.scalar(select(Account).where(Account.email == email))
        found = None if row is None else (row.id, row.password_hash)
        session.rollback()
    return found


def set_role(session: Session, organization: uuid.UUID, account: uuid.UUID, role: str) -> None:
    """Change a member's role; '' removes the member. Commits. Raises Forbidden if no owner would be left."""
    member = session.get(Member, (organization, account))
    if member is None:
        raise NotFound("There is no such member.")
    owners = select(Member.account_id).where(
        Member.organization_id == organization, Member.role == Role.OWNER
    )
    # If two owners remove each other at once, the second waits and sees that one is left.
    others = set(session.scalars(owners.with_for_update())) - {account}
    if role != Role.OWNER and not others:
        session.rollback()
        raise Forbidden("An organization needs an owner. Make somebody else one first.")
    if role:
        member.role = Role(role).value
    else:
        session.delete(member)
        known = Identity.organization_id == organization, Identity.account_id == account
        session.execute(delete(Identity).where(*known))
    session.commit()
