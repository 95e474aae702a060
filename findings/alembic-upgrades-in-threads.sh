#!/usr/bin/env bash
# alembic 1.20.1: two upgrades at once in one process mix up their databases, although each has an engine, a connection and
# a Config of its own: `alembic.op` and `alembic.context` are names of modules, not of threads, and mean whoever came last.
# Here the step of the first waits between two tables while the second begins: the other table is made in the second's
# database, and the first ends well, at version "one", without that table. Only the second tells of anything: a KeyError
# when it ends. A database's own lock is no help where the databases are different ones.
#
# Output seen:
#   alembic 1.20.1
#   first: tables ['alembic_version', 'before'], version one
#   second: tables ['after', 'alembic_version', 'before'], version none
#   second ended with: KeyError: 'script' (or 'config')
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check alembic==1.20.1 sqlalchemy==2.1.9
cd "$folder"
mkdir -p steps/versions
cat >steps/env.py <<'PYTHON'
from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
PYTHON
cat >steps/versions/one.py <<'PYTHON'
import __main__
import sqlalchemy as sa
from alembic import op

revision, down_revision = "one", None


def upgrade():
    __main__.step(lambda name: op.create_table(name, sa.Column("id", sa.Integer)))
PYTHON
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import threading

import alembic
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

print("alembic", alembic.__version__)
half, begun, ended = (threading.Event() for _ in range(3))
errors = {}


def step(make):
    is_first = threading.current_thread().name == "first"
    make("before")
    (half if is_first else begun).set()
    assert (begun if is_first else ended).wait(30)
    make("after")


def upgrade():
    me = threading.current_thread().name
    config = Config()
    config.set_main_option("script_location", "steps")
    try:
        with sa.create_engine(f"sqlite:///{me}.db").begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except Exception as error:
        errors[me] = error
    finally:
        if me == "first":
            ended.set()


first, second = (threading.Thread(target=upgrade, name=name) for name in ("first", "second"))
first.start()
assert half.wait(30)
second.start()
first.join()
second.join()
seen = {}
for name in ("first", "second"):
    with sa.create_engine(f"sqlite:///{name}.db").connect() as connection:
        tables = sorted(sa.inspect(connection).get_table_names())
        version = connection.exec_driver_sql("SELECT * FROM alembic_version").scalar() if "alembic_version" in tables else None
        seen[name] = tables, version or "none"
        print(f"{name}: tables {tables}, version {version or 'none'}")
for name, error in errors.items():
    print(f"{name} ended with: {type(error).__name__}: {error}")
assert seen == {"first": (["alembic_version", "before"], "one"), "second": (["after", "alembic_version", "before"], "none")}
assert list(errors) == ["second"]
PYTHON
