"""Parser for the content lines of iCalendar files: calendars, events and time zones (RFC 5545, 3.1)."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from reporter.charsets import decode_declared
from reporter.schedule.calendars.vtimezone import FileZone, Observance, parse_offset

_NAME = re.compile(r"([A-Za-z0-9-]+)([;:])")
# A zone such as UTC+01:00, or Exchange's tzone://Microsoft/Utc, is written with its colon and without quotation marks.
_PARAMETER = re.compile(
    r'([A-Za-z0-9-]+)=((?:UTC|GMT)[+-]\d\d:\d\d(?=[:;])|tzone://[^";:,]*|(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)([;:])'
)
_ESCAPED = re.compile(r"\\([\\;,nN:\"])")
_LENGTH = re.compile(
    r"([+-]?)P(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?",
    re.I,
)


@dataclass(frozen=True)
class Property:
    """A content line: its raw value, and its parameters by upper-case name."""

    value: str
    params: dict[str, str]

    @property
    def text(self) -> str:
        """The value as text, with escapes resolved (RFC 5545, 3.3.11; vCalendar 1.0 has its own)."""
        if self.params.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
            data = quopri.decodestring(self.value.encode("utf-8"))
            return decode_declared(data, self.params.get("CHARSET"))
        return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], self.value)


@dataclass
class Component:
    """A VEVENT, VTIMEZONE or other component: its properties by upper-case name, and its sub-components."""

    kind: str
    lines: dict[str, list[Property]] = field(default_factory=dict)
    parts: list[Component] = field(default_factory=list)
    closed: bool = False

    def first(self, name: str) -> Property | None:
        """The first property with that name; None if there is none."""
        found = self.lines.get(name)
        return found[0] if found else None

    def text(self, name: str) -> str:
        """The text of the first property with that name; "" if there is none."""
        found = self.first(name)
        return found.text if found else ""

    def of_kind(self, kind: str) -> list[Component]:
        """The direct sub-components of that kind."""
        return [part for part in self.parts if part.kind == kind]


def read_calendars(text: str) -> list[Component]:
    """Parse the VCALENDARs of a file. Malformed lines are skipped, so that they spoil one event only."""
    root = Component("")
    stack = [root]
    for line in _unfolded(text):
        name, found = _parsed(line)
        if found is None:
            continue
        if name == "BEGIN":
            stack = _opened(stack, found.value.strip().upper())
        elif name == "END":
            stack = _closed(stack, found.value.strip().upper())
        else:
            stack[-1].lines.setdefault(name, []).append(found)
    return root.of_kind("VCALENDAR")


def _opened(stack: list[Component], kind: str) -> list[Component]:
    # A calendar or an event is never nested in an event: the one before has lost its END.
    if kind in ("VCALENDAR", "VEVENT"):
        stack = [
            part
            for part in stack
            if part.kind == "" or (part.kind, kind) == ("VCALENDAR", "VEVENT")
        ]
    part = Component(kind)
    # Deeper than any real calendar: ignored.
    if len(stack) < 20:
        stack[-1].parts.append(part)
    return [*stack[:20], part]


def _closed(stack: list[Component], kind: str) -> list[Component]:
    for depth in range(len(stack) - 1, 0, -1):
        if stack[depth].kind == kind:
            stack[depth].closed = True
            return stack[:depth]
    return stack


def _unfolded(text: str) -> Iterator[str]:
    # vCalendar 1.0 breaks quoted-printable lines after a "=".
    if re.search(r"^VERSION:1\.0", text, re.M):
        text = re.sub(r"=\r?\n", "", text)
    # Not splitlines(): a line separator within a text (U+2028) ends no content line.
    for line in re.split(r"\r\n|\r|\n", re.sub(r"\r?\n[ \t]|\r[ \t]", "", text)):
        if line.strip():
            yield line


def _parsed(line: str) -> tuple[str, Property | None]:
    match = _NAME.match(line)
    if match is None:
        return "", None
    params: dict[str, str] = {}
    position, mark = match.end(), match[2]
    while mark == ";":
        parameter = _PARAMETER.match(line, position)
        if parameter is None:
            return "", None
        params[parameter[1].upper()] = parameter[2].strip('"')
        position, mark = parameter.end(), parameter[3]
    return match[1].upper(), Property(line[position:], params)


def zones_of(calendar: Component) -> dict[str, FileZone]:
    """{TZID: its rules} of one calendar; an invalid definition has no observances."""
    zones: dict[str, FileZone] = {}
    for part in calendar.of_kind("VTIMEZONE"):
        name = part.text("TZID").strip()
        location = part.text("X-LIC-LOCATION").strip()
        zones[name] = FileZone(name, [*_observances(part)], location)
    return zones


def _observances(part: Component) -> Iterator[Observance]:
    for kind in ("STANDARD", "DAYLIGHT"):
        for rules in part.of_kind(kind):
            try:
                yield Observance(
                    begins=_local(rules.text("DTSTART")),
                    before=parse_offset(rules.text("TZOFFSETFROM")),
                    after=parse_offset(rules.text("TZOFFSETTO")),
                    rule=rules.text("RRULE").strip(),
                    more=tuple(
                        _local(moment)
                        for line in rules.lines.get("RDATE", [])
                        for moment in line.value.split(",")
                    ),
                )
            except ValueError:
                continue


def _local(text: str) -> datetime:
    moment = parse_moment(text)
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time())
    return moment.replace(tzinfo=None)


def parse_moment(text: str) -> date:
    """Parse a date, or a datetime (aware if it ends with Z); raises ValueError for others (RFC 5545, 3.3.5)."""
    text = text.strip().upper()
    if len(text) < 8:
        raise ValueError(text)
    if len(text) == 8:
        return date.fromisoformat(text)
    # 24:00:00, the midnight that ends a day.
    if (late := text.replace("T240000", "T000000")) != text:
        return datetime.fromisoformat(late) + timedelta(days=1)
    return datetime.fromisoformat(text)


def parse_duration(text: str) -> tuple[int, timedelta]:
    """Parse a DURATION into (calendar days, exact time); raises ValueError for others and for negative ones.

    Days and weeks follow the wall clock, hours are exact (RFC 5545, 3.3.6).
    """
    match = _LENGTH.fullmatch(text.strip())
    if match is None or match[1] == "-" or not any(match.groups()[1:]):
        raise ValueError(text)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    return 7 * weeks + days, timedelta(hours=hours, minutes=minutes, seconds=seconds)


def period_of(calendar: Component) -> tuple[date, date]:
    """From half a year before the first event to half a year after the last; raises ValueError without one."""
    days: list[date] = []
    for event in calendar.of_kind("VEVENT"):
        start = event.first("DTSTART")
        try:
            day = parse_moment(start.value) if start is not None else None
        except ValueError:
            continue
        if day is not None and 1970 <= day.year <= 2200:
            days.append(day.date() if isinstance(day, datetime) else day)
    if not days:
        raise ValueError("no event has a start")
    return min(days) - timedelta(days=180), max(days) + timedelta(days=180)
