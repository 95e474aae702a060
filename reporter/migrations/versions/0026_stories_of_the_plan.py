"""Which stories are the plan's, so that a merge carries it along"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("story", sa.Column("planned", sa.Boolean(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE story SET planned = true WHERE id IN (SELECT story_id FROM plan_step WHERE story_id IS NOT NULL)"
    )
