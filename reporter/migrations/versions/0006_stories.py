"""Composed stories: texts between takeaways, a short text, drafts, the gathering's report"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "story_words",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("story_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("story_words", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_story_words_story_id"), ["story_id"], unique=False)
    with op.batch_alter_table("story", schema=None) as batch_op:
        batch_op.add_column(sa.Column("short", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("report", sa.Boolean(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("draft", sa.Boolean(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("rest", sa.Boolean(), nullable=False, server_default="1"))
