"""Recurring and repeated events: RRULE, RDATE, EXDATE, RECURRENCE-ID, SEQUENCE (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from reporter.schedule.calendars.content_lines import (
    Component,
    Property,
    parse_duration,
    parse_moment,
)

# A schedule of a gathering has no more recurrences than this.
MAX_TIMES = 100
_LONGEST = timedelta(days=3 * 366)
# Rules by the minute are expanded step by step.
_LONGEST_BY_MINUTE = timedelta(days=14)
_FREQUENCY = re.compile(r"FREQ=(MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY)(;|$)", re.I)
# The only calendar that is written so in practice, and the default (RFC 7529).
_GREGORIAN = re.compile(r"(?:RSCALE=GREGORIAN|SKIP=OMIT);?", re.I)
_LIMITS = re.compile(r";?\b(COUNT|UNTIL)=([^;]*)", re.I)

# Converts a property's date or datetime to an instant in UTC.
Instant = Callable[[date, Property], datetime]
Times = dict[datetime, Property]


class Series:
    """The events of one calendar: the newest version of each, and the recurrences of series."""

    def __init__(self, events: Iterable[Component], instant: Instant) -> None:
        listed = [*events]
        newest: dict[tuple[str, str], int] = {}
        for event in listed:
            newest[_identity(event)] = max(_sequence(event), newest.get(_identity(event), 0))
        # Programs that give all events one UID don't count sequences, so none of their events is dropped.
        current = [event for event in listed if _sequence(event) == newest[_identity(event)]]
        # Of those, events of one id and one title are versions if each says when it was changed.
        changed: dict[tuple[str, ...], str] = {}
        for event in current:
            version = _version(event)
            changed[version] = max(_modified(event), changed.get(version, ""))
        self.events = [e for e in current if _modified(e) in ("", changed[_version(e)])]
        kept = {id(event) for event in self.events}
        self._newer = {_identity(event) for event in listed if id(event) not in kept}
        self._instant = instant

    def is_newer(self, event: Component) -> bool:
        """Whether an older version of the event was dropped."""
        return _identity(event) in self._newer

    def times(self, event: Component) -> list[Component]:
        """One event for each recurrence, in order; without excluded ones and those that have an event of their own.

        A series without an end is expanded only on the days of the other events. Raises ValueError
        for rules that can't be expanded, for an endless one if no other event has a day, and for
        more than MAX_TIMES.
        """
        line = event.first("DTSTART")
        if line is None:
            raise ValueError("no start")
        start = parse_moment(line.value)
        times = _ruled(event, line, self._instant, self._days()) | _dated(event, self._instant)
        if not _is_endless(event) or not times:
            times[self._instant(start, line)] = line
        for moment, excluded in _listed(event, "EXDATE"):
            if isinstance(moment, datetime):
                times.pop(self._instant(moment, excluded), None)
            else:
                times = {at: one for at, one in times.items() if _day(one) != moment}
        # EXRULE is of RFC 2445; the calendars of old programs still have it.
        for at in _ruled(event, line, self._instant, self._days(), name="EXRULE"):
            times.pop(at, None)
        moments, days = self._changed(event.text("UID"))
        kept = [at for at in sorted(times) if at not in moments and _day(times[at]) not in days]
        if len(kept) > MAX_TIMES:
            raise ValueError("too many times")
        lasting = self._with_length(event, line)
        return [self._as_changed(at, _at(lasting, times[at], start)) for at in kept]

    def _with_length(self, event: Component, line: Property) -> Component:
        """The event with its exact length for its end: an end that is written says how long each occurrence lasts, also
        in the night when the clocks change (RFC 5545, 3.8.5.3)."""
        ends = event.first("DTEND")
        start = parse_moment(line.value)
        if ends is None or not isinstance(start, datetime):
            return event
        try:
            end = parse_moment(ends.value)
        except ValueError:
            return event
        length = self._instant(end, ends) - self._instant(start, line)
        if not isinstance(end, datetime) or length < timedelta():
            return event
        lasts = Property(f"PT{length // timedelta(seconds=1)}S", {})
        lines = {name: found for name, found in event.lines.items() if name != "DTEND"}
        return replace(event, lines={**lines, "DURATION": [lasts]})

    def _changes(self, uid: str) -> Iterator[tuple[date, Property, Component]]:
        for event in self.events:
            line = event.first("RECURRENCE-ID")
            if uid and event.text("UID") == uid and line is not None:
                yield parse_moment(line.value), line, event

    def _changed(self, uid: str) -> tuple[set[datetime], set[date]]:
        """The times, and the whole days, of which an event of their own tells."""
        moments: set[datetime] = set()
        days: set[date] = set()
        for moment, line, event in self._changes(uid):
            timed = isinstance(parse_moment(event.text("DTSTART")), datetime)
            if isinstance(moment, datetime) or not timed:
                moments.add(self._instant(moment, line))
            else:
                days.add(moment)
        return moments, days

    def _as_changed(self, at: datetime, event: Component) -> Component:
        """The event as a change "of this and all following" times before it says (RFC 5545, 3.2.13)."""
        before = [
            (self._instant(moment, line), change)
            for moment, line, change in self._changes(event.text("UID"))
            if line.params.get("RANGE", "").upper() == "THISANDFUTURE"
            and self._instant(moment, line) < at
        ]
        line = event.first("DTSTART")
        if not before or line is None:
            return event
        since, change = max(before, key=lambda pair: pair[0])
        begins = change.first("DTSTART")
        if begins is None:
            return event
        was, now = parse_moment(line.value), parse_moment(begins.value)
        shift = self._instant(now, begins) - since
        moved = replace(line, value=_written(_like(was, _wall(was) + shift)))
        own = {"RECURRENCE-ID": [line], "UID": event.lines.get("UID", [])}
        lasting = self._with_length(change, begins)
        changed = _at(replace(lasting, lines={**lasting.lines, **own}), moved, now)
        return replace(changed, lines={**changed.lines, **own})

    def _days(self) -> tuple[date, date] | None:
        """The first and last day of the events that don't recur."""
        lines = [
            event.first("DTSTART")
            for event in self.events
            if not repeats(event) and event.first("RECURRENCE-ID") is None
        ]
        days: list[date] = []
        for line in lines:
            try:
                days += [_day(line)] if line is not None else []
            except ValueError:
                continue
        return (min(days), max(days)) if days else None


def repeats(event: Component) -> bool:
    """Whether the event recurs."""
    return bool(event.first("RRULE") or event.first("RDATE"))


def _identity(event: Component) -> tuple[str, str]:
    # Without a UID, events can't be matched.
    return event.text("UID") or str(id(event)), event.text("RECURRENCE-ID")


def _sequence(event: Component) -> int:
    text = event.text("SEQUENCE").strip()
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _version(event: Component) -> tuple[str, ...]:
    return (*_identity(event), event.text("SUMMARY"))


def _modified(event: Component) -> str:
    return event.text("LAST-MODIFIED").strip().upper()


def _is_endless(event: Component) -> bool:
    return any(not _LIMITS.search(rule.value) for rule in event.lines.get("RRULE", []))


def _ruled(
    event: Component,
    line: Property,
    instant: Instant,
    within: tuple[date, date] | None,
    *,
    name: str = "RRULE",
) -> Times:
    times: Times = {}
    for rule in event.lines.get(name, []):
        for moment in islice(_repeated(rule.value, line, instant, within), 2 * MAX_TIMES):
            times[instant(moment, line)] = Property(_written(moment), line.params)
    return times


def _repeated(
    rule: str, line: Property, instant: Instant, within: tuple[date, date] | None
) -> Iterator[date]:
    from dateutil.rrule import rrulestr

    rule = _GREGORIAN.sub("", rule)
    limits = {name.upper(): value for name, value in _LIMITS.findall(rule)}
    if not _FREQUENCY.search(rule) or not (limits or within):
        raise ValueError(rule)
    start = parse_moment(line.value)
    begins = _wall(start).replace(tzinfo=None)
    endless = _LIMITS.sub("", rule).strip(";")
    by_minute = "FREQ=MINUTELY" in rule.upper()
    if by_minute and not limits:
        raise ValueError(rule)
    longest = _LONGEST_BY_MINUTE if by_minute else _LONGEST
    last = begins + longest if limits or not within else datetime.combine(within[1], time.max)
    until = parse_moment(limits["UNTIL"]) if "UNTIL" in limits else None
    count = int(limits["COUNT"]) if "COUNT" in limits else None
    walls = rrulestr(f"{endless};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=begins)
    if by_minute and until is not None and _wall(until).replace(tzinfo=None) > last:
        raise ValueError(rule)
    listed = [*islice(walls, MAX_TIMES + 1)] if by_minute else walls
    if by_minute and count is not None and len(listed) < min(count, MAX_TIMES + 1):
        raise ValueError(rule)
    for wall in islice(listed, count):
        moment = _like(start, wall)
        if until is not None and _is_later(moment, until, line, instant):
            return
        if limits or (within and wall.date() >= within[0]):
            yield moment


def _is_later(moment: date, until: date, line: Property, instant: Instant) -> bool:
    if isinstance(until, datetime) and until.tzinfo is not None:
        return instant(moment, line) > until
    if isinstance(until, datetime):
        return _wall(moment).replace(tzinfo=None) > until
    return _wall(moment).date() > until


def _dated(event: Component, instant: Instant) -> Times:
    return {instant(moment, line): line for moment, line in _listed(event, "RDATE")}


def _listed(event: Component, name: str) -> Iterator[tuple[date, Property]]:
    """Split a list of dates or times into one property each; the duration of a period is kept with it."""
    for line in event.lines.get(name, []):
        for text in line.value.split(","):
            yield parse_moment(text.partition("/")[0]), replace(line, value=text.strip())


def _at(event: Component, line: Property, first: date) -> Component:
    """The event moved to another time, identified by that time like a changed instance of it."""
    begins, _, period = line.value.partition("/")
    start = replace(line, value=begins)
    lines = {**event.lines, "DTSTART": [start]}
    if (moment := parse_moment(begins)) != first:
        lines["RECURRENCE-ID"] = [start]
    ends = event.first("DTEND")
    if period.upper().startswith("P"):
        lines = {name: found for name, found in lines.items() if name != "DTEND"}
        parse_duration(period)
        lines["DURATION"] = [Property(period, {})]
    elif period:
        lines["DTEND"] = [replace(line, value=period)]
    elif ends is not None:
        lines["DTEND"] = [_moved(ends, moment, first)]
    return replace(event, lines=lines)


def _moved(ends: Property, moment: date, first: date) -> Property:
    shift = _wall(moment).replace(tzinfo=UTC) - _wall(first).replace(tzinfo=UTC)
    end = parse_moment(ends.value)
    return replace(ends, value=_written(_like(end, _wall(end) + shift)))


def _day(line: Property) -> date:
    return _wall(parse_moment(line.value.partition("/")[0])).date()


def _wall(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _like(model: date, wall: datetime) -> date:
    """The wall-clock time in the form of ``model``: a date, or a datetime with the same tzinfo."""
    return wall.replace(tzinfo=model.tzinfo) if isinstance(model, datetime) else wall.date()


def _written(moment: date) -> str:
    if not isinstance(moment, datetime):
        return f"{moment:%Y%m%d}"
    return f"{moment:%Y%m%dT%H%M%S}{'' if moment.tzinfo is None else 'Z'}"
