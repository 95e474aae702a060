"""CSV schedules from spreadsheets, with any header names, separators and date formats."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.cancelled import is_gone, says_cancelled, says_postponed
from reporter.schedule.dates.lengths import hours_of, length_in_spreadsheet, parse_days_and_time
from reporter.schedule.dates.moments import When
from reporter.schedule.dates.zone_abbreviations import (
    is_called,
    is_winter_name_in_summer,
    zone_of_word,
)
from reporter.schedule.dates.zones import (
    fixed_offset,
    tell_clock_change,
    zone_of_name,
    zone_shown_by_windows,
)
from reporter.schedule.datetimes import to_utc
from reporter.schedule.layouts import find_table
from reporter.schedule.parsed_session import (
    NO_END,
    POSTPONED,
    Findings,
    ScheduledSession,
    SessionDraft,
    one_line,
    plain_text,
    recording_wish,
    title_line,
)
from reporter.schedule.tables.cells import RowTimes, TimeCells, lone_weekday
from reporter.schedule.tables.clock_cells import (
    before_row_above,
    in_terms_of,
    with_clocks,
    with_halves,
    zone_not_known,
)
from reporter.schedule.tables.header_words import is_yes
from reporter.schedule.tables.headers import zone_in_words
from reporter.schedule.tables.table import Row, Table
from reporter.schedule.tables.unknown_columns import adopt_columns

_MOST_MINUTES = 24 * 60
_NO_START = Message("It has no start, so it came in without a time.")
_NEXT_DAY = Message("It ends on the next day, more than eight hours later. Check its end.")
_NO = frozenset(("n", "no", "false", "0", "nein", "non", "falsch", "faux"))
_FIELDS = ("room", "track", "speakers", "description", "language", "licence", "do_not_record")


def read_csv(
    text: str,
    zone: ZoneInfo,
    findings: Findings,
    *,
    sheet: str = "",
    alone: bool = True,
    day: date | None = None,
) -> list[SessionDraft]:
    """Parse a CSV text into sessions; times without an offset are in ``zone``.

    ``sheet``: its name in a spreadsheet, which may be a day; ``alone``: whether it is the only one read.
    ``day``: the gathering's first, for a text that names none.

    A row without a title is skipped; a row whose times can't be parsed keeps its other fields.
    These, unused columns that look like times, and how ambiguous dates were read are reported to
    ``findings``. Raises BadInput if the text is not a table with a title column.
    """
    table = find_table(text, sheet if not alone else "", findings)
    return read_rows(table, zone, findings, sheet=sheet, day=day)


def read_rows(
    table: Table, zone: ZoneInfo, findings: Findings, *, sheet: str = "", day: date | None = None
) -> list[SessionDraft]:
    """The sessions of a table; see ``read_csv``."""
    table = in_terms_of(zone, table, findings)
    table = with_clocks(adopt_columns(with_halves(table), findings), findings)
    table = replace(table, above=(*table.above, sheet)) if sheet else table
    reader = _Reader(
        table, _zone_above(table, zone, findings), findings, TimeCells(table, findings), day
    )
    drafts = [reader.draft(row) for row in table.rows]
    return [draft for draft in drafts if draft is not None]


def _zone_above(table: Table, zone: ZoneInfo, findings: Findings) -> tzinfo:
    """The zone that a line above the header names for all times, else ``zone``."""
    for text in table.above:
        named = zone_in_words(text) if len(text) < 200 else None
        if named is not None:
            findings.note(
                Message(
                    "Above the table stands “%(text)s”. Times were read in that zone.",
                    text=one_line(text, 80),
                )
            )
            return zone if is_called(named.tzname(None) or "", zone) else named
    return zone


@dataclass
class _Reader:
    """Parses rows in sequence: a row without a date has that of the row above."""

    table: Table
    zone: tzinfo
    findings: Findings
    times: TimeCells
    # Of rows above which no day is named; none any more once one was named that is not understood.
    first_day: date | None = None
    last_day: date | None = None
    latest: datetime | None = None

    def __post_init__(self) -> None:
        self.unsaid = frozenset(name for name in _FIELDS if not self.table.named(name))
        weekdays = map(self._next_weekday, self.table.above)
        self.last_day = self.times.day_above() or next(filter(None, weekdays), None)
        times = (*self.table.named("start"), *self.table.named("end"))
        self.timed = bool(times)

    def draft(self, row: Row) -> SessionDraft | None:
        title = title_line(self.table.value(row, "title"))
        if self._is_heading(row):
            return None
        if not title:
            self.findings.leave_out(
                Message("%(where)s has no title. Fill it in or delete the row.", where=row.where)
            )
            return None
        state = self._text(row, "status")
        if says_cancelled(title) or says_cancelled(state) or is_yes(self._text(row, "cancelled")):
            self.findings.leave_out(Message("%(where)s is cancelled.", where=row.where))
            return None
        if is_gone(state):
            self.findings.leave_out(
                Message(
                    "%(where)s is %(state)s.", where=row.where, state=one_line(state, 40).lower()
                )
            )
            return None
        hidden = any(row.cell(index).casefold() in _NO for index in self.table.named("shown"))
        if hidden or is_yes(self._text(row, "private")):
            self.findings.leave_out(Message("%(where)s is not published.", where=row.where))
            return None
        if says_postponed(title) or says_postponed(state):
            self.findings.note(POSTPONED, row.where)
        starts, ends = self._span(row, row.where)
        return SessionDraft(
            row.where, self._session(row, title, starts, ends), key=one_line(self._text(row, "key"))
        )

    def _is_heading(self, row: Row) -> bool:
        """Whether the row is a day heading: a date or a weekday alone, which applies to the rows below."""
        filled = {cell.strip(): index for index, cell in enumerate(row.cells) if cell.strip()}
        if len(filled) != 1:
            return False
        [(text, index)] = filled.items()
        day = self.times.heading_day(text) or self._next_weekday(text)
        if day is None:
            # A heading that isn't understood: the day above is not that of the rows below.
            if self.table.columns[index : index + 1] and self.table.columns[index].role == "start":
                self.last_day = self.first_day = None
            return False
        self.last_day = day
        return True

    def _next_weekday(self, text: str) -> date | None:
        """The day of a heading such as "Sunday" or "Sunday 6th": that above it, or one of the six after that."""
        wanted, first = lone_weekday(text), self.last_day or self.first_day
        if not wanted or first is None:
            return None
        following = [first + timedelta(days=number) for number in range(7)]
        return next((day for day in following if day.weekday() in wanted), None)

    def _text(self, row: Row, role: str) -> str:
        return self.table.value(row, role)

    def _session(
        self, row: Row, title: str, starts: datetime | None, ends: datetime | None
    ) -> ScheduledSession:
        do_not_record, words_leave = recording_wish(self._text(row, "do_not_record"))
        return ScheduledSession(
            guid="",
            title=title,
            room=one_line(self._text(row, "room")),
            track=one_line(self._text(row, "track")),
            speakers=_people(self._text(row, "speakers")),
            description=plain_text(self._text(row, "description")),
            starts_at=starts,
            ends_at=ends,
            do_not_record=do_not_record,
            words_leave=words_leave,
            licence=one_line(self._text(row, "licence")),
            language=one_line(self._text(row, "language"), 35),
            unsaid=self.unsaid,
        )

    def _span(self, row: Row, where: str) -> tuple[datetime | None, datetime | None]:
        try:
            times = self.times.read(row, where)
            if times.start is None:
                if self.timed:
                    self.findings.note(_NO_START, where)
                return None, None
            start = self._dated(times.start, where)
            if times.lacks_start:
                self.findings.note(_NO_START, where)
                return None, None
            starts = self._utc(start, self._zone(row, times.zone), where)
        except BadInput as error:
            self.findings.note_unread(error.message, where)
            # Rows below without a date of their own would inherit this row's date, which is unknown.
            self.last_day = self.first_day = self.latest = None
            return None, None
        self._tell_doubts(start, times.start, where)
        return starts, self._end(row, where, times, (start, starts))

    def _dated(self, start: When, where: str) -> datetime:
        moment = start.at(self.last_day or self.first_day)
        if moment is None:
            raise BadInput(
                "There is a time but no date. Write the start like 2026-12-05 14:00, add a column “date”, or put "
                "the day on a line above."
            )
        if start.day is None and self.last_day is None:
            day = f"{self.first_day:%Y-%m-%d}"
            self.findings.note(
                Message("No date is named: the gathering's, %(day)s, was taken.", day=day)
            )
        elif start.day is None:
            self.findings.note(Message("No date of its own: that above it was taken."), where)
        self.last_day = start.day or self.last_day
        return moment

    def _tell_doubts(self, moment: datetime, start: When, where: str) -> None:
        """Report times that were read as written but are ambiguous."""
        if start.late:
            self.findings.note(
                Message(
                    "Its start was read as %(moment)s, in the night after its day. Check it.",
                    moment=f"{moment:%Y-%m-%d %H:%M}",
                ),
                where,
            )
        if start.odd_weekday:
            self.findings.note(
                Message(
                    "The weekday is not that of %(day)s. Check the date.", day=f"{moment:%Y-%m-%d}"
                ),
                where,
            )
        if not 2010 <= moment.year <= 2060:
            self.findings.note(
                Message("It is in %(year)s. Check the date.", year=moment.year), where
            )
        if is_winter_name_in_summer(moment):
            self.findings.note(
                Message(
                    "%(zone)s is not the clocks' time in summer. It was taken as written; check the "
                    "time.",
                    zone=moment.tzname(),
                ),
                where,
            )
        wall = moment.replace(tzinfo=None)
        above, self.latest = self.latest, wall
        if above and above.date() == wall.date():
            # Of several rows after noon that lack a "pm" each is told.
            self.latest = max(above, wall)
        if start.clock and wall.hour < 7 and above and above.date() == wall.date() and above > wall:
            self.findings.note(before_row_above(f"{wall:%H:%M}"), where)

    def _end(
        self, row: Row, where: str, times: RowTimes, begin: tuple[datetime, datetime]
    ) -> datetime | None:
        start, starts = begin
        assert times.start is not None
        zone = self._zone(row, times.end_zone or times.zone)
        try:
            if times.end is not None:
                ends = self._end_at(start, times.end, zone, where, late=times.start.late)
            elif length := self._text(row, "duration"):
                days, exact = self._length(length)
                # A day follows the wall clock, hours are exact (RFC 5545, 3.3.6).
                of_start = self._zone(row, times.zone)
                day = self._utc(start + timedelta(days=days), of_start, where) if days else starts
                ends = day + exact
                long = days or exact > timedelta(days=1)
                if long and times.start.clock is not None:
                    self.findings.note(_NEXT_DAY, where)
            elif times.start.clock is None:
                self.findings.note(
                    Message("A date without a time: the whole day was taken."), where
                )
                ends = self._utc(start + timedelta(days=1), zone, where)
            else:
                return None
        except BadInput as error:
            self.findings.note_odd(Message.join([error.message, NO_END]), where)
            return None
        if ends < starts:
            self.findings.note_odd(
                Message("It ends before it starts, so its end was left away."), where
            )
            return None
        return ends

    def _end_at(
        self, start: datetime, end: When, zone: tzinfo, where: str, *, late: bool
    ) -> datetime:
        # An end of "25:30" counts from the day of a start of "24:30".
        ends = end.at(start.date() - timedelta(days=int(end.late and late)))
        assert ends is not None
        if ends.tzinfo is None and start.tzinfo is not None:
            ends = ends.replace(tzinfo=start.tzinfo)
        if end.clock is None:  # a date alone means that whole day
            ends += timedelta(days=1)
        elif end.day is None and not end.late:
            plain = start if ends.tzinfo else start.replace(tzinfo=None)
            if ends.replace(tzinfo=None) < plain.replace(tzinfo=None):  # past midnight
                ends += timedelta(days=1)
                if ends.replace(tzinfo=None) - plain.replace(tzinfo=None) > timedelta(hours=8):
                    self.findings.note(_NEXT_DAY, where)
        return self._utc(ends, zone, where)

    def _length(self, text: str) -> tuple[int, timedelta]:
        """(calendar days, exact time); raises BadInput."""
        columns = [self.table.columns[index] for index in self.table.named("duration")]
        hours, seconds = any(one.hours for one in columns), any(one.seconds for one in columns)
        try:
            if any(one.days for one in columns) and re.fullmatch(r"\d{1,2}", text):
                return int(text), timedelta()
            if hours and re.fullmatch(r"\d{1,3}(?:[.,]\d{1,3})?", text):
                return 0, hours_of(text)
            if seconds and re.fullmatch(r"\d{1,6}", text):
                return 0, timedelta(seconds=int(text))
            if re.fullmatch(r"\d+", text) and int(text) > _MOST_MINUTES:
                raise ValueError(text)  # seconds, more likely
            if (exact := length_in_spreadsheet(text)) is not None:
                return 0, exact
            if re.fullmatch(r"[1-9]", text):
                self.findings.note(
                    Message(
                        "A duration without a unit, as “%(text)s”, was read as minutes.", text=text
                    )
                )
            return parse_days_and_time(text)
        except ValueError as error:
            raise BadInput(
                "the duration “%(one_line)s” is not understood. Write minutes, or hours and "
                "minutes like 1:30.",
                one_line=one_line(text, 40),
            ) from error

    def _zone(self, row: Row, of_column: tzinfo | None) -> tzinfo:
        name = self._text(row, "zone")
        if not name:
            return of_column or self.zone
        zone = self._zone_named(name)
        offset = fixed_offset(name)
        if zone is None and offset is not None:
            return timezone(offset)
        if zone is None:
            self.findings.note(zone_not_known(name, self.zone))
        return zone or self.zone

    def _zone_named(self, name: str) -> tzinfo | None:
        if isinstance(self.zone, ZoneInfo) and is_called(name, self.zone):
            return self.zone
        found = zone_of_name(name) or zone_of_word(name.casefold())
        return found or zone_shown_by_windows(name)

    def _utc(self, moment: datetime, zone: tzinfo, where: str) -> datetime:
        if moment.tzinfo is None:
            if isinstance(zone, ZoneInfo):
                tell_clock_change(self.findings, where, moment, zone)
            moment = moment.replace(tzinfo=zone)
        return to_utc(moment, ZoneInfo("UTC"))


def _people(text: str) -> tuple[str, ...]:
    names = (one_line(name) for name in re.split(r"[,;|\n]|\s+(?:&|and|und|et|y|e|en)\s+", text))
    return tuple(name for name in names if name)
