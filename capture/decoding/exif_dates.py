"""Parses dates in photos as cameras really write them: fields by reliability, odd formats, offsets,
GPS as the anchor.

Fields and formats: CIPA DC-008 (Exif 3.0), 4.6.5 and 4.6.6; XMP specification part 2, 8. Where none
gives a date the result is None: a made-up midnight or 1970 would be worse than no date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

# Cameras whose clock was never set write a factory default year.
EARLIEST_YEAR = 1990
# A GPS fix can be some minutes older than the photo; with a larger difference it does not give the
# time zone.
GPS_TOLERANCE = timedelta(minutes=5)
# UTC offsets in use that are no whole hours (tz database 2026).
_HALF_HOURS = (-9.5, -3.5, 3.5, 4.5, 5.5, 6.5, 9.5, 10.5)
_QUARTERS = (5.75, 8.75, 12.75, 13.75)
ZONE_OFFSETS = tuple(
    timedelta(hours=hours) for hours in sorted((*range(-12, 15), *_HALF_HOURS, *_QUARTERS))
)
# (date field, offset field, directory): the shutter's fields before those of a scanner or an
# editor.
_ORIGINAL, _DIGITIZED, _CHANGED = (0x9003, 0x9011), (0x9004, 0x9012), (0x0132, 0x9010)
_XMP_FIELDS = (
    "exif:DateTimeOriginal",
    "photoshop:DateCreated",
    "xmp:CreateDate",
    # As Adobe called it before.
    "xap:CreateDate",
    "exif:DateTimeDigitized",
)
_GPS_TIME, _GPS_DATE = 7, 29
_DATE = re.compile(
    r"\s*(\d{4})\s*[:./-]\s*(\d{1,2})\s*[:./-]\s*(\d{1,2})(?:\.?\s*[T_-]\s*|\.?\s*,\s*|\.?\s+|:)"
    r"(\d{1,2})\s*[:.]\s*(\d{1,2})(?:\s*[:.]\s*(\d{1,2})(?:[.,:]\d*)?)?\s*"
    r"([AaPp]\.?\s?[Mm]\.?)?\s*(Z|UTC|GMT|(?:UTC|GMT)?\s?[+-]\s*\d{1,2}(?::?\d{2})?)?\s*"
)
_MONTH_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES.split("|"), start=1)}
_MONTH = rf"({_MONTH_NAMES})[a-z]*\.?"
_TIME = r"(\d{1,2}:\d{2}(?::\d{2})?.*?)"
# Other forms, with the groups of year, month, day and the rest: digits alone (QuickTime, phones), East Asian
# dates, the C library's (AVI), day first where the numbers can't be meant otherwise.
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(\d{4})(\d\d)(\d\d)[T _-]?(\d\d)(\d\d)(\d\d)(.*)"), r"\1:\2:\3 \4:\5:\6\7"),
    (
        re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]\s*(.*)"),
        r"\1:\2:\3 \4",
    ),
    (
        re.compile(rf"(?:[a-z]{{3}},?\s+)?{_MONTH}\s+(\d{{1,2}})\s+{_TIME}\s+(\d{{4}})", re.I),
        r"\4:\1:\2 \3",
    ),
    (
        re.compile(
            rf"(?:[a-z]{{3,9}},?\s+)?{_MONTH}\s+(\d{{1,2}}),?\s+(\d{{4}}),?\s+{_TIME}", re.I
        ),
        r"\3:\1:\2 \4",
    ),
    (
        re.compile(
            rf"(?:[a-z]{{3,9}},?\s+)?(\d{{1,2}})[\s-]{_MONTH}[\s-](\d{{4}}),?\s+{_TIME}", re.I
        ),
        r"\3:\2:\1 \4",
    ),
    (re.compile(r"(1[3-9]|2\d|3[01])[:./-](\d{1,2})[:./-](\d{4})[\s,]+(.*)"), r"\3:\2:\1 \4"),
    (re.compile(r"(\d{1,2})[:./-](1[3-9]|2\d|3[01])[:./-](\d{4})[\s,]+(.*)"), r"\3:\1:\2 \4"),
)
# Names of zones are ambiguous, and a camera's time is local anyway.
_ZONE_NAME = re.compile(
    r"\s*(?:\[[A-Za-z_]+/[A-Za-z_/+-]+\]|DST|Uhr|h|(?<=\d\s)(?!GMT)[A-Z]{2,4}T|MSK)\s*$"
)
# 10h11m12s
_HOURS = re.compile(r"(?<=\d)\s?[hH]\s?(\d{2})(?:\s?[mM](?:in)?\s?(?:(\d{2})\s?s?)?)?(?![\d:])")
# AM and PM as phones in other languages write them, before or after the time.
_HALVES = (
    (re.compile(r"上午|午前|오전|ص|(?<=\d)\s?πμ"), "AM"),
    (re.compile(r"下午|午後|오후|م|(?<=\d)\s?μμ"), "PM"),
)
_THAI_YEARS = range(2500, 2700)
_OFFSET = re.compile(r"\s*([+-])\s*(\d{1,2}):?(\d{2})?\s*")


@dataclass(frozen=True)
class CameraTime:
    """The capture time of a photo: naive, the camera's wall clock; ``offset`` to UTC only where the
    file states it."""

    taken: datetime | None = None
    offset: timedelta | None = None


def parse_camera_time(text: str) -> CameraTime:
    """Parse a date and time in any format that cameras and phones use; empty where it is none.

    ``2026:12:24 10:11:12``, with dashes, dots, slashes, ``T``, fractions or blanks for zeros, and
    an optional offset or ``Z``. Hour 24 means hour 0 of the stated date: phones that count hours
    from 1 to 24 write it so.
    """
    found = _DATE.fullmatch(_plain(text))
    if found is None:
        return CameraTime()
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    # Phones in Thailand use Buddhist-era years.
    year -= 543 if year in _THAI_YEARS else 0
    half = (found[7] or "").lower()[:1]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        # A leap second is mapped to the last second of its minute.
        taken = datetime(  # noqa: DTZ001
            year, month, day, 0 if hour == 24 else hour, minute, min(second, 59)
        )
    except ValueError:
        return CameraTime()
    return (
        CameraTime(taken, parse_offset(found[8] or "")) if year >= EARLIEST_YEAR else CameraTime()
    )


def _plain(text: str) -> str:
    """Normalize the text to ASCII digits and the usual order, with AM or PM at the end."""
    text = "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)
    text = _in_usual_order(_ZONE_NAME.sub("", text.split("\0")[0].strip()))
    text = _HOURS.sub(lambda found: f":{found[1]}:{found[2] or '00'}", text)
    for pattern, half in _HALVES:
        if pattern.search(text):
            return f"{pattern.sub(' ', text)} {half}"
    return text


def _in_usual_order(text: str) -> str:
    for form, order in _FORMS:
        if found := form.fullmatch(text):
            return re.sub(
                _MONTH,
                lambda month: str(_MONTHS[month[1].lower()]),
                found.expand(order),
                count=1,
                flags=re.I,
            )
    return text


def parse_offset(text: str) -> timedelta | None:
    """Parse ``+02:00``, ``-0530``, ``+1`` or ``Z`` as a time difference; None for anything else."""
    if text.strip() in ("Z", "UTC", "GMT"):
        return timedelta(0)
    found = _OFFSET.fullmatch(re.sub(r"^\s*(?:UTC|GMT)\s?", "", text.split("\0")[0]))
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return None if offset > timedelta(hours=14) else -offset if found[1] == "-" else offset


def read_camera_time(
    main: Mapping[int, Any], details: Mapping[int, Any], gps: Mapping[int, Any], xmp: str
) -> CameraTime:
    """Read the most reliable date from a photo's EXIF directories and its XMP packet.

    In this order: DateTimeOriginal, DateTimeDigitized, XMP's dates, DateTime, the GPS time alone. A
    date without an offset takes its own offset field, then one of the others, then the offset
    implied by the GPS time.
    """
    fix = gps_time(gps)
    for date, offset in _dates(main, details, xmp):
        found = parse_camera_time(date)
        if found.taken is not None:
            stated = found.offset if found.offset is not None else parse_offset(offset)
            others = (parse_offset(_words(details.get(tag))) for tag in (0x9011, 0x9012, 0x9010))
            known = [o for o in (stated, *others) if o is not None]
            return CameraTime(found.taken, known[0] if known else zone_of(found.taken, fix))
    return CameraTime(fix.replace(tzinfo=None), timedelta(0)) if fix else CameraTime()


def _dates(
    main: Mapping[int, Any], details: Mapping[int, Any], xmp: str
) -> Iterator[tuple[str, str]]:
    """Yield (date, its own offset), the most reliable first."""
    for tag, offset in (_ORIGINAL, _DIGITIZED):
        yield _words(details.get(tag)), _words(details.get(offset))
    for tag, offset in (_ORIGINAL, _DIGITIZED):
        # Scanners' and older editors' programs write them into the first directory.
        yield _words(main.get(tag)), _words(main.get(offset))
    for name in _XMP_FIELDS:
        found = re.search(rf"{name}\s*(?:=\s*[\"']|>)\s*([^\"'<]{{1,40}})", xmp)
        yield (found[1] if found else ""), ""
    yield _words(main.get(_CHANGED[0])), _words(details.get(_CHANGED[1]))


def gps_time(gps: Mapping[int, Any]) -> datetime | None:
    """Parse GPSDateStamp and GPSTimeStamp as a UTC time; None where either is missing or
    invalid."""
    try:
        hour, minute, *rest = gps[_GPS_TIME]
        second = float(rest[0]) if rest else 0.0
        # A fix without seconds is written as 0/0.
        clock = f"{int(float(hour))}:{int(float(minute))}:{int(second) if isfinite(second) else 0}"
        date = re.sub(r"^(\d{4})(\d\d)(\d\d)$", r"\1:\2:\3", _words(gps[_GPS_DATE]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    found = parse_camera_time(f"{date} {clock}").taken
    return found.replace(tzinfo=UTC) if found else None


def zone_of(taken: datetime, fix: datetime | None) -> timedelta | None:
    """The UTC offset of the zone in which a wall clock shows ``taken`` at the time of a GPS fix;
    None where none fits."""
    if fix is None:
        return None
    distance = taken - fix.replace(tzinfo=None)
    nearest = min(ZONE_OFFSETS, key=lambda offset: abs(offset - distance))
    return nearest if abs(nearest - distance) <= GPS_TOLERANCE else None


def _words(value: object) -> str:
    data = value if isinstance(value, bytes) else str(value or "").encode("latin-1", "replace")
    # The field is for ASCII; phones write other characters as UTF-8.
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.split("\0")[0].strip()[:100]
