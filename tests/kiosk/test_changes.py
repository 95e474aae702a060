"""Background threads sleep until the database changes, whoever changes it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from kiosk import workers
from kiosk.runtime.changes import ChangeWatch
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.runtime.lazy_blueprints import LazyApp
from kiosk.workers import Workers
from reporter.models import Gathering
from tests.support.kiosk_process import START
from tests.support.waiting import until


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a b#c.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE notes (text)")
    return path


@pytest.fixture
def changed(database: Path) -> Iterator[threading.Event]:
    event = threading.Event()
    watch = ChangeWatch(database, [event])
    watch.start()
    # At the start everybody looks once.
    assert event.wait(60)
    event.clear()
    yield event
    watch.stop()


def test_a_change_wakes(database: Path, changed: threading.Event) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("SELECT * FROM notes").fetchall()
        assert not changed.wait(0.8), "reading is no change"
        connection.execute("INSERT INTO notes VALUES ('a')")
        assert not changed.wait(0.8), "what isn't committed is no change"
        connection.commit()
        assert changed.wait(60)


def test_the_end_wakes_everybody(database: Path) -> None:
    event = threading.Event()
    watch = ChangeWatch(database, [event])
    watch.start()
    watch.stop()
    assert event.is_set()
    assert "changes" not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A worker that notes its turns and finds nothing to do."""
    taken: list[str] = []

    def idle(_kiosk: KioskContext) -> int:
        taken.append("idle")
        return 0

    monkeypatch.setattr(workers, "TURNS", ((idle, 0.05),))
    return taken


@pytest.mark.sqlite("watches its database's file")
def test_a_worker_without_work_sleeps_until_a_change(app: LazyApp, turns: list[str]) -> None:
    running = Workers(app)
    running.start()
    try:
        until(lambda: len(turns) >= 1)
        threading.Event().wait(1)
        before = len(turns)
        assert before <= 3
        threading.Event().wait(1)
        assert len(turns) == before, "nothing has changed"
        with closing(
            sqlite3.connect(app.extensions["kiosk"].settings.folder / "reporter.db")
        ) as other:
            other.execute("UPDATE gathering SET id = id")
            other.commit()
        until(lambda: len(turns) > before)
    finally:
        running.stop()


@pytest.mark.sqlite("watches its database's file")
def test_a_worker_that_failed_tries_again(
    app: LazyApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[str] = []

    def fail(_kiosk: KioskContext) -> int:
        tries.append("try")
        if len(tries) == 1:
            raise OSError("once")
        return 0

    monkeypatch.setattr(workers, "TURNS", ((fail, 0.05),))
    running = Workers(app)
    running.start()
    try:
        until(lambda: len(tries) >= 2)
    finally:
        running.stop()
    failures = [record for record in caplog.records if "worker fail" in record.getMessage()]
    assert len(failures) == 1, "the first try failed and was noted, the second did not"


def test_pictures_wait_while_phones_send_but_not_for_ever(
    app: LazyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "HOLD_SECONDS", 0.3)
    kiosk: KioskContext = app.extensions["kiosk"]
    kiosk.receiving = lambda: True
    assert workers._intake_first(kiosk)
    threading.Event().wait(0.4)
    assert not workers._intake_first(kiosk), (
        "somebody sends all the time: a few are made all the same"
    )
    assert workers._intake_first(kiosk)
    kiosk.receiving = lambda: False
    assert not workers._intake_first(kiosk)


def test_a_batch_of_pictures_ends_when_a_phone_begins_to_send(
    app: LazyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "HOLD_SECONDS", 0.3)
    kiosk: KioskContext = app.extensions["kiosk"]
    sending = False
    kiosk.receiving = lambda: sending
    stops: list[bool] = []

    def batch(*_: object, stop: Callable[[], bool], **_rest: object) -> int:
        nonlocal sending
        stops.append(stop())
        sending = True
        stops.append(stop())
        return 1

    monkeypatch.setattr("capture.renditions.worker.process_due", batch)
    with app.app_context():
        workers.process(kiosk)
        assert stops == [False, True]
        workers.process(kiosk)
        assert len(stops) == 2, "held back"
        threading.Event().wait(0.4)
        workers.process(kiosk)
    assert stops[2:] == [False, False], "somebody sends all the time: a few are made all the same"


def test_the_index_waits_for_files_but_not_for_what_is_taken_back(
    app: LazyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "INDEX_HOLD_SECONDS", 300)
    kiosk: KioskContext = app.extensions["kiosk"]
    kiosk.busy = lambda: True
    done = threading.Event()

    def turn() -> None:
        with app.app_context():
            workers.index(kiosk)
        done.set()

    for stop_waiting in (lambda: setattr(kiosk, "busy", lambda: False), lambda: _purge_due(app)):
        kiosk.busy = lambda: True
        done.clear()
        thread = threading.Thread(target=turn)
        thread.start()
        assert not done.wait(0.3)
        stop_waiting()
        assert done.wait(60)
        thread.join()


def _purge_due(app: LazyApp) -> None:
    with app.app_context():
        db.session.execute(update(Gathering).values(purge_due_since=START))
        db.session.commit()
