"""Writers take turns: nobody is turned away, and a turn comes back however a transaction ends."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporter.database.write_lock import TurnTakingConnection


def connect(path: Path, patience: float = 20.0) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        timeout=patience,
        isolation_level="IMMEDIATE",
        check_same_thread=False,
        factory=TurnTakingConnection,
    )


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "a.db"
    first = connect(path)
    first.execute("PRAGMA journal_mode=WAL")
    first.execute("CREATE TABLE t (n INTEGER UNIQUE)")
    first.commit()
    yield path
    first.close()


def writes_at_once(path: Path) -> bool:
    """Whether another connection gets its turn without waiting."""
    other = connect(path, 0.01)
    try:
        other.execute("INSERT INTO t VALUES (abs(random()))")
        other.commit()
        return True
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    finally:
        other.close()


def test_who_writes_has_the_turn_until_commit(path: Path) -> None:
    mine = connect(path)
    mine.execute("INSERT INTO t VALUES (1)")
    assert not writes_at_once(path)
    reader = connect(path, 0.01)
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (0,)
    reader.close()
    mine.commit()
    assert writes_at_once(path)
    mine.close()


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_the_turn_comes_back(path: Path, end: str) -> None:
    mine = connect(path)
    mine.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    assert not writes_at_once(path)
    getattr(mine, end)()
    assert writes_at_once(path)
    mine.close()


def test_a_failed_statement_keeps_the_turn_of_its_transaction_only(path: Path) -> None:
    mine = connect(path)
    with pytest.raises(sqlite3.OperationalError):
        mine.execute("INSERT INTO nowhere VALUES (1)")
    assert writes_at_once(path)
    mine.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError):
        mine.execute("INSERT INTO t VALUES (1)")
    assert not writes_at_once(path)
    mine.rollback()
    assert writes_at_once(path)
    mine.close()


def test_a_writer_of_another_process_is_waited_for_by_sqlite(path: Path) -> None:
    """A plain connection knows no turns, as another process doesn't."""
    other = sqlite3.connect(path, isolation_level="IMMEDIATE")
    other.execute("INSERT INTO t VALUES (1)")
    assert not writes_at_once(path)
    other.commit()
    assert writes_at_once(path)
    other.close()


def test_a_crowd_is_written_whole(path: Path) -> None:
    failures: list[Exception] = []

    def write(start: int) -> None:
        mine = connect(path)
        try:
            for number in range(start, start + 20):
                mine.execute("INSERT INTO t VALUES (?)", (number,))
                mine.execute("UPDATE t SET n = n WHERE n = ?", (number,))
                mine.commit()
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)
        finally:
            mine.close()

    threads = [threading.Thread(target=write, args=(n * 20,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    mine = connect(path)
    assert mine.execute("SELECT count(*) FROM t").fetchone() == (800,)
    mine.close()


def test_closing_twice_does_no_harm(path: Path) -> None:
    mine = connect(path)
    cursor = mine.execute("SELECT n FROM t")
    mine.close()
    mine.close()
    with pytest.raises(sqlite3.ProgrammingError):
        cursor.fetchone()
