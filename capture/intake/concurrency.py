"""Limit on how many intake requests work at the same time; the others wait and hold no resources.

Most of a request's work is Python, and one process runs one Python thread at a time. A hundred at once would only
compete for the interpreter, each with a database connection of its own. A request that waits for its phone, or for a
decoder process, gives up its place meanwhile.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reporter.database.engine import BUSY, WAIT_SECONDS
from reporter.errors import Busy

# Enough that some can wait for the disk and share one fsync.
AT_ONCE = 8
# Longer than for those who only come: what was done outside would be done in vain.
RETURN_SECONDS = 60.0

_places: queue.SimpleQueue[None] = queue.SimpleQueue()
for _place in range(AT_ONCE):
    _places.put(None)
_mine = threading.local()


def enter() -> None:
    """Take a place until ``leave``. Raises Busy after ``WAIT_SECONDS`` without a free one."""
    if is_inside():
        return
    try:
        _places.get(timeout=WAIT_SECONDS)
    except queue.Empty as error:
        raise Busy(BUSY) from error
    _mine.inside = True


def leave() -> None:
    """Let the next one in; nothing for a thread that isn't inside."""
    if is_inside():
        _mine.inside = False
        _places.put(None)


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
    try:
        _places.get(timeout=RETURN_SECONDS)
    except queue.Empty:
        return False
    _mine.inside = True
    return True
