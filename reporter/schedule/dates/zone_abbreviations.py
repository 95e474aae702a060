"""Time zone abbreviations after a time of day, such as ``9:00 CET``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from reporter.errors import BadInput
from reporter.schedule.datetimes import find_zone

# UTC offsets in hours of unambiguous abbreviations (RFC 5322, 4.3, those of the IANA list, and what
# people write where it has only numbers, such as BRT). IST, AST and English words such as EAT are
# excluded: they are read in the zones whose clocks are called so.
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
    "nst": -3.5,
    "ndt": -2.5,
    "adt": -3,
    "brt": -3,
    "clt": -4,
    "clst": -3,
    "uyt": -3,
    "sast": 2,
    "idt": 3,
    "trt": 3,
    "gst": 4,
    "pkt": 5,
    "npt": 5.75,
    "ict": 7,
    "wib": 7,
    "wita": 8,
    "hkt": 8,
    "sgt": 8,
    "myt": 8,
    "pht": 8,
    "kst": 9,
    "acst": 9.5,
    "acdt": 10.5,
    "chst": 10,
}

# Of several countries, or also a word of its own.
_UNCLEAR = frozenset(
    [
        "IST",
        "AST",
        "AMT",
        "ART",
        "CAT",
        "EAT",
        "ECT",
        "WAT",
        "WIT",
        "WST",
        "SST",
        "PET",
        "COT",
        "VET",
        "MMT",
    ]
)
_UNIVERSAL = frozenset({"GMT", "UTC", "UCT"})

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


# What people write where the IANA list has only numbers, and where it means something else elsewhere.
_CUSTOMARY = {
    "Asia/Dhaka": "BST",
    "Asia/Riyadh": "AST",
    "Asia/Kuwait": "AST",
    "Asia/Baghdad": "AST",
    "Asia/Yerevan": "AMT",
    "America/Manaus": "AMT",
    "America/Argentina/Buenos_Aires": "ART",
    "America/Bogota": "COT",
    "America/Lima": "PET",
    "America/Caracas": "VET",
}


@lru_cache(maxsize=64)
def _own_names(zone: ZoneInfo) -> frozenset[str]:
    """The abbreviations of this zone's clocks that mean something else, or nothing, elsewhere."""
    found = {_CUSTOMARY[zone.key]} if zone.key in _CUSTOMARY else set[str]()
    for month in range(1, 13, 3):
        moment = datetime(2026, month, 1, 12, tzinfo=zone)
        name = moment.tzname() or ""
        known = timedelta(hours=_HOURS.get(name.casefold(), 99))
        if name.isalpha() and name not in _UNIVERSAL and moment.utcoffset() != known:
            found.add(name)
    return frozenset(found)


def is_called(word: str, zone: ZoneInfo) -> bool:
    """Whether ``word`` is unclear elsewhere, but in ``zone`` its own time: IST in Kolkata, PST in Manila."""
    return word.strip().upper() in _own_names(zone)


def names_zone(word: str) -> bool:
    """Whether an abbreviation in capitals is that of one or of several zones."""
    return word in _UNCLEAR or zone_of_word(word.casefold()) is not None


def unclear_zone(text: str, zone: ZoneInfo) -> str:
    """The first abbreviation in the text that means different zones, none of them ``zone``; "" if there is none."""
    words = re.findall(r"\b[A-Z]{3,4}\b", text)
    return next((word for word in words if word in _UNCLEAR and not is_called(word, zone)), "")


def without_own_names(text: str, zone: ZoneInfo) -> str:
    """The text without an abbreviation that says ``zone`` there: "9:00" for "9:00 IST"."""
    for name in _own_names(zone):
        text = re.sub(rf"(?<=[\d\sm.(]){name}\b", "", text, flags=re.IGNORECASE)
    return text


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
