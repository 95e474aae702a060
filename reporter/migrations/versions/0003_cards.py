"""Cards: cameras, imports, shots, cuts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("make", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("offset_s", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "card_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("files_done", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("markers", sa.Integer(), nullable=False),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("beat_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["event_session.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("card_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_import_state"), ["state"], unique=False)

    op.create_table(
        "shot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("camera_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("takeaway_id", sa.Uuid(), nullable=True),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("taken", sa.DateTime(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("mark_session_id", sa.Uuid(), nullable=True),
        sa.Column("kiosk_at", sa.DateTime(), nullable=True),
        sa.Column("given_session_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["camera_id"],
            ["camera.id"],
        ),
        sa.ForeignKeyConstraint(
            ["given_session_id"],
            ["event_session.id"],
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["card_import.id"],
        ),
        sa.ForeignKeyConstraint(
            ["mark_session_id"],
            ["event_session.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["event_session.id"],
        ),
        sa.ForeignKeyConstraint(
            ["takeaway_id"],
            ["takeaway.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("shot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shot_import_id"), ["import_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shot_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_shot_size"), ["size"], unique=False)
        batch_op.create_index(batch_op.f("ix_shot_takeaway_id"), ["takeaway_id"], unique=False)
        batch_op.create_index("shot_camera_taken", ["camera_id", "taken", "path"], unique=False)

    op.create_table(
        "cut",
        sa.Column("shot_id", sa.Uuid(), nullable=False),
        sa.Column("camera_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("skip", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["camera_id"],
            ["camera.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["event_session.id"],
        ),
        sa.ForeignKeyConstraint(
            ["shot_id"],
            ["shot.id"],
        ),
        sa.PrimaryKeyConstraint("shot_id"),
    )
    with op.batch_alter_table("cut", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cut_camera_id"), ["camera_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cut_settled"), ["settled"], unique=False)
