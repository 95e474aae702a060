"""Exports the rows that another laptop may see of a gathering to a separate SQLite file.

Left out: contact addresses that people left, devices, uploads in progress, what a desk has open,
and every secret (no database contains those).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from reporter.media.store import hash_file

# Tables that a merge reads. A table that is not listed here is not exported.
SHARED = frozenset(
    {
        "action_item",
        "alembic_version",
        "attachment",
        "captions",
        "decision",
        "deletion",
        "delivery",
        "edit",
        "event_session",
        "face",
        "gathering",
        "media",
        "next_gathering",
        "receipt_alias",
        "reply",
        "story",
        "story_item",
        "story_words",
        "tag",
        "takeaway",
        "target",
        "theme",
        "theme_member",
        "tombstone",
    }
)
# Tables with phone cookies, which only the laptop that issued them knows.
DEVICES = ("takeaway", "reply")


def write_snapshot(database: Path, goal: Path) -> str:
    """Write the shared rows of a live SQLite database to ``goal``; returns their digest, equal
    for equal rows."""
    with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(goal)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        for table in _private_tables(copy):
            copy.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name of the schema
        for table in DEVICES:
            statement = f"UPDATE {table} SET device = '' WHERE device <> ''"  # noqa: S608 - see above
            copy.execute(statement)
        copy.commit()
        # Deleted rows would stay readable in free pages.
        copy.execute("VACUUM")
    return _mark(goal)


def _private_tables(database: sqlite3.Connection) -> list[str]:
    names = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return [name for (name,) in names if name not in SHARED]


def _mark(snapshot: Path) -> str:
    """Normalize the header's counters, so that equal rows give equal bytes; returns their SHA-256.

    The file change counter and "version-valid-for" count transactions
    (https://www.sqlite.org/fileformat2.html, 1.3.6 and 1.3.18); nobody else has the file open.
    """
    with snapshot.open("r+b") as file:
        for offset in (24, 92):
            file.seek(offset)
            file.write(b"\0\0\0\1")
    return hash_file(snapshot)
