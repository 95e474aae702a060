#!/usr/bin/env bash
# alembic 1.20.1 with SQLAlchemy 2.1.9: batch_alter_table, the way to alter a table of SQLite, makes a new table out of what
# SQLAlchemy can tell of the old one. Not told, and so gone after any change but an added column or index: all triggers,
# COLLATE, AUTOINCREMENT, DESC in indexes. Named CHECKs, STRICT and the WHERE of a partial index stay; of unnamed CHECKs and
# of indexes on expressions there is a warning; of the others none, and the upgrade ends well. A column that took "ada" for
# "Ada" has both now, the number of a deleted row is given again, and the log that a trigger wrote stands still.
#
# Output seen:
#   alembic 1.20.1, SQLAlchemy 2.1.9, warnings: none
#   before: 'ada' beside 'Ada' refused, after 2 comes 3, deletions noted 1, trigger there, index (at DESC)
#   after:  'ada' beside 'Ada' taken, after 2 comes 2, deletions noted 0, trigger gone, index (at)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check alembic==1.20.1 sqlalchemy==2.1.9
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import warnings

import alembic
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

MADE = """
CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, at TEXT, note TEXT,
    CONSTRAINT named CHECK (length(name) > 1)
) STRICT;
CREATE TABLE log (name TEXT);
CREATE INDEX person_at ON person (at DESC);
CREATE UNIQUE INDEX person_note ON person (note) WHERE at IS NULL;
CREATE TRIGGER person_log AFTER DELETE ON person BEGIN INSERT INTO log VALUES (old.name); END
"""


def tried(altered: bool) -> tuple[str, int, int, str, str]:
    with sa.create_engine("sqlite://").begin() as connection:
        run = connection.exec_driver_sql
        made = MADE.replace("(old.name); END", "(old.name)| END")
        for statement in made.split(";"):
            run(statement.replace("|", ";"))
        if altered:
            with Operations(MigrationContext.configure(connection)).batch_alter_table("person") as batch:
                batch.alter_column("note", nullable=False, server_default="")
        told = dict(run("SELECT name, sql FROM sqlite_master").all())
        assert "STRICT" in told["person"] and "named CHECK" in told["person"]
        # The uniqueness itself stays, too.
        assert "UNIQUE (name)" in told["person"] if altered else "UNIQUE COLLATE" in told["person"]
        assert told["person_note"].upper().endswith("WHERE AT IS NULL")
        run("INSERT INTO person (name, note) VALUES ('Ada', 'a'), ('Bob', 'b')")
        run("DELETE FROM person WHERE name = 'Bob'")
        noted = run("SELECT count(*) FROM log").scalar()
        run("INSERT INTO person (name, note) VALUES ('Cy', 'c')")
        number = run("SELECT id FROM person WHERE name = 'Cy'").scalar()
        try:
            run("INSERT INTO person (name, note) VALUES ('ada', 'd')")
            double = "taken"
        except sa.exc.IntegrityError:
            double = "refused"
        trigger = "there" if "person_log" in told else "gone"
        return double, number, noted, trigger, told["person_at"].partition("person ")[2]


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    seen = [tried(False), tried(True)]
print(f"alembic {alembic.__version__}, SQLAlchemy {sa.__version__}, warnings: {len(caught) or 'none'}")
for name, (double, number, noted, trigger, index) in zip(("before:", "after: "), seen, strict=True):
    print(
        f"{name} 'ada' beside 'Ada' {double}, after 2 comes {number}, deletions noted {noted}, "
        f"trigger {trigger}, index {index}"
    )
assert not caught, [str(one.message) for one in caught]
assert seen == [("refused", 3, 1, "there", "(at DESC)"), ("taken", 2, 0, "gone", "(at)")], seen
PYTHON
