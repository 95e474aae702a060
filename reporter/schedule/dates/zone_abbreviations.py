"""Time zone abbreviations after a time of day, such as ``9:00 CET``."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import available_timezones

from reporter.errors import BadInput
from reporter.schedule.datetimes import find_zone

# UTC offsets in hours of unambiguous abbreviations (RFC 5322, 4.3, and the European and Australian
# ones of the IANA list). IST, BST in Asia and others are excluded.
_HOURS = {
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "akst": -9,
    "akdt": -8,
    "hst": -10,
    "wet": 0,
    "west": 1,
    "bst": 1,
    "cet": 1,
    "cest": 2,
    "mez": 1,
    "mesz": 2,
    "eet": 2,
    "eest": 3,
    "msk": 3,
    "jst": 9,
    "aest": 10,
    "aedt": 11,
    "awst": 8,
    "nzst": 12,
    "nzdt": 13,
}

# The local time of a place, summer and winter.
_CLOCKS = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}


def zone_of_word(word: str) -> tzinfo | None:
    """The zone of a lower-case abbreviation or IANA name; None for others."""
    if word in _HOURS:
        return timezone(timedelta(hours=_HOURS[word]), word.upper())
    name = _names().get(word) if "/" in word else _CLOCKS.get(word)
    try:
        return find_zone(name) if name else None
    except BadInput:
        return None


# Zones where summer time differs from what the abbreviation says.
_PLACES = {
    "CET": "Europe/Berlin",
    "MEZ": "Europe/Berlin",
    "EET": "Europe/Helsinki",
    "WET": "Europe/Lisbon",
    "EST": "America/New_York",
    "CST": "America/Chicago",
    "MST": "America/Denver",
    "PST": "America/Los_Angeles",
    "AEST": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
}


def is_winter_name_in_summer(moment: datetime) -> bool:
    """Whether a summer time is labelled CET, or with another abbreviation that only applies in winter there."""
    place = _PLACES.get(moment.tzname() or "") if isinstance(moment.tzinfo, timezone) else None
    if place is None:
        return False
    return moment.replace(tzinfo=find_zone(place)).utcoffset() != moment.utcoffset()


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}
