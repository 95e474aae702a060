"""``make hub``: PostgreSQL, an S3 stand-in and a hub on loopback, until Ctrl-C. To try it; nothing of it stays."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import text

from tests.support.servers.postgres import Postgres, missing_programs, postgres_cluster
from tests.support.servers.script import PROGRAMS, ScriptServer, lacking
from tests.support.servers.wordpress import free_port

ORGANIZATION, OWNER = "My organization", "owner@example.org"
PORT = 8080
# What the hub may take to end what it is at.
PATIENCE = 20


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C or until one part ends by itself; ``--no-open``: leave the browser alone."""
    missing = [*missing_programs(), *lacking(*PROGRAMS["s3"])]
    if missing:
        print(f"There is no {', '.join(missing)} here. As root on Debian: make system-packages")
        return 1
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with contextlib.ExitStack() as stack:
        environment = stack.enter_context(_services())
        begun = reporter(
            environment, "hub", "init", "--organization", ORGANIZATION, "--owner", OWNER
        )
        code = reporter(environment, "hub", "pairing-code", "--organization", ORGANIZATION)
        port = environment["REPORTER_HUB_URL"].rpartition(":")[2]
        parts = [
            stack.enter_context(running(environment, "serve", "--port", port)),
            stack.enter_context(running(environment, "worker")),
        ]
        for process in parts:
            # The first line: it listens, it works.
            print((process.stdout.readline() if process.stdout else "").strip(), flush=True)
        print(f"owner: {begun['invitation']}")
        print(f"for a laptop: reporter pair {environment['REPORTER_HUB_URL']} {code['code']}")
        print("Ctrl-C stops the hub and forgets it.", flush=True)
        if "--no-open" not in arguments:
            webbrowser.open(begun["invitation"])
        while not stop.wait(0.3) and all(process.poll() is None for process in parts):
            pass
        print("stopping", flush=True)
    return 0 if stop.is_set() else 1


@contextlib.contextmanager
def _services() -> Iterator[dict[str, str]]:
    """Database and object store, started; what a hub needs to know of them."""
    with postgres_cluster(SAFE="1") as postgres, tempfile.TemporaryDirectory() as folder:
        s3 = ScriptServer("s3", Path(folder) / "s3")
        s3.start()
        try:
            keys = {name: value for name, value in s3.details.items() if name.startswith("AWS_")}
            yield {
                **os.environ,
                **keys,
                "REPORTER_DATABASE_URL": database(postgres),
                "REPORTER_MEDIA_URL": f"s3://{s3.details['BUCKET']}/media",
                "REPORTER_FOLDER": str(Path(folder) / "hub"),
                # For gatherings that publish pages to the hub's own disk.
                "REPORTER_SITES": str(Path(folder) / "sites"),
                # A name, which passkeys need.
                "REPORTER_HUB_URL": f"http://localhost:{_port()}",
            }
        finally:
            s3.stop()


def database(postgres: Postgres) -> str:
    """The address of an empty database, for a role that may make those of pages and workers."""
    with postgres.administering() as connection:
        connection.execute(text("ALTER ROLE kit CREATEROLE"))
        connection.execute(text("CREATE DATABASE reporter OWNER kit"))
    url = postgres.url.set(drivername="postgresql", database="reporter")
    return url.render_as_string(hide_password=False)


def _port() -> int:
    """The usual one, or one that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return free_port()
    return PORT


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "kiosk", *arguments]


def reporter(environment: Mapping[str, str], *arguments: str) -> dict[str, str]:
    """What a command answers."""
    done = subprocess.run(
        _command(*arguments, "--json"),
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


@contextlib.contextmanager
def running(environment: Mapping[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A part of the hub. Ctrl-C at the terminal is for us, who stop it in order."""
    process = subprocess.Popen(
        _command("hub", *arguments),
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
