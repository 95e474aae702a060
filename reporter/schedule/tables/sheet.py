"""A sheet of a spreadsheet: its name and the texts of its cells."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from reporter.schedule.tables.headers import read_column


@dataclass(frozen=True)
class Sheet:
    """``rows``: the cells' texts, dates and times in ISO 8601."""

    name: str
    rows: list[list[str]]
    hidden: bool = False

    @property
    def text(self) -> str:
        """The sheet as CSV."""
        text = io.StringIO()
        csv.writer(text).writerows(self.rows)
        return text.getvalue()


def fill_down(rows: list[list[str]], column: int, span: range) -> None:
    """Repeat the first cell of a merged span below itself if its column holds times, rooms or tracks."""
    above = [row for row in rows[: min(span.start, 20)] if column < len(row)]
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
