"""Which layout a text of sessions has: a table with named columns, a grid, or plain lines."""

from __future__ import annotations

from reporter.messages import Message
from reporter.schedule.parsed_session import Findings
from reporter.schedule.tables.agenda_lines import is_session, read_lines
from reporter.schedule.tables.grid import read_grid
from reporter.schedule.tables.table import NoTitle, Table, read_table
from reporter.schedule.tables.unknown_columns import unnamed_columns

_AS_GRID = Message(
    "The table was read as a grid: times in front, a column for each room or day. Check the sessions and their ends."
)
_AS_LINES = Message(
    "The text was read line by line: a time, then a title. Check the sessions and their ends."
)


def find_table(text: str, sheet: str, findings: Findings) -> Table:
    """Parse a text into a table of sessions, and report to ``findings`` if it was read as a grid or as lines.

    Raises BadInput if it is none of them.
    """
    try:
        table = read_table(text, sheet)
        # "10:00 Seeds, Room 1" names no columns, though one of its parts could be a column's name.
        lines = read_lines(text, sheet) if is_session(table.columns[0].name) else None
    except NoTitle as error:
        if (grid := read_grid(text, sheet)) is not None:
            findings.note(_AS_GRID)
            return grid
        if (lines := read_lines(text, sheet)) is None:
            raise unnamed_columns(text) or error from None
        table = lines
    if lines is not None:
        findings.note(_AS_LINES)
    return lines or table
