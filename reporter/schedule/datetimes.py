"""Time zones, instants and durations of schedules."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from reporter.errors import BadInput

MAX_DURATION = timedelta(days=31)

_CLOCK_LENGTH = re.compile(r"(\d+):(\d{2})(?::(\d{2}))?\s?(?:h|hrs?|hours|std\.?)?", re.I)
_UNITS_LENGTH = re.compile(
    r"(?:(\d+(?:[.,]\d+)?)\s*(?:h|hs|hrs?\.?|hours?|std\.?|stunden?|heures?|horas?|ore|ora|uur|uren|timmar|timer)"
    r"\s*(?:,|and|und|et|y|e|en)?\s*)?"
    r"(?:(\d+)(?:\.0+)?\s*(?:m|[’′']|mins?\.?|minutes?|minuten|minutos?|minuti|minuto|minuut|minuter)?)?",
    re.I,
)
_ISO_LENGTH = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.I)


def find_zone(name: str) -> ZoneInfo:
    """The time zone with an IANA name such as ``Europe/Berlin``; raises BadInput if unknown."""
    try:
        return ZoneInfo(name)
    # Invalid names and names of folders raise ValueError or OSError, unknown ones KeyError.
    except (KeyError, ValueError, OSError) as error:
        raise BadInput(
            "The time zone “%(name)s” is not known. Give a name like Europe/Berlin or "
            "America/New_York.",
            name=name,
        ) from error


def to_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    """Convert to UTC; a time without an offset is in ``zone``."""
    if not 1970 <= moment.year <= 2200:
        raise BadInput(
            "The year %(year)s can't be right. Write dates like 2026-12-05.", year=moment.year
        )
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def parse_length(text: str) -> timedelta:
    """Parse a duration: ``HH:MM``, minutes, ``1 h 30 min``, ISO 8601 ``PT45M``; raises ValueError for others."""
    text = text.strip()
    length = _length(text)
    if length is None or not timedelta() <= length <= MAX_DURATION:
        raise ValueError(text)
    return length


def _length(text: str) -> timedelta | None:
    if len(text) > 40 or not text:
        return None
    if match := _CLOCK_LENGTH.fullmatch(text):
        return _sum(0, match[1], match[2], match[3])
    if match := _ISO_LENGTH.fullmatch(text):
        return _sum(*match.groups()) if any(match.groups()) else None
    match = _UNITS_LENGTH.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        return None
    hours = float((match[1] or "0").replace(",", "."))
    return _sum(0, 0, match[2], round(hours * 3600) if hours < 1e6 else 10**9)


def _sum(
    days: str | int | None,
    hours: str | int | None,
    minutes: str | int | None,
    seconds: str | int | None,
) -> timedelta | None:
    values = [int(part or 0) for part in (days, hours, minutes, seconds)]
    if max(values) > 10**8:
        return None
    return timedelta(days=values[0], hours=values[1], minutes=values[2], seconds=values[3])
