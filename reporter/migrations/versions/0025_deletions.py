"""What organizers deleted, and when they changed sessions and themes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deletion",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=False),
        sa.Column("restored_at", sa.DateTime(), nullable=True),
        sa.Column("edits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "id"),
    )
    op.add_column(
        "event_session", sa.Column("changes", sa.JSON(), nullable=False, server_default="{}")
    )
    # Nobody knows when earlier decisions were made: each laptop keeps its own until the next one.
    op.add_column("theme", sa.Column("changed_at", sa.DateTime(), nullable=True))
    op.add_column("theme_member", sa.Column("changed_at", sa.DateTime(), nullable=True))
