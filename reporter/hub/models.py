"""Models of the registry: who owns gatherings, and who may do what. Protected by row-level security too."""

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
    """A tenant that owns gatherings: its data is invisible to others."""

    __tablename__ = "hub_organization"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Where its public page is (see reporter.hub.public_page). None: it has none.
    public_name: Mapped[str | None] = mapped_column(unique=True)


class HubGathering(RegistryBase):
    """A gathering of an organization, which all its other rows refer to."""

    __tablename__ = "hub_gathering"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        UniqueConstraint("organization_id", "local_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hub_organization.id"))
    # Its kiosks' id of it: the same gathering pushed from two laptops is one. A laptop that joined
    # with one of the gathering's codes may use another id.
    local_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    title: Mapped[str]
    # Its reporter.toml.
    settings: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When a worker is due next, and the worker that holds it now.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    lease: Mapped[str] = mapped_column(default="")
    # Who holds the publisher lease, and until when: see reporter.hub.publisher_lease. Empty: nobody.
    publisher: Mapped[str] = mapped_column(default="")
    publisher_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Account(RegistryBase):
    """A user, in any number of organizations."""

    __tablename__ = "hub_account"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    # Lower case.
    email: Mapped[str] = mapped_column(unique=True)
    # Empty: the account has other ways to sign in.
    password_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Member(RegistryBase):
    """Membership in an organization with its role, a ``reporter.hub.roles.Role``."""

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
    """A single-use link with an expiry date that makes whoever has it a member."""

    __tablename__ = "hub_invitation"

    # SHA-256 of the secret in the link.
    digest: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hub_organization.id"))
    email: Mapped[str]
    role: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PairingTicket(RegistryBase):
    """A single-use code with an expiry date that pairs a kiosk with an organization, or with an existing gathering."""

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
    # None: the gathering that the kiosk names.
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

    # SHA-256 of its token.
    token_digest: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    gathering_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    # The name it gives itself.
    kiosk_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The last snapshot that was merged (see kiosk.peers.snapshot).
    snapshot: Mapped[str] = mapped_column(default="")
    pushed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignIn(RegistryBase):
    """A signed-in browser."""

    __tablename__ = "hub_sign_in"

    # SHA-256 of the token in its cookie.
    digest: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hub_account.id", ondelete="CASCADE"))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The organization whose provider vouched for it, and no other; NULL: one of the account's own ways to sign in.
    organization_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("hub_organization.id", ondelete="CASCADE")
    )


class Passkey(RegistryBase):
    """A stored passkey (https://www.w3.org/TR/webauthn-3/#credential-record)."""

    __tablename__ = "hub_passkey"

    # base64url, as in WebAuthn.
    credential_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hub_account.id", ondelete="CASCADE"), index=True
    )
    # COSE key.
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Provider(RegistryBase):
    """The OpenID Connect provider of an organization. Its client secret is in the secret store."""

    __tablename__ = "hub_provider"

    organization_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("hub_organization.id", ondelete="CASCADE"), primary_key=True
    )
    # Used in URLs and typed by members.
    short_name: Mapped[str] = mapped_column(unique=True)
    issuer: Mapped[str]
    client_id: Mapped[str]


class Identity(RegistryBase):
    """Binding of a subject at an organization's provider to an account."""

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
    """A used one-time value."""

    __tablename__ = "hub_spent"

    # SHA-256 of it.
    digest: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class HubSetting(RegistryBase):
    """Settings shared by all processes of a hub, such as the key that signs cookies."""

    __tablename__ = "hub_setting"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text)
