"""Counts of the desk are read from indexes alone: flags, sessions with times, and who sent lately"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "takeaway_state_flags",
        "takeaway",
        ["state", "id", "consent", "audience", "starred", "held"],
    )
    op.create_index("takeaway_received_device", "takeaway", ["received_at", "device"])
    op.create_index(
        "takeaway_session_state_time", "takeaway", ["session_id", "state", "recorded_at"]
    )
    # Its columns are the first ones of that.
    op.drop_index("takeaway_session_state", "takeaway")
