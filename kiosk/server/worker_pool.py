"""Threads that answer requests, started on demand, with some reserved for short requests."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from kiosk.server.processor_time import ProcessorTime

log = logging.getLogger(__name__)

# Limits on threads that read bodies, each at its client's pace, in total and per address.
MAX_STREAMING = 208
ADDRESS_STREAMING = 160
# The same for all other requests, which wait for no client: one process runs one Python thread at
# a time, so more at once would make each slower, and each holds memory.
MAX_SHORT = 32
ADDRESS_SHORT = 16
# The product of how many requests of one address run at once and how much of a processor they use, while other
# addresses ask too. Threads share the interpreter: each greedy request that runs makes everybody's take as much longer.
ADDRESS_PROCESSORS = 0.5
# Idle threads that stay, and seconds until the others end.
KEPT = 8
IDLE_SECONDS = 30.0
# An address may have so many jobs waiting before one of them is dropped for another address.
FEW_WAITING = 6


@dataclass(frozen=True)
class Job:
    """Work for a thread. ``streaming``: it reads a body from its socket, at its client's pace.
    ``is_abandoned``: whether nobody waits for it any more; ``drop``: end it without running it."""

    run: Callable[[], None]
    address: str
    streaming: bool
    is_abandoned: Callable[[], bool] = lambda: False
    drop: Callable[[], None] = lambda: None


class WaitingJobs:
    """Jobs that wait for a thread, in a queue for each address: choosing the next one takes no longer however many one
    address has. Not thread-safe."""

    def __init__(self) -> None:
        # By whether they read a body; the address whose turn was longest ago first.
        self._queues: dict[bool, OrderedDict[str, deque[Job]]] = {
            False: OrderedDict(),
            True: OrderedDict(),
        }

    def __iter__(self) -> Iterator[Job]:
        return (job for kind in self._queues.values() for mine in kind.values() for job in mine)

    def __len__(self) -> int:
        return sum(len(mine) for kind in self._queues.values() for mine in kind.values())

    def add(self, job: Job) -> None:
        """Add a job behind those of its address."""
        self._queues[job.streaming].setdefault(job.address, deque()).append(job)

    def remove(self, job: Job) -> None:
        """Remove a job; its address is last now."""
        kind = self._queues[job.streaming]
        kind[job.address].remove(job)
        if kind[job.address]:
            kind.move_to_end(job.address)
        else:
            del kind[job.address]

    def next_of(
        self, *, streaming: bool, running: Counter[str], most: Callable[[str], int]
    ) -> Job | None:
        """The first job of the address with the fewest running, of those that run fewer than ``most`` allows."""
        kind = self._queues[streaming]
        allowed = (one for one in kind if running[one] < most(one))
        address = min(allowed, key=lambda one: running[one], default=None)
        return None if address is None else kind[address][0]

    def newest_of_most(self, few: int) -> Job | None:
        """The newest job of the address with the most, unless these are no more than ``few``."""
        counts = Counter(job.address for job in self)
        address, count = max(counts.items(), key=lambda one: one[1], default=("", 0))
        if count <= few:
            return None
        return max((kind[address] for kind in self._queues.values() if address in kind), key=len)[
            -1
        ]

    def clear(self) -> None:
        """Forget all."""
        for kind in self._queues.values():
            kind.clear()


class WorkerPool:
    """A pool of request threads. ``relieve`` is called with an address ('' for any) when its
    jobs have to wait for a thread, and with whether a body's would help.

    Of the jobs that wait, those of the address with the fewest running are next.
    """

    def __init__(
        self, relieve: Callable[[str, bool], None], used: ProcessorTime | None = None
    ) -> None:
        self._relieve = relieve
        self._used = used or ProcessorTime()
        self._changed = threading.Condition()
        self._waiting = WaitingJobs()
        self._short: Counter[str] = Counter()
        self._streaming: Counter[str] = Counter()
        self._threads = self._idle = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Queue a job; it runs as soon as a thread is free for its kind and its address.

        Where the system gives no more threads it waits for one: see ``relieve``.
        """
        with self._changed:
            self._used.note(job.address)
            self._waiting.add(job)
            stuck = None
            if self._startable() is None:
                stuck = self._stuck_for(job)
            elif self._idle:
                self._changed.notify()
            elif not self._start_thread(job):
                stuck = ("", True)
        if stuck is not None:
            self._relieve(*stuck)

    def drop_abandoned(self) -> None:
        """Drop waiting jobs whose clients have gone."""
        with self._changed:
            gone = [job for job in self._waiting if job.is_abandoned()]
            for job in gone:
                self._waiting.remove(job)
        for job in gone:
            job.drop()

    def drop_newest(self) -> bool:
        """Drop the newest job of the address with the most waiting, unless these are few; returns
        whether one was dropped."""
        with self._changed:
            job = self._waiting.newest_of_most(FEW_WAITING)
            if job is None:
                return False
            self._waiting.remove(job)
        job.drop()
        return True

    def relieve(self) -> bool:
        """Request relief again while jobs wait; returns whether any do."""
        self.drop_abandoned()
        with self._changed:
            job = None if self._idle else self._startable()
            if job is not None and self._start_thread(job):
                return True
            stuck = [self._stuck_for(job) for job in self._waiting]
        for address, bodies in stuck:
            self._relieve(address, bodies)
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

    def _stuck_for(self, job: Job) -> tuple[str, bool]:
        counts = self._counts(job)
        most = self._most(job.address, streaming=job.streaming)
        return (job.address if counts[job.address] >= most else "", job.streaming)

    def _most(self, address: str, *, streaming: bool) -> int:
        """How many such jobs of an address may run at once."""
        if streaming:
            return ADDRESS_STREAMING
        used = self._used.lately(address)
        if used * ADDRESS_SHORT <= ADDRESS_PROCESSORS:
            return ADDRESS_SHORT
        return max(1, int(ADDRESS_PROCESSORS / used))

    def _counts(self, job: Job) -> Counter[str]:
        return self._streaming if job.streaming else self._short

    def _startable(self) -> Job | None:
        """The next job that the limits allow to run: short ones before bodies. (It may still
        lack a thread.)"""
        return self._next_of(streaming=False, most=MAX_SHORT) or self._next_of(
            streaming=True, most=MAX_STREAMING
        )

    def _next_of(self, *, streaming: bool, most: int) -> Job | None:
        counts = self._streaming if streaming else self._short
        if counts.total() >= most:
            return None
        return self._waiting.next_of(
            streaming=streaming, running=counts, most=partial(self._most, streaming=streaming)
        )

    def _start_thread(self, job: Job) -> bool:
        """Start one for a job that may run, unless enough are about to begin; returns False if the
        system gives none."""
        running = self._short.total() + self._streaming.total()
        starting = self._threads - self._idle - running
        most = MAX_STREAMING if job.streaming else MAX_SHORT
        if starting >= most - self._counts(job).total():
            return True
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
            counts, begun = self._counts(job), time.thread_time()
            try:
                job.run()
            finally:
                with self._changed:
                    self._used.add(job.address, time.thread_time() - begun)
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
                    self._counts(job)[job.address] += 1
                    self._start_for_next()
                    return job
                if self._closed or not self._rest():
                    self._threads -= 1
                    self._changed.notify_all()
                    return None

    def _start_for_next(self) -> None:
        """A thread may have taken another job than the one that it was started for, and an address may run more than
        a moment ago."""
        job = self._startable()
        if job is not None and self._idle:
            self._changed.notify()
        elif job is not None:
            self._start_thread(job)

    def _rest(self) -> bool:
        """Wait for work; returns whether to stay if there is none."""
        self._idle += 1
        try:
            # Reserved threads wait without a timeout: an idle kiosk does not wake up.
            return self._changed.wait(None if self._idle <= KEPT else IDLE_SECONDS)
        finally:
            self._idle -= 1
