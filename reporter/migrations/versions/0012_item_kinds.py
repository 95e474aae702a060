"""Rename the item kind of front pages"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE delivery SET item_kind = 'front_page' WHERE item_kind = 'face'")
