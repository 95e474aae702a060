"""Parser for the schedule formats of frab and pretalx: ``schedule.json`` and ``schedule.xml``.

Other JSON is searched for sessions (``json_records``).

The XML and version 1 of the JSON describe one event per slot, grouped by day and room. Field names
follow the format's schema (https://github.com/voc/schedule) and files written by frab and pretalx.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from zoneinfo import ZoneInfo

from reporter.errors import BadInput
from reporter.messages import N_, Message
from reporter.schedule.cancelled import says_cancelled, says_postponed
from reporter.schedule.csv_reader import read_rows
from reporter.schedule.dates.lengths import parse_length
from reporter.schedule.dates.moments import parse_when
from reporter.schedule.dates.zones import tell_clock_change
from reporter.schedule.datetimes import to_utc
from reporter.schedule.frab_version2 import (
    aliases_of,
    conference_zone,
    person_names,
    read_events,
    text_of,
    version_two,
    with_pretalx_codes,
)
from reporter.schedule.json_records import loads_lines, read_records
from reporter.schedule.parsed_session import (
    NO_END,
    POSTPONED,
    Findings,
    ScheduledSession,
    SessionDraft,
    event_named,
    one_line,
    plain_text,
    recording_wish,
)

MAX_DEPTH = 40
MAX_ELEMENTS = 400_000

_NOT_FRAB = N_(
    "This %(kind)s file is not a schedule that we know. Export the schedule as frab or pretalx "
    "schedule.%(ending)s, as iCalendar or as CSV."
)


@dataclass(frozen=True)
class _Day:
    """A day of the schedule: its date and start time (talks after midnight belong to it).

    ``assumed``: the start time is the conference's change of days, which few programs mean.
    """

    day: date | None
    begins: datetime | None
    zone: ZoneInfo
    findings: Findings
    assumed: bool = False


def read_json(text: str, zone: ZoneInfo, findings: Findings) -> list[SessionDraft]:
    """Parse a schedule.json; times without an offset are in the conference's zone, else in ``zone``.

    Events without a title and times that can't be parsed are skipped, and reported to ``findings``.
    Raises BadInput if it is not a schedule.
    """
    document = _loaded(text)
    if (events := version_two(document)) is not None:
        return read_events(*events, zone, findings)
    if (conference := _conference(document)) is None:
        if (table := read_records(document)) is not None:
            return read_rows(table, zone, findings)
        raise BadInput(_NOT_FRAB, kind="JSON", ending="json")
    zone = conference_zone(text_of(conference.get("time_zone_name")), zone, findings)
    drafts: list[SessionDraft] = []
    for position, day in enumerate(_list(conference.get("days"), "days"), start=1):
        frame = _frame(_dict(day, Message("day %(number)s", number=position)), zone, findings)
        for room, event in _json_events(day, position):
            number = len(drafts) + len(findings.left_out) + 1
            drafts += _json_draft(event, room, frame, number)
    if not drafts and not findings.left_out and (table := read_records(document)) is not None:
        return read_rows(table, zone, findings)
    return with_pretalx_codes(drafts)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise BadInput("This JSON file is nested too deeply to be a schedule.") from error
    except ValueError as error:
        if (lines := loads_lines(text)) is not None:
            return lines
        raise BadInput(
            "This JSON file is damaged (%(error)s). Export it again.", error=error
        ) from error


def _conference(document: Any) -> dict[str, Any] | None:
    for step in ("schedule", "conference"):
        if isinstance(document, dict) and step in document:
            document = document[step]
    return document if isinstance(document, dict) and "days" in document else None


def _json_events(day: dict[str, Any], position: int) -> Iterator[tuple[str, dict[str, Any]]]:
    rooms = day.get("rooms") or {}
    if not isinstance(rooms, dict):
        raise BadInput(
            "Day %(position)s of the schedule has no list of rooms. Export it again.",
            position=position,
        )
    for room, events in rooms.items():
        for event in _list(events, Message("the room “%(room)s”", room=one_line(room, 60))):
            yield room, _dict(event, Message("an event in “%(room)s”", room=one_line(room, 60)))


def _frame(day: dict[str, Any], zone: ZoneInfo, findings: Findings) -> _Day:
    start = text_of(day.get("day_start"))
    return _frame_of(text_of(day.get("date")), start, zone, findings)


def _frame_of(day: str, start: str, zone: ZoneInfo, findings: Findings) -> _Day:
    try:
        begins = parse_when(start).at() if start else None
        found = parse_when(day).day if day else None
    except ValueError:
        findings.note(
            Message("The day “%(day)s” has no readable date.", day=one_line(day or start, 40))
        )
        return _Day(None, None, zone, findings)
    return _Day(found, begins, zone, findings)


def _with_change(frame: _Day, change: str) -> _Day:
    """The day from the time at which Pentabarf's conferences change their days."""
    try:
        clock = parse_when(change).clock if change else None
    except ValueError:
        return frame
    if clock is None or frame.day is None:
        return frame
    return replace(frame, begins=datetime.combine(frame.day, clock), assumed=True)


def _json_draft(event: dict[str, Any], room: str, day: _Day, number: int) -> list[SessionDraft]:
    """The event in a list; an empty list without a title."""
    title = one_line(text_of(event.get("title")))
    where = event_named(number, title) if title else _event_in(number, room)
    if not title or says_cancelled(title):
        return _left_out(where, day, title)
    if says_postponed(title):
        day.findings.note(POSTPONED, where)
    starts, ends = _span(
        where,
        day,
        date_text=text_of(event.get("date")),
        start_text=text_of(event.get("start")),
        length_text=text_of(event.get("duration")),
    )
    wish = recording_wish(text_of(event.get("do_not_record")))
    session = ScheduledSession(
        guid=one_line(text_of(event.get("guid")), 200),
        title=title,
        room=one_line(text_of(event.get("room")) or room),
        track=one_line(text_of(event.get("track"))),
        speakers=person_names(event.get("persons") or event.get("speakers")),
        description=plain_text(
            *(text_of(event.get(part)) for part in ("subtitle", "abstract", "description"))
        ),
        starts_at=starts,
        ends_at=ends,
        do_not_record=event.get("do_not_record") is True or wish[0],
        words_leave=wish[1],
        licence=one_line(text_of(event.get("recording_license")) or text_of(event.get("license"))),
        language=one_line(text_of(event.get("language")), 35),
        aliases=aliases_of(event),
        unsaid=frozenset() if "do_not_record" in event else frozenset({"do_not_record"}),
    )
    key = text_of(event.get("id")) or text_of(event.get("code")) or text_of(event.get("slug"))
    return [SessionDraft(where, session, key=one_line(key, 200))]


def _event_in(number: int, room: str) -> Message:
    return Message("Event %(number)s in “%(room)s”", number=number, room=one_line(room, 60))


def _left_out(where: str, day: _Day, title: str) -> list[SessionDraft]:
    if title:
        day.findings.leave_out(Message("%(where)s is cancelled.", where=where))
        return []
    day.findings.leave_out(
        Message("%(where)s has no title. Give it one and export the schedule again.", where=where)
    )
    return []


def read_xml(data: bytes, zone: ZoneInfo, findings: Findings) -> list[SessionDraft]:
    """Parse a schedule.xml; see ``read_json``. Entities, depth and size are limited."""
    root = parse_xml(data)
    if root.tag != "schedule":
        raise BadInput(_NOT_FRAB, kind="XML", ending="xml")
    name = (root.findtext("conference/time_zone_name") or "").strip()
    zone = conference_zone(name, zone, findings)
    change = (root.findtext("conference/day_change") or "").strip()
    drafts: list[SessionDraft] = []
    for day in root.iterfind("day"):
        frame = _frame_of(day.get("date", ""), day.get("start", ""), zone, findings)
        if frame.begins is None:
            frame = _with_change(frame, change)
        for room in day.iterfind("room"):
            for event in room.iterfind("event"):
                number = len(drafts) + len(findings.left_out) + 1
                drafts += _xml_draft(event, room.get("name", ""), frame, number)
    return with_pretalx_codes(drafts)


class _Bounded(TreeBuilder):
    """Tree builder that stops at more than a schedule needs, before memory runs out."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.elements = 0

    def start(self, tag: Any, attrs: Any, /) -> Any:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise BadInput("This XML file is nested too deeply, or too long, to be a schedule.")
        return super().start(tag, attrs)

    def end(self, tag: Any, /) -> Any:
        self.depth -= 1
        return super().end(tag)


def parse_xml(data: bytes) -> Element:
    """The root of an XML file; raises BadInput if it is damaged, hostile or too long."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    parser = DefusedXMLParser(target=_Bounded())
    try:
        parser.feed(data)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise BadInput(
            "This XML file defines entities of its own, which a schedule has no need of. "
            "Export it again."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise BadInput(
            "This XML file is damaged (%(error)s). Export it again.", error=error
        ) from error
    return root


def _xml_draft(event: Element, room: str, day: _Day, number: int) -> list[SessionDraft]:
    """The event in a list; an empty list without a title."""

    def text(path: str) -> str:
        return "".join(found.itertext()).strip() if (found := event.find(path)) is not None else ""

    title = one_line(text("title"))
    where = event_named(number, title) if title else _event_in(number, room)
    if not title or says_cancelled(title):
        return _left_out(where, day, title)
    if says_postponed(title):
        day.findings.note(POSTPONED, where)
    starts, ends = _span(
        where,
        day,
        date_text=text("date"),
        start_text=text("start"),
        length_text=text("duration"),
    )
    wish = recording_wish(text("recording/optout"))
    session = ScheduledSession(
        guid=one_line(event.get("guid", ""), 200),
        title=title,
        room=one_line(text("room") or room),
        track=one_line(text("track")),
        speakers=tuple(
            name for person in event.iterfind("persons/person") if (name := _person(person))
        ),
        description=plain_text(text("subtitle"), text("abstract"), text("description")),
        starts_at=starts,
        ends_at=ends,
        do_not_record=wish[0],
        words_leave=wish[1],
        licence=one_line(text("recording/license")),
        language=one_line(text("language"), 35),
        aliases=aliases_of({"code": event.get("code", ""), "url": text("url")}),
        unsaid=frozenset()
        if event.find("recording/optout") is not None
        else frozenset({"do_not_record"}),
    )
    return [SessionDraft(where, session, key=one_line(event.get("id", "") or text("slug"), 200))]


def _person(person: Element) -> str:
    return one_line("".join(person.itertext()))


def _span(
    where: str, day: _Day, *, date_text: str, start_text: str, length_text: str
) -> tuple[datetime | None, datetime | None]:
    """Start and end in UTC. A full date takes precedence; else the start time on the day of the schedule."""
    try:
        moment = _start(day, date_text, start_text)
        if moment is None:
            return None, None
        if day.assumed and not date_text and moment.date() != day.day:
            day.findings.note(
                Message(
                    "It starts before the hour at which the schedule's days change: the night after was taken."
                ),
                where,
            )
        clock = parse_when(start_text).clock if start_text else None
        if clock is not None and clock.replace(tzinfo=None) != moment.time():
            day.findings.note(
                Message("Its date and its start name two times. That of the date was taken."), where
            )
        if moment.tzinfo is None:
            tell_clock_change(day.findings, where, moment, day.zone)
        starts = to_utc(moment, day.zone)
    except (ValueError, BadInput) as error:
        day.findings.note_unread(_unread(error, date_text, start_text), where)
        return None, None
    try:
        return starts, starts + parse_length(length_text) if length_text else None
    except ValueError:
        day.findings.note_odd(
            Message.join(
                [
                    Message(
                        "The duration “%(text)s” is not understood.", text=one_line(length_text, 40)
                    ),
                    NO_END,
                ]
            ),
            where,
        )
        return starts, None


def _unread(error: Exception, *texts: str) -> str:
    if isinstance(error, BadInput):
        return error.message
    wrong = one_line(" ".join(filter(None, texts)), 80)
    return Message(
        "Its time “%(text)s” is not understood. Expected a date like 2026-12-05T14:00:00+01:00.",
        text=wrong,
    )


def _start(day: _Day, date_text: str, start_text: str) -> datetime | None:
    dated = parse_when(date_text) if date_text else None
    if dated is not None and dated.clock is not None:
        return dated.at()
    start = parse_when(start_text) if start_text else None
    if start is not None and start.day is not None:
        return start.at()
    base = dated.day if dated is not None else day.day
    if start is None or start.clock is None or base is None:
        return None
    moment = datetime.combine(base, start.clock)
    # A talk at half past midnight is listed under the day before, which began in the morning.
    if day.begins is not None and base == day.begins.date() and start.clock < day.begins.time():
        moment += timedelta(days=1)
    return moment


def _dict(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput("The schedule is damaged at %(where)s. Export it again.", where=where)
    return value


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadInput("The schedule is damaged at %(where)s. Export it again.", where=where)
    return value
