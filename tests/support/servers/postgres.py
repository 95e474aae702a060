"""The real PostgreSQL of the tests: tests/servers/postgres.sh, seen from Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, make_url, text

from tests.support.servers.script import ScriptServer

DEBIAN = Path("/usr/lib/postgresql")


def missing_programs() -> list[str]:
    """What this machine lacks for a PostgreSQL of its own; empty when it can run one."""
    lacking = []
    if not any(DEBIAN.glob("*/bin/initdb")) and shutil.which("initdb") is None:
        lacking.append("PostgreSQL")
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("setpriv") is None:
        # As root it has to be run as somebody else.
        lacking.append("setpriv")
    return lacking


class Postgres:
    """One cluster under one folder. ``url`` is of a role that may make databases and is no superuser."""

    def __init__(self, state: Path, **settings: str) -> None:
        self._server = ScriptServer("postgres", state, **settings)

    @property
    def state(self) -> Path:
        """Its folder."""
        return self._server.state

    @property
    def url(self) -> URL:
        """SQLAlchemy's address of the database ``postgres`` for the role ``kit``."""
        return make_url(self._server.details["URL"])

    @property
    def admin_url(self) -> URL:
        """The same for a superuser: row security doesn't hold for this one."""
        return make_url(self._server.details["ADMIN_URL"])

    def start(self) -> None:
        """Start, or start again at the same port with everything it held."""
        self._server.start()

    def stop(self) -> None:
        """Stop it; what it holds stays."""
        self._server.stop()

    def kill(self) -> None:
        """Switch it off at once, in the middle of whatever it does."""
        subprocess.run(
            ["bash", str(self._server.script), str(self.state), "kill"], check=True, timeout=60
        )

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[URL]:
        """A new database of the role ``kit``, dropped afterwards, whoever is still connected; empty, unless it is a
        copy of another.
        """
        name = f"t{uuid.uuid4().hex[:12]}"
        with self.administering() as connection:
            connection.execute(text(f"CREATE DATABASE {name} OWNER kit TEMPLATE {template}"))
        try:
            yield self.url.set(database=name)
        finally:
            with self.administering() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    @contextmanager
    def administering(self, database: str = "postgres") -> Iterator[Connection]:
        """A superuser's connection outside of any transaction."""
        engine = create_engine(self.admin_url.set(database=database), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


@contextmanager
def postgres_cluster(**settings: str) -> Iterator[Postgres]:
    """A cluster of its own, started; gone afterwards."""
    # Not pytest's own folder: the server's account could not enter that, and a socket's path must be short.
    state = Path(tempfile.mkdtemp(prefix="pg-"))
    state.chmod(0o755)
    server = Postgres(state, **settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(state, ignore_errors=True)
