"""Only a few are at work at once, and whoever waits for something lets others in."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from capture.intake import concurrency
from reporter.errors import Busy
from tests.support.waiting import until

PATIENCE = 60


@pytest.fixture(autouse=True)
def nobody_was_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places that know of no senders: those of tests before would count as people who want some, too."""
    monkeypatch.setattr(concurrency, "_places", concurrency.Places(concurrency.AT_ONCE))


class Visitor:
    """A thread that is inside until it is let go."""

    def __init__(self, sender: str = "") -> None:
        self.sender = sender
        self.in_there, self.go = threading.Event(), threading.Event()

    def visit(self) -> None:
        concurrency.enter(self.sender)
        try:
            self.in_there.set()
            assert self.go.wait(PATIENCE)
        finally:
            concurrency.leave()


def test_whoever_comes_too_many_waits_for_somebody_to_leave() -> None:
    visitors = [Visitor() for _ in range(concurrency.AT_ONCE + 1)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        visits = [pool.submit(one.visit) for one in visitors[:-1]]
        assert all(one.in_there.wait(PATIENCE) for one in visitors[:-1])
        visits.append(pool.submit(visitors[-1].visit))
        assert not visitors[-1].in_there.wait(0.2)
        visitors[0].go.set()
        assert visitors[-1].in_there.wait(PATIENCE)
        for one in visitors:
            one.go.set()
        assert not wait(visits, PATIENCE).not_done


def test_who_steps_aside_lets_another_one_in_and_comes_back() -> None:
    visitors = [Visitor() for _ in range(concurrency.AT_ONCE)]

    def step_aside(pool: ThreadPoolExecutor) -> None:
        with concurrency.outside():
            visits.extend(pool.submit(one.visit) for one in visitors)
            assert all(one.in_there.wait(PATIENCE) for one in visitors)
            assert not concurrency.is_inside()
            visitors[0].go.set()
            raise KeyError("what went wrong there")

    visits: list[Future[None]] = []
    with ThreadPoolExecutor(len(visitors)) as pool:
        concurrency.enter()
        try:
            with pytest.raises(KeyError, match="what went wrong"):
                step_aside(pool)
            assert concurrency.is_inside()
        finally:
            concurrency.leave()
        for one in visitors:
            one.go.set()
        assert not wait(visits, PATIENCE).not_done


def test_who_is_not_inside_need_not_come_back_in() -> None:
    visitors = [Visitor() for _ in range(concurrency.AT_ONCE)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        visits = [pool.submit(one.visit) for one in visitors]
        assert all(one.in_there.wait(PATIENCE) for one in visitors)
        with concurrency.outside():
            assert not concurrency.is_inside()
        concurrency.leave()
        for one in visitors:
            one.go.set()
        assert not wait(visits, PATIENCE).not_done


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "WAIT_SECONDS", 0.05)
    visitors = [Visitor() for _ in range(concurrency.AT_ONCE)]
    with ThreadPoolExecutor(len(visitors)) as pool:
        visits = [pool.submit(one.visit) for one in visitors]
        assert all(one.in_there.wait(PATIENCE) for one in visitors)
        with pytest.raises(Busy):
            concurrency.enter()
        assert not concurrency.is_inside()
        for one in visitors:
            one.go.set()
        assert not wait(visits, PATIENCE).not_done


def test_who_finds_no_place_again_is_told_so_and_holds_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(concurrency, "RETURN_SECONDS", 0.05)
    visitors = [Visitor() for _ in range(concurrency.AT_ONCE)]
    visits: list[Future[None]] = []

    def step_aside(pool: ThreadPoolExecutor, error: Exception | None) -> None:
        with concurrency.outside():
            visits.extend(pool.submit(one.visit) for one in visitors if not one.in_there.is_set())
            assert all(one.in_there.wait(PATIENCE) for one in visitors)
            if error:
                raise error

    with ThreadPoolExecutor(len(visitors)) as pool:
        concurrency.enter()
        with pytest.raises(Busy):
            step_aside(pool, None)
        assert not concurrency.is_inside()
        visitors[0].go.set()
        concurrency.enter()
        visitors[0] = Visitor()
        with pytest.raises(KeyError):
            step_aside(pool, KeyError("what went wrong there"))
        assert not concurrency.is_inside()
        for one in visitors:
            one.go.set()
        assert not wait(visits, PATIENCE).not_done


def test_who_waits_for_a_lock_gives_its_place_up(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, asked = threading.Lock(), threading.Event()

    def ask() -> None:
        concurrency.enter()
        asked.set()
        with concurrency.holding(lock):
            assert concurrency.is_inside()
        concurrency.leave()

    others = [Visitor() for _ in range(concurrency.AT_ONCE)]
    with ThreadPoolExecutor(len(others) + 1) as pool:
        with lock:
            asker = pool.submit(ask)
            assert asked.wait(PATIENCE)
            visits = [pool.submit(one.visit) for one in others]
            assert all(one.in_there.wait(PATIENCE) for one in others)
        for one in others:
            one.go.set()
        assert not wait([asker, *visits], PATIENCE).not_done
        asker.result()
    monkeypatch.setattr(concurrency, "WAIT_SECONDS", 0.05)
    with lock, pytest.raises(Busy), concurrency.holding(lock):
        pass
    assert not lock.locked()


def test_the_sender_with_the_fewest_places_is_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that takes a place for each byte that it sends must not have all others stand in line behind it."""
    monkeypatch.setattr(concurrency, "_places", concurrency.Places(concurrency.AT_ONCE))
    many = [Visitor("hostile") for _ in range(concurrency.AT_ONCE + 5)]
    other = Visitor("other")
    with ThreadPoolExecutor(len(many) + 1) as pool:
        visits = [pool.submit(one.visit) for one in many]
        until(lambda: sum(one.in_there.is_set() for one in many) == concurrency.AT_ONCE)
        visits.append(pool.submit(other.visit))
        until(lambda: len(concurrency._places._waiting) == 6)
        next(one for one in many if one.in_there.is_set()).go.set()
        assert other.in_there.wait(PATIENCE)
        for one in (*many, other):
            one.go.set()
        assert not wait(visits, PATIENCE).not_done


def test_one_sender_leaves_places_for_others_who_were_here_a_moment_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(concurrency, "_places", places := concurrency.Places(8))
    assert all(places.take("alone", 0) for _ in range(8)), "who is alone may have all"
    for _ in range(8):
        places.give_back("alone")
    for name in ("a", "b"):
        assert places.take(name, 0)
        places.give_back(name)
    assert [places.take("hostile", 0) for _ in range(3)] == [True, True, False]
    assert [places.take("a", 0) for _ in range(3)] == [True, True, False]
    monkeypatch.setattr(concurrency, "RECENT_SECONDS", 0.0)
    assert [places.take("hostile", 0) for _ in range(5)] == [True, True, True, True, False]
