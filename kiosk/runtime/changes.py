"""Detects database writes by any process, so that background threads sleep until there is work."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from reporter.database.write_lock import commit_listener

# Polling interval in seconds for writes of other processes (the shell); our own commits notify
# directly. One poll reads a number in shared memory: 2 per second take about 0.01 % of a core.
EVERY = 0.5


class ChangeWatch:
    """A thread that sets events after each change, whichever process made it."""

    def __init__(self, database: Path, events: Iterable[threading.Event]) -> None:
        self._database = database
        self._events = tuple(events)
        self._stopping = False
        self._bell = threading.Event()
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, and wake all waiting threads."""
        self._stopping = True
        self._bell.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        with (
            closing(sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True)) as connection,
            commit_listener(self._database, self._bell.set),
        ):
            known = 0
            while not self._stopping:
                self._bell.wait(EVERY)
                self._bell.clear()
                version = self._version(connection)
                if version != known:
                    known = version
                    self._wake()

    def _version(self, connection: sqlite3.Connection) -> int:
        """A number that changes with another connection's commit
        (https://www.sqlite.org/pragma.html#pragma_data_version)."""
        try:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            # Temporarily locked or unreadable: assume a change.
            return -1

    def _wake(self) -> None:
        for event in self._events:
            event.set()
