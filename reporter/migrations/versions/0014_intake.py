"""Receipt aliases, client ids in tombstones, words of unrecorded sessions, copies made, due purges"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipt_alias",
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("takeaway_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["takeaway_id"], ["takeaway.id"]),
        sa.PrimaryKeyConstraint("receipt"),
    )
    with op.batch_alter_table("receipt_alias", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_receipt_alias_takeaway_id"), ["takeaway_id"], unique=False
        )
    op.create_table(
        "copy_made",
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    with op.batch_alter_table("tombstone", schema=None) as batch_op:
        batch_op.add_column(sa.Column("client", sa.String(), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_tombstone_client"), ["client"], unique=False)
    with op.batch_alter_table("event_session", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("words_leave", sa.Boolean(), nullable=False, server_default="0")
        )
    with op.batch_alter_table("gathering", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purge_due_since", sa.DateTime(), nullable=True))
    # Content withdrawn under earlier versions left traces in free pages: schedule one purge.
    buried = sa.text(
        "UPDATE gathering SET purge_due_since = (SELECT min(withdrawn_at) FROM tombstone)"
    )
    op.execute(buried)
