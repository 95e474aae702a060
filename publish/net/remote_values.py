"""Lenient parsing of values from other servers and programs: one malformed reply never blocks the others.

Servers pass on what clients wrote: Bluesky accepts a ``createdAt`` in year 0, mails carry any ``Date``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

log = logging.getLogger(__name__)

Row = TypeVar("Row")
Read = TypeVar("Read")

# Plausible range of reply dates. Python's own bounds overflow when a time zone is applied (years 1, 9999).
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
# Tolerance for clock differences; what lies further in the future is a mistake.
AHEAD = timedelta(days=2)
# Exceptions raised when a structure is not as expected; Python's own parsers raise some of them, too.
MALFORMED = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    AssertionError,
    RecursionError,
)


def parse_moment(value: object) -> datetime | None:
    """Parse an ISO 8601 or RFC 5322 time to UTC; None if invalid or not between 1970 and 2200.

    A time without a zone is taken as UTC.
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
    """The first of these values that is a valid time and not in the future.

    If all are in the future, our clock may be wrong: then the last one is used, as the one a server
    wrote. Without a valid time it is ``now``.
    """
    now = now or datetime.now(UTC)
    moments = [moment for value in values if (moment := parse_moment(value))]
    past = (moment for moment in moments if moment <= now + AHEAD)
    return next(past, moments[-1] if moments else now)


def bounded(moment: datetime, now: datetime) -> datetime:
    """The time itself if a database and every time zone can represent it, else ``now``."""
    return parse_moment(moment.isoformat()) or now


def clean_text(value: object) -> str:
    """Remove NUL and replace unpaired surrogates, which JSON may contain but databases and pages can't hold."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def url_parts(value: object) -> SplitResult:
    """The parts of a URL; all empty for what is none (Python refuses some, as ``http://[``)."""
    try:
        parts = urlsplit(str(value or ""))
        # Each is parsed when it is asked for.
        _ = parts.port, parts.hostname
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def joined_url(base: str, link: str) -> str:
    """A link as an absolute URL, or '' for what is none."""
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return ""


def read_each(
    rows: Iterable[Row], read: Callable[[Row], Read], name: Callable[[Row], Any]
) -> Iterator[Read]:
    """Parse each row; malformed ones are skipped and logged."""
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
