"""Time zone names in files: IANA, Windows, Ruby on Rails; and zones identified by their rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.datetimes import find_zone
from reporter.schedule.parsed_session import Findings

# Rails names (https://api.rubyonrails.org/classes/ActiveSupport/TimeZone.html) that are not a city
# of the IANA list; others, such as "Berlin", are found by the city.
_RAILS = {
    "international date line west": "Etc/GMT+12",
    "american samoa": "Pacific/Pago_Pago",
    "midway island": "Pacific/Midway",
    "hawaii": "Pacific/Honolulu",
    "alaska": "America/Juneau",
    "pacific time (us & canada)": "America/Los_Angeles",
    "arizona": "America/Phoenix",
    "mountain time (us & canada)": "America/Denver",
    "central america": "America/Guatemala",
    "central time (us & canada)": "America/Chicago",
    "guadalajara": "America/Mexico_City",
    "saskatchewan": "America/Regina",
    "quito": "America/Lima",
    "eastern time (us & canada)": "America/New_York",
    "indiana (east)": "America/Indiana/Indianapolis",
    "atlantic time (canada)": "America/Halifax",
    "georgetown": "America/Guyana",
    "newfoundland": "America/St_Johns",
    "brasilia": "America/Sao_Paulo",
    "greenland": "America/Godthab",
    "mid-atlantic": "Atlantic/South_Georgia",
    "cape verde is.": "Atlantic/Cape_Verde",
    "edinburgh": "Europe/London",
    "bern": "Europe/Zurich",
    "west central africa": "Africa/Algiers",
    "kyiv": "Europe/Kiev",
    "pretoria": "Africa/Johannesburg",
    "st. petersburg": "Europe/Moscow",
    "abu dhabi": "Asia/Muscat",
    "ekaterinburg": "Asia/Yekaterinburg",
    "islamabad": "Asia/Karachi",
    "chennai": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "sri jayawardenepura": "Asia/Colombo",
    "astana": "Asia/Almaty",
    "hanoi": "Asia/Bangkok",
    "beijing": "Asia/Shanghai",
    "osaka": "Asia/Tokyo",
    "sapporo": "Asia/Tokyo",
    "canberra": "Australia/Sydney",
    "solomon is.": "Pacific/Guadalcanal",
    "new caledonia": "Pacific/Noumea",
    "marshall is.": "Pacific/Majuro",
    "wellington": "Pacific/Auckland",
    "nuku'alofa": "Pacific/Tongatapu",
    "tokelau is.": "Pacific/Fakaofo",
    "chatham is.": "Pacific/Chatham",
    "samoa": "Pacific/Apia",
}
# Of zones with the same rules, the one used by most gatherings comes first.
_LIKELY = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/Helsinki",
    "Australia/Sydney",
)
_UNIVERSAL = {"UTC", "Etc/UTC", "Etc/GMT", "GMT", "UCT", "Zulu", "Etc/UCT", "Universal", "Z"}


_SHOWN_BY_WINDOWS = re.compile(r"\((?:UTC|GMT)(?:[+-]\d{1,2}:\d\d)?\)\s*(.+)")


def zone_of_name(name: str) -> ZoneInfo | None:
    """The zone for a name in a file, or None: an IANA name, alone or at the end of a path (as in
    ``/freeassociation.sourceforge.net/Europe/Berlin``), a Windows or a Rails name."""
    name = " ".join(name.strip().strip('"').replace("\\/", "/").split())
    parts = name.split("/")
    candidates = [name] + ["/".join(parts[-length:]) for length in (3, 2) if len(parts) > length]
    candidates += [_windows().get(name.casefold(), ""), _RAILS.get(name.casefold(), "")]
    candidates += [_cities().get(name.casefold().replace(" ", "_"), "")]
    candidates += [_any_case().get("/".join(parts[-3:]).casefold(), "")]
    candidates += ["UTC"] if name.casefold() == "tzone://microsoft/utc" else []
    for candidate in candidates:
        try:
            return find_zone(candidate)
        except BadInput:
            continue
    return None


def zone_shown_by_windows(name: str) -> ZoneInfo | None:
    """The zone of "(UTC-05:00) Eastern Time (US & Canada)", or of the first city that is known in others; else None."""
    shown = _SHOWN_BY_WINDOWS.fullmatch(name.strip())
    names = [shown[1], *shown[1].split(",")] if shown else []
    found = (zone_of_name(one) for one in names)
    return next((zone for zone in found if zone is not None), None)


def is_universal(zone: ZoneInfo) -> bool:
    """Whether the zone is UTC itself, which files also use when their place is unknown."""
    return zone.key in _UNIVERSAL


def names_a_place(name: str) -> bool:
    """Whether an IANA name names a place, such as Europe/Berlin; EST, CET or GMT are ambiguous."""
    return "/" in name and not name.startswith("Etc/")


@lru_cache(maxsize=1)
def _windows() -> dict[str, str]:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}


@lru_cache(maxsize=1)
def _any_case() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() if names_a_place(name)}


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """{last part of an IANA name: that name}, if unique."""
    cities: dict[str, str] = {}
    for name in available_timezones():
        if names_a_place(name) and not name.startswith(("US/", "posix/", "right/", "SystemV/")):
            city = name.rsplit("/", 1)[1].casefold()
            cities[city] = "" if city in cities else name
    return cities


def zones_with_offsets(samples: Iterable[tuple[datetime, timedelta]]) -> list[str]:
    """Well-known zones (one for each rule, the likeliest first) with all these offsets.

    ``samples``: pairs (wall-clock time without an offset, its UTC offset).
    """
    pairs = list(samples)
    names = [*_LIKELY, *sorted(set(_windows().values()) - set(_LIKELY))]
    return [name for name in names if has_offsets(name, pairs)]


def has_offsets(name: str, samples: Iterable[tuple[datetime, timedelta]]) -> bool:
    """Whether the IANA zone ``name`` has all these offsets."""
    try:
        zone = find_zone(name)
    except BadInput:
        return False
    return all(wall.replace(tzinfo=zone).utcoffset() == offset for wall, offset in samples)


_OFFSET_NAME = re.compile(r"^(?:GMT|UTC)\s*([+-])(\d{1,2})(?::?(\d{2}))?$", re.I)


def fixed_offset(name: str) -> timedelta | None:
    """The offset in a name such as ``GMT+0200`` or ``UTC-5``; None for other names."""
    match = _OFFSET_NAME.match(name.strip())
    if match is None or int(match[2]) > 14 or int(match[3] or 0) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return -offset if match[1] == "-" else offset


def tell_clock_change(findings: Findings, where: str, wall: datetime, zone: ZoneInfo) -> None:
    """Warn if the clock of ``zone`` skips ``wall`` or shows it twice."""
    early = wall.replace(tzinfo=zone, fold=0).utcoffset()
    late = wall.replace(tzinfo=zone, fold=1).utcoffset()
    if early == late or early is None or late is None:
        return
    if early > late:
        findings.note(
            Message(
                "%(clock)s comes twice that night, when the clocks change. The first was taken.",
                clock=f"{wall:%H:%M}",
            ),
            where,
        )
    else:
        findings.note(
            Message(
                "There is no %(clock)s that night: the clocks are put forward. It was read by "
                "the clock before the change.",
                clock=f"{wall:%H:%M}",
            ),
            where,
        )
