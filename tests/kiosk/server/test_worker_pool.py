"""The pool of request threads on a system that gives no more threads."""

from __future__ import annotations

import math
import platform
import subprocess
import sys
import threading
from collections import Counter

import pytest

from kiosk.server.processor_time import ProcessorTime
from kiosk.server.worker_pool import Job, WaitingJobs, WorkerPool
from tests.guards.repository import ROOT
from tests.support.waiting import until

PATIENCE = 60


def refuse(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_without_a_new_thread_the_job_waits_and_runs_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relieved: list[tuple[str, bool]] = []
    pool, ran = WorkerPool(lambda *asked: relieved.append(asked)), threading.Event()
    with monkeypatch.context() as poor:
        poor.setattr(threading.Thread, "start", refuse)
        pool.submit(Job(ran.set, "here", streaming=False))
        assert relieved == [("", True)], "an upload that is slow may give its thread up"
        assert pool.relieve()
        assert not ran.is_set()
    assert pool.relieve()
    assert ran.wait(PATIENCE)
    pool.stop(PATIENCE)
    assert pool._threads == 0


def test_a_thread_that_is_there_takes_what_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = WorkerPool(lambda *_asked: None)
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


def test_an_address_with_fewer_running_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.server.worker_pool.MAX_SHORT", 2)
    asked: list[tuple[str, bool]] = []
    pool, ran = WorkerPool(lambda *one: asked.append(one)), []
    begun, ends = threading.Semaphore(0), [threading.Event() for _ in range(5)]

    def job(name: str, number: int) -> Job:
        def run() -> None:
            ran.append(name)
            begun.release()
            assert ends[number].wait(PATIENCE)

        return Job(run, name[0], streaming=False)

    for number, name in enumerate(("a1", "a2", "a3", "a4", "b1")):
        pool.submit(job(name, number))
        if number < 2:
            assert begun.acquire(timeout=PATIENCE)
    ends[0].set()
    assert begun.acquire(timeout=PATIENCE)
    assert ran == ["a1", "a2", "b1"]
    assert set(asked) == {("", False)}, "the end of a body would help none of them"
    for end in ends:
        end.set()
    pool.stop(PATIENCE)


def test_a_crowd_at_once_gets_no_more_threads_than_may_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.server.worker_pool.MAX_SHORT", 4)
    pool, done = WorkerPool(lambda *_asked: None), threading.Semaphore(0)
    seen: list[int] = []

    def run() -> None:
        seen.append(pool._threads)
        done.release()

    for number in range(200):
        pool.submit(Job(run, str(number), streaming=False))
    for _ in range(200):
        assert done.acquire(timeout=PATIENCE)
    assert max(seen) <= 4
    pool.stop(PATIENCE)


def test_what_nobody_waits_for_is_dropped_and_so_is_the_newest_of_a_crowd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kiosk.server.worker_pool.MAX_SHORT", 0)
    pool, dropped = WorkerPool(lambda *_asked: None), list[str]()

    def submit(address: str, number: int, *, gone: bool = False) -> None:
        name = f"{address}{number}"
        job = Job(
            lambda: None,
            address,
            streaming=False,
            is_abandoned=lambda: gone,
            drop=lambda: dropped.append(name),
        )
        pool.submit(job)

    for number in range(8):
        submit("a", number, gone=number < 1)
    submit("b", 0)
    pool.relieve()
    assert dropped == ["a0"]
    assert pool.drop_newest()
    assert dropped == ["a0", "a7"]
    assert not pool.drop_newest(), "six may wait"
    pool.stop(PATIENCE)


# Threads that are all in malloc at once, each with an arena of its own where there may be as many; then what there is.
ARENAS = """
import ctypes, sys, tempfile, threading
from kiosk.server.http import limit_arenas
if sys.argv[1] == "limited":
    limit_arenas()
c, all_there = ctypes.CDLL(None), threading.Barrier(12)
c.malloc.restype = ctypes.c_void_p
def allocate():
    all_there.wait()
    kept = [c.malloc(1000) for _ in range(100)]
    all_there.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.NamedTemporaryFile("w+") as told:
    c.fopen.restype = ctypes.c_void_p
    stream = c.fopen(told.name.encode(), b"w")
    c.malloc_info(0, ctypes.c_void_p(stream))
    c.fclose(ctypes.c_void_p(stream))
    print(told.read().count("<heap nr="))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_threads_share_the_memory_that_they_give_back() -> None:
    def arenas(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", ARENAS, how], check=True, stdout=subprocess.PIPE, cwd=ROOT
        )
        return int(done.stdout)

    assert arenas("limited") <= 2 < arenas("as it is")


class Standstill:
    """A clock that is turned by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_address_that_used_much_processor_time_gets_what_others_leave() -> None:
    clock = Standstill()
    used = ProcessorTime(clock=clock)
    begun, go, relieved = threading.Semaphore(0), list[threading.Event](), set[str | None]()
    pool = WorkerPool(lambda address, _bodies: relieved.add(address), used)

    def submit(address: str) -> None:
        go.append(threading.Event())
        wait_for = go[-1].wait

        def run() -> None:
            begun.release()
            assert wait_for(PATIENCE)

        pool.submit(Job(run, address, streaming=False))

    used.note("hostile")
    used.add("hostile", 4.0)
    for _ in range(4):
        submit("hostile")
    assert all(begun.acquire(timeout=PATIENCE) for _ in range(4)), "nobody else is there"
    for one in go:
        one.set()
    until(lambda: not pool._short)
    submit("other")
    first = len(go) - 1
    assert begun.acquire(timeout=PATIENCE)
    for _ in range(4):
        submit("hostile")
    assert pool._startable() is None, "they wait while the other one runs"
    submit("other")
    assert begun.acquire(timeout=PATIENCE)
    for one in (go[first], go[-1]):
        one.set()
    assert begun.acquire(timeout=PATIENCE)
    until(lambda: pool._short == {"hostile": 1})
    assert pool._startable() is None, "one at a time"
    clock.now += 30
    pool.relieve()
    used.note("other")
    submit("hostile")
    assert all(begun.acquire(timeout=PATIENCE) for _ in range(4)), "that is long ago"
    assert not relieved - {None}, "no transfer has to end for it"
    for one in go:
        one.set()
    pool.stop(PATIENCE)


@pytest.mark.parametrize(("address", "shared"), [("127.0.0.1", False), ("::", False), ("a", True)])
def test_the_laptop_itself_and_proxies_are_not_held_back(address: str, shared: bool) -> None:
    used = ProcessorTime(shared=shared)
    for one in (address, "b"):
        used.note(one)
        used.add(one, 9.0)
    assert used.lately(address) == 0
    assert (used.lately("b") > 1) is not shared


def test_processor_time_of_those_who_left_is_forgotten() -> None:
    clock = Standstill()
    used = ProcessorTime(clock=clock)
    for number in range(1000):
        used.note(str(number))
        used.add(str(number), 1.0)
        clock.now += 1
    assert len(used._used) < 20
    assert used.lately("999") == pytest.approx(math.exp(-1 / 4) / 4)


def test_one_address_with_many_waiting_jobs_makes_choosing_no_slower() -> None:
    waiting, asked = WaitingJobs(), []
    for number in range(5000):
        waiting.add(Job(lambda: None, "hostile", number % 2 == 0))
    waiting.add(job := Job(lambda: None, "other", streaming=False))

    def most(address: str) -> int:
        asked.append(address)
        return 1

    found = waiting.next_of(streaming=False, running=Counter(hostile=1), most=most)
    assert found is job
    assert asked == ["hostile", "other"]
    waiting.remove(job)
    assert waiting.next_of(streaming=False, running=Counter(hostile=1), most=most) is None
    assert len(waiting) == 5000


def test_addresses_take_turns() -> None:
    waiting = WaitingJobs()
    for address in ("a", "a", "a", "b", "c"):
        waiting.add(Job(lambda: None, address, streaming=False))
    order = []
    while job := waiting.next_of(streaming=False, running=Counter(), most=lambda _one: 1):
        order.append(job.address)
        waiting.remove(job)
    assert order == ["a", "b", "c", "a", "a"]


def test_two_greedy_addresses_do_not_wait_for_each_other() -> None:
    used, clock = ProcessorTime(clock=Standstill()), threading.Semaphore(0)
    pool = WorkerPool(lambda *_asked: None, used)
    for address in ("a", "b"):
        used.note(address)
        used.add(address, 9.0)
    for address in ("a", "b", "a", "b"):
        pool.submit(Job(clock.release, address, streaming=False))
    assert all(clock.acquire(timeout=PATIENCE) for _ in range(4))
    pool.stop(PATIENCE)


def test_an_address_runs_few_beside_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, begun, go = WorkerPool(lambda *_asked: None), threading.Semaphore(0), threading.Event()

    def run() -> None:
        begun.release()
        assert go.wait(PATIENCE)

    for address in ("other", *["hostile"] * 9):
        pool.submit(Job(run, address, streaming=False))
        if address == "other":
            assert begun.acquire(timeout=PATIENCE)
    assert all(begun.acquire(timeout=PATIENCE) for _ in range(4))
    until(lambda: pool._short == {"other": 1, "hostile": 4})
    assert pool._startable() is None
    go.set()
    pool.stop(PATIENCE)


def test_only_some_of_many_waiting_jobs_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.server.worker_pool.MAX_SHORT", 0)
    pool, asked, dropped = WorkerPool(lambda *_asked: None), list[str](), list[str]()

    def submit(address: str, number: int) -> None:
        name = f"{address}{number}"

        def is_abandoned() -> bool:
            asked.append(name)
            return True

        drop = lambda: dropped.append(name)  # noqa: E731
        pool.submit(Job(lambda: None, address, False, is_abandoned, drop))

    for number in range(500):
        submit("hostile", number)
    submit("other", 0)
    pool.drop_abandoned()
    assert asked == dropped
    assert len(asked) <= 32
    assert {"hostile0", "other0"} <= set(asked), "the oldest of each"
    pool.stop(PATIENCE)
