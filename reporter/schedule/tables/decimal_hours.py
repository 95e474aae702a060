"""Times with a point before one digit: 14.5 is 14:30 in decimal hours, and 14:50 where a spreadsheet dropped a zero.

The other times of the table decide; where they do not, the time is reported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from reporter.messages import Message
from reporter.schedule.parsed_session import Findings, one_line
from reporter.schedule.tables.table import Row, Table

_POINTED = re.compile(r"([01]?\d|2[0-4])[.,](\d{1,2})")
# Parts that are as likely in decimals as in minutes.
_EITHER = frozenset({"5", "0", "00", "25", "50"})


def with_decimal_hours(table: Table, columns: Sequence[int], findings: Findings) -> Table:
    """The table with such times of its time ``columns`` written out where the table shows which they are."""
    dated = any(table.columns[index].kind == "date" for index in table.named("start"))
    # Without a column of dates 5.12 may be a day.
    columns = [index for index in columns if dated or table.columns[index].kind == "time"]
    found = [
        match
        for row in table.rows
        for index in columns
        if (match := _POINTED.fullmatch(row.cell(index)))
    ]
    parts = {match[2] for match in found}
    if not any(len(part) == 1 or int(part) > 59 for part in parts):
        return table
    decimal = any(int(part) > 59 or part in ("6", "7", "8", "9") for part in parts)
    minutes = not decimal and bool(parts - _EITHER)
    if decimal and parts - _EITHER - {"75"}:
        return table  # neither: 9.15 and 9.75
    if decimal or minutes:
        shown = next(match for match in found if len(match[2]) == 1 or decimal)
        findings.note(
            Message(
                "Numbers such as “%(text)s” were read as times (%(clock)s). Check them.",
                text=shown[0],
                clock=_clock(shown, decimal=decimal),
            )
        )
    rows = [
        _written_out(row, columns, decimal if decimal or minutes else None) for row in table.rows
    ]
    return replace(table, rows=tuple(rows))


def either_reading(text: str) -> Message | None:
    """A sentence on a time that may be two, such as 14.5; None for other texts."""
    match = _POINTED.fullmatch(text)
    if match is None or len(match[2]) != 1 or int(match[2]) > 5:
        return None
    return Message(
        "“%(text)s” may be %(one)s or %(other)s. Write it like 14:30.",
        text=one_line(text, 40),
        one=_clock(match, decimal=True),
        other=_clock(match, decimal=False),
    )


def _written_out(row: Row, columns: Sequence[int], decimal: bool | None) -> Row:
    """``decimal``: None if only whole hours are certain."""
    cells = list(row.cells)
    for index in columns:
        match = _POINTED.fullmatch(row.cell(index))
        if match is not None and (decimal is not None or match[2] == "0"):
            cells[index] = _clock(match, decimal=bool(decimal))
    return replace(row, cells=tuple(cells))


def _clock(match: re.Match[str], *, decimal: bool) -> str:
    minutes = round(float(f"0.{match[2]}") * 60) if decimal else int(match[2].ljust(2, "0"))
    return f"{match[1]}:{minutes:02}"
