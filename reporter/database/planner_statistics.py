"""What SQLite's planner knows of the tables: without it a page of look-alikes reads all pictures instead of fifty.

It reads every index once (https://www.sqlite.org/lang_analyze.html), each time the gathering has doubled. With a limit
of rows it would only guess how many there are. PostgreSQL does so by itself (autovacuum).
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

# Below this any plan is quick; and how much a gathering has to have grown until it is looked at again.
FEW, GROWN = 300, 2


def refresh_statistics(engine: Engine) -> bool:
    """Let SQLite count anew where the takeaways are more than twice what it knows of; whether it did. Commits."""
    if engine.dialect.name != "sqlite":
        return False
    with engine.begin() as connection:
        count = int(connection.scalar(text("SELECT count(*) FROM takeaway")) or 0)
        if count < FEW or count < GROWN * _known(connection):
            return False
        connection.execute(text("ANALYZE"))
        return True


def _known(connection: Connection) -> int:
    """How many takeaways there were the last time; 0: never looked."""
    if not inspect(connection).has_table("sqlite_stat1"):
        return 0
    told = connection.scalar(
        text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'takeaway' AND idx IS NOT NULL")
    )
    # The number of rows comes first (https://www.sqlite.org/fileformat2.html#stat1tab).
    return int(str(told).split()[0]) if told else 0
