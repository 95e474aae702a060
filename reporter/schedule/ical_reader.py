"""Parser for iCalendar schedules (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reporter.errors import BadInput
from reporter.messages import N_, Message
from reporter.schedule.calendars.content_lines import (
    Component,
    Property,
    parse_duration,
    parse_moment,
    period_of,
    read_calendars,
    zones_of,
)
from reporter.schedule.calendars.event_names import aliases_of, guid_of, tell_others, title_of
from reporter.schedule.calendars.recurrence import Series, repeats
from reporter.schedule.calendars.vtimezone import FileZone
from reporter.schedule.cancelled import says_cancelled, says_postponed
from reporter.schedule.dates.zones import (
    fixed_offset,
    has_offsets,
    is_universal,
    names_a_place,
    tell_clock_change,
    zone_of_name,
    zone_shown_by_windows,
    zones_with_offsets,
)
from reporter.schedule.datetimes import to_utc
from reporter.schedule.parsed_session import (
    MAX_SESSIONS,
    NO_END,
    POSTPONED,
    Findings,
    ScheduledSession,
    SessionDraft,
    event_named,
    event_numbered,
    one_line,
    plain_text,
)

MAX_BYTES = 8_000_000
MAX_LINES = 400_000

_UNSAID = frozenset({"do_not_record", "licence"})
_START = N_("Its start “%(text)s” is not understood.")
_END = N_("Its end “%(text)s” is not understood.")
_NOT_SAID = Message(
    "A calendar file doesn't say who asked not to be recorded. Ask the speakers, or import the system's "
    "schedule.json instead (in pretalx: …/schedule/export/schedule.json); sessions known from it keep that wish."
)


def read_ical(text: str, zone: ZoneInfo, findings: Findings) -> list[SessionDraft]:
    """Parse the events of one or more calendars. Floating times and whole days are in ``zone``, or
    in the zone that the calendar as a whole names.

    An event without a title is skipped; one with invalid times keeps its other fields. Recurring
    events are imported once per occurrence, endless ones only on the days of the others, cancelled
    ones not at all; all that is reported to ``findings``. Raises BadInput if the file is too big.
    """
    drafts: list[SessionDraft] = []
    number = 0
    for calendar in _calendars(text):
        reader = _Reader(calendar, zone, findings, number)
        drafts += reader.drafts()
        tell_others(calendar, findings)
        number = reader.number
    if drafts:
        findings.note(_NOT_SAID)
    return drafts


def zone_of_calendars(text: str, findings: Findings | None = None) -> str:
    """The IANA name of the zone of most events; "" if they don't identify a place.

    A zone defined in the file is identified by its rules (its name may mean something else), and
    counts only if they change the clock during the year: otherwise many places would match.
    """
    counts: dict[str, int] = {}
    tzids: dict[str, str] = {}
    for calendar in _calendars(text):
        reader = _Reader(calendar, ZoneInfo("UTC"), Findings())
        for event in calendar.of_kind("VEVENT"):
            start = event.first("DTSTART")
            name = reader.place_of(start) if start is not None else ""
            if name:
                counts[name] = counts.get(name, 0) + 1
                tzids.setdefault(name, start.params.get("TZID", "") if start else "")
    if not counts:
        return ""
    name = max(counts, key=lambda name: counts[name])
    if findings is not None and tzids[name] not in ("", name):
        findings.note(
            Message(
                "The file's zone “%(zone)s” has the rules of %(taken)s. If the gathering is "
                "elsewhere, give its zone yourself.",
                zone=one_line(tzids[name], 60),
                taken=name,
            )
        )
    return name


def _calendars(text: str) -> list[Component]:
    if len(text) > MAX_BYTES or text.count("\n") > MAX_LINES:
        raise BadInput("This calendar is too big. Export only the gathering's own events.")
    if text.upper().count("BEGIN:VEVENT") > MAX_SESSIONS:
        raise BadInput(
            "This calendar has more than %(max_sessions)s events. Split it.",
            max_sessions=MAX_SESSIONS,
        )
    return read_calendars(text)


@dataclass
class _Reader:
    """Parses the events of one calendar, using its own zones."""

    calendar: Component
    zone: ZoneInfo
    findings: Findings
    number: int = 0
    places: dict[str, str] = field(default_factory=dict)
    series: Series = field(init=False)

    def __post_init__(self) -> None:
        self.zones = zones_of(self.calendar)
        # TIMEZONE-ID is that of a draft, which some programs write beside or instead.
        stated_zone = self.calendar.text("X-WR-TIMEZONE") or self.calendar.text("TIMEZONE-ID")
        named = zone_of_name(stated_zone)
        # Exports use UTC as their zone if they know none.
        self.named = named if named is not None and names_a_place(named.key) else None
        self.zone = self.named or self.zone

    def drafts(self) -> Iterator[SessionDraft]:
        """The sessions of all events; ``number`` counts the events."""
        self.series = Series(self.calendar.of_kind("VEVENT"), self._quietly)
        for event in self.series.events:
            self.number += 1
            yield from self._event(event)

    def _quietly(self, moment: date, line: Property) -> datetime:
        return replace(self, findings=Findings())._utc(moment, line, "")

    def _event(self, event: Component) -> Iterator[SessionDraft]:
        if (draft := self.draft(event)) is None:
            return
        where = draft.where
        if self.series.is_newer(event):
            self.findings.note(
                Message("The file has older versions of it. The newest was taken."), where
            )
        if not repeats(event):
            yield draft
            return
        try:
            times = self.series.times(event)
        except (ValueError, OverflowError, BadInput):
            self.findings.note(
                Message(
                    "It repeats. Only its first time was taken; add the others with a title of their "
                    "own."
                ),
                where,
            )
            yield draft
            return
        self.findings.note(
            Message("It repeats. Times that were taken: %(count)s.", count=len(times)), where
        )
        yield from filter(None, map(self.draft, times))

    def draft(self, event: Component) -> SessionDraft | None:
        """The session of one event at its start; None, with a message, if it is skipped."""
        title, speakers = title_of(event)
        where = event_named(self.number, title) if title else event_numbered(self.number)
        status = event.text("STATUS") + self.calendar.text("METHOD")
        if "CANCEL" in status.upper() or says_cancelled(title):
            self.findings.leave_out(Message("%(where)s is cancelled.", where=where))
            return None
        if event.text("CLASS").strip().upper() in ("PRIVATE", "CONFIDENTIAL"):
            # Somebody's own appointment in the calendar from which the programme comes.
            self.findings.leave_out(Message("%(where)s is not published.", where=where))
            return None
        if not title:
            self.findings.leave_out(
                Message(
                    "%(where)s has no title. Give it one and export the schedule again.",
                    where=where,
                )
            )
            return None
        if says_postponed(title):
            self.findings.note(POSTPONED, where)
        if not event.closed:
            self.findings.note(
                Message("The file breaks off in this event. Export it again."), where
            )
        starts, ends = self._span(event, where)
        return SessionDraft(where, self._session(event, title, speakers, (starts, ends)))

    def _session(
        self,
        event: Component,
        title: str,
        speakers: tuple[str, ...],
        span: tuple[datetime | None, datetime | None],
    ) -> ScheduledSession:
        track = event.text("CATEGORIES").split(",")[0]
        unsaid = _UNSAID | ({"track"} if not track else set())
        summary = event.first("SUMMARY")
        return ScheduledSession(
            guid=guid_of(event),
            title=title,
            room=one_line(event.text("LOCATION")),
            track=one_line(track),
            speakers=speakers,
            description=plain_text(event.text("DESCRIPTION")),
            starts_at=span[0],
            ends_at=span[1],
            language=one_line(summary.params.get("LANGUAGE", "") if summary else "", 35),
            aliases=aliases_of(event),
            unsaid=frozenset(unsaid if speakers else unsaid | {"speakers"}),
        )

    def _span(self, event: Component, where: str) -> tuple[datetime | None, datetime | None]:
        start = event.first("DTSTART")
        if start is None:
            self.findings.note(Message("It has no start, so it came in without a time."), where)
            return None, None
        try:
            moment = _moment(start)
            starts = self._utc(moment, start, where)
        except (ValueError, BadInput) as error:
            self.findings.note_unread(_unread(_START, start, error), where)
            return None, None
        return starts, self._end(event, moment, starts, where)

    def _end(self, event: Component, moment: date, starts: datetime, where: str) -> datetime | None:
        """The end by DTEND or DURATION; a date alone lasts that day (RFC 5545, 3.6.1)."""
        start = event.first("DTSTART")
        assert start is not None
        line = event.first("DTEND") or event.first("DURATION")
        whole_day = not isinstance(moment, datetime)
        try:
            if event.first("DTEND") is not None:
                assert line is not None
                end = _moment(line)
                if not whole_day and not isinstance(end, datetime):
                    self.findings.note(
                        Message("Its end is a date without a time: midnight was taken."), where
                    )
                if whole_day and end == moment:  # written for a day that ends on itself
                    end = moment + timedelta(days=1)
                ends = self._utc(end, line, where)
            elif line is not None:
                days, exact = parse_duration(line.value)
                ends = self._utc(_wall(moment) + timedelta(days=days), start, where) + exact
            elif whole_day:
                ends = self._utc(moment + timedelta(days=1), start, where)
            else:
                return None
        except (ValueError, BadInput, OverflowError) as error:
            sentence = _unread(_END, line or start, error)
            self.findings.note_odd(Message.join([sentence, NO_END]), where)
            return None
        if ends < starts:
            self.findings.note_odd(
                Message("It ends before it starts, so its end was left away."), where
            )
            return None
        return ends

    def _utc(self, moment: date, line: Property, where: str) -> datetime:
        wall = _wall(moment)
        name = line.params.get("TZID", "").strip()
        if wall.tzinfo is not None:
            return to_utc(wall, self.zone)
        if not name:
            return self._in_zone(wall, self.zone, where)
        own = self.zones.get(name)
        if own is not None and own.observances:
            try:
                return self._by_rules(wall, own, where)
            except ValueError:
                self.findings.note(
                    Message(
                        "The file's rules for its zone “%(zone)s” can't be read.",
                        zone=one_line(name, 60),
                    )
                )
        return self._by_name(wall, name, where)

    def _by_rules(self, wall: datetime, own: FileZone, where: str) -> datetime:
        if place := self._place(own):
            return self._in_zone(wall, ZoneInfo(place), where)
        offset = own.offset(wall)
        if own.changes_near(wall):
            self.findings.note(
                Message(
                    "It lies in the hour in which the clocks change, by the file's own rules. Check "
                    "its time."
                ),
                where,
            )
        if names_a_place(own.name) and zone_of_name(own.name) is not None:
            self.findings.note(
                Message(
                    "The file has rules of its own for %(zone)s that are not those of that place. "
                    "The file's were taken; check the times.",
                    zone=one_line(own.name, 60),
                )
            )
        return (wall - offset).replace(tzinfo=UTC)

    def _by_name(self, wall: datetime, name: str, where: str) -> datetime:
        offset = fixed_offset(name)
        if offset is not None:
            return (wall - offset).replace(tzinfo=UTC)
        zone = zone_of_name(name) or zone_shown_by_windows(name)
        if zone is None:
            self.findings.note(
                Message(
                    "The zone “%(zone)s” is not known and the file has no rules for it. Its times "
                    "were read as those of %(taken)s.",
                    zone=one_line(name, 60),
                    taken=self.zone.key,
                )
            )
            zone = self.zone
        elif not names_a_place(zone.key) and not is_universal(zone):
            self.findings.note(
                Message(
                    "The zone “%(zone)s” names no place. Its times were read by the rules known "
                    "under that name; check them.",
                    zone=one_line(name, 60),
                )
            )
        return self._in_zone(wall, zone, where)

    def _in_zone(self, wall: datetime, zone: ZoneInfo, where: str) -> datetime:
        tell_clock_change(self.findings, where, wall, zone)
        return to_utc(wall, zone)

    def place_of(self, start: Property) -> str:
        """The IANA name of the place given by a start's zone; "" if it names none."""
        name = start.params.get("TZID", "").strip()
        if not name:
            return self.named.key if self.named is not None else ""
        own = self.zones.get(name)
        if own is not None and own.observances:
            return self._place(own)
        zone = zone_of_name(name)
        return zone.key if zone is not None and names_a_place(zone.key) else ""

    def _place(self, own: FileZone) -> str:
        """A place with the same rules at the time of the events; "" if none, or too many, match."""
        if own.name not in self.places:
            try:
                self.places[own.name] = self._find_place(own)
            except ValueError:
                self.places[own.name] = ""
        return self.places[own.name]

    def _find_place(self, own: FileZone) -> str:
        first, last = period_of(self.calendar)
        days = range(0, min((last - first).days, 3_000))
        noon = [datetime.combine(first + timedelta(days=day), time(12)) for day in days]
        samples = [(wall, own.offset(wall)) for wall in noon]
        for hint in (own.location, own.name, self.named.key if self.named else ""):
            zone = zone_of_name(hint) if hint else None
            if zone is not None and names_a_place(zone.key) and has_offsets(zone.key, samples):
                return zone.key
        if len({offset for _, offset in samples}) < 2:
            return ""
        found = zones_with_offsets(samples[::7])
        return next((name for name in found if has_offsets(name, samples)), "")


def _moment(line: Property) -> date:
    return parse_moment(line.value)


def _wall(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _unread(template: str, line: Property, error: Exception) -> str:
    if isinstance(error, BadInput):
        return error.message
    return Message(template, text=one_line(line.value, 40))
