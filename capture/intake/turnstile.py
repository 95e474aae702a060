"""Limits how many requests work at once; the others wait without holding resources.

A request's work is mostly Python, which one thread of a process runs at a time. A hundred at once
would only compete for the interpreter, each with its own database connection to open. A request
that waits for a phone, or for a process that inspects a file, leaves its place meanwhile.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reporter.database.engine import BUSY, WAIT_SECONDS
from reporter.errors import Busy

# Enough that some can wait for the disk, sharing its fsync.
AT_ONCE = 8

_places: queue.SimpleQueue[None] = queue.SimpleQueue()
for _place in range(AT_ONCE):
    _places.put(None)
_mine = threading.local()


def enter() -> None:
    """Take a place, until ``leave``; raises Busy where that takes too long."""
    if is_inside():
        return
    try:
        _places.get(timeout=WAIT_SECONDS)
    except queue.Empty as error:
        raise Busy(BUSY) from error
    _mine.inside = True


def leave() -> None:
    """Free the place; does nothing for a thread that has none."""
    if is_inside():
        _mine.inside = False
        _places.put(None)


def is_inside() -> bool:
    """Whether this thread holds a place."""
    return getattr(_mine, "inside", False)


@contextmanager
def outside() -> Iterator[None]:
    """Give up the place during a slow operation, and always take one again afterwards."""
    if not is_inside():
        yield
        return
    leave()
    try:
        yield
    finally:
        _places.get()
        _mine.inside = True
