"""The pool of request threads on a system that gives no more threads."""

from __future__ import annotations

import threading

import pytest

from kiosk.server.worker_pool import Job, WorkerPool

PATIENCE = 60


def refuse(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_without_a_new_thread_the_job_waits_and_runs_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relieved: list[str] = []
    pool, ran = WorkerPool(relieved.append), threading.Event()
    with monkeypatch.context() as poor:
        poor.setattr(threading.Thread, "start", refuse)
        pool.submit(Job(ran.set, "here", streaming=False))
        assert relieved == [""], "an upload that is slow may give its thread up"
        assert pool.relieve()
        assert not ran.is_set()
    assert pool.relieve()
    assert ran.wait(PATIENCE)
    pool.stop(PATIENCE)
    assert pool._threads == 0


def test_a_thread_that_is_there_takes_what_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = WorkerPool(lambda address: None)
    began, go, ran = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        assert go.wait(PATIENCE)

    pool.submit(Job(hold, "here", streaming=False))
    assert began.wait(PATIENCE)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    pool.submit(Job(ran.set, "there", streaming=False))
    go.set()
    assert ran.wait(PATIENCE)
    pool.stop(PATIENCE)
