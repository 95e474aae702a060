"""Passkeys, and sign-ins valid for one organization only"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reporter.hub.policies import MEMBER_SEEN, SIGN_IN_POLICIES, statements

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hub_passkey",
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("credential_id"),
        sa.ForeignKeyConstraint(["account_id"], ["hub_account.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_hub_passkey_account_id", "hub_passkey", ["account_id"])
    op.create_table(
        "hub_spent",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_hub_spent_expires_at", "hub_spent", ["expires_at"])
    op.create_table(
        "hub_provider",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("short_name", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id"),
        sa.UniqueConstraint("short_name"),
        sa.ForeignKeyConstraint(["organization_id"], ["hub_organization.id"], ondelete="CASCADE"),
    )
    op.create_table(
        "hub_identity",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "issuer", "subject"),
        sa.ForeignKeyConstraint(["organization_id"], ["hub_organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["hub_account.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_hub_identity_account_id", "hub_identity", ["account_id"])
    op.add_column("hub_sign_in", sa.Column("organization_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        None,
        "hub_sign_in",
        "hub_organization",
        ["organization_id"],
        ["id"],
        ondelete="CASCADE",
    )
    for policy in SIGN_IN_POLICIES:
        for statement in statements(policy):
            op.execute(statement)
    op.execute(f"ALTER POLICY own ON hub_member USING ({MEMBER_SEEN})")
