"""Rows of the registry: whose gatherings there are, and who may do what. Row security guards them too."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from reporter.database.engine import UtcDateTime


class RegistryBase(DeclarativeBase):
    """Base of the registry's models, which no laptop has."""


class Organization(RegistryBase):
    """Who holds gatherings: nothing of one is seen by another."""

    __tablename__ = "hub_organization"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HubGathering(RegistryBase):
    """A gathering of an organization: what every other row of it refers to."""

    __tablename__ = "hub_gathering"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        UniqueConstraint("organization_id", "local_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hub_organization.id"))
    # What its kiosk calls it: the same gathering pushed from two laptops is one. A laptop that joined by a code of the
    # gathering may call it otherwise.
    local_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    title: Mapped[str]
    # Its reporter.toml.
    settings: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When a worker looks at it next, and the worker that does now.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    lease: Mapped[str] = mapped_column(default="")
    # Who publishes it, until when: see reporter.hub.baton. Empty: nobody now.
    publisher: Mapped[str] = mapped_column(default="")
    publisher_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Account(RegistryBase):
    """Somebody who signs in, in however many organizations."""

    __tablename__ = "hub_account"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # In small letters.
    email: Mapped[str] = mapped_column(unique=True)
    # Empty: it has other ways in.
    password_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Member(RegistryBase):
    """What somebody may do in an organization: a word of ``reporter.hub.roles.Role``."""

    __tablename__ = "hub_member"

    organization_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hub_organization.id"), primary_key=True
    )
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hub_account.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invitation(RegistryBase):
    """A link that makes whoever has it a member, once, until it runs out."""

    __tablename__ = "hub_invitation"

    # SHA-256 of the secret in the link.
    digest: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hub_organization.id"))
    email: Mapped[str]
    role: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PairingTicket(RegistryBase):
    """A code that ties one kiosk to an organization, once, until it runs out; or to a gathering that is there."""

    __tablename__ = "hub_pairing"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "gathering_id"],
            ["hub_gathering.organization_id", "hub_gathering.id"],
            ondelete="CASCADE",
        ),
    )

    # SHA-256 of the code.
    digest: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hub_organization.id"))
    # None: the gathering that the kiosk speaks of.
    gathering_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HubKiosk(RegistryBase):
    """A kiosk that pushes to a gathering."""

    __tablename__ = "hub_kiosk"
    __table_args__ = (
        UniqueConstraint("gathering_id", "kiosk_id"),
        ForeignKeyConstraint(
            ["organization_id", "gathering_id"],
            ["hub_gathering.organization_id", "hub_gathering.id"],
            ondelete="CASCADE",
        ),
    )

    # SHA-256 of the token that it shows.
    token_digest: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    gathering_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    # What it calls itself.
    kiosk_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The snapshot that was merged last (see kiosk.peers.snapshot).
    snapshot: Mapped[str] = mapped_column(default="")
    pushed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignIn(RegistryBase):
    """A browser in which somebody has signed in."""

    __tablename__ = "hub_sign_in"

    # SHA-256 of the token in its cookie.
    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hub_account.id", ondelete="CASCADE"))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Whose provider vouched for it, and for no other organization; NULL: the account's own way in.
    organization_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("hub_organization.id", ondelete="CASCADE")
    )


class Passkey(RegistryBase):
    """What is kept of a passkey (https://www.w3.org/TR/webauthn-3/#credential-record)."""

    __tablename__ = "hub_passkey"

    # base64url, as browsers say it.
    credential_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hub_account.id", ondelete="CASCADE"), index=True
    )
    # COSE.
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Provider(RegistryBase):
    """Where an organization's members sign in by OpenID Connect. Its client's secret is with the secrets."""

    __tablename__ = "hub_provider"

    organization_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hub_organization.id", ondelete="CASCADE"), primary_key=True
    )
    # In addresses, and what members type.
    short_name: Mapped[str] = mapped_column(unique=True)
    issuer: Mapped[str]
    client_id: Mapped[str]


class Identity(RegistryBase):
    """Whom an organization's provider means by a subject."""

    __tablename__ = "hub_identity"

    organization_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hub_organization.id", ondelete="CASCADE"), primary_key=True
    )
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hub_account.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Spent(RegistryBase):
    """Something that may be used once, and was."""

    __tablename__ = "hub_spent"

    # SHA-256 of it.
    digest: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class HubSetting(RegistryBase):
    """What all processes of a hub share, such as the key that signs cookies."""

    __tablename__ = "hub_setting"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text)
