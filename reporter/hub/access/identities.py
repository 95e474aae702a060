"""OpenID Connect identities: an invitation, or a member, binds a provider's subject to an account;
an email address never does."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reporter.database.row_security import TenantScope, working_for
from reporter.errors import BadInput, Conflict, NotFound
from reporter.hub.models import Identity, Provider

_SHORT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,39}", re.ASCII)


@dataclass(frozen=True)
class KnownProvider:
    """The identity provider of an organization."""

    organization_id: uuid.UUID
    short_name: str
    issuer: str
    client_id: str

    @property
    def place(self) -> str:
        """Host name of the provider, for display."""
        return urlsplit(self.issuer).netloc


def clean_short_name(text: str) -> str:
    """Normalize a short name for use in URLs. Raises BadInput if it is invalid."""
    name = text.strip().lower()
    if not _SHORT_NAME.fullmatch(name):
        raise BadInput("A short name has 2 to 40 letters from a to z, digits and hyphens.")
    return name


def set_provider(session: Session, provider: KnownProvider) -> None:
    """Store an organization's only provider, in its scope. Commits. Raises Conflict if the name is taken."""
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
    """Remove the provider, so that nobody can sign in with it, in the organization's scope. Commits."""
    for kind in (Identity, Provider):
        session.execute(delete(kind).where(kind.organization_id == organization))
    session.commit()


def provider_called(session: Session, short_name: str) -> KnownProvider | None:
    """The provider of the organization with a short name. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(key=short_name)):
        row = session.scalar(select(Provider).where(Provider.short_name == short_name))
        found = _known_provider(row)
        session.rollback()
    return found


def provider_of(session: Session, organization: uuid.UUID) -> KnownProvider | None:
    """The provider of an organization. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(organization=organization)):
        found = _known_provider(session.get(Provider, organization))
        session.rollback()
    return found


def _known_provider(row: Provider | None) -> KnownProvider | None:
    if row is None:
        return None
    return KnownProvider(row.organization_id, row.short_name, row.issuer, row.client_id)


def account_of(session: Session, provider: KnownProvider, subject: str) -> uuid.UUID | None:
    """The account bound to a subject. Ends the transaction."""
    session.rollback()
    with working_for(TenantScope(organization=provider.organization_id)):
        row = session.get(Identity, (provider.organization_id, provider.issuer, subject))
        found = row.account_id if row else None
        session.rollback()
    return found


def identity(
    provider: KnownProvider, subject: str, account: uuid.UUID, *, now: datetime
) -> Identity:
    """The row that binds a subject to an account."""
    return Identity(
        organization_id=provider.organization_id,
        issuer=provider.issuer,
        subject=subject,
        account_id=account,
        created_at=now,
    )


def bind(session: Session, row: Identity) -> None:
    """Store the binding. Commits. Ends the transaction before."""
    session.rollback()
    with working_for(TenantScope(organization=row.organization_id, account=row.account_id)):
        session.add(row)
        session.commit()


def unbind(session: Session, organization: uuid.UUID, account: uuid.UUID) -> None:
    """Remove the provider's binding to an account, in the account's scope. Commits."""
    own = Identity.organization_id == organization, Identity.account_id == account
    if session.execute(delete(Identity).where(*own)).rowcount == 0:  # type: ignore[attr-defined]
        session.rollback()
        raise NotFound("There is no such sign-in.")
    session.commit()


def bindings(session: Session, account: uuid.UUID) -> list[tuple[KnownProvider, bool]]:
    """Providers of the account's organizations, and which of them are bound to it; in the account's scope."""
    bound = set(
        session.scalars(select(Identity.organization_id).where(Identity.account_id == account))
    )
    rows = session.scalars(select(Provider).order_by(Provider.short_name)).all()
    return [
        (known, known.organization_id in bound)
        for row in rows
        if (known := _known_provider(row)) is not None
    ]
