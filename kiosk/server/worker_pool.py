"""Threads that answer requests, started on demand, with some reserved for short requests."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

MAX_THREADS = 256
# Limits within these on threads that read bodies, in total and per address: pages always find a
# thread.
MAX_STREAMING = 208
ADDRESS_STREAMING = 160
ADDRESS_SHORT = 96
# Idle threads that stay, and seconds until the others end.
KEPT = 8
IDLE_SECONDS = 30.0


@dataclass(frozen=True)
class Job:
    """Work for a thread. ``streaming``: it reads a body from its socket, at its client's pace."""

    run: Callable[[], None]
    address: str
    streaming: bool


class WorkerPool:
    """A pool of request threads. ``relieve`` is called with an address ('' for any) when its
    jobs have to wait for a thread."""

    def __init__(self, relieve: Callable[[str], None]) -> None:
        self._relieve = relieve
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._short: Counter[str] = Counter()
        self._streaming: Counter[str] = Counter()
        self._threads = self._idle = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Queue a job; it runs as soon as a thread is free for its kind and its address.

        Where the system gives no more threads it waits for one: see ``relieve``.
        """
        with self._changed:
            self._waiting.append(job)
            if self._startable() is None:
                stuck: str | None = self._stuck_for(job)
            else:
                stuck = None
                if self._idle:
                    self._changed.notify()
                elif self._threads < MAX_THREADS and not self._start_thread():
                    stuck = ""
        if stuck is not None:
            self._relieve(stuck)

    def relieve(self) -> bool:
        """Request relief again while jobs wait; returns whether any do."""
        with self._changed:
            lacks_thread = not self._idle and self._threads < MAX_THREADS
            if lacks_thread and self._startable() is not None and self._start_thread():
                return True
            stuck = [self._stuck_for(job) for job in self._waiting]
        for address in stuck:
            self._relieve(address)
        return bool(stuck)

    def stop(self, seconds: float) -> None:
        """Accept no more jobs; wait for running ones, with a timeout in seconds."""
        end = time.monotonic() + seconds
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
            while self._threads and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)

    def _stuck_for(self, job: Job) -> str:
        counts, most = self._bounds(job)
        return job.address if counts[job.address] >= most else ""

    def _bounds(self, job: Job) -> tuple[Counter[str], int]:
        if job.streaming:
            return self._streaming, ADDRESS_STREAMING
        return self._short, ADDRESS_SHORT

    def _startable(self) -> Job | None:
        """The first job that the limits allow to run: short ones before bodies. (It may still
        lack a thread.)"""
        for streaming in (False, True):
            for job in self._waiting:
                if job.streaming is streaming and self._may_run(job):
                    return job
        return None

    def _may_run(self, job: Job) -> bool:
        counts, most = self._bounds(job)
        if job.streaming and self._streaming.total() >= MAX_STREAMING:
            return False
        return (
            counts[job.address] < most
            and self._streaming.total() + self._short.total() < MAX_THREADS
        )

    def _start_thread(self) -> bool:
        """Returns whether the system gave one."""
        # Daemon threads: a request that never ends must not keep the process alive.
        thread = threading.Thread(target=self._work, name="request", daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:
            log.warning("no thread for a request: %s", error)
            return False
        self._threads += 1
        return True

    def _work(self) -> None:
        while job := self._next():
            counts, _ = self._bounds(job)
            try:
                job.run()
            finally:
                with self._changed:
                    counts[job.address] -= 1
                    if not counts[job.address]:
                        del counts[job.address]

    def _next(self) -> Job | None:
        """Get the next job; None when this thread should end."""
        with self._changed:
            while True:
                job = None if self._closed else self._startable()
                if job is not None:
                    self._waiting.remove(job)
                    self._bounds(job)[0][job.address] += 1
                    return job
                if self._closed or not self._rest():
                    self._threads -= 1
                    self._changed.notify_all()
                    return None

    def _rest(self) -> bool:
        """Wait for work; returns whether to stay if there is none."""
        self._idle += 1
        try:
            # Reserved threads wait without a timeout: an idle kiosk does not wake up.
            return self._changed.wait(None if self._idle <= KEPT else IDLE_SECONDS)
        finally:
            self._idle -= 1
