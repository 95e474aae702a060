"""Which of our posts a reply stands below, so that it outlives a thread that is posted anew"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of replies that came before, the next poll tells.
    op.add_column("reply", sa.Column("post_id", sa.String(), nullable=False, server_default=""))
