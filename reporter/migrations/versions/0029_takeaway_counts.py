"""Counts of takeaways by state, session and time, kept by triggers; failed files are counted from an index alone

On SQLite only, where one transaction writes at a time. On PostgreSQL two that write at once would wait for each other's
counts, or wrongly miss each other's rows: a hub counts rows (see ``reporter.database.kept_counts``).
"""

# ruff: noqa: S608 - all parts are constants

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

LIVING = "('new', 'approved')"
# Five minutes; the text is cut because strftime rounds to milliseconds.
SLOT = """(
            SELECT seconds / 300 - (seconds % 300 < 0)
            FROM (SELECT CAST(strftime('%s', substr(t.recorded_at, 1, 19)) AS INTEGER) AS seconds)
        )"""
FLAGS = ("starred", "alt", "alike", "blurred", "held", "no_consent", "stays")
COLUMNS = ("session_id", "state", "slot", *FLAGS)

TABLES = (
    # Takeaways that are undecided or shown, for each group of look-alikes that has any.
    """CREATE TABLE look_group_living (
        group_id CHAR(32) NOT NULL PRIMARY KEY, living INTEGER NOT NULL
    ) WITHOUT ROWID""",
    # What a takeaway is counted as.
    f"""CREATE TABLE takeaway_flags (
        takeaway_id CHAR(32) NOT NULL PRIMARY KEY,
        session_id CHAR(32) NOT NULL, state VARCHAR NOT NULL, slot INTEGER NOT NULL,
        {", ".join(f"{name} INTEGER NOT NULL" for name in FLAGS)}
    ) WITHOUT ROWID""",
    f"""CREATE TABLE takeaway_count (
        state VARCHAR NOT NULL, session_id CHAR(32) NOT NULL, slot INTEGER NOT NULL,
        total INTEGER NOT NULL, {", ".join(f"{name} INTEGER NOT NULL" for name in FLAGS)},
        PRIMARY KEY (state, session_id, slot)
    ) WITHOUT ROWID""",
)

VIEWS = (
    f"""CREATE VIEW look_group_living_now AS
    SELECT look.group_id, count(DISTINCT attachment.takeaway_id) AS living
    FROM look CROSS JOIN attachment ON attachment.media_id = look.media_id
    CROSS JOIN takeaway ON takeaway.id = attachment.takeaway_id
    WHERE look.group_id IS NOT NULL AND +takeaway.state IN {LIVING}
    GROUP BY look.group_id""",
    # As reporter.review.queries.flag_rules, where the same is asked for of any rows.
    f"""CREATE VIEW takeaway_flags_now AS
    SELECT t.id AS takeaway_id, t.session_id, t.state,
        ifnull({SLOT}, 0) AS slot,
        t.starred IS 1 AS starred,
        t.audience = 'public' AND EXISTS (
            SELECT 1 FROM attachment AS a CROSS JOIN media AS m ON m.id = a.media_id
            WHERE a.takeaway_id = t.id AND a.alt = '' AND m.kind = 'photo'
        ) AS alt,
        EXISTS (
            SELECT 1 FROM attachment AS a CROSS JOIN look AS l ON l.media_id = a.media_id
            CROSS JOIN look_group_living AS g ON g.group_id = l.group_id
            WHERE a.takeaway_id = t.id AND g.living > (t.state IN {LIVING})
        ) AS alike,
        EXISTS (
            SELECT 1 FROM attachment AS a CROSS JOIN look AS l ON l.media_id = a.media_id
            WHERE a.takeaway_id = t.id AND (l.sharpness < 40.0 OR l.brightness < 16.0)
        ) AS blurred,
        t.held IS 1 AS held,
        t.consent NOT IN ('', 'agreed') AS no_consent,
        t.audience <> 'room' AND t.consent NOT IN ('', 'agreed') AS stays
    FROM takeaway AS t""",
)


def _refreshed(which: str) -> str:
    """Note anew what the takeaways of a condition are counted as."""
    values = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
    return f"""
        INSERT INTO takeaway_flags SELECT * FROM takeaway_flags_now WHERE takeaway_id {which}
        ON CONFLICT (takeaway_id) DO UPDATE SET {values}
        WHERE ({", ".join(COLUMNS)}) IS NOT ({", ".join(f"excluded.{name}" for name in COLUMNS)});"""


def _with_media(media: str) -> str:
    """The takeaways that have a file."""
    return _refreshed(f"IN (SELECT takeaway_id FROM attachment WHERE media_id = {media})")


def _recounted(groups: str) -> str:
    """Count the living takeaways of groups anew; ``groups``: a query for their ids."""
    return f"""
        INSERT INTO look_group_living
        SELECT group_id, (
            SELECT count(DISTINCT a.takeaway_id) FROM look AS l
            CROSS JOIN attachment AS a ON a.media_id = l.media_id
            CROSS JOIN takeaway AS t ON t.id = a.takeaway_id
            WHERE l.group_id = of.group_id AND +t.state IN {LIVING}
        ) FROM ({groups}) AS of WHERE group_id IS NOT NULL
        ON CONFLICT (group_id) DO UPDATE SET living = excluded.living
        WHERE living <> excluded.living;"""


def _groups_of_takeaway(takeaway: str) -> str:
    return (
        "SELECT DISTINCT l.group_id FROM attachment AS a CROSS JOIN look AS l "
        f"ON l.media_id = a.media_id WHERE a.takeaway_id = {takeaway}"
    )


def _groups_of_media(media: str) -> str:
    return f"SELECT group_id FROM look WHERE media_id = {media}"


_SUMS = ", ".join(f"{name} = {name} + excluded.{name}" for name in ("total", *FLAGS))
_ADDED = f"""
    INSERT INTO takeaway_count
    VALUES (NEW.state, NEW.session_id, NEW.slot, 1, {", ".join(f"NEW.{name}" for name in FLAGS)})
    ON CONFLICT (state, session_id, slot) DO UPDATE SET {_SUMS};"""
_CELL = "state = OLD.state AND session_id = OLD.session_id AND slot = OLD.slot"
_REMOVED = f"""
    UPDATE takeaway_count
    SET total = total - 1, {", ".join(f"{name} = {name} - OLD.{name}" for name in FLAGS)}
    WHERE {_CELL};
    DELETE FROM takeaway_count WHERE {_CELL} AND total = 0;"""
_IN_GROUP = (
    "IN (SELECT a.takeaway_id FROM look AS l CROSS JOIN attachment AS a ON a.media_id = l.media_id "
    "WHERE l.group_id = NEW.group_id)"
)
# Only whether there is none, one or more makes a difference to others of the group.
_REGROUPED = f"""{_refreshed(_IN_GROUP)}
    DELETE FROM look_group_living WHERE group_id = NEW.group_id AND living = 0;"""

TRIGGERS = {
    "takeaway_flags_insert AFTER INSERT ON takeaway_flags": _ADDED,
    "takeaway_flags_update AFTER UPDATE ON takeaway_flags": _REMOVED + _ADDED,
    "takeaway_flags_delete AFTER DELETE ON takeaway_flags": _REMOVED,
    "look_group_living_insert AFTER INSERT ON look_group_living": _REGROUPED,
    "look_group_living_update AFTER UPDATE ON look_group_living "
    "WHEN min(OLD.living, 2) <> min(NEW.living, 2)": _REGROUPED,
    "takeaway_counted_insert AFTER INSERT ON takeaway": _refreshed("= NEW.id"),
    "takeaway_counted_update AFTER UPDATE OF "
    "state, session_id, recorded_at, starred, held, consent, audience ON takeaway": _recounted(
        f"{_groups_of_takeaway('NEW.id')} AND (OLD.state IN {LIVING}) <> (NEW.state IN {LIVING})"
    )
    + _refreshed("= NEW.id"),
    "takeaway_counted_delete AFTER DELETE ON takeaway": _recounted(_groups_of_takeaway("OLD.id"))
    + "DELETE FROM takeaway_flags WHERE takeaway_id = OLD.id;",
    "attachment_counted_insert AFTER INSERT ON attachment": _recounted(
        _groups_of_media("NEW.media_id")
    )
    + _refreshed("= NEW.takeaway_id"),
    "attachment_counted_update AFTER UPDATE OF takeaway_id, media_id, alt ON attachment": _recounted(
        f"{_groups_of_media('NEW.media_id')} UNION {_groups_of_media('OLD.media_id')}"
    )
    + _refreshed("IN (OLD.takeaway_id, NEW.takeaway_id)"),
    "attachment_counted_delete AFTER DELETE ON attachment": _recounted(
        _groups_of_media("OLD.media_id")
    )
    + _refreshed("= OLD.takeaway_id"),
    "look_counted_insert AFTER INSERT ON look": _recounted("SELECT NEW.group_id AS group_id")
    + _with_media("NEW.media_id"),
    "look_counted_update AFTER UPDATE ON look": _recounted(
        "SELECT OLD.group_id AS group_id UNION SELECT NEW.group_id"
    )
    + _with_media("OLD.media_id")
    + _with_media("NEW.media_id"),
    "look_counted_delete AFTER DELETE ON look": _recounted("SELECT OLD.group_id AS group_id")
    + _with_media("OLD.media_id"),
    "media_counted_update AFTER UPDATE OF kind ON media": _with_media("NEW.id"),
}


def upgrade() -> None:
    op.create_index("takeaway_state_approved", "takeaway", ["state", "approved_at", "received_at"])
    op.create_index("media_state_error", "media", ["state", "error"])
    # Its column is the first one of that.
    op.drop_index("ix_media_state", "media")
    if op.get_bind().dialect.name != "sqlite":
        return
    for statement in (*TABLES, *VIEWS):
        op.execute(statement)
    op.execute("INSERT INTO look_group_living SELECT * FROM look_group_living_now")
    op.execute("INSERT INTO takeaway_flags SELECT * FROM takeaway_flags_now")
    sums = ", ".join(f"sum({name})" for name in FLAGS)
    op.execute(
        f"INSERT INTO takeaway_count SELECT state, session_id, slot, count(*), {sums} "
        "FROM takeaway_flags GROUP BY state, session_id, slot"
    )
    for head, body in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {head} BEGIN {body} END")
