"""Parse the time cells of a table: which columns, which order of day and month, and how they combine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.dates.days_within import days_within
from reporter.schedule.dates.eras import with_era, without_first_day
from reporter.schedule.dates.moments import (
    Span,
    When,
    ambiguous_month,
    normal_text,
    parse_days_and_times,
    parse_span,
    weekdays_in,
    with_midnight,
)
from reporter.schedule.dates.order import NUMERIC_DATE, DateOrder, decide_order
from reporter.schedule.dates.yearless import only_year, with_year
from reporter.schedule.parsed_session import NO_END, Findings, one_line
from reporter.schedule.tables.decimal_hours import either_reading
from reporter.schedule.tables.header_words import is_yes
from reporter.schedule.tables.headers import Column
from reporter.schedule.tables.table import Row, Table

_TWELVE = re.compile(r"\d\s?[ap]\.?\s?m\b")
_ENGLISH = re.compile(r"\b(?:start|end|begin|time|title|day|when|finish|from|name|room)", re.I)
# Spreadsheet day numbers from 2000 to 2100, counted from 30 December 1899.
_SERIAL = re.compile(r"(3[67]\d{3}|[4-6]\d{4}|7[0-2]\d{3})(?:[.,](\d{1,12}))?")
# A day and a month in a column of dates: no time of day.
_DAY_AND_MONTH = re.compile(r"\d{1,2}[./]\s?\d{1,2}\.?")
# A part of a day, as spreadsheets store times.
_FRACTION = re.compile(r"0[.,]\d{3,17}|0[.,](?:5|25|75)")
# 14.5 is a time in decimals or cut short (14:30, 14:50), and no fourteenth of May beside a column of dates.
_CUT_SHORT = re.compile(r"[1-9]\d?[.,]\d")
# What programs and people write where there is no time.
_EMPTY = re.compile(
    r"[-–—?.x]+|0000-00-00(?:[ T]00:00(?::00)?)?|null|none|nil|nan|nat|undefined|#?n\.?[/.]?a\.?|open|offen"
    r"|t\.?b\.?[acd]\.?|k\.\s?a\.|(?:time )?to be (?:announced|confirmed|determined|decided|defined)"
    r"|unknown|unbekannt|noch offen"
    r"|(?:wird |zeit )?(?:noch )?(?:bekannt ?gegeben|zu bestimmen)|wird noch bekannt ?gegeben|folgt|n\.?\s?n\.?"
    r"|[àa] (?:confirmer|définir|preciser|préciser|confirmar|definir)|por (?:confirmar|definir|anunciar)"
    r"|da (?:definire|confermare)|(?:nog )?(?:niet bekend|te bepalen)|do ustalenia|уточнюється|уточняется|待定|未定",
    re.IGNORECASE,
)
_ONE_SESSION = Message(
    "Its days came in as one session, from the first day's start to the last day's end. "
    "For a session each day, write a row for each."
)
# 930, 1400, 1400–1500, 1400h
_DIGITS = re.compile(r"\d{3,4}h?(?:\s?[-–—]\s?\d{3,4}h?)?")
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)


@dataclass(frozen=True)
class RowTimes:
    """The start and end of a row as written, and the zones given in the column names."""

    start: When | None
    end: When | None
    zone: tzinfo | None = None
    end_zone: tzinfo | None = None

    @property
    def lacks_start(self) -> bool:
        """Whether a day's start has no time of day while its end has one: it is not midnight."""
        start, end = self.start, self.end
        if start is None or start.clock is not None or end is None or end.clock is None:
            return False
        return end.day is None or end.day == start.day


@dataclass(frozen=True)
class _Piece:
    """A parsed cell: its value, column and text."""

    column: Column
    text: str
    span: Span


class TimeCells:
    """Parses the times of rows; the order of day and month is decided once for the whole table."""

    def __init__(self, table: Table, findings: Findings) -> None:
        self.table = table
        self.findings = findings
        self.starts = table.named("start")
        self.ends = table.named("end")
        names = [table.columns[index].name for index in self.starts]
        self.year = only_year([*table.above, *names, *self._starts_written()])
        # Beside a column of dates, "Start" holds times of day.
        self.dated = any(table.columns[index].kind == "date" for index in self.starts)
        self.order, doubt = decide_order(
            [*self._written()],
            twelve_hours=self._twelve_hours(),
            certain=[*self._certain()],
        )
        if doubt:
            findings.note(doubt)

    def _starts_written(self) -> Iterator[str]:
        return (row.cell(index) for row in self.table.rows for index in self.starts)

    def _written(self) -> Iterator[tuple[str, str, frozenset[int]]]:
        for row in self.table.rows:
            texts = [row.cell(index) for index in (*self.starts, *self.ends)]
            filled = [cell for cell in row.cells if cell.strip()]
            for text in texts if any(texts) else filled[:1]:
                if (plain := _plain(text)) and NUMERIC_DATE.search(plain):
                    words = any(c.isalpha() for c in plain)
                    yield row.where, plain, weekdays_in(plain) if words else frozenset()

    def _certain(self) -> Iterator[date]:
        """Dates with an unambiguous order of day and month."""
        for row in self.table.rows:
            for text in (row.cell(index) for index in self.starts):
                if any(c.isdigit() for c in text) and not NUMERIC_DATE.search(_plain(text)):
                    day = _day_of(text)
                    if day is not None:
                        yield day

    def _twelve_hours(self) -> bool:
        """Whether times have am or pm as in America: with columns in another language the day comes first."""
        if not any(_ENGLISH.search(column.name) for column in self.table.columns):
            return False
        cells = (row.cell(i) for row in self.table.rows for i in (*self.starts, *self.ends))
        return any(_TWELVE.search(_plain(text)) for text in cells)

    def day_above(self) -> date | None:
        """The date above the header, for tables of one day."""
        days = [day for text in self.table.above if (day := self.heading_day(text)) is not None]
        days = days or [*days_within(" ".join(self.table.above), self._span_in_year)]
        return days[0] if len(days) == 1 else None

    def heading_day(self, text: str) -> date | None:
        """The date if the text is a date alone (a word before it is accepted), else None."""
        for part in (text, text.partition(":")[2], text.partition(",")[2], text.partition(" ")[2]):
            try:
                span = self._span_in_year(part)
            except ValueError:
                continue
            if span.end is None and span.start.clock is None:
                self._tell_month(part, span)
                return span.start.day
        return None

    def _tell_month(self, text: str, span: Span) -> None:
        if span.start.day and (word := ambiguous_month(text)):
            self.findings.note(
                Message(
                    "“%(word)s” is another month in Croatian than in Polish and Czech. It was taken "
                    "as in %(month)s. If that is wrong, write dates like 2026-12-05.",
                    word=word,
                    month=f"{span.start.day:%Y-%m}",
                )
            )

    def read(self, row: Row, where: str) -> RowTimes:
        """The start and end of a row; raises BadInput for an invalid start."""
        start_cells = self._pieces(row, self.starts)
        if self._is_all_day(row):
            start_cells = [replace(piece, span=_day_only(piece.span)) for piece in start_cells]
        start = self._joined(start_cells, where)
        end, end_cells = self._end(row, start, where)
        if start is not None:
            end = self._on_last_day(start, end or _end_beside(start_cells), start_cells, where)
        if self._is_all_day(row) and end is not None:
            end = self._last_day(start, end)
        return RowTimes(start, end, _zone(start_cells), _zone(end_cells))

    def _end(self, row: Row, start: When | None, where: str) -> tuple[When | None, list[_Piece]]:
        if start is None:
            return None, []
        try:
            pieces = self._pieces(row, self.ends)
            return self._joined(pieces, where), pieces
        except BadInput as error:
            self.findings.note_odd(Message.join([error.message, NO_END]), where)
            return None, []

    def _on_last_day(
        self, start: When, end: When | None, start_cells: list[_Piece], where: str
    ) -> When | None:
        """The end on the last day of a range such as "5–7 December"; ``end`` for other rows."""
        last = next((day for piece in start_cells if (day := _last_of(piece))), None)
        if last is None or start.clock is None or (end is not None and end.clock and end.day):
            return end
        self.findings.note(_ONE_SESSION, where)
        return replace(end, day=last) if end is not None and end.clock else When(last, None)

    def _is_all_day(self, row: Row) -> bool:
        return is_yes(self.table.value(row, "all_day"))

    @staticmethod
    def _last_day(start: When | None, end: When) -> When | None:
        """The end of whole days. Outlook gives the midnight after the last of them, others the last day."""
        after = start is not None and start.day and end.day and start.day < end.day
        if after and end.clock == time() and not end.late:
            return end
        return When(end.day, None) if end.day else None

    def _pieces(self, row: Row, indexes: list[int]) -> list[_Piece]:
        """The parsed cells; raises BadInput for an invalid one.

        A second date such as "Day 2" beside a real one is skipped, with a warning.
        """
        pieces: list[_Piece] = []
        odd: list[Column] = []
        texts: list[str] = []
        for index in indexes:
            text, column = row.cell(index), self.table.columns[index]
            if not text or _EMPTY.fullmatch(text):
                continue
            try:
                pieces.append(_Piece(column, text, self._span(text, column)))
            except ValueError:
                if not _only_weekday(text):
                    odd.append(column)
                    texts.append(text)
        dated = any(piece.span.start.day for piece in pieces)
        if odd and not (dated and all(column.kind == "date" for column in odd)):
            if either := either_reading(texts[0]):
                raise BadInput(either)
            raise BadInput(
                "the %(role)s “%(one_line)s” is not understood. Write it like 2026-12-05 14:00.",
                role=odd[0].role,
                one_line=one_line(texts[0], 40),
            )
        for column in odd:
            self.findings.note(
                Message(
                    "The column “%(column)s” was not used where it holds no date.",
                    column=one_line(column.name, 40),
                )
            )
        return pieces

    def _span(self, text: str, column: Column) -> Span:
        # Org mode writes times as <2026-12-05 Sat 09:00-10:00>.
        text = with_era(text.strip("<>"), column.name)
        if column.role == "end":
            text = with_midnight(text)
        if self.dated and column.kind != "date":
            text = without_first_day(text)
            if _CUT_SHORT.fullmatch(text):
                raise ValueError(text)
        if column.kind != "time" and (found := _SERIAL.fullmatch(text)):
            self.findings.note(
                Message(
                    "Numbers such as %(text)s were read as days counted by a spreadsheet (%(day)s).",
                    text=text,
                    day=_serial(found).day,
                )
            )
            return Span(_serial(found))
        if column.kind == "date" and _DAY_AND_MONTH.fullmatch(text):
            return self._span_in_year(text, completed=True)
        bare = self.dated and not column.kind and _DIGITS.fullmatch(text) is not None
        clock_column = column.kind == "time" or bare or _FRACTION.fullmatch(text) is not None
        if clock_column and _DIGITS.fullmatch(text):
            text = re.sub(r"\b(?=[1-9][0-5]\d\b)", "0", text)
        try:
            span = self._span_in_year(text, clock_column=clock_column)
        except ValueError:
            days = parse_days_and_times(text, self.order)
            if days is None:
                raise
            self.findings.note(_ONE_SESSION)
            span = days
        self._tell_month(text, span)
        return span

    def _span_in_year(
        self, text: str, *, clock_column: bool = False, completed: bool = False
    ) -> Span:
        """The span; a date without a year is in the only year that the table names."""
        if not completed:
            try:
                return parse_span(text, self.order, clock_column=clock_column)
            except ValueError:
                if self.year is None:
                    raise
        if self.year is None:
            raise ValueError(text)
        span = parse_span(with_year(normal_text(text), self.year), self.order)
        self.findings.note(
            Message(
                "Dates without a year were taken to be in %(year)s, the only year in the table.",
                year=self.year,
            )
        )
        return span

    def _joined(self, pieces: list[_Piece], where: str) -> When | None:
        """Combine the cells into one datetime: a date from one and a time from another."""
        dated = [piece for piece in pieces if piece.span.start.day is not None]
        timed = [piece for piece in pieces if piece.span.start.clock is not None]
        # A date exported with midnight, next to a time.
        timed = [piece for piece in timed if not _at_midnight(piece)] or timed
        if not dated and not timed:
            return None
        self._agree(dated, timed, where)
        base = (timed or dated)[0].span.start
        day = dated[0].span.start.day if dated else None
        odd = any(piece.span.start.odd_weekday for piece in pieces)
        return replace(base, day=day, odd_weekday=odd)

    def _agree(self, dated: list[_Piece], timed: list[_Piece], where: str) -> None:
        # "start_date" and "utc_start_date" tell the same in two zones.
        dated, timed = _in_one_zone(dated), _in_one_zone(timed)
        days = {piece.span.start.day for piece in dated}
        clocks = {piece.span.start.clock for piece in timed}
        if len(days) > 1 or len(clocks) > 1:
            texts = ", ".join(
                f"“{one_line(piece.text, 40)}”" for piece in (dated if len(days) > 1 else timed)[:2]
            )
            self.findings.note(
                Message("Two columns don't agree: %(texts)s. The first was taken.", texts=texts),
                where,
            )


def _last_of(piece: _Piece) -> date | None:
    """The last day of a cell that is a range of days without times; else None."""
    end = piece.span.end
    return end.day if end and end.day and piece.span.start.clock is None else None


def _end_beside(pieces: list[_Piece]) -> When | None:
    """The end in the cells of the start: one with a time of day comes first."""
    ends = [piece.span.end for piece in pieces if piece.span.end]
    return next((end for end in ends if end.clock), ends[0] if ends else None)


def _in_one_zone(pieces: list[_Piece]) -> list[_Piece]:
    """The pieces whose times have the zone of the first one."""
    zones = [
        (piece.column.zone, bool(clock and clock.tzinfo))
        for piece in pieces
        for clock in [piece.span.start.clock]
    ]
    return [piece for piece, zone in zip(pieces, zones, strict=True) if zone == zones[0]]


def _at_midnight(piece: _Piece) -> bool:
    start = piece.span.start
    return start.day is not None and start.clock == time() and not start.late


def _day_of(text: str) -> date | None:
    try:
        return parse_span(text, DateOrder()).start.day
    except ValueError:
        return None


def _zone(pieces: list[_Piece]) -> tzinfo | None:
    timed = [piece for piece in pieces if piece.span.start.clock is not None]
    return (timed or pieces)[0].column.zone if pieces else None


def _day_only(span: Span) -> Span:
    return Span(When(span.start.day, None), span.end)


def _serial(match: re.Match[str]) -> When:
    part = float(f"0.{match[2] or 0}")
    moment = _EPOCH + timedelta(days=int(match[1]), seconds=round(part * 86_400))
    return When(moment.date(), moment.time() if match[2] else None)


def _plain(text: str) -> str:
    try:
        return normal_text(text) if text else ""
    except ValueError:
        return ""


def _only_weekday(text: str) -> bool:
    plain = _plain(text)
    return bool(plain) and plain.replace(".", "").isalpha() and bool(weekdays_in(plain))


def lone_weekday(text: str) -> frozenset[int]:
    """The weekdays that a text of a weekday alone may mean ("Sunday", "So., 6."); empty for other texts."""
    plain = re.sub(r"\d{1,2}(?:st|nd|rd|th)?", "", _plain(text)).strip(" .,")
    return weekdays_in(plain) if plain.isalpha() else frozenset()
