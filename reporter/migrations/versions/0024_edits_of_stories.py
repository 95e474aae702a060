"""A count of each story's changes, which merges compare"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("story", sa.Column("edits", sa.Integer(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE story SET edits = 1 WHERE title <> '' OR lead <> '' "
        "OR id IN (SELECT story_id FROM story_item) OR id IN (SELECT story_id FROM story_words)"
    )
