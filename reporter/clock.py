"""Time and chance, passed in everywhere so that tests decide both."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def new_random() -> random.Random:
    """The random source of production: the operating system's."""
    return random.SystemRandom()


def new_id(now: datetime, rng: random.Random) -> uuid.UUID:
    """A UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Sorted by id means sorted by time, and two kiosks never collide, so two gatherings merge by union.
    """
    millis = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    value = millis << 80 | 0x7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)
    return uuid.UUID(int=value)


def rfc3339(moment: datetime | None) -> str | None:
    """An aware datetime as RFC 3339 in UTC with whole seconds, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds")
