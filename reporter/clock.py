"""Time and randomness, passed in everywhere so that tests control both."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
_TICK = timedelta(microseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC)


def utc_now() -> datetime:
    """The current instant as an aware datetime in UTC."""
    return datetime.now(UTC)


def new_random() -> random.Random:
    """The random source used in production: the operating system's."""
    return random.SystemRandom()


def new_id(now: datetime, rng: random.Random) -> uuid.UUID:
    """A UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Sorting by id sorts by time. Ids from two kiosks never collide, so merging two gatherings is a
    union.
    """
    millis = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    value = millis << 80 | 0x7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)
    return uuid.UUID(int=value)


def later(now: datetime, *known: datetime | None) -> datetime:
    """The moment of a change: ``now``, but after those already ``known``, which the change replaces.

    Clocks of laptops differ, and are set back when they get online; a merge lets the latest change count, so each has
    to be dated after what its maker saw (a hybrid logical clock: Kulkarni et al. 2014).
    """
    newest = max((moment for moment in known if moment is not None), default=None)
    if newest is None or newest < now:
        return now
    return newest + _TICK if newest < _LAST else newest


def rfc3339(moment: datetime | None) -> str | None:
    """Format an aware datetime as RFC 3339 in UTC with whole seconds; None stays None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds")
