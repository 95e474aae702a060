"""Music for the film of the evening"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("music", "music_name"):
        op.add_column("film", sa.Column(name, sa.String(), nullable=False, server_default=""))
