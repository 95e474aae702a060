"""Time zones defined in a calendar file: VTIMEZONE (RFC 5545, 3.6.5)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

MAX_OBSERVANCES = 200
# Yearly changes from 1601, where Outlook begins, to 2200.
MAX_ONSETS = 1_300

_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?")
_FREQUENCY = re.compile(r"FREQ=(YEARLY|MONTHLY)(;|$)", re.I)


@dataclass(frozen=True)
class Observance:
    """A STANDARD or DAYLIGHT component: its onset in local time before the change, and its offsets."""

    begins: datetime
    before: timedelta
    after: timedelta
    rule: str = ""
    more: tuple[datetime, ...] = ()

    def onsets(self) -> Iterator[datetime]:
        """The local times of its onsets, unordered; raises ValueError for a rule out of range."""
        yield from (self.begins, *self.more)
        if self.rule:
            yield from islice(_repeated(self.begins, self.rule), MAX_ONSETS)


def _repeated(begins: datetime, rule: str) -> Iterator[datetime]:
    from dateutil.rrule import rrulestr

    if not _FREQUENCY.search(rule):
        raise ValueError(rule)
    # dateutil requires UNTIL and the start to be of one kind; an hour's difference here changes no onset.
    plain = re.sub(r"(UNTIL=\d{8}T\d{6})Z", r"\1", rule, flags=re.I)
    for moment in rrulestr(plain, dtstart=begins):
        if moment.year > 2200:
            return
        yield moment


@dataclass
class FileZone:
    """The rules of one VTIMEZONE. They apply only to the calendar that contains it."""

    name: str
    observances: list[Observance] = field(default_factory=list)
    location: str = ""
    _changes: list[tuple[datetime, timedelta, timedelta]] | None = None

    def offset(self, wall: datetime) -> timedelta:
        """The UTC offset of a wall-clock time.

        A skipped time has the offset before the change; of a repeated one, the first counts (RFC
        5545, 3.3.5). Raises ValueError if the rules can't be evaluated.
        """
        changes = self._sorted_changes()
        position = bisect_right(changes, wall, key=lambda change: change[0])
        if position == 0:
            return changes[0][1]
        onset, before, after = changes[position - 1]
        return before if after > before and wall < onset + (after - before) else after

    def changes_near(self, wall: datetime) -> bool:
        """Whether the clock skips or repeats this time."""
        changes = self._sorted_changes()
        position = bisect_right(changes, wall, key=lambda change: change[0])
        return any(
            before != after and abs(wall - onset) <= abs(after - before)
            for onset, before, after in changes[max(position - 2, 0) : position + 2]
        )

    def _sorted_changes(self) -> list[tuple[datetime, timedelta, timedelta]]:
        if self._changes is None:
            if not 0 < len(self.observances) <= MAX_OBSERVANCES:
                raise ValueError(self.name)
            self._changes = sorted(
                {(onset, o.before, o.after) for o in self.observances for onset in o.onsets()}
            )
        return self._changes


def parse_offset(text: str) -> timedelta:
    """Parse an offset such as ``+0100`` or ``-034521``; raises ValueError for others."""
    match = _OFFSET.fullmatch(text.strip())
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        raise ValueError(text)
    hours, minutes, seconds = int(match[2]), int(match[3]), int(match[4] or 0)
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -length if match[1] == "-" else length
