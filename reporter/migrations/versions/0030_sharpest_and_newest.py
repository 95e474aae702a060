"""The sharpest of a group of look-alikes and the newest of a session are found by an index, however many there are"""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("look_group_sharpness", "look", ["group_id", "sharpness", "media_id"])
    # Its column is the first one of that.
    op.drop_index("ix_look_group_id", "look")
    op.create_index("takeaway_session_newest", "takeaway", ["session_id", "id"])
    # Its columns are the first ones of takeaway_state_flags.
    op.drop_index("takeaway_state_id", "takeaway")
