"""SQLite's planner statistics: without them it guesses which of two indexes leaves fewer rows.

ANALYZE reads every index once (https://www.sqlite.org/lang_analyze.html), each time the gathering
has doubled in size. With a row limit it would only estimate the row counts. PostgreSQL does this
automatically (autovacuum).
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

# Below this size any plan is fast; and the growth factor after which statistics are refreshed.
FEW, GROWN = 300, 2


def refresh_statistics(engine: Engine) -> bool:
    """Run ANALYZE if there are more than twice the takeaways of last time; returns whether it ran. Commits."""
    if engine.dialect.name != "sqlite":
        return False
    with engine.begin() as connection:
        count = int(connection.scalar(text("SELECT count(*) FROM takeaway")) or 0)
        if count < FEW or count < GROWN * _analyzed_count(connection):
            return False
        connection.execute(text("ANALYZE"))
        return True


def _analyzed_count(connection: Connection) -> int:
    """The number of takeaways at the last ANALYZE; 0 if it never ran."""
    if not inspect(connection).has_table("sqlite_stat1"):
        return 0
    stat = connection.scalar(
        text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'takeaway' AND idx IS NOT NULL")
    )
    # The number of rows comes first (https://www.sqlite.org/fileformat2.html#stat1tab).
    return int(str(stat).split()[0]) if stat else 0
