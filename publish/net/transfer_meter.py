"""Traffic of one delivery: bytes counted while they are sent, and the server's clock.

The worker opens a ``TransferMeter`` around a delivery; ``publish.net.http`` and targets with other
protocols report to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from publish.errors import PausedByUser
from reporter.clock import Clock, utc_now


@dataclass
class TransferMeter:
    """Byte counts of one delivery. ``on_bytes`` is called with the running total and may raise to abort it."""

    on_bytes: Callable[[int], None] | None = None
    clock: Clock = utc_now
    sent: int = 0
    # Sent bytes that an interrupted try leaves at the target, where the next one resumes.
    resumable_bytes: int = 0
    received: int = 0
    answers: int = 0
    # The beginning of the last response's text.
    last_text: str = ""
    # Seconds by which this laptop is ahead of the server's clock.
    clock_skew_s: float | None = None
    # Whether a pause, or the loss of the lease, ends the delivery (``cleaning_up``).
    ends: bool = True

    def record_sent(self, count: int) -> None:
        """Count bytes handed to the network."""
        self.sent += count
        with nullcontext() if self.ends else suppress(PausedByUser):
            self._tell()

    def record_all_sent(self, count: int) -> None:
        """Count the last bytes of a request. Never aborts: its response is worth having."""
        self.sent += count
        self.record_waiting()

    def record_waiting(self) -> None:
        """A response is coming in, however slowly: we are still at it. Never aborts."""
        with suppress(PausedByUser):
            self._tell()

    def _tell(self) -> None:
        if self.on_bytes is not None:
            self.on_bytes(self.sent)

    def record_response(self, count: int, date: str, text: str = "") -> None:
        """Count a response of this size with its Date header (RFC 9110, 6.6.1); ``text`` is its beginning."""
        self.received += count
        self.last_text = text
        self.answers += 1
        ahead = seconds_ahead(date, self.clock())
        if ahead is not None:
            self.clock_skew_s = ahead


_CURRENT: ContextVar[TransferMeter | None] = ContextVar("meter", default=None)


def current_meter() -> TransferMeter | None:
    """The meter of this thread's current delivery, if any."""
    return _CURRENT.get()


@contextmanager
def use_meter(meter: TransferMeter) -> Iterator[TransferMeter]:
    """Context manager: report to this meter."""
    token = _CURRENT.set(meter)
    try:
        yield meter
    finally:
        _CURRENT.reset(token)


@contextmanager
def cleaning_up() -> Iterator[None]:
    """Context manager: what this delivery has made too much is removed even if it was paused or has lost its lease."""
    meter = current_meter()
    if meter is not None:
        meter.ends = False
    try:
        yield
    finally:
        if meter is not None:
            meter.ends = True


def count_sent(count: int) -> None:
    """Count sent bytes, for targets that do not use HTTP."""
    meter = current_meter()
    if meter is not None:
        meter.record_sent(count)


def count_resumable(count: int) -> None:
    """Count sent bytes that need not be sent again, for targets with resumable uploads."""
    meter = current_meter()
    if meter is not None:
        meter.resumable_bytes += count


def seconds_ahead(date: str, now: datetime) -> float | None:
    """How far ``now`` is ahead of a Date header; None if it is missing or invalid."""
    try:
        return (now - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return None
