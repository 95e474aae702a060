"""Columns whose names are not understood: used if there is no doubt, else reported; and those without names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.dates.moments import parse_span
from reporter.schedule.dates.order import DateOrder
from reporter.schedule.parsed_session import Findings, one_line
from reporter.schedule.tables.grid import span_in_any_order
from reporter.schedule.tables.headers import Column
from reporter.schedule.tables.table import NoTitle, Table, records, separators


def adopt_columns(table: Table, findings: Findings) -> Table:
    """The table with unknown columns of times used if unambiguous, else reported.

    If no known column has times of day and exactly one unknown column has, that is the start.
    """
    looks = {
        i: kind
        for i, column in enumerate(table.columns)
        if not column.role and (kind := _look(table, i))
    }
    clocks = [index for index, kind in looks.items() if kind != "date"]
    days = [index for index, kind in looks.items() if kind != "time"]
    chosen: dict[int, Column] = {}
    if not _has_clock(table) and len(clocks) == 1:
        chosen[clocks[0]] = replace(table.columns[clocks[0]], role="start")
    if not table.named("start") and len(days) == 1:
        chosen.setdefault(days[0], replace(table.columns[days[0]], role="start"))
    for column in chosen.values():
        findings.note(
            Message(
                "The column “%(column)s” is not known, and was taken as the start.",
                column=one_line(column.name, 40),
            )
        )
    lengths = [] if table.named("duration") or table.named("end") else _lengths(table)
    columns = tuple(chosen.get(index, column) for index, column in enumerate(table.columns))
    adopted = replace(table, columns=columns)
    _tell_unused(adopted, sorted({*looks, *lengths} - set(chosen)), findings)
    return adopted


def _tell_unused(table: Table, unused: list[int], findings: Findings) -> None:
    if unused:
        findings.note(
            Message(
                "Columns that look like dates, times or lengths and were not used: %(columns)s. "
                "If they tell when sessions are, call them start, end, date or duration.",
                columns=_named(table, unused),
            )
        )
    others = [
        index
        for index, column in enumerate(table.columns)
        if not column.role and index not in unused and any(row.cell(index) for row in table.rows)
    ]
    if others:
        findings.note(
            Message("Columns that were not used: %(columns)s.", columns=_named(table, others))
        )


def _named(table: Table, indexes: list[int]) -> str:
    names = [
        f"“{one_line(table.columns[index].name, 40) or f'no. {index + 1}'}”" for index in indexes
    ]
    shown = ", ".join(names[:8])
    if len(names) <= 8:
        return shown
    return Message("%(places)s and %(count)s more", places=shown, count=len(names) - 8)


def _has_clock(table: Table) -> bool:
    named = table.named("start")
    return any(_look(table, index, known=True) in ("time", "both") for index in named)


def _look(table: Table, index: int, *, known: bool = False) -> str:
    """ "date", "time" or "both" if most cells of the column are such; "" for other columns.

    In a ``known`` column of times a part of a day such as 0.604 is a time too.
    """
    texts = [text for row in table.rows[:200] if (text := row.cell(index))]
    kinds = [kind for text in texts if (kind := _kind(text, known=known))]
    if not kinds or len(kinds) * 2 < len(texts):
        return ""
    return kinds[0] if len(set(kinds)) == 1 else "both"


def _lengths(table: Table) -> list[int]:
    """Unknown columns of numbers that could be minutes."""
    found: list[int] = []
    for index, column in enumerate(table.columns):
        texts = [text for row in table.rows[:200] if (text := row.cell(index))]
        fit = [text for text in texts if re.fullmatch(r"\d{1,2}[05]|[5]", text)]
        if not column.role and fit and len(fit) * 2 > len(texts):
            found.append(index)
    return found


def _kind(text: str, *, known: bool) -> str:
    if len(text) > 60 or not any(c.isdigit() for c in text):
        return ""
    for order in (DateOrder(), DateOrder("month first")):
        try:
            start = parse_span(text, order, clock_column=known and "." in text[:2]).start
        except ValueError:
            continue
        return "date" if start.clock is None else "time" if start.day is None else "both"
    return ""


def unnamed_columns(text: str) -> NoTitle | None:
    """The error for a table that begins with a session in place of the columns' names, with the names that may be
    meant; None for other texts."""
    marks, text = separators(text)
    for mark in marks:
        try:
            first = next((cells for _, cells in islice(records(text, mark), 1)), [])
        except BadInput:
            continue
        spans = [span_in_any_order(cell) for cell in first]
        clocks = sum(1 for span in spans if span is not None and span.start.clock is not None)
        if clocks and sum(1 for cell in first if cell.strip()) > clocks:
            return NoTitle(
                "The columns of this table have no names. Put a row above it that names what each of them "
                "holds, as in: %(row)s",
                row=mark.join(_likely_names(first)).rstrip(mark),
            )
    return None


def _likely_names(cells: list[str]) -> Iterator[str]:
    times, texts = iter(("start", "end")), iter(("title", "room", "speaker", "track"))
    for cell in cells:
        span = span_in_any_order(cell)
        if span is None:
            yield next(texts, "") if cell.strip() else ""
        elif span.start.clock is None:
            yield "date"
        else:
            yield next(times, "")
