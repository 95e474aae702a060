"""Review: picture quality and look-alikes, undo steps, an index for paging; wall settings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# From now on a photo without alt text stays out of public places. Approved photos keep the text used in its place.
_KEEP_WORDS = """
UPDATE attachment SET alt = (
    SELECT substr(coalesce(nullif(trim(takeaway.caption), ''), nullif(trim(takeaway.text), ''),
        event_session.title), 1, 120)
    FROM takeaway JOIN event_session ON event_session.id = takeaway.session_id
    WHERE takeaway.id = attachment.takeaway_id)
WHERE alt = '' AND takeaway_id IN (SELECT id FROM takeaway WHERE state = 'approved')
    AND media_id IN (SELECT id FROM media WHERE kind = 'photo')
"""


def upgrade() -> None:
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.add_column(sa.Column("words", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("words_of", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "captions",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("drafting", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("media_id"),
    )
    op.create_index("ix_captions_drafting", "captions", ["drafting"])
    op.create_table(
        "look_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.Column(f"part{number}", sa.Integer(), nullable=False) for number in range(4)),
        sa.PrimaryKeyConstraint("id"),
    )
    for number in range(4):
        op.create_index(f"ix_look_group_part{number}", "look_group", [f"part{number}"])
    op.create_table(
        "look",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("sharpness", sa.Double(), nullable=True),
        sa.Column("brightness", sa.Double(), nullable=True),
        sa.Column("likeness", sa.String(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["look_group.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("media_id"),
    )
    op.create_index("ix_look_group_id", "look", ["group_id"])
    op.create_index("look_sharpness", "look", ["sharpness"])
    op.create_index("look_brightness", "look", ["brightness"])
    with op.batch_alter_table("takeaway", schema=None) as batch_op:
        batch_op.create_index("takeaway_state_id", ["state", "id"], unique=False)
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("step", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("undone", sa.Boolean(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f("ix_decision_step"), ["step"], unique=False)
    op.execute(_KEEP_WORDS)
    with op.batch_alter_table("gathering") as table:
        table.add_column(sa.Column("reindex_asked_at", sa.DateTime(), nullable=True))
        table.add_column(sa.Column("announcement", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("wall_mode", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("wall_paused", sa.Boolean(), nullable=False, server_default="0"))
        table.add_column(sa.Column("wall_light", sa.Boolean(), nullable=False, server_default="0"))
