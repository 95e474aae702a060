"""Writers in turns, and the disk after them: a commit returns when it lasts, and keeps nobody waiting for that."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from reporter.database.write_lock import TurnTakingConnection, wait_until_safe

INSERT = "INSERT INTO notes VALUES (?)"


def connect(path: Path) -> TurnTakingConnection:
    connection = sqlite3.connect(
        path,
        timeout=30,
        isolation_level="IMMEDIATE",
        check_same_thread=False,
        factory=TurnTakingConnection,
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "x.db"
    connection = connect(path)
    connection.execute("CREATE TABLE notes (text)")
    connection.commit()
    yield path
    connection.close()


def level(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA synchronous").fetchone()[0])


class Disk:
    """os.fsync that tells which file it was asked for, and can be made to wait or to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: list[str] = []
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.error: OSError | None = None
        self.fails_once = False
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, handle: int) -> None:
        self.asked.set()
        assert self.go_on.wait(60)
        error = self.error
        if self.fails_once:
            self.error = None
        if error:
            raise error
        self._fsync(handle)
        self.synced.append(os.readlink(f"/proc/self/fd/{handle}"))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system doesn't tell which file an open handle is")
    return Disk(monkeypatch)


def test_a_commit_returns_when_the_log_is_on_the_disk(database: Path, disk: Disk) -> None:
    connection = connect(database)
    connection.cursor().execute(INSERT, ("a",))
    assert disk.synced == []
    connection.commit()
    assert disk.synced == [f"{database}-wal"]
    assert level(connection) == 2
    connection.close()


def test_a_commit_in_words_does_too(database: Path, disk: Disk) -> None:
    connection = connect(database)
    connection.cursor().execute(INSERT, ("a",))
    connection.cursor().execute("COMMIT")
    assert disk.synced == [f"{database}-wal"]
    assert level(connection) == 2
    connection.close()


def test_nothing_is_put_onto_the_disk_for_what_is_rolled_back_or_read(
    database: Path, disk: Disk
) -> None:
    connection = connect(database)
    connection.cursor().execute("SELECT * FROM notes").fetchall()
    connection.commit()
    connection.cursor().execute(INSERT, ("a",))
    connection.rollback()
    with pytest.raises(sqlite3.OperationalError):
        connection.cursor().execute("INSERT INTO nowhere VALUES (1)")
    connection.rollback()
    assert level(connection) == 2
    connection.close()
    assert connect(database).execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_the_next_writes_while_the_disk_works(database: Path, disk: Disk) -> None:
    first, second = connect(database), connect(database)
    disk.go_on.clear()
    with ThreadPoolExecutor(2) as pool:
        first.cursor().execute(INSERT, ("a",))
        waits = pool.submit(first.commit)
        assert disk.asked.wait(60)
        second.cursor().execute(INSERT, ("b",))
        also = pool.submit(second.commit)
        assert not waits.done()
        assert not also.done()
        disk.go_on.set()
        waits.result(60)
        also.result(60)
    assert disk.synced == [f"{database}-wal"] * 2
    assert first.execute("SELECT count(*) FROM notes").fetchone() == (2,)
    first.close()
    second.close()


def test_a_disk_that_fails_is_said(database: Path, disk: Disk) -> None:
    """And nobody is thanked on top of a log that may have a gap: it is moved into the database first."""
    connection, other = connect(database), connect(database)
    connection.cursor().execute(INSERT, ("a",))
    disk.error = OSError(5, "Input/output error")
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        connection.commit()
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        other.cursor().execute(INSERT, ("never begun",))
    disk.error = None
    log = Path(f"{database}-wal")
    assert log.stat().st_size == 0
    # Nobody is locked out by it.
    other.cursor().execute(INSERT, ("b",))
    other.commit()
    # What a power cut would leave if the former log had never reached the disk.
    rows = connect(database).execute("SELECT text FROM notes ORDER BY text").fetchall()
    assert rows == [("a",), ("b",)]
    connection.close()
    other.close()


def test_who_waits_beside_a_failed_write_is_not_thanked(database: Path, disk: Disk) -> None:
    """The kernel tells of a lost write once: the second fsync succeeds, with a gap before what it wrote."""
    first, second = connect(database), connect(database)
    first.cursor().execute(INSERT, ("a",))
    disk.go_on.clear()
    disk.error, disk.fails_once = OSError(5, "Input/output error"), True
    with ThreadPoolExecutor(2) as pool:
        waits = pool.submit(first.commit)
        assert disk.asked.wait(60)
        second.cursor().execute(INSERT, ("b",))
        also = pool.submit(second.commit)
        disk.go_on.set()
        with pytest.raises(sqlite3.OperationalError):
            waits.result(60)
        with pytest.raises(sqlite3.OperationalError):
            also.result(60)
    first.close()
    second.close()


def test_who_began_before_a_failed_write_is_not_thanked_after_it(
    database: Path, disk: Disk
) -> None:
    first, second = connect(database), connect(database)
    first.cursor().execute(INSERT, ("a",))
    disk.go_on.clear()
    disk.error, disk.fails_once = OSError(5, "Input/output error"), True
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(first.commit)
        assert disk.asked.wait(60)
        second.cursor().execute(INSERT, ("b",))
        disk.go_on.set()
        with pytest.raises(sqlite3.OperationalError):
            waits.result(60)
        # Appended to the log that has the gap.
        with pytest.raises(sqlite3.OperationalError):
            second.commit()
    # Whoever begins now writes into a new log.
    second.cursor().execute(INSERT, ("c",))
    second.commit()
    first.close()
    second.close()


class OneTelling:
    """A system that tells each handle of a lost write once, but none that is opened after somebody was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._lost = 0
        self._known: dict[int, int] = {}
        self._open, self._fsync = os.open, os.fsync
        monkeypatch.setattr(os, "open", self.open)
        monkeypatch.setattr(os, "fsync", self.fsync)

    def lose_a_write(self) -> None:
        """And somebody else is told."""
        self._lost += 1

    def open(self, path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        handle = self._open(path, flags, mode, dir_fd=dir_fd)
        self._known[handle] = self._lost
        return handle

    def fsync(self, handle: int) -> None:
        known, self._known[handle] = self._known.get(handle, self._lost), self._lost
        if known < self._lost:
            raise OSError(5, "Input/output error")
        self._fsync(handle)


@pytest.mark.parametrize("warm", [False, True])
def test_a_lost_write_is_noticed_although_another_was_told_of_it(
    database: Path, monkeypatch: pytest.MonkeyPatch, *, warm: bool
) -> None:
    """Another process, or SQLite's automatic checkpoint, which keeps it to itself."""
    system = OneTelling(monkeypatch)
    connection = connect(database)
    if warm:
        connection.cursor().execute(INSERT, ("before",))
        connection.commit()
    connection.cursor().execute(INSERT, ("a",))
    system.lose_a_write()
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        connection.commit()
    connection.close()


def test_a_log_that_was_made_anew_is_the_one_that_is_synced(database: Path, disk: Disk) -> None:
    connection = connect(database)
    connection.cursor().execute(INSERT, ("a",))
    connection.commit()
    # As another process does that closes last; this connection has the removed file still.
    log = Path(f"{database}-wal")
    log.rename(database.parent / "old")
    (database.parent / "new").write_bytes((database.parent / "old").read_bytes())
    (database.parent / "new").rename(log)
    connection.cursor().execute(INSERT, ("b",))
    connection.commit()
    assert disk.synced[-1] == f"{database}-wal"
    connection.close()


def test_a_disk_that_is_gone_is_said_as_one(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(database)
    connection.cursor().execute(INSERT, ("a",))
    connection.commit()

    def gone(*_asked: object, **_more: object) -> NoReturn:
        raise OSError(107, "Transport endpoint is not connected")

    with monkeypatch.context() as broken:
        broken.setattr(os, "stat", gone)
        broken.setattr(os, "open", gone)
        with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
            connection.cursor().execute(INSERT, ("b",))
    connection.cursor().execute(INSERT, ("c",))
    connection.commit()
    connection.close()


def test_what_an_earlier_process_left_in_the_log_is_synced_before_it_is_called_safe(
    database: Path, disk: Disk
) -> None:
    killed = sqlite3.connect(database)
    killed.execute("PRAGMA synchronous=OFF")
    killed.execute(INSERT, ("a",))
    killed.commit()
    connection = connect(database)
    wait_until_safe(str(database), 30)
    assert disk.synced == [f"{database}-wal"]
    # Once is enough until somebody writes.
    wait_until_safe(str(database), 30)
    assert disk.synced == [f"{database}-wal"]
    connection.close()
    killed.close()


def test_nothing_is_called_safe_that_waits_for_the_disk(database: Path, disk: Disk) -> None:
    writer = connect(database)
    wait_until_safe(str(database), 30)
    disk.asked.clear()
    disk.go_on.clear()
    with ThreadPoolExecutor(2) as pool:
        writer.cursor().execute(INSERT, ("a",))
        waits = pool.submit(writer.commit)
        assert disk.asked.wait(60)
        reads = pool.submit(wait_until_safe, str(database), 30)
        with pytest.raises(TimeoutError):
            reads.result(0.2)
        disk.go_on.set()
        waits.result(60)
        reads.result(60)
    writer.close()


def test_nothing_is_called_safe_while_the_log_is_doubtful(database: Path, disk: Disk) -> None:
    writer = connect(database)
    writer.cursor().execute(INSERT, ("a",))
    disk.error, disk.fails_once = OSError(5, "Input/output error"), True
    with pytest.raises(sqlite3.OperationalError):
        writer.commit()
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        wait_until_safe(str(database), 30)
    # The next writer moves it into the database.
    writer.cursor().execute(INSERT, ("b",))
    writer.commit()
    wait_until_safe(str(database), 30)
    writer.close()


def test_many_writers_lose_nothing(database: Path) -> None:
    def write(number: int) -> None:
        connection = connect(database)
        for n in range(20):
            connection.cursor().execute(INSERT, (f"{number}-{n}",))
            connection.commit()
        connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(write, range(12)))
    rows = connect(database).execute("SELECT text FROM notes").fetchall()
    assert sorted(rows) == sorted((f"{a}-{b}",) for a in range(12) for b in range(20))
