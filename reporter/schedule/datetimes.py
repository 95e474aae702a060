"""Dates, times and durations as schedules write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from reporter.errors import BadInput

SlashOrder = Literal["day first", "month first"]

MAX_DURATION = timedelta(days=31)

_PARTED = re.compile(r"(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?=$|[\s,T])")
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?=$|[\s,T])")
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:.hH](\d{2}))?(?::(\d{2})(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?|Uhr|h)?"
)
_CLOCK_LENGTH = re.compile(r"(\d+):(\d{2})(?::(\d{2}))?")
_UNITS_LENGTH = re.compile(
    r"(?:(\d+(?:[.,]\d+)?)\s*(?:h|hrs?|hours?|std\.?|stunden?)\s*)?"
    r"(?:(\d+)\s*(?:m|mins?\.?|minutes?|minuten)?)?",
    re.I,
)
_ISO_LENGTH = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.I)


def find_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name such as ``Europe/Berlin``; BadInput for an unknown one."""
    try:
        return ZoneInfo(name)
    # Names with odd characters or of a folder raise ValueError or OSError, unknown ones KeyError.
    except (KeyError, ValueError, OSError) as error:
        raise BadInput(
            f"The time zone “{name}” is not known. Give a name like Europe/Berlin or "
            "America/New_York."
        ) from error


def to_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    """The instant in UTC; a time without an offset is a wall clock's in ``zone``."""
    if not 1970 <= moment.year <= 2200:
        raise BadInput(f"The year {moment.year} can't be right. Write dates like 2026-12-05.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


@dataclass(frozen=True)
class When:
    """A parsed time: the wall clock (aware where an offset was written), or only one part of it."""

    day: date | None
    clock: time | None

    def at(self, day: date | None = None) -> datetime | None:
        """The moment, with ``day`` for a time that came without; None when there is no day."""
        base = self.day or day
        return None if base is None else datetime.combine(base, self.clock or time())


def slash_order(texts: list[tuple[str, str]]) -> SlashOrder | None:
    """Whether dates like 05/12/2026 of a file put the day or the month first.

    ``texts`` are pairs (where it stands, text). One date that can be read in only one way decides
    for all; None when there is nothing to decide. BadInput when two contradict, or none decides.
    """
    found: dict[SlashOrder, str] = {}
    unclear = ""
    for where, text in texts:
        match = _PARTED.match(text.strip())
        if match is None or match[2] == ".":
            continue
        first, second = int(match[1]), int(match[3])
        if first > 12:
            found.setdefault("day first", where)
        elif second > 12:
            found.setdefault("month first", where)
        elif first != second:
            unclear = unclear or f"{where}: “{text.strip()}”"
    if len(found) == 2:
        raise BadInput(
            f"The dates don't agree: {found['day first']} puts the day first, "
            f"{found['month first']} the month. Write all dates like 2026-12-05."
        )
    if not found and unclear:
        raise BadInput(
            f"{unclear} can be read in two ways, day or month first. Write dates like 2026-12-05."
        )
    return next(iter(found), "day first")


def parse_when(text: str, order: SlashOrder | None = None) -> When:
    """A date, a time, or both, in ISO 8601 or the usual local forms; ValueError for others."""
    text = " ".join(text.strip().split())
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        has_time = len(text) > 10 or "T" in text
        return When(moment.date(), moment.timetz() if has_time else None)
    day, rest = _leading_date(text, order)
    rest = rest.lstrip(" ,T")
    if day is not None and not rest:
        return When(day, None)
    return When(day, _clock(rest))


def _leading_date(text: str, order: SlashOrder | None) -> tuple[date | None, str]:
    if match := _YEAR_FIRST.match(text):
        return date(int(match[1]), int(match[2]), int(match[3])), text[match.end() :]
    if iso := re.match(r"\d{4}-\d{2}-\d{2}(?=$|[\s,T])", text):
        return date.fromisoformat(iso[0]), text[iso.end() :]
    match = _PARTED.match(text)
    if match is None:
        return None, text
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    year += 2000 if year < 100 else 0
    day_first = match[2] == "." or order != "month first"
    day, month = (first, second) if day_first else (second, first)
    return date(year, month, day), text[match.end() :]


def _clock(text: str) -> time:
    match = _CLOCK.fullmatch(text)
    if match is None or not (match[2] or match[4]):
        raise ValueError(text)
    hour, half = int(match[1]), (match[4] or "").lower().replace(".", "")
    if half in ("am", "pm"):
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(match[2] or 0), int(match[3] or 0))


def parse_length(text: str) -> timedelta:
    """A duration: ``HH:MM``, minutes, ``1 h 30 min``, ISO 8601 ``PT45M``; ValueError for others."""
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
