"""Camera clocks: the capture time a file states, and a camera's clock offset derived from its
marker shots.

A camera time is stored as the instant it would be if the camera's clock were right: its wall clock
interpreted in the gathering's time zone. The offset is what has to be added to it. UTC is never
assumed.
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
# File system timestamps are rounded, and written when the recording ends.
NEAR = timedelta(minutes=3)
HOUR = timedelta(hours=1)
# Time zones span 26 hours from first to last.
MOST_ZONE_HOURS = 26
WRONG_YEAR = timedelta(days=400)
_NAME_TIME = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?:[-_ T]|-at-| at )?"
    r"([0-2]\d)[-_.h]?([0-5]\d)[-_.m]?([0-5]\d)(?=\d{0,3}(?!\d))"
)


@dataclass(frozen=True)
class Witness:
    """A marker shot: the camera's time and the range of possible true times (all aware).

    ``starts`` is the session's scheduled start. ``exact``: the time was read from a photo of the
    kiosk's screen; ``starts`` and ``ends`` are then equal.
    """

    taken: datetime
    starts: datetime
    ends: datetime
    exact: bool = False

    @property
    def least(self) -> timedelta:
        """The smallest possible offset."""
        return self.starts - (timedelta(0) if self.exact else EARLY) - self.taken

    @property
    def most(self) -> timedelta:
        """The largest possible offset."""
        return self.ends + (timedelta(0) if self.exact else LATE) - self.taken


@dataclass(frozen=True)
class Clock:
    """A derived clock: the offset to add to the camera's time (None if unknown), the method, and
    which witnesses agree."""

    offset: timedelta | None
    basis: ClockBasis
    agrees: tuple[bool, ...]


def learn(witnesses: Sequence[Witness]) -> Clock:
    """Derive a camera's clock offset from its marker shots.

    A photo of the kiosk's own clock decides where there is one. Otherwise the schedule gives a
    range: no offset if that fits; then whole hours, because a wrong time zone or summer time is the
    most common error; then the offset that puts the markers closest to the starts of their
    sessions. Witnesses that contradict the majority are marked in ``agrees``.
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
    """The offset range that most witnesses allow; of equally good ones, the one closest to zero."""
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
    """The median in whole seconds: camera files are no more precise."""
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
    """The capture time of a file, aware in UTC, taking the camera's clock as right.

    A stated UTC offset is used where there is one (EXIF OffsetTimeOriginal, Apple's creation date).
    The creation time of an MP4 or MOV is UTC by the standard, but many cameras write local time
    there: the file system time, or a time in the file name, shows which it is. Without a creation
    time, the time in the name is used, then the file system time, which cards store as the camera's
    local time and which is converted back from the laptop's zone. It is that of the last byte, so
    a recording began its length earlier.
    """
    written = datetime.fromtimestamp(mtime, laptop) if laptop else datetime.fromtimestamp(mtime)  # noqa: DTZ006
    wall = _read(written.replace(tzinfo=None), zone, now)
    named, in_utc = name_time(name)
    if found is None or found.captured_at is None:
        if named is not None:
            return named.replace(tzinfo=UTC) if in_utc else _read(named, zone, now).astimezone(UTC)
        length = found.duration if found is not None else None
        return wall.astimezone(UTC) - timedelta(seconds=length or 0)
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
    """Parse (time, is it UTC) from a file name; None without one. Phones and drones name files by
    time.

    ``IMG_20261224_101112``, ``DJI_20261224101112_0001_D``, ``2026-12-24 10.11.12``; Google's Pixels
    use UTC.
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
    """Interpret a wall clock time in a zone; one with a wrong year gets the zone's current UTC
    offset, so that the summer time of its date does not matter."""
    local = clock.replace(tzinfo=zone)
    if abs(local - now) < WRONG_YEAR:
        return local
    return clock.replace(tzinfo=timezone(now.astimezone(zone).utcoffset() or timedelta(0)))
