"""What one delivery moves: bytes counted while they are sent, and the clock of the other side.

The worker opens a ``TransferMeter`` around a delivery; ``publish.net.http`` and targets of other kinds
report to the open one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from reporter.clock import Clock, utc_now


@dataclass
class TransferMeter:
    """Counts of one delivery. ``on_bytes`` hears the total while it grows, and may raise to break it off."""

    on_bytes: Callable[[int], None] | None = None
    clock: Clock = utc_now
    sent: int = 0
    # Of the sent ones: those that a broken try leaves at the target, where the next one goes on.
    resumable_bytes: int = 0
    received: int = 0
    answers: int = 0
    # Seconds that this laptop is ahead of the other side's clock.
    clock_skew_s: float | None = None

    def record_sent(self, count: int) -> None:
        """So many bytes were handed to the network."""
        self.sent += count
        if self.on_bytes is not None:
            self.on_bytes(self.sent)

    def record_response(self, count: int, date: str) -> None:
        """An answer of so many bytes came, with this Date header (RFC 9110, 6.6.1)."""
        self.received += count
        self.answers += 1
        ahead = seconds_ahead(date, self.clock())
        if ahead is not None:
            self.clock_skew_s = ahead


_CURRENT: ContextVar[TransferMeter | None] = ContextVar("meter", default=None)


def current_meter() -> TransferMeter | None:
    """The meter of the delivery that is under way in this thread, if any."""
    return _CURRENT.get()


@contextmanager
def counted(meter: TransferMeter) -> Iterator[TransferMeter]:
    """Report to this meter for the length of a block."""
    token = _CURRENT.set(meter)
    try:
        yield meter
    finally:
        _CURRENT.reset(token)


def moved(count: int) -> None:
    """For targets that do not speak HTTP: so many bytes were sent."""
    meter = current_meter()
    if meter is not None:
        meter.record_sent(count)


def kept(count: int) -> None:
    """For targets that go on where they were cut: so many of the sent bytes need not be sent again."""
    meter = current_meter()
    if meter is not None:
        meter.resumable_bytes += count


def seconds_ahead(date: str, now: datetime) -> float | None:
    """How far ``now`` is ahead of a Date header; None when there is none that can be read."""
    try:
        return (now - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return None
