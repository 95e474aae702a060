"""Limit on how many intake requests work at the same time; the others wait and hold no resources.

Most of a request's work is Python, and one process runs one Python thread at a time. A hundred at once would only
compete for the interpreter, each with a database connection of its own. A request that waits for its phone, or for a
decoder process, gives up its place meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reporter.database.engine import BUSY, WAIT_SECONDS
from reporter.errors import Busy

# Enough that some can wait for the disk and share one fsync.
AT_ONCE = 8
# One sender has so many of them at least, however many others there are; and others count for so many seconds after
# they asked for a place.
LEAST = 2
RECENT_SECONDS = 5.0
# Longer than for those who only come: what was done outside would be done in vain.
RETURN_SECONDS = 60.0


@dataclass(eq=False)
class _Turn:
    """Somebody who waits for a place; the lock is released with the place."""

    sender: str
    given: threading.Lock = field(default_factory=threading.Lock)


class Places:
    """Places that are given to the sender with the fewest: a phone that takes a place again and again, for each byte
    that it sends, keeps no other waiting."""

    def __init__(self, count: int) -> None:
        self._count = self._free = count
        self._lock = threading.Lock()
        self._inside: Counter[str] = Counter()
        self._waiting: deque[_Turn] = deque()
        # When each sender last asked, the one that asked longest ago first.
        self._recent: OrderedDict[str, float] = OrderedDict()

    def take(self, sender: str, seconds: float) -> bool:
        """Take a place; returns whether one got free in time."""
        turn = _Turn(sender)
        turn.given.acquire()
        with self._lock:
            self._note(sender)
            self._waiting.append(turn)
            self._give_free()
        if turn.given.acquire(timeout=seconds):
            return True
        with self._lock:
            if turn not in self._waiting:
                # It was given at the last moment.
                return True
            self._waiting.remove(turn)
        return False

    def give_back(self, sender: str) -> None:
        """Give a place back, for the next one."""
        with self._lock:
            self._free += 1
            self._inside[sender] -= 1
            if not self._inside[sender]:
                del self._inside[sender]
            self._give_free()

    def _give_free(self) -> None:
        most = max(LEAST, self._count // max(1, len(self._recent)))
        while self._free and self._waiting:
            turn = min(self._waiting, key=lambda one: self._inside[one.sender])
            if self._inside[turn.sender] >= most:
                return
            self._waiting.remove(turn)
            self._free -= 1
            self._inside[turn.sender] += 1
            turn.given.release()

    def _note(self, sender: str) -> None:
        now = time.monotonic()
        self._recent[sender] = now
        self._recent.move_to_end(sender)
        while now - next(iter(self._recent.values())) > RECENT_SECONDS:
            self._recent.popitem(last=False)


_places = Places(AT_ONCE)
_mine = threading.local()


def enter(sender: str = "") -> None:
    """Take a place until ``leave``, one of its sender's. Raises Busy after ``WAIT_SECONDS`` without a free one."""
    if is_inside():
        return
    if not _places.take(sender, WAIT_SECONDS):
        raise Busy(BUSY)
    _mine.inside, _mine.sender = True, sender


def leave() -> None:
    """Let the next one in; nothing for a thread that isn't inside."""
    if is_inside():
        _mine.inside = False
        _places.give_back(_mine.sender)


def is_inside() -> bool:
    """Whether this thread is one of the few."""
    return getattr(_mine, "inside", False)


@contextmanager
def outside() -> Iterator[None]:
    """Step aside for what takes its time; whatever happens there, one comes back in.

    Hold no lock meanwhile that others may wait for with a place; see ``holding``. Raises Busy where no place gets free
    within ``RETURN_SECONDS``; an error from outside goes on as it is, then without a place.
    """
    if not is_inside():
        yield
        return
    leave()
    try:
        yield
    except BaseException:
        _come_back()
        raise
    if not _come_back():
        raise Busy(BUSY)


@contextmanager
def holding(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock whose holder may step aside: who waits for it gives its own place up meanwhile.

    Else all places could be taken by those who wait for somebody who waits for a place. Raises Busy after
    ``WAIT_SECONDS`` without the lock.
    """
    held = lock.acquire(blocking=False)
    try:
        if not held:
            with outside():
                held = lock.acquire(timeout=WAIT_SECONDS)
        if not held:
            raise Busy(BUSY)
        yield
    finally:
        if held:
            lock.release()


def _come_back() -> bool:
    _mine.inside = _places.take(_mine.sender, RETURN_SECONDS)
    return is_inside()
