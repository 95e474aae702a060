"""The search index in the database"""

from __future__ import annotations

from alembic import op

from reporter.search.postgres.tables import TABLES, make_tables

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_tables(op.get_bind())
    for table in TABLES:
        # Deleting a gathering deletes its words from the index.
        op.execute(
            f"ALTER TABLE {table} ADD FOREIGN KEY (gathering_id) REFERENCES hub_gathering (id) ON DELETE CASCADE"
        )
