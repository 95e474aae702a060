"""Organizations and who belongs to them: invitations, accounts, sign-ins.

Each function says the scope in which it has to run (see ``reporter.hub.policies``): outside of it, it finds nothing.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.database.row_security import Scope, working_for
from reporter.errors import BadInput, Conflict, Forbidden, NotFound
from reporter.hub.models import Account, Invitation, Member, Organization, SignIn
from reporter.hub.roles import Role
from reporter.hub.secrets import digest, new_token

INVITED = timedelta(days=14)
SIGNED_IN = timedelta(days=30)


def clean_email(text: str) -> str:
    """An address in small letters; raises BadInput for what is none."""
    address = text.strip().lower()
    name, at, place = address.partition("@")
    if not (name and at and place) or any(c.isspace() for c in address) or len(address) > 254:
        raise BadInput("%(address)s is no e-mail address.", address=text)
    return address


def make_organization(
    session: Session, name: str, *, now: datetime, rng: random.Random
) -> uuid.UUID:
    """A new organization, in a scope of its own. Commits. Raises Conflict for a name that is taken."""
    if not name.strip():
        raise BadInput("An organization needs a name.")
    if find_organization(session, name) is not None:
        raise Conflict("There is an organization %(name)s already.", name=name.strip())
    number = new_id(now, rng)
    session.commit()
    with working_for(Scope(organization=number)):
        session.add(Organization(id=number, name=name.strip(), created_at=now))
        session.commit()
    return number


def find_organization(session: Session, name: str) -> uuid.UUID | None:
    """By its name; in the scope of a migration, which sees all."""
    return session.scalar(select(Organization.id).where(Organization.name == name.strip()))


def invite(
    session: Session, organization: uuid.UUID, email: str, role: str, *, now: datetime
) -> str:
    """The secret of an invitation, in the organization's scope. Commits."""
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
    """Who may become what, and where."""

    organization_id: uuid.UUID
    organization: str
    email: str
    role: str


def look_at_invitation(session: Session, secret: str, *, now: datetime) -> Invited:
    """What an invitation offers. Raises NotFound for one that was used or has run out. Ends the transaction."""
    session.rollback()
    with working_for(Scope(key=digest(secret))):
        row = session.get(Invitation, digest(secret))
        if row is None or row.expires_at <= now:
            raise NotFound("This invitation was used or has run out. Ask for a new one.")
        offer = (row.organization_id, row.email, row.role)
        session.rollback()
    with working_for(Scope(organization=offer[0])):
        name = session.get_one(Organization, offer[0]).name
        session.rollback()
    return Invited(offer[0], name, *offer[1:])


def accept(
    session: Session, secret: str, password_hash: str, *, now: datetime, rng: random.Random
) -> uuid.UUID:
    """Use an invitation up: the account, made with this password where there is none yet. Commits.

    Raises NotFound as ``look_at_invitation``, and for one that somebody else has used a moment ago.
    """
    offer = look_at_invitation(session, secret, now=now)
    known = account_of(session, offer.email)
    number = known[0] if known else new_id(now, rng)
    with working_for(Scope(organization=offer.organization_id, account=number)):
        used = delete(Invitation).where(Invitation.digest == digest(secret))
        if session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
            session.rollback()
            raise NotFound("This invitation was used or has run out. Ask for a new one.")
        if known is None:
            session.add(
                Account(id=number, email=offer.email, password_hash=password_hash, created_at=now)
            )
            session.flush()
        member = session.get(Member, (offer.organization_id, number))
        if member is None:
            session.add(
                Member(
                    organization_id=offer.organization_id,
                    account_id=number,
                    role=offer.role,
                    created_at=now,
                )
            )
        else:
            member.role = offer.role
        session.commit()
    return number


def account_of(session: Session, email: str) -> tuple[uuid.UUID, str] | None:
    """Id and password hash of who has an address. Ends the transaction."""
    session.rollback()
    with working_for(Scope(key=email)):
        row = session.scalar(select(Account).where(Account.email == email))
        found = None if row is None else (row.id, row.password_hash)
        session.rollback()
    return found


def sign_in(session: Session, account: uuid.UUID, *, now: datetime) -> str:
    """The token of a new sign-in. Commits."""
    token = new_token()
    session.rollback()
    with working_for(Scope(account=account)):
        session.execute(delete(SignIn).where(SignIn.begun_at < now - SIGNED_IN))
        session.add(SignIn(digest=digest(token), account_id=account, begun_at=now))
        session.commit()
    return token


def signed_in(session: Session, token: str, *, now: datetime) -> uuid.UUID | None:
    """Whose token this is; None where it has run out or was signed out. Ends the transaction."""
    session.rollback()
    with working_for(Scope(key=digest(token))):
        row = session.get(SignIn, digest(token))
        found = row.account_id if row is not None and row.begun_at > now - SIGNED_IN else None
        session.rollback()
    return found


def sign_out(session: Session, token: str) -> None:
    """Forget a sign-in. Commits."""
    session.rollback()
    with working_for(Scope(key=digest(token))):
        session.execute(delete(SignIn).where(SignIn.digest == digest(token)))
        session.commit()


def set_role(session: Session, organization: uuid.UUID, account: uuid.UUID, role: str) -> None:
    """Give a member another role; '' lets them go. Commits. Raises Forbidden where no owner would be left."""
    member = session.get(Member, (organization, account))
    if member is None:
        raise NotFound("There is no such member.")
    owners = select(Member.account_id).where(
        Member.organization_id == organization, Member.role == Role.OWNER
    )
    # Two owners who let one another go at once: the second waits, and sees that one is left.
    others = set(session.scalars(owners.with_for_update())) - {account}
    if role != Role.OWNER and not others:
        session.rollback()
        raise Forbidden("An organization needs an owner. Make somebody else one first.")
    if role:
        member.role = Role(role).value
    else:
        session.delete(member)
    session.commit()
