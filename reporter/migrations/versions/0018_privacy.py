"""Retention notices, and which takeaways a copied film holds"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_notice",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("said_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "item"),
    )

    with op.batch_alter_table("copy_made") as table:
        table.add_column(sa.Column("holds", sa.JSON(), nullable=False, server_default="[]"))
