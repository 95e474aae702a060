"""Transfers in progress: announced bytes per address, and which one to abort when threads run
out."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from kiosk.server.body import ByteMeter

# Announced bytes that one address may have in progress at once; a body of unknown length counts as
# UNKNOWN.
ADDRESS_BYTES = 8 << 30
UNKNOWN = 64 << 20
# When threads run out: a transfer that is older than this and slower than this may be aborted.
PRESSED_SECONDS = 3.0
PRESSED_RATE = 16_000
# Announced bytes in progress that make the server busy.
BUSY_BYTES = 1 << 20
# Seconds after a body that still count as receiving.
MOMENT = 1.0


class Transfer(Protocol):
    """A transfer at its client's pace."""

    meter: ByteMeter
    is_body: bool

    def cut(self) -> None:
        """Abort it from another thread."""


class Transfers:
    """All transfers in progress; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Transfer] = set()
        self._announced: Counter[str] = Counter()
        self._last_end = -MOMENT

    @property
    def receiving(self) -> bool:
        """Whether a client is sending a body, or was a moment ago: most phones send several."""
        return bool(self._announced) or time.monotonic() - self._last_end < MOMENT

    @property
    def busy(self) -> bool:
        """Whether clients are sending files right now, not just a few words."""
        with self._lock:
            return self._announced.total() >= BUSY_BYTES

    def has_room(self, address: str, length: int | None) -> bool:
        """Whether an address may send this many more bytes at once."""
        return self._announced[address] + _length_or_unknown(length) <= ADDRESS_BYTES

    @contextmanager
    def open(self, transfer: Transfer, *, announced: int | None = 0) -> Iterator[None]:
        """Register a transfer while it lasts. ``announced``: bytes of a body, None if unknown, 0
        for an answer."""
        address, count = transfer.meter.address, _length_or_unknown(announced)
        with self._lock:
            self._open.add(transfer)
            if count:
                self._announced[address] += count
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(transfer)
                if count:
                    self._end_body(address, count)

    def _end_body(self, address: str, count: int) -> None:
        self._announced[address] -= count
        self._last_end = time.monotonic()
        if self._announced[address] <= 0:
            del self._announced[address]

    def cut_slowest(self, address: str, *, bodies: bool = True) -> bool:
        """Abort the slowest transfer of an address ('': of the one with the most); returns whether
        one was slow enough. Without ``bodies`` only answers: uploads hold threads of their own.

        Called when threads have run out: clients that send next to nothing make room for the
        others.
        """
        with self._lock:
            held = [t for t in self._open if bodies or not t.is_body]
            counts = Counter(t.meter.address for t in held)
            slow = [t for t in held if _is_slow(t.meter) and address in ("", t.meter.address)]
            if not slow:
                return False
            slowest = min(slow, key=lambda t: (-counts[t.meter.address], t.meter.rate))
            self._open.discard(slowest)
        slowest.cut()
        return True


def _length_or_unknown(length: int | None) -> int:
    return UNKNOWN if length is None else length


def _is_slow(meter: ByteMeter) -> bool:
    return meter.seconds_waited > PRESSED_SECONDS and meter.rate < PRESSED_RATE
