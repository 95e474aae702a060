"""The series lists sites whose front page waits for its next update, too"""

from __future__ import annotations

from alembic import op

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None

# As in r0005, but for which front pages count: those that stand at their place, as on the public page.
_SERIES = """
CREATE OR REPLACE FUNCTION hub_series(most integer)
RETURNS TABLE (number uuid, name text, told text, approved bigint, sites jsonb, items jsonb)
LANGUAGE plpgsql AS $$
DECLARE
  one record;
  before text := coalesce(current_setting('app.gathering', true), '');
BEGIN
  FOR one IN
    SELECT g.id, g.title, g.settings FROM hub_gathering g
    WHERE g.organization_id = NULLIF(current_setting('app.organization', true), '')::uuid
    ORDER BY g.created_at DESC, g.id LIMIT most
  LOOP
    PERFORM set_config('app.gathering', one.id::text, true);
    RETURN QUERY SELECT one.id, one.title::text, one.settings::text,
      (SELECT count(*) FROM takeaway t WHERE t.state = 'approved'),
      (SELECT coalesce(jsonb_agg(d.url ORDER BY d.url), '[]') FROM delivery d
        WHERE d.item_kind = 'front_page' AND d.sent <> '' AND d.wanted <> '' AND d.url LIKE 'http%'),
      (SELECT coalesce(jsonb_agg(jsonb_build_object('what', i.what, 'who', i.who, 'due_on', i.due_on)
          ORDER BY i.due_on NULLS LAST, i.created_at), '[]')
        FROM action_item i WHERE i.state = 'open');
  END LOOP;
  PERFORM set_config('app.gathering', before, true);
END $$
"""


def upgrade() -> None:
    op.execute(_SERIES)
