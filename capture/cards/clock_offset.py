"""Cameras' clocks: what a file says of its moment, and how far a camera is off, learnt from its marker shots.

A camera's time is handled as the instant that it would be if the camera were right: its wall clock read in the
gathering's zone. The offset is what has to be added. UTC is never assumed.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from capture.decoding.probe import Probe
from reporter.enums import ClockBasis

# A marker is photographed on the way into a session or during it.
EARLY, LATE = timedelta(minutes=20), timedelta(minutes=10)
# A file system's time is rounded, and written when the recording ends.
NEAR = timedelta(minutes=3)
HOUR = timedelta(hours=1)
# From the first to the last time zone there are 26 hours.
MOST_ZONE_HOURS = 26
WRONG_YEAR = timedelta(days=400)
_NAME_TIME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?:[-_ T]|-at-| at )?"
    r"([0-2]\d)[-_.h]?([0-5]\d)[-_.m]?([0-5]\d)(?=\d{0,3}(?!\d))"
)


@dataclass(frozen=True)
class Witness:
    """A marker shot: what the camera said, and what the truth can have been (both ends aware).

    ``starts`` is when the session began by the schedule. ``exact``: read off the kiosk's own screen, ``starts`` and
    ``ends`` are the same moment then.
    """

    taken: datetime
    starts: datetime
    ends: datetime
    exact: bool = False

    @property
    def least(self) -> timedelta:
        """The smallest offset that fits."""
        return self.starts - (timedelta(0) if self.exact else EARLY) - self.taken

    @property
    def most(self) -> timedelta:
        """The largest offset that fits."""
        return self.ends + (timedelta(0) if self.exact else LATE) - self.taken


@dataclass(frozen=True)
class Clock:
    """What was learnt: the offset to add to the camera's time, None for nothing; how; and which witnesses agree."""

    offset: timedelta | None
    basis: ClockBasis
    agrees: tuple[bool, ...]


def learn(witnesses: Sequence[Witness]) -> Clock:
    """How far a camera is off.

    The kiosk's own clock decides where it was photographed. Else the schedule tells a range: right is right when
    that fits; then whole hours, for the zone or summer time is what is wrong most often; then the time that puts the
    markers nearest to the beginnings of their sessions. Witnesses that contradict the majority are named in ``agrees``.
    """
    exact = [w.starts - w.taken for w in witnesses if w.exact]
    if exact:
        offset = _median(exact)
        agrees = tuple(w.least - NEAR <= offset <= w.most + NEAR for w in witnesses)
        return Clock(offset, ClockBasis.KIOSK, agrees)
    if not witnesses:
        return Clock(None, ClockBasis.NONE, ())
    low, high = _common_range(witnesses)
    offset = _likeliest(witnesses, low, high)
    agrees = tuple(w.least <= offset <= w.most for w in witnesses)
    basis = ClockBasis.SCHEDULE if offset else ClockBasis.RIGHT
    return Clock(offset, basis, agrees)


def _common_range(witnesses: Sequence[Witness]) -> tuple[timedelta, timedelta]:
    """The range of offsets that most witnesses allow; of equals the one nearest to a right clock."""
    best: tuple[int, timedelta, timedelta, timedelta] | None = None
    for start in sorted({w.least for w in witnesses}):
        fitting = [w for w in witnesses if w.least <= start <= w.most]
        end = min(w.most for w in fitting)
        distance = max(start, -end, timedelta(0))
        if best is None or (-len(fitting), distance) < (-best[0], best[1]):
            best = (len(fitting), distance, start, end)
    assert best is not None
    return best[2], best[3]


def _likeliest(witnesses: Sequence[Witness], low: timedelta, high: timedelta) -> timedelta:
    if low <= timedelta(0) <= high:
        return timedelta(0)
    fitting = [w for w in witnesses if w.least <= low <= w.most]
    start = _median([w.starts - w.taken for w in fitting])
    hours = [HOUR * n for n in range(-MOST_ZONE_HOURS, MOST_ZONE_HOURS + 1)]
    whole = [hour for hour in hours if low <= hour <= high]
    if whole:
        return min(whole, key=lambda hour: abs(hour - start))
    return min(max(start, low), high)


def _median(offsets: Sequence[timedelta]) -> timedelta:
    """In whole seconds: a camera's file says no more."""
    return timedelta(seconds=round(statistics.median(o.total_seconds() for o in offsets)))


def moment(
    found: Probe | None,
    *,
    mtime: float,
    zone: ZoneInfo,
    now: datetime,
    laptop: ZoneInfo | None = None,
    name: str = "",
) -> datetime:
    """When a file says it was taken, aware in UTC, its camera's clock believed.

    A stated offset counts (EXIF OffsetTimeOriginal, Apple's creation date). The creation time of an MP4 or MOV is
    UTC by the standard, but many cameras write their wall clock there: the file system's time, or one in the file's
    name, tells which it is. Without any, the name's time; then the file system's, which cards keep as the camera's
    wall clock: read back in the laptop's zone.
    """
    written = datetime.fromtimestamp(mtime, laptop) if laptop else datetime.fromtimestamp(mtime)  # noqa: DTZ006
    wall = _read(written.replace(tzinfo=None), zone, now)
    named, in_utc = name_time(name)
    if found is None or found.captured_at is None:
        if named is not None:
            return named.replace(tzinfo=UTC) if in_utc else _read(named, zone, now).astimezone(UTC)
        return wall.astimezone(UTC)
    as_wall = _read(found.captured_at, zone, now)
    if found.utc_offset is None:
        return as_wall.astimezone(UTC)
    stated = (found.captured_at - found.utc_offset).replace(tzinfo=UTC)
    doubtful = found.kind != "photo" and not found.utc_offset
    walls = [wall, *([_read(named, zone, now)] if named is not None and not in_utc else [])]
    ended = as_wall + timedelta(seconds=found.duration or 0)
    near = any(min(abs(as_wall - one), abs(ended - one)) <= NEAR for one in walls)
    return as_wall.astimezone(UTC) if doubtful and near else stated


def name_time(name: str) -> tuple[datetime | None, bool]:
    """(the time in a file's name, whether it is UTC); None without one. Phones and drones name files by their clock.

    ``IMG_20261224_101112``, ``DJI_20261224101112_0001_D``, ``2026-12-24 10.11.12``; Google's Pixels name in UTC.
    """
    found = _NAME_TIME.search(name.rsplit("/", 1)[-1])
    if found is None:
        return None, False
    try:
        taken = datetime(*(int(part) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None, False
    return taken, name.rsplit("/", 1)[-1].upper().startswith("PXL_")


def _read(clock: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """A wall clock in a zone. One that is wrong by years must not meet a summer time of those years on its way."""
    local = clock.replace(tzinfo=zone)
    if abs(local - now) < WRONG_YEAR:
        return local
    return clock.replace(tzinfo=timezone(now.astimezone(zone).utcoffset() or timedelta(0)))
