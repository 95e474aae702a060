"""Programmes as plain lines, as people type or paste them: a time, then a title."""

from __future__ import annotations

import re

from reporter.schedule.tables.cells import lone_weekday
from reporter.schedule.tables.grid import span_in_any_order
from reporter.schedule.tables.headers import Column
from reporter.schedule.tables.table import Row, Table

_COLUMNS = (Column("time", "start"), Column("title", "title"), Column("text", "description"))
_BULLET = re.compile(r"^\s*[-–—*•·‣▪]\s+")
# "2026-12-05, 6:00 pm until 7:30 pm" has six words.
_MOST_WORDS = 6
_BETWEEN = " \t:|,;-–—"
# More cells than a time and a title: a table whose columns nobody has named.
_CELLS = re.compile(r"[^\t|;]+[\t|;][^\t|;]+[\t|;]\s*\S")


def read_lines(text: str, sheet: str = "") -> Table | None:
    """The table with a row for each line that begins with a time of day; None if most lines don't.

    A line that is a date or a weekday is a heading for those below; one that is a time belongs to the next, its title;
    any other one describes the session above it.
    """
    above: list[str] = []
    rows: list[Row] = []
    timed, lone = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        words = _BULLET.sub("", line).strip()
        time, title = _divided(words)
        if lone and words:
            time, title = (time, title) if title and time else (lone, words)
            lone = ""
        elif time and not title:
            lone = time
            continue
        if time and title:
            timed += 1
            rows.append(Row(number, (time, title, ""), sheet))
        elif not words or not rows:
            above += [words] if words else []
        elif _is_day(words):
            rows.append(Row(number, (words, "", ""), sheet))
        else:
            rows[-1] = _described(rows[-1], words)
        if _CELLS.search(words):
            return None
    return Table(_COLUMNS, tuple(above), tuple(rows)) if timed > max(1, len(above)) else None


def _described(row: Row, words: str) -> Row:
    time, title, text = row.cells
    return Row(row.number, (time, title, f"{text}\n{words}".strip()), row.sheet)


def _divided(line: str) -> tuple[str, str]:
    """The time that a line begins with, and the rest of it; ('', line) without one."""
    words = line.split()
    for count in range(min(_MOST_WORDS, len(words)), 0, -1):
        time = " ".join(words[:count]).strip(_BETWEEN)
        span = span_in_any_order(time)
        if span is not None and span.start.clock is not None:
            return time, " ".join(words[count:]).strip(_BETWEEN)
    return "", line


def is_session(line: str) -> bool:
    """Whether a line is a time of day and a title."""
    return all(_divided(line))


def _is_day(line: str) -> bool:
    parts = (line, line.partition(":")[2], line.partition(",")[2], line.partition(" ")[2])
    spans = [span_in_any_order(part) for part in parts if part]
    days = [span for span in spans if span is not None and span.start.clock is None]
    return bool(days) or bool(lone_weekday(line))
