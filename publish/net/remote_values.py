"""Values that other servers and programs send, read leniently: one odd reply never stops the others.

Servers pass on what clients wrote: Bluesky takes a ``createdAt`` of year 0, mails carry any ``Date``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

log = logging.getLogger(__name__)

Row = TypeVar("Row")
Read = TypeVar("Read")

# No reply is older, and none is written so late. Python's own bounds overflow where a zone is added (years 1, 9999).
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# Clocks of servers and phones differ; what lies further ahead is a mistake.
AHEAD = timedelta(days=2)
# What reading a structure raises where it is not what it should be.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)


def parse_moment(value: object) -> datetime | None:
    """A moment in UTC from ISO 8601 or RFC 5322; None for what is none, or none between 1970 and 2200.

    A moment without a zone counts as UTC.
    """
    text = str(value or "").strip()
    try:
        moment = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if EARLIEST <= moment < LATEST else None


def first_moment(*values: object, now: datetime | None = None) -> datetime:
    """The first of these values that is a moment and has come, by our clock.

    Where all lie ahead, ours may be the wrong one: the last of them counts, as the one that a server wrote. Without
    any moment it is ``now``.
    """
    now = now or datetime.now(UTC)
    moments = [moment for value in values if (moment := parse_moment(value))]
    past = (moment for moment in moments if moment <= now + AHEAD)
    return next(past, moments[-1] if moments else now)


def bounded(moment: datetime, now: datetime) -> datetime:
    """The moment itself if a database and every zone can hold it, else ``now``."""
    return parse_moment(moment.isoformat()) or now


def clean_text(value: object) -> str:
    """Text that a database and a page can hold: without NUL and halves of surrogate pairs, which JSON may bring."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def read_each(
    rows: Iterable[Row], read: Callable[[Row], Read], name: Callable[[Row], Any]
) -> Iterator[Read]:
    """Read each row; one that is malformed is left out, with a line in the log that names it."""
    for row in rows:
        try:
            yield read(row)
        except MALFORMED as error:
            log.warning("left out a reply that can't be read (%s): %r", _label(row, name), error)


def _label(row: Row, name: Callable[[Row], Any]) -> str:
    try:
        return str(name(row))[:200]
    except MALFORMED:
        return "without an address"
