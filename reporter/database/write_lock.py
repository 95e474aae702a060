"""Writers of one process take turns.

SQLite lets one writer in at a time. Those who wait sleep, up to a tenth of a second, and look again: with a hundred
phones at once the database was idle most of the time while everybody slept (110 uploads at once, watched by the same
profiler: 25 MB/s with SQLite's own waiting, 70 MB/s with this). Within a process a lock wakes the next writer at once.
Other processes wait as before.

The turn ends before the disk has what was committed, and ``commit`` returns only when it has (group commit): SQLite
writes the log (synchronous=NORMAL, set for the transaction alone), the next writer goes on, and each waits for one
fsync of the log, which covers all that stands in it by then. 200 commits from 40 threads took 0.07 to
0.11 s this way, and 0.5 to 0.8 s with the fsync inside of the turn (2 cores, other work beside, three runs in turns).
The turns are fair: who came first writes first, so that nobody waits for ever while others come.

A kernel tells of a failed write once and then takes the lost pages for clean (fsync(2), NOTES): a later fsync of the
log succeeds though a gap is in it, and recovery stops at the gap. So after one failure everybody who waits fails, and
the next writer begins with a new log: a checkpoint moves all of the old one into the database, or nobody writes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reporter.files import sync_file

# The statements before which Python's sqlite3 begins a transaction (its documentation, "Transaction control").
# VACUUM writes too, in a transaction of its own; BEGIN is said by migrations, whose statements are no such words.
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "VACUUM", "BEGIN")

# As SQLite says it, with the name of its code: reporter.database.engine.translate_error knows it by that.
IO_ERROR = "disk I/O error (SQLITE_IOERR)"

_guard = threading.Lock()
_gates: dict[str, Gate] = {}


class FairLock:
    """A lock whose waiters get it in the order in which they came. (threading.Lock promises no order.)"""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, timeout: float) -> bool:
        """Wait up to so many seconds; whether it is ours now."""
        with self._guard:
            if not self._held:
                self._held = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout):
            return True
        with self._guard:
            if turn.is_set():
                # Handed over at the very last moment.
                return True
            self._waiting.remove(turn)
            return False

    def release(self) -> None:
        """Hand it to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Gate(FairLock):
    """The turns of one database, and whether its log is sound."""

    def __init__(self) -> None:
        super().__init__()
        self._disk = threading.Condition()
        self._syncing = False
        # Commits so far, and how many of them an fsync has covered.
        self._committed = self._lasting = 0
        # Times that the log could not be put onto the disk.
        self._failures = 0
        # The log may have a gap on the disk; only whoever has the turn takes this back.
        self.log_is_doubtful = False
        # Told after each commit that lasts, by the thread that made it: they must not take time.
        self.listeners: tuple[Callable[[], object], ...] = ()

    def tell(self) -> None:
        """Tell the listeners that something was committed."""
        for listener in self.listeners:
            listener()

    def note_commit(self) -> tuple[int, int]:
        """The ticket of a commit, taken by whoever still has the turn."""
        self._committed += 1
        return self._committed, self._failures

    def note_failure(self) -> None:
        """The log may have a gap from now on."""
        self._failures += 1
        self.log_is_doubtful = True

    def wait_for_disk(self, log: str, ticket: tuple[int, int]) -> None:
        """Return when a commit lasts; raises OperationalError where it, or what others wrote before it, may not."""
        covered = self._lead(ticket)
        if not covered:
            return
        try:
            sync_log(log)
        except sqlite3.OperationalError:
            self.note_failure()
            covered = 0
            raise
        finally:
            with self._disk:
                self._syncing = False
                self._lasting = max(self._lasting, covered)
                self._disk.notify_all()

    def _lead(self, ticket: tuple[int, int]) -> int:
        """Wait for whoever is at the disk; 0 when that covered us, else the commits that our own fsync will cover."""
        number, failures = ticket
        with self._disk:
            while True:
                if self._failures != failures:
                    raise sqlite3.OperationalError(f"{IO_ERROR}: another write of the log failed")
                if self._lasting >= number:
                    return 0
                if not self._syncing:
                    self._syncing = True
                    return self._committed
                self._disk.wait()


@contextmanager
def told_of_commits(database: Path, listener: Callable[[], object]) -> Iterator[None]:
    """Have ``listener`` called after each commit that this process makes in a database, while the context lasts."""
    gate = _gate(str(database))
    gate.listeners += (listener,)
    try:
        yield
    finally:
        gate.listeners = tuple(one for one in gate.listeners if one is not listener)


def _gate(database: str) -> Gate:
    with _guard:
        return _gates.setdefault(os.path.abspath(database), Gate())


class TurnTakingConnection(sqlite3.Connection):
    """A connection that waits for its turn before its transaction begins, and gives it back at the end."""

    def __init__(self, database: str, timeout: float = 5.0, *args: Any, **kwargs: Any) -> None:
        super().__init__(database, timeout, *args, **kwargs)
        self._patience = timeout
        self._log = "" if database in ("", ":memory:") else f"{os.path.abspath(database)}-wal"
        self._relaxed = False
        # Each database in memory is its own.
        self._turn = Gate() if database in ("", ":memory:") else _gate(database)
        self._mine = False
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def cursor(self, factory: Any = None) -> Any:
        """A cursor that asks for the turn."""
        cursor = super().cursor(factory or TurnTakingCursor)
        self._cursors.add(cursor)
        return cursor

    def commit(self) -> None:
        """As of sqlite3."""
        try:
            super().commit()
        except sqlite3.OperationalError:
            if self._relaxed and not self.in_transaction:
                # Committed, but the checkpoint behind it failed, and with it the kernel has told of a lost write.
                self._turn.note_failure()
            raise
        finally:
            self.give_back()

    def rollback(self) -> None:
        """As of sqlite3."""
        try:
            super().rollback()
        finally:
            self._release()

    def close(self) -> None:
        """As of sqlite3, but at once: a cursor that an error refers to would keep the file open (sqlite3_close_v2),
        and with a read-only one every new connection would be read-only too.
        """
        # What was not committed is gone with it; SQLite itself writes the last of the log.
        self._relaxed = False
        cursors = list(self._cursors)
        self._cursors.clear()
        for cursor in cursors:
            cursor.close()
        try:
            super().close()
        finally:
            self._release()

    def take(self, statement: str) -> None:
        """Wait for the turn before a statement that begins a transaction; raises OperationalError as SQLite would."""
        if self._mine or not statement.lstrip()[:8].upper().startswith(_WRITES):
            return
        if not self._turn.acquire(timeout=self._patience):
            raise sqlite3.OperationalError("database is locked")
        self._mine = True
        if self._turn.log_is_doubtful:
            self._begin_new_log()
        if self._log and os.path.exists(self._log):
            self._relaxed = True
            super().execute("PRAGMA synchronous=NORMAL")

    def _begin_new_log(self) -> None:
        """Move a log with a possible gap into the database, from memory, and empty it; gives the turn back on error.

        TRUNCATE, for whoever recovers would replay the part before the gap over newer pages.
        """
        try:
            busy, _frames, _moved = super().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise sqlite3.OperationalError("database is locked")
            sync_log(self._log)
            self._turn.log_is_doubtful = False
        except BaseException:
            self._release()
            raise

    def give_back(self) -> None:
        """Let the next one write, unless a transaction is still open."""
        if self._mine and not self.in_transaction:
            relaxed, ticket = self._relaxed, self._turn.note_commit()
            self._release()
            if relaxed:
                self._turn.wait_for_disk(self._log, ticket)
            self._turn.tell()

    def _release(self) -> None:
        if not self._mine:
            return
        try:
            if self._relaxed:
                self._relaxed = False
                super().execute("PRAGMA synchronous=FULL")
        finally:
            self._mine = False
            self._turn.release()


def sync_log(path: str) -> None:
    """Put a write-ahead log onto the disk; raises OperationalError when the disk doesn't take it.

    (SQLite locks the database and the -shm file, never the log: closing it here lets go of nobody's lock.)
    """
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        # A checkpoint has put all of it into the database, with fsync, and the last connection took it away.
        return
    try:
        sync_file(handle)
    except OSError as error:
        raise sqlite3.OperationalError(f"{IO_ERROR}: {error}") from error
    finally:
        os.close(handle)


class TurnTakingCursor(sqlite3.Cursor):
    """See TurnTakingConnection."""

    connection: TurnTakingConnection

    def execute(self, statement: str, parameters: Any = (), /) -> Any:
        """As of sqlite3."""
        self.connection.take(statement)
        try:
            return super().execute(statement, parameters)
        finally:
            self.connection.give_back()

    def executemany(self, statement: str, parameters: Any, /) -> Any:
        """As of sqlite3."""
        self.connection.take(statement)
        try:
            return super().executemany(statement, parameters)
        finally:
            self.connection.give_back()
