"""Rename the connection state of targets to network terms"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_NAMES = {
    "way": "reachability",
    "said": "message",
    "told": "reported_limits",
    "learnt": "learned_limits",
    "held_at": "paused_at",
    "ahead_s": "clock_skew_s",
}


def upgrade() -> None:
    with op.batch_alter_table("line", schema=None) as batch_op:
        for old, new in _NAMES.items():
            batch_op.alter_column(old, new_column_name=new)
