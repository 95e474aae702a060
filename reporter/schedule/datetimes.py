"""Time zones and instants of schedules."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from reporter.errors import BadInput


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
