"""Finished films as takeaways, with a table of their parts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "film_part",
        sa.Column("film_id", sa.Uuid(), nullable=False),
        sa.Column("part_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("mended", sa.String(), nullable=False),
        sa.Column("looks", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["film_id"], ["takeaway.id"]),
        sa.ForeignKeyConstraint(["part_id"], ["takeaway.id"]),
        sa.PrimaryKeyConstraint("film_id", "part_id"),
    )
    op.create_index("ix_film_part_part_id", "film_part", ["part_id"])
    # A film made by an older version has no parts here: the worker removes it and renders it again.
    with op.batch_alter_table("film") as table:
        table.drop_column("made_of")
