"""Threads that answer requests, started on demand, with some reserved for short requests."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, zip_longest

from kiosk.server.processor_time import ProcessorTime

log = logging.getLogger(__name__)

# Limits on threads that read bodies, each at its client's pace, in total and per address.
MAX_STREAMING = 208
ADDRESS_STREAMING = 160
# The same for all other requests, which wait for no client: one process runs one Python thread at
# a time, so more at once would make each slower, and each holds memory.
MAX_SHORT = 32
ADDRESS_SHORT = 16
# At once while those of other addresses run or wait.
ADDRESS_BESIDE = 4
# The product of how many requests of one address run at once and how much of a processor they use, while other
# addresses ask too. Threads share the interpreter: each greedy request that runs makes everybody's take as much longer.
ADDRESS_PROCESSORS = 0.5
# An address that used more of a processor than this gets what the others leave: its next request begins when none of
# theirs runs or waits, or when it has used less again.
ADDRESS_SHARE = 0.1
# Idle threads that stay, and seconds until the others end.
KEPT = 8
IDLE_SECONDS = 30.0
# An address may have so many jobs waiting before one of them is dropped for another address.
FEW_WAITING = 6
# Jobs that are looked at together for whether somebody still waits for them.
LOOKED_AT = 32


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

    def __contains__(self, job: Job) -> bool:
        return job in self._queues[job.streaming].get(job.address, ())

    def oldest(self, most: int) -> Iterator[Job]:
        """The oldest of each address, so many in all at most."""
        lines = [mine for kind in self._queues.values() for mine in kind.values()]
        each = chain.from_iterable(zip_longest(*(islice(mine, most) for mine in lines)))
        return islice((job for job in each if job is not None), most)

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

    def addresses(self, *, streaming: bool) -> Iterable[str]:
        """The addresses of such jobs, each once."""
        return self._queues[streaming]

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
    """A pool of request threads. ``relieve`` is called with an address when its jobs have to wait for a thread ('' for
    a thread of anybody's, None for others that compute), and with whether a body's would help.

    Of the jobs that wait, those of the address with the fewest running are next.
    """

    def __init__(
        self, relieve: Callable[[str | None, bool], None], used: ProcessorTime | None = None
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
            stuck: tuple[str | None, bool] | None = None
            if self._startable() is None:
                stuck = self._stuck_for(job)
            elif self._idle:
                self._changed.notify()
            elif not self._start_thread(job):
                stuck = ("", True)
        if stuck is not None:
            self._relieve(*stuck)

    def drop_abandoned(self) -> None:
        """Drop waiting jobs whose clients have gone, of the oldest: the others are asked when their turn comes."""
        with self._changed:
            oldest = list(self._waiting.oldest(LOOKED_AT))
        # Not with the lock: each is a question to the system.
        gone = [job for job in oldest if job.is_abandoned()]
        with self._changed:
            gone = [job for job in gone if job in self._waiting]
            for job in gone:
                self._waiting.remove(job)
            self._start_for_next()
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
            job = self._startable()
            if job is not None and self._idle:
                self._changed.notify()
                return True
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

    def _stuck_for(self, job: Job) -> tuple[str | None, bool]:
        counts = self._counts(job)
        most = self._most(job.address, streaming=job.streaming)
        if most == 0:
            return None, job.streaming
        return (job.address if counts[job.address] >= most else "", job.streaming)

    def _most(self, address: str, *, streaming: bool) -> int:
        """How many such jobs of an address may run at once."""
        used = self._used.lately(address)
        others = self._used.has_others(address) and self._others_compute(address)
        if others and used > ADDRESS_SHARE:
            return 0
        if streaming:
            return ADDRESS_STREAMING
        most = ADDRESS_BESIDE if others else ADDRESS_SHORT
        return most if used * most <= ADDRESS_PROCESSORS else max(1, int(ADDRESS_PROCESSORS / used))

    def _others_compute(self, address: str) -> bool:
        """Whether a request of another address runs or waits that used no more than its share."""
        active = chain(self._short, self._waiting.addresses(streaming=False))
        return any(one != address and self._used.lately(one) <= ADDRESS_SHARE for one in active)

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
