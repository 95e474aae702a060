"""Programmes as a grid: times in front and a column for each room or day; or rooms in front, times above."""

from __future__ import annotations

from collections.abc import Sequence

from reporter.schedule.dates.moments import Span, parse_span
from reporter.schedule.dates.names import without_accents
from reporter.schedule.dates.order import DateOrder
from reporter.schedule.tables.clock_cells import are_bare_hours
from reporter.schedule.tables.header_words import word_set
from reporter.schedule.tables.headers import Column, read_column
from reporter.schedule.tables.table import MAX_ABOVE, Row, Table, records, separators

# Columns beside the times that mean a list of sessions, not a grid.
_LISTS = {"end", "duration", "speakers", "description", "zone", "key", "title"}
# Nobody calls a room that: it is the column of a list.
_PLACES = word_set(
    "room rooms raum räume ort location venue place lieu lugar luogo locatie plaats plats sted miejsce місце место "
    "ubicacion 地点 場所 会場 장소 स्थान مكان"
)
Records = list[tuple[int, list[str]]]


def read_grid(text: str, sheet: str = "") -> Table | None:
    """The table with one row for each session of a grid; None if the text is none.

    A grid has at least two columns of sessions, and times of day below its first cells.
    """
    marks, text = separators(text)
    for mark in marks:
        rows = [*records(text, mark)]
        for position in range(min(len(rows) - 1, MAX_ABOVE)):
            table = _grid(rows, position, sheet) or _times_above(rows, position, sheet)
            if table is not None:
                return table
    return None


def _times_above(rows: Records, position: int, sheet: str) -> Table | None:
    """The table of a grid whose header names the times, with a row for each room."""
    names = [cell.strip() for cell in rows[position][1]]
    timed = [index for index, name in enumerate(names) if _has_clock(name)]
    lead = timed[0] if timed else 0
    if not 1 <= lead <= 2 or len(timed) < 2 or len(timed) < len([n for n in names[lead:] if n]):
        return None
    places = [_place_or_day(names[index], index, rows[position + 1 :]) for index in range(lead)]
    sessions: list[Row] = []
    for number, cells in rows[position + 1 :]:
        sessions += _sessions(Row(number, tuple(cells), sheet), names, (lead, timed))
    found = (*places, Column("time", "start"), Column("title", "title"))
    return Table(found, _above(rows, position), tuple(sessions))


def _place_or_day(name: str, index: int, rows: Records) -> Column:
    texts = [cells[index] for _, cells in rows if index < len(cells) and cells[index].strip()]
    days = sum(1 for text in texts if _is_date(text))
    return Column(name, "start", "date") if days * 2 > len(texts) else Column(name, "room")


def _above(rows: Records, position: int) -> tuple[str, ...]:
    return tuple(cell.strip() for _, cells in rows[:position] for cell in cells if cell.strip())


def _grid(rows: Records, position: int, sheet: str) -> Table | None:
    names = [cell.strip() for cell in rows[position][1]]
    times = _times(names, rows[position + 1 :])
    rest = [index for index in range(len(times), len(names)) if names[index]]
    # Rooms called A and B are none of the columns "à" and the like.
    columns = [read_column(names[index]) for index in rest if len(names[index]) > 1]
    days = all(_is_date(names[index]) for index in rest)
    lists = not days and any(
        c.role in _LISTS or c.role == "start" or without_accents(c.name.casefold()) in _PLACES
        for c in columns
    )
    # A row that begins with a time of day is a session and names no columns.
    if not times or len(rest) < 2 or lists or any(map(_has_clock, names[: len(times)])):
        return None
    dated = [Column("date", "start", "date")] if days else []
    sessions: list[Row] = []
    for number, cells in rows[position + 1 :]:
        sessions += _sessions(Row(number, tuple(cells), sheet), names, (len(times), rest))
    found = (*times, *(dated or [Column("room", "room")]), Column("title", "title"))
    # The day of all stands in the corner.
    corner = (name for name in names[: len(times)] if _is_date(name))
    return Table(found, (*_above(rows, position), *corner), tuple(sessions))


def _sessions(row: Row, names: Sequence[str], places: tuple[int, list[int]]) -> list[Row]:
    lead, rest = places
    filled = [index for index in range(len(row.cells)) if row.cell(index)]
    if filled and filled[-1] < lead:
        return [row]  # the heading of a day
    return [
        Row(row.number, (*row.cells[:lead], names[index], row.cell(index)), row.sheet)
        for index in rest
        if row.cell(index)
    ]


def _times(names: list[str], rows: Records) -> list[Column]:
    """The leading columns that hold dates and times; empty if none has times of day."""
    found: list[Column] = []
    clocks = 0
    for index, name in enumerate(names):
        spans = [
            span
            for _, cells in rows[:60]
            if index < len(cells) and (span := span_in_any_order(cells[index]))
        ]
        filled = sum(1 for _, cells in rows[:60] if index < len(cells) and cells[index].strip())
        texts = [cells[index].strip() for _, cells in rows[:60] if index < len(cells)]
        if _names_times(name) and are_bare_hours([text for text in texts if text]):
            clocks += filled
            found.append(Column(name, "start", "time"))
            continue
        if not spans or len(spans) * 4 < filled * 3:
            break
        clocks += sum(1 for span in spans if span.start.clock is not None)
        column = read_column(name)
        found.append(column if column.role in ("start", "end") else Column(name, "start"))
    return found if clocks > 1 else []


def _names_times(name: str) -> bool:
    return not name or read_column(name).kind == "time"


def span_in_any_order(text: str) -> Span | None:
    """Parse a datetime or a span, whether its day or its month comes first; None for other texts."""
    for order in (DateOrder(), DateOrder("month first")):
        try:
            return parse_span(text, order)
        except ValueError:
            continue
    return None


def _has_clock(text: str) -> bool:
    span = span_in_any_order(text)
    return span is not None and span.start.clock is not None


def _is_date(text: str) -> bool:
    span = span_in_any_order(text)
    return span is not None and span.start.day is not None and span.start.clock is None
