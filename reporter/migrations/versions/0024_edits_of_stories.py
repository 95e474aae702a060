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
    # 0 for all: nobody knows which laptop's arrangement is later, so each keeps its own until the next change.
