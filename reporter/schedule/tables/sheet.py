"""A sheet of a spreadsheet: its name and the texts of its cells."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from reporter.errors import BadInput
from reporter.schedule.tables.headers import Column, read_column

# A title and an empty line may precede the header.
_MOST_ABOVE = 20
MOST_COLUMNS = 500
# Merged cells of a sheet do not overlap: together they cover no more than there is.
_MOST_COVERED = 10_000_000
# Columns of which a hidden one is read beside a visible one: who must not be recorded counts in any case.
_ALWAYS_READ = ("", "do_not_record")


@dataclass(frozen=True)
class Sheet:
    """``rows``: the cells' texts, dates and times in ISO 8601, without those of hidden rows and columns.

    ``hidden_rows``: the numbers of hidden rows that have texts; ``hidden_columns``: the names of hidden columns that
    were not needed; ``unsaved``: the cells whose formula has no saved result; ``errors``: those with an error, and it;
    ``beyond``: those with a text that are too far to the right to be read.
    """

    name: str
    rows: list[list[str]]
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The sheet as CSV."""
        text = io.StringIO()
        csv.writer(text).writerows(self.rows)
        return text.getvalue()


@dataclass
class RawSheet:
    """A sheet as it is in a file; see ``Sheet``. Numbers are from 0.

    ``merged``: the rows and columns of each merged cell.
    """

    name: str
    hidden: bool = False
    rows: list[list[str]] = field(default_factory=list)
    merged: list[tuple[range, range]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    unsaved: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)

    def finished(self) -> Sheet:
        """The sheet as it is seen: merged cells filled downwards, hidden rows and columns left out."""
        covered = sum(map(self._covered, self.merged))
        if covered > _MOST_COVERED:
            raise BadInput(
                "The merged cells of this spreadsheet overlap. Save it as CSV (UTF-8) and import that."
            )
        for rows, columns in self.merged:
            self._empty_covered(rows, columns)
        for rows, columns in self.merged:
            if len(rows) > 1:
                fill_down(self.rows, columns.start, rows)
        while self.rows and not any(map(str.strip, self.rows[-1])):
            self.rows.pop()
        unneeded = self._without_hidden_columns()
        left = self._without_hidden_rows()
        said = ((*self.unsaved,), (*self.errors,), (*self.beyond,))
        return Sheet(self.name, self.rows, self.hidden, left, unneeded, *said)

    def _covered(self, span: tuple[range, range]) -> int:
        rows, columns = span
        return max(min(rows.stop, len(self.rows)) - rows.start, 0) * len(columns)

    def _empty_covered(self, rows: range, columns: range) -> None:
        """Some programs keep what was in the cells that a merged one covers."""
        for number in rows[: max(len(self.rows) - rows.start, 0)]:
            row = self.rows[number]
            for column in columns[: max(len(row) - columns.start, 0)]:
                if (number, column) != (rows.start, columns.start):
                    row[column] = ""

    def _without_hidden_columns(self) -> tuple[str, ...]:
        if not self.hidden_columns or not self.rows:
            return ()
        header = [read_column(cell) for cell in self.rows[header_position(self.rows)]]
        shown = {_use(c) for at, c in enumerate(header) if at not in self.hidden_columns}
        unneeded = [
            at
            for at, column in enumerate(header)
            if at in self.hidden_columns
            and column.role not in _ALWAYS_READ
            and _use(column) in shown
        ]
        for row in self.rows:
            for at in unneeded:
                row[at : at + 1] = [""] if at < len(row) else []
        return tuple(header[at].name for at in unneeded)

    def _without_hidden_rows(self) -> tuple[int, ...]:
        first = header_position(self.rows) + 1
        left = [n for n in sorted(self.hidden_rows) if first <= n < len(self.rows)]
        left = [n for n in left if any(cell.strip() for cell in self.rows[n])]
        if len(left) == sum(any(map(str.strip, row)) for row in self.rows[first:]):
            return ()
        for number in left:
            self.rows[number] = []
        return tuple(number + 1 for number in left)


def _use(column: Column) -> tuple[str, str]:
    return column.role, column.kind


def column_letters(column: int) -> str:
    """How spreadsheets call a column: "A" for 0, "AA" for 26."""
    before, last = divmod(column, 26)
    return (column_letters(before - 1) if before else "") + chr(65 + last)


def header_position(rows: list[list[str]]) -> int:
    """The position of the row that most looks like a header; 0 if none does."""
    known = [sum(bool(read_column(cell).role) for cell in row) for row in rows[:_MOST_ABOVE]]
    return known.index(max(known)) if known else 0


def fill_down(rows: list[list[str]], column: int, span: range) -> None:
    """Repeat the first cell of a merged span below itself if its column holds times, rooms or tracks."""
    above = [row for row in rows[: min(span.start, _MOST_ABOVE)] if column < len(row)]
    known = [(role, row) for row in above if (role := read_column(row[column]).role)]
    if not known or known[0][0] not in ("start", "end", "duration", "room", "track"):
        return
    role, header = known[0]
    # Without a column of titles it is a grid, whose rooms have titles below them.
    if role == "room" and not any(read_column(name).role == "title" for name in header):
        return
    text = rows[span.start][column] if column < len(rows[span.start]) else ""
    for row in rows[span.start + 1 : span.stop]:
        row += [""] * (column + 1 - len(row))
        row[column] = row[column] or text
