"""Pairing codes for an existing gathering"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hub_pairing", sa.Column("gathering_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        None,
        "hub_pairing",
        "hub_gathering",
        ["organization_id", "gathering_id"],
        ["organization_id", "id"],
        ondelete="CASCADE",
    )
