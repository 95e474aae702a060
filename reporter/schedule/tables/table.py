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
from reporter.schedule.dates.names import without_accents
from reporter.schedule.parsed_session import MAX_SESSIONS
from reporter.schedule.tables.headers import Column, read_column

MAX_ROWS = 2 * MAX_SESSIONS
# A title, a date and an empty line may precede the header.
MAX_ABOVE = 20

_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?[ \t]*(?:\r\n|\r|\n)", re.I)
# Programs write ="14:30" so that Excel doesn't change the text.
_TEXT_FORMULA = re.compile(r'^\s*="([^"]*)"\s*$')


class NoTitle(BadInput):
    """No row names a column of titles."""


@dataclass(frozen=True)
class Row:
    """A row below the header; ``number`` is the spreadsheet's row number, ``title`` what messages call it otherwise."""

    number: int
    cells: tuple[str, ...]
    sheet: str = ""
    title: str = ""

    @property
    def where(self) -> str:
        if self.title:
            return self.title
        if self.sheet:
            return Message("Row %(number)s of “%(sheet)s”", number=self.number, sheet=self.sheet)
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
        """The first non-empty value of the columns with a role; those that name it clearly come first."""
        indexes = sorted(self.named(role), key=lambda index: self.columns[index].doubt)
        return next((text for index in indexes if (text := row.cell(index))), "")


def read_table(text: str, sheet: str = "") -> Table:
    """Parse a CSV text; ``sheet`` is the name of its sheet in a spreadsheet.

    Raises NoTitle if no row names a title column, BadInput if the table is too long or a quotation mark is not closed.
    """
    marks, text = separators(text)
    # Ties go to the most common one, which is first.
    scored = [(*_header(text, mark), mark) for mark in marks]
    position, columns, mark = max(scored, key=lambda found: _score(found[1]))
    if not columns:
        raise NoTitle(
            "No column is called “title”. A row at the top of the table must name its columns, "
            "as in: title,start,end,room,speaker,id"
        )
    above: list[str] = []
    rows: list[Row] = []
    names = tuple(column.name for column in columns)
    for number, cells in records(text, mark):
        if number < position:
            above += [cell.strip() for cell in cells if cell.strip()]
        elif number > position and not _is_ruling(cells, names):
            rows.append(Row(number, tuple(cells), sheet))
    return Table(columns, tuple(above), tuple(rows))


def separators(text: str) -> tuple[str, str]:
    """The characters that may separate cells, and the text without Excel's line that names one."""
    if named := _SEPARATOR_LINE.match(text):
        return named[1], text[named.end() :]
    return ",;\t|", text


def _is_ruling(cells: list[str], names: tuple[str, ...]) -> bool:
    """Whether the row repeats the header, or is the line below it in Markdown."""
    texts = tuple(cell.strip() for cell in cells)
    return texts == names or all(re.fullmatch(r":?-{2,}[-+]*:?", text) for text in texts if text)


def records(text: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that aren't empty, with their numbers; raises BadInput if there are too many or a quotation is open."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MAX_ROWS:
                raise BadInput(
                    "The table has more than %(max_rows)s rows. Split it.", max_rows=MAX_ROWS
                )
            if any(cell.strip() for cell in cells):
                yield number, [_TEXT_FORMULA.sub(r"\1", cell) for cell in cells]
    except csv.Error as error:
        raise BadInput(
            "The table can't be read near line %(line_num)s: a quotation mark is probably not "
            "closed. Save it again as CSV.",
            line_num=reader.line_num,
        ) from error


def _header(text: str, mark: str) -> tuple[int, tuple[Column, ...]]:
    """(header row number, its columns): the first row that names a title and another column, else
    the first that names a title; (0, ()) if there is none."""
    weak: tuple[int, tuple[Column, ...]] = (0, ())
    found = weak
    above: list[str] = []
    try:
        for number, cells in islice(records(text[:400_000], mark), MAX_ABOVE):
            if len(cells) > 500:
                continue
            if above and (both := _in_two_rows(above, cells)) is not None:
                return number, both
            if found[1]:
                return found
            above = cells
            columns = settled([read_column(cell.strip()) for cell in cells])
            if any(column.role == "title" for column in columns):
                found = (number, columns) if _score(columns) > 1 else found
                weak = weak if weak[1] else (number, columns)
    except BadInput:
        pass
    return found if found[1] else weak


def _in_two_rows(above: list[str], below: list[str]) -> tuple[Column, ...] | None:
    """The columns of a header in two rows, such as "Start" above "Date" and "Time"; None if it is none."""
    named = [cell.strip() for cell in below]
    if min(sum(1 for cell in row if cell.strip()) for row in (above, below)) < 2 or any(
        c.isdigit() for cell in named for c in cell
    ):
        return None
    columns: list[Column] = []
    top = ""
    for index in range(max(len(above), len(below))):
        own = above[index].strip() if index < len(above) else ""
        top = own or top
        columns.append(_under(own, top, named[index] if index < len(named) else ""))
    if any(cell and not column.role for cell, column in zip(named, columns, strict=False)):
        return None
    whole = settled(columns)
    first, second = (
        _score(settled([read_column(cell.strip()) for cell in row])) for row in (above, below)
    )
    better = _score(whole) > max(first, second) or _score(whole) == second > first
    titled = any(column.role == "title" for column in whole)
    return whole if titled and better else None


def _under(own: str, top: str, name: str) -> Column:
    """The column called ``name`` below ``top``, whose cell may be merged over several columns."""
    if not name:
        return read_column(own)
    alone, both = read_column(name), read_column(f"{top} {name}")
    if not both.role or (both.role == alone.role and alone.kind and not both.kind):
        return alone
    return both


def _score(columns: tuple[Column, ...]) -> int:
    return sum(1 for column in columns if column.role)


def settled(columns: list[Column]) -> tuple[Column, ...]:
    """The columns with at most one title: the clearest name wins."""
    titles = [column for column in columns if column.role == "title"]
    best = min(titles, key=lambda column: column.doubt, default=None)
    return tuple(
        column if column is best or column.role != "title" else _second_title(column)
        for column in columns
    )


def _second_title(column: Column) -> Column:
    name = without_accents(column.name.casefold())
    roles = {
        "summary": "description",
        **dict.fromkeys(("topic", "thema", "tema", "teema"), "track"),
    }
    return replace(column, role=roles.get(name, ""))
