"""Public pages of organizations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reporter.hub.policies import ORGANIZATION_SEEN

revision = "r0006"
down_revision = "r0005"
branch_labels = None
depends_on = None

# As hub_series: with the caller's rights and within row security.
_PUBLISHED = """
CREATE FUNCTION hub_published(most integer, skip integer)
RETURNS TABLE (number uuid, name text, told text)
LANGUAGE plpgsql AS $$
DECLARE
  one record;
  before text := coalesce(current_setting('app.gathering', true), '');
  found integer := 0;
BEGIN
  FOR one IN
    SELECT g.id, g.title, g.settings FROM hub_gathering g
    WHERE g.organization_id = NULLIF(current_setting('app.organization', true), '')::uuid
    ORDER BY g.created_at DESC, g.id
  LOOP
    EXIT WHEN found >= skip + most;
    PERFORM set_config('app.gathering', one.id::text, true);
    IF EXISTS (
      SELECT FROM delivery d JOIN target t ON t.id = d.target_id
      WHERE d.item_kind = 'story' AND d.sent <> '' AND d.wanted <> '' AND d.url LIKE 'http%'
        AND t.audience = 'public'
    ) THEN
      found := found + 1;
      IF found > skip THEN
        RETURN QUERY SELECT one.id, one.title::text, one.settings::text;
      END IF;
    END IF;
  END LOOP;
  PERFORM set_config('app.gathering', before, true);
END $$
"""


def upgrade() -> None:
    op.add_column("hub_organization", sa.Column("public_name", sa.String(), nullable=True))
    op.create_unique_constraint(None, "hub_organization", ["public_name"])
    op.execute(f"ALTER POLICY own ON hub_organization USING ({ORGANIZATION_SEEN})")
    op.execute(_PUBLISHED)
