"""Whom an organization's provider means: an invitation, or a member, binds a subject to an account; no address does."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reporter.database.row_security import Scope, working_for
from reporter.errors import BadInput, Conflict, NotFound
from reporter.hub.models import Identity, Provider

_SHORT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,39}", re.ASCII)


@dataclass(frozen=True)
class KnownProvider:
    """Where an organization's members sign in."""

    organization_id: uuid.UUID
    short_name: str
    issuer: str
    client_id: str

    @property
    def place(self) -> str:
        """The name of the provider's machine, as people know it."""
        return urlsplit(self.issuer).netloc


def clean_short_name(text: str) -> str:
    """As it stands in addresses. Raises BadInput for what can't."""
    name = text.strip().lower()
    if not _SHORT_NAME.fullmatch(name):
        raise BadInput("A short name has 2 to 40 letters from a to z, digits and hyphens.")
    return name


def set_provider(session: Session, provider: KnownProvider) -> None:
    """Keep an organization's one provider, in its scope. Commits. Raises Conflict for a name that is taken."""
    other = provider_called(session, provider.short_name)
    if other is not None and other.organization_id != provider.organization_id:
        raise Conflict("Another organization is called %(name)s.", name=provider.short_name)
    session.merge(
        Provider(
            organization_id=provider.organization_id,
            short_name=provider.short_name,
            issuer=provider.issuer,
            client_id=provider.client_id,
        )
    )
    session.commit()


def remove_provider(session: Session, organization: uuid.UUID) -> None:
    """Let nobody in by it any more, in the organization's scope. Commits."""
    for kind in (Identity, Provider):
        session.execute(delete(kind).where(kind.organization_id == organization))
    session.commit()


def provider_called(session: Session, short_name: str) -> KnownProvider | None:
    """That of the organization that is called so. Ends the transaction."""
    session.rollback()
    with working_for(Scope(key=short_name)):
        row = session.scalar(select(Provider).where(Provider.short_name == short_name))
        found = _known(row)
        session.rollback()
    return found


def provider_of(session: Session, organization: uuid.UUID) -> KnownProvider | None:
    """That of an organization. Ends the transaction."""
    session.rollback()
    with working_for(Scope(organization=organization)):
        found = _known(session.get(Provider, organization))
        session.rollback()
    return found


def _known(row: Provider | None) -> KnownProvider | None:
    if row is None:
        return None
    return KnownProvider(row.organization_id, row.short_name, row.issuer, row.client_id)


def account_of(session: Session, provider: KnownProvider, subject: str) -> uuid.UUID | None:
    """Whose subject this is. Ends the transaction."""
    session.rollback()
    with working_for(Scope(organization=provider.organization_id)):
        row = session.get(Identity, (provider.organization_id, provider.issuer, subject))
        found = row.account_id if row else None
        session.rollback()
    return found


def identity(
    provider: KnownProvider, subject: str, account: uuid.UUID, *, now: datetime
) -> Identity:
    """What binds a subject to an account."""
    return Identity(
        organization_id=provider.organization_id,
        issuer=provider.issuer,
        subject=subject,
        account_id=account,
        created_at=now,
    )


def bind(session: Session, row: Identity) -> None:
    """Keep it. Commits. Ends the transaction before."""
    session.rollback()
    with working_for(Scope(organization=row.organization_id, account=row.account_id)):
        session.add(row)
        session.commit()


def unbind(session: Session, organization: uuid.UUID, account: uuid.UUID) -> None:
    """Let the provider vouch for an account no more, in the account's scope. Commits."""
    own = Identity.organization_id == organization, Identity.account_id == account
    if session.execute(delete(Identity).where(*own)).rowcount == 0:  # type: ignore[attr-defined]
        session.rollback()
        raise NotFound("There is no such sign-in.")
    session.commit()


def bindings(session: Session, account: uuid.UUID) -> list[tuple[KnownProvider, bool]]:
    """Providers of the account's organizations, and which know it; in the account's scope."""
    bound = set(
        session.scalars(select(Identity.organization_id).where(Identity.account_id == account))
    )
    rows = session.scalars(select(Provider).order_by(Provider.short_name)).all()
    return [
        (known, known.organization_id in bound)
        for row in rows
        if (known := _known(row)) is not None
    ]
