"""Write out times that a table only hints at: bare hours, afternoons without "pm", several times in one cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

from reporter.messages import Message
from reporter.schedule.dates.moments import Span, parse_span
from reporter.schedule.dates.order import DateOrder
from reporter.schedule.dates.zone_abbreviations import is_called, unclear_zone, without_own_names
from reporter.schedule.parsed_session import Findings, one_line
from reporter.schedule.tables.decimal_hours import with_decimal_hours
from reporter.schedule.tables.headers import Column, is_about_times
from reporter.schedule.tables.table import Row, Table

_TO = r"\s*(?:-|–|—|−|→|~|〜|～|\b(?:to|bis|à|a|al|tot|til|till|до)\b)\s*"
_HOUR = r"(\d{1,2})(?:[:.hH](\d\d))?"
_BARE = re.compile(rf"{_HOUR}(?:{_TO}{_HOUR})?")
_TIME = re.compile(r"(?<![\d:.])(\d{1,2})([:.]\d\d)(?![\d:.])(\s?[ap]\.?\s?m\b)?", re.I)
_CLOCKS = re.compile(rf"{_TIME.pattern}(?:{_TO}{_TIME.pattern})?", re.I)
_SEVERAL = re.compile(r"\s*(?:[&;,+/|\n]|\b(?:and|und|et|y|e|en|och|og|i|и|та)\b)\s*")
_MOST_TIMES = 12


def with_clocks(table: Table, findings: Findings) -> Table:
    """The table with each of its time cells written out; what was made of them is reported to ``findings``."""
    table = with_decimal_hours(table, _time_columns(table), findings)
    table = _with_hours(table, findings)
    return _with_afternoons(_with_each_time(table, findings), findings)


def in_terms_of(zone: ZoneInfo, table: Table, findings: Findings) -> Table:
    """The table with its zones' abbreviations as the people of ``zone`` mean them: PST is 8 hours ahead in Manila.

    One in the name of a column, or in a sentence on times above, that may mean several zones is reported.
    """
    indexes = _time_columns(table)
    names = [table.columns[index].name for index in indexes if not table.columns[index].zone]
    for text in (*filter(is_about_times, table.above), *names):
        if unclear := unclear_zone(text, zone):
            findings.note(zone_not_known(unclear, zone))
    columns = [_without_own_zone(column, zone) for column in table.columns]
    table = replace(table, columns=tuple(columns))
    for index in indexes:
        table = _changed(table, index, lambda text: without_own_names(text, zone))
    return table


def _without_own_zone(column: Column, zone: ZoneInfo) -> Column:
    named = column.zone.tzname(None) if column.zone else None
    return replace(column, zone=None) if named and is_called(named, zone) else column


def before_row_above(clock: str) -> Message:
    """Sentence on a start before that of the row above."""
    return Message(
        "It starts at %(clock)s, before the row above on that day. If the afternoon or "
        "the night after is meant, write 13:30 or the next day's date.",
        clock=clock,
    )


def zone_not_known(name: str, taken: tzinfo) -> Message:
    """Sentence on a zone's name that was not understood."""
    return Message(
        "The zone “%(zone)s” is not known. The times were read as those of %(taken)s.",
        zone=one_line(name, 60),
        taken=str(taken),
    )


def are_bare_hours(texts: Sequence[str]) -> bool:
    """Whether the cells of a column are times of which some are hours alone, such as "9" or "9–10".

    Numbers that begin below 6 and stay below 13 are none: slots are counted so.
    """
    hours: list[int] = []
    bare = False
    for text in texts:
        found = _BARE.fullmatch(text.strip())
        if found is None:
            if not _has_clock(text):
                return False
            continue
        bare = bare or _is_bare(text)
        hours += [int(number) for number in (found[1], found[3]) if number]
    return bare and max(hours) <= 24 and (hours[0] >= 6 or max(hours) >= 13)


def _is_bare(text: str) -> bool:
    found = _BARE.fullmatch(text.strip())
    return found is not None and not (found[2] and (found[4] or not found[3]))


def _has_clock(text: str) -> bool:
    return (span := _span(text)) is not None and span.start.clock is not None


def _span(text: str) -> Span | None:
    try:
        return parse_span(text, DateOrder(), clock_column=True)
    except ValueError:
        return None


def _time_columns(table: Table, role: str = "") -> list[int]:
    roles = (role,) if role else ("start", "end")
    return [i for one in roles for i in table.named(one) if table.columns[i].kind != "date"]


def _with_hours(table: Table, findings: Findings) -> Table:
    """Hours alone as times, in columns that can hold nothing else."""
    certain = bool(table.named("end")) or any(column.kind == "date" for column in table.columns)
    for index in _time_columns(table):
        column = table.columns[index]
        texts = [text for text in _texts(table, index) if _BARE.fullmatch(text)]
        others = [text for text in _texts(table, index) if not _BARE.fullmatch(text)]
        timed = sum(1 for text in others if _has_clock(text))
        if not (column.kind == "time" or certain) or not are_bare_hours(texts):
            continue
        if len(texts) + timed < 2 * (len(others) - timed):
            continue
        findings.note(
            Message(
                "Numbers such as “%(text)s” in the column “%(column)s” were read as hours of the day.",
                text=next(text for text in texts if _is_bare(text)),
                column=one_line(column.name, 40),
            )
        )
        table = _changed(table, index, _written_out)
    return table


def _written_out(text: str) -> str:
    found = _BARE.fullmatch(text)
    if found is None:
        return text
    start = f"{found[1]}:{found[2] or '00'}"
    return f"{start} - {found[3]}:{found[4] or '00'}" if found[3] else start


def _with_each_time(table: Table, findings: Findings) -> Table:
    """A row for each time of a cell that lists several, such as "9:00–10:30 & 14:00"."""
    indexes = _time_columns(table, "start")
    rows: list[Row] = []
    for row in table.rows:
        copies = [row]
        for index in indexes:
            times = _listed(row.cell(index)) if not _filled(row, table.named("end")) else []
            if len(times) > 1 and len(copies) == 1:
                copies = [_with_cell(row, index, time) for time in times]
                findings.note(
                    Message("It has several times. Each came in as a session of its own."),
                    row.where,
                )
        rows += copies
    return replace(table, rows=tuple(rows))


def _listed(text: str) -> list[str]:
    """The times of a cell that lists several; empty if it is anything else."""
    if not 8 <= len(text) <= 120 or _span(text) is not None:
        return []
    parts = [part for part in _SEVERAL.split(text) if part]
    spans = [_span(part) for part in parts]
    plain = all(s is not None and s.start.clock and s.start.day is None for s in spans)
    return parts if plain and 1 < len(parts) <= _MOST_TIMES else []


def _with_afternoons(table: Table, findings: Findings) -> Table:
    """Times after noon that lack their "pm" as such, in a table that names no hour from 13 to 24."""
    starts, ends = _time_columns(table, "start"), _time_columns(table, "end")
    cells = [row.cell(index) for row in table.rows for index in (*starts, *ends)]
    if len(starts) != 1 or len(ends) > 1 or not all(map(_is_on_a_dial, cells)):
        return table
    dial = _Dial(table, starts[0], ends[0] if ends else None)
    rows: list[Row] = []
    for row in table.rows:
        rows.append(dial.read(row))
        if dial.doubt:
            findings.note(before_row_above(dial.doubt), row.where)
        if rows[-1] != row:
            findings.note(
                Message("Its times have no am or pm; they were taken as after noon. Check them."),
                row.where,
            )
    return replace(table, rows=tuple(rows))


def _is_on_a_dial(text: str) -> bool:
    """Whether each time of the cell may be one of a clock face, with am or pm or without."""
    return not any(
        not half and (int(hour) > 12 or hour.startswith("0"))
        for hour, _, half in _TIME.findall(text)
    )


# Minutes of a start as written, whether am or pm is written there, and the room.
_Start = tuple[int, bool, str]


@dataclass
class _Dial:
    """Reads rows in sequence: what is after noon shows in the row above on the same day, or in the start of an end."""

    table: Table
    start: int
    end: int | None
    day: str = ""
    place: str = ""
    # By day: the minutes of the start above, and whether there was one in the morning.
    above: dict[str, int] = field(default_factory=dict)
    mornings: set[str] = field(default_factory=set)
    # The start of the last row, if it is in the morning below one after noon.
    doubt: str = ""
    # Days whose rows are all in the order of their times, if what is less than the row above is after noon.
    ordered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        starts: dict[str, list[_Start]] = {}
        for row in self.table.rows:
            self.day = self._day_of(row)
            if (begins := self._begins(row)) is not None:
                starts.setdefault(self.day, []).append((*begins, self.table.value(row, "room")))
        self.day = ""
        self.ordered = {day for day in starts if _are_in_order(starts[day])}

    def _begins(self, row: Row) -> tuple[int, bool] | None:
        """The minutes of a row's start as written, and whether am or pm is written there."""
        found = _CLOCKS.fullmatch(row.cell(self.start))
        span = _span(row.cell(self.start)) if found else None
        if found is None or span is None or span.start.clock is None:
            return None
        clock = span.start.clock
        return clock.hour * 60 + clock.minute, bool(found[3] or found[6])

    def read(self, row: Row) -> Row:
        """The row with its times on a clock of 24 hours."""
        found, written = _CLOCKS.fullmatch(row.cell(self.start)), self._begins(row)
        self.day = self._day_of(row)
        if found is None or written is None:
            return row
        begins, halves = written
        begins += 12 * 60 * (not halves and self._is_after_noon(begins, row))
        is_odd = not halves and 7 * 60 <= begins < 12 * 60 <= self.above.get(self.day, 0)
        self.doubt = _clock(begins) if is_odd else ""
        self.above[self.day], self.place = begins, self.table.value(row, "room")
        if begins >= 7 * 60:
            self.mornings.add(self.day)
        return self._with_end(row if halves else self._with_start(row, found, begins), begins)

    def _day_of(self, row: Row) -> str:
        """What names the day of a row: its cells for dates, else the heading above."""
        filled = [cell for cell in row.cells if cell.strip()]
        if len(filled) == 1:
            return filled[0]
        return (
            "|".join(
                row.cell(i) for i in self.table.named("start") if i != self.start and row.cell(i)
            )
            or self.day
        )

    def _with_start(self, row: Row, found: re.Match[str], begins: int) -> Row:
        first, written = _plain(found[1], found[2]), _clock(begins)
        if found[4]:
            first += f" - {_plain(found[4], found[5])}"
            written += f" - {self._until(begins, found[4], found[5])}"
        return row if written == first else _with_cell(row, self.start, written)

    def _is_after_noon(self, begins: int, row: Row) -> bool:
        if begins >= 12 * 60:
            return False
        if begins < 7 * 60:
            return self.day in self.mornings
        above = self.above.get(self.day, 0)
        later = begins + 12 * 60 - above
        if self.day in self.ordered:
            return begins < above
        here = self.table.value(row, "room") == self.place
        return here and above >= 12 * 60 and 0 <= later <= 3 * 60

    def _with_end(self, row: Row, begins: int) -> Row:
        found = _TIME.fullmatch(row.cell(self.end)) if self.end is not None else None
        if found is None or self.end is None or found[3]:
            return row
        written = self._until(begins, found[1], found[2])
        return row if written == _plain(found[1], found[2]) else _with_cell(row, self.end, written)

    @staticmethod
    def _until(begins: int, hour: str, minute: str) -> str:
        """The next such time after the start, unless that is more than ten hours away."""
        both = [(int(hour) % 12 + half) * 60 + int(minute[1:]) for half in (0, 12)]
        end = min(both, key=lambda one: (one - begins) % (24 * 60))
        return _clock(end) if (end - begins) % (24 * 60) <= 10 * 60 else _plain(hour, minute)


def _are_in_order(starts: Sequence[_Start]) -> bool:
    """Whether three starts or more follow each other, those without am or pm after noon if need be."""
    rooms = [room for _, _, room in starts]
    changes = sum(1 for room, above in pairwise(rooms) if room != above)
    grouped = changes == len(set(rooms)) - 1
    above, place = 0, rooms[0]
    for begins, halves, room in starts:
        later = begins + 12 * 60 * (begins < above and not halves)
        # Back to an earlier hour of the morning; or another room, whose day may begin in the morning again.
        again = grouped and room != place and later > max(above, begins)
        if later < above or later >= 24 * 60 or again or 7 * 60 <= begins < above < 12 * 60:
            return False
        above, place = later, room
    return len({begins for begins, _, _ in starts}) > 2


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def _plain(hour: str, minute: str) -> str:
    return f"{int(hour)}:{minute[1:]}"


def _filled(row: Row, indexes: Sequence[int]) -> bool:
    return any(row.cell(index) for index in indexes)


def _with_cell(row: Row, index: int, text: str) -> Row:
    return replace(row, cells=(*row.cells[:index], text, *row.cells[index + 1 :]))


def _changed(table: Table, index: int, change: Callable[[str], str]) -> Table:
    rows = (
        _with_cell(row, index, change(row.cell(index))) if row.cell(index) else row
        for row in table.rows
    )
    return replace(table, rows=tuple(rows))


def with_halves(table: Table) -> Table:
    """The table with a column of only "AM" and "PM", or "SA" and "CH", merged into the cells before it."""
    halves = {
        i
        for i in range(1, len(table.columns))
        if not table.columns[i].role and (texts := _texts(table, i)) and all(map(_is_half, texts))
    }
    if not halves:
        return table
    rows = [
        replace(row, cells=tuple(_with_half(row, i, halves) for i in range(len(row.cells))))
        for row in table.rows
    ]
    return replace(table, rows=tuple(rows))


def _texts(table: Table, index: int) -> list[str]:
    return [text for row in table.rows if (text := row.cell(index))]


def _is_half(text: str) -> bool:
    return (
        re.fullmatch(r"[ap]\.?\s?m\.?|sa|ch|öö|ös|上午|下午|午前|午後|오전|오후", text.casefold())
        is not None
    )


def _with_half(row: Row, index: int, halves: set[int]) -> str:
    if index in halves:
        return ""
    cell = row.cells[index]
    return f"{cell} {row.cell(index + 1)}" if index + 1 in halves and cell.strip() else cell
