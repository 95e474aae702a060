"""Parse CSV tables from spreadsheets: separator, header and rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.parsed_session import MAX_SESSIONS
from reporter.schedule.tables.headers import Column, read_column

MAX_ROWS = 2 * MAX_SESSIONS
# A title, a date and an empty line may precede the header.
MAX_ABOVE = 20

_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?[ \t]*(?:\r\n|\r|\n)", re.I)


@dataclass(frozen=True)
class Row:
    """A row below the header; ``number`` is the spreadsheet's row number."""

    number: int
    cells: tuple[str, ...]

    @property
    def where(self) -> str:
        return Message("Row %(number)s", number=self.number)

    def cell(self, index: int) -> str:
        """The text of a cell; "" if the row is too short."""
        return self.cells[index].strip() if index < len(self.cells) else ""


@dataclass(frozen=True)
class Table:
    """The columns in order, the cells above the header, and the non-empty rows below."""

    columns: tuple[Column, ...]
    above: tuple[str, ...]
    rows: tuple[Row, ...]

    def named(self, role: str) -> list[int]:
        """The positions of the columns with a role."""
        return [index for index, column in enumerate(self.columns) if column.role == role]

    def value(self, row: Row, role: str) -> str:
        """The first non-empty value of the columns with a role."""
        return next((text for index in self.named(role) if (text := row.cell(index))), "")


def read_table(text: str) -> Table:
    """Parse a CSV text. Raises BadInput if no row names a title column, if the table is too long,
    or if a quotation mark is not closed."""
    marks = ",;\t|"
    if named := _SEPARATOR_LINE.match(text):
        marks, text = named[1], text[named.end() :]
    # Ties go to the most common one, which is first.
    scored = [(*_header(text, mark), mark) for mark in marks]
    position, columns, mark = max(scored, key=lambda found: _score(found[1]))
    if not columns:
        raise BadInput(
            "No column is called “title”. A row at the top of the table must name its columns, "
            "as in: title,start,end,room,speaker,id"
        )
    above: list[str] = []
    rows: list[Row] = []
    names = tuple(column.name for column in columns)
    for number, cells in _records(text, mark):
        if number < position:
            above += [cell.strip() for cell in cells if cell.strip()]
        elif number > position and tuple(cell.strip() for cell in cells) != names:
            rows.append(Row(number, tuple(cells)))
    return Table(columns, tuple(above), tuple(rows))


def _records(text: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MAX_ROWS:
                raise BadInput(
                    "The table has more than %(max_rows)s rows. Split it.", max_rows=MAX_ROWS
                )
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise BadInput(
            "The table can't be read near line %(line_num)s: a quotation mark is probably not "
            "closed. Save it again as CSV.",
            line_num=reader.line_num,
        ) from error


def _header(text: str, mark: str) -> tuple[int, tuple[Column, ...]]:
    """(header row number, its columns): the first row that names a title and another column, else
    the first that names a title; (0, ()) if there is none."""
    found: tuple[int, tuple[Column, ...]] = (0, ())
    try:
        for number, cells in islice(_records(text[:400_000], mark), MAX_ABOVE):
            if len(cells) > 500:
                continue
            columns = _settled([read_column(cell.strip()) for cell in cells])
            if not any(column.role == "title" for column in columns):
                continue
            if _score(columns) > 1:
                return number, columns
            found = found if found[1] else (number, columns)
    except BadInput:
        pass
    return found


def _score(columns: tuple[Column, ...]) -> int:
    return sum(1 for column in columns if column.role)


def _settled(columns: list[Column]) -> tuple[Column, ...]:
    """The columns with at most one title: the clearest name wins."""
    titles = [column for column in columns if column.role == "title"]
    best = min(titles, key=lambda column: column.doubt, default=None)
    return tuple(
        column if column is best or column.role != "title" else _second_title(column)
        for column in columns
    )


def _second_title(column: Column) -> Column:
    roles = {"summary": "description", "topic": "track", "thema": "track"}
    return replace(column, role=roles.get(column.name.casefold(), ""))
