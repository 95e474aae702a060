"""The mark of what was received from a hub"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("peer", sa.Column("received", sa.String(), nullable=False, server_default=""))
