"""Detect the order of day, month and year in dates such as 05/12/2026 of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from reporter.messages import Message
from reporter.schedule.dates.eras import common_year

Order = Literal["day first", "month first", "year first"]

# Three numbers; the year is last, or has two digits.
NUMERIC_DATE = re.compile(
    r"(?<![\d:/-])(?<!\d\.)(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2"
    # Not "5.12. 18-20 Uhr".
    r"(?:\s?(?=\d{4})|(?=\d\d)|\s(?=\d\d(?!\d|\s?-|\s?(?:uhr|h)\b)))(\d{4}|\d{2})(?![\d:])\.?"
)
_ORDERS: tuple[Order, ...] = ("day first", "month first", "year first")
_NAMES: dict[Order, Message] = {
    "day first": Message("day first"),
    "month first": Message("month first"),
    "year first": Message("year first"),
}


@dataclass(frozen=True)
class DateOrder:
    """The date order of a file; ``mixed``: the dates contradict each other, so each is read alone."""

    order: Order = "day first"
    mixed: bool = False


@dataclass(frozen=True)
class _Written:
    """A numeric date of the file, its position, and the weekdays beside it."""

    where: str
    match: re.Match[str]
    weekdays: frozenset[int]

    def read(self, order: Order) -> date | None:
        day = _in_order(self.match, order)
        fits = day is not None and (not self.weekdays or day.weekday() in self.weekdays)
        return day if fits else None


def numeric_date(
    match: re.Match[str], order: DateOrder, weekdays: frozenset[int] = frozenset()
) -> date | None:
    """The date of a match of NUMERIC_DATE; None if it is invalid in this order.

    With dots the day comes first in every country, unless that is not a valid date.
    """
    if not order.mixed:
        wanted: Order = (
            "day first" if match[2] == "." and order.order != "year first" else order.order
        )
        return _in_order(match, wanted) or _only_reading(match, frozenset())
    return _only_reading(match, weekdays)


def _only_reading(match: re.Match[str], weekdays: frozenset[int]) -> date | None:
    # 10.30.45 is not a date in October.
    dotted = match[2] == "." and len(match[4]) == 2
    orders = [order for order in _ORDERS if not (dotted and order == "month first")]
    days = {_in_order(match, order) for order in orders} - {None}
    if len(days) > 1 and weekdays:
        days = {day for day in days if day is not None and day.weekday() in weekdays}
    return days.pop() if len(days) == 1 else None


def _in_order(match: re.Match[str], order: Order) -> date | None:
    first, second, third = int(match[1]), int(match[3]), int(match[4])
    if order == "year first":
        if len(match[4]) == 4 or len(match[1]) == 1:
            return None
        year, month, day = 2000 + first, second, third
    else:
        year = common_year(third + (2000 if len(match[4]) == 2 else 0))
        day, month = (first, second) if order == "day first" else (second, first)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def decide_order(
    cells: Sequence[tuple[str, str, frozenset[int]]],
    *,
    twelve_hours: bool,
    certain: Sequence[date] = (),
) -> tuple[DateOrder, str]:
    """The order for all dates of a file, and a warning if it was uncertain ("" otherwise).

    ``cells``: (position, normalized text, weekdays in it); ``certain``: the file's unambiguous
    dates. An order that gives an invalid date, or contradicts a weekday, is ruled out. Of several
    possible ones the order wins that puts the dates closest together, since a gathering lasts days;
    else the one usual with the clock's style (``twelve_hours``).
    """
    written = [*_written(cells)]
    possible = [order for order in _ORDERS if all(each.read(order) for each in written)]
    if not written:
        return DateOrder(), _american(cells) if twelve_hours else ""
    if not possible:
        return DateOrder(mixed=True), _contradiction(written)
    readings = {order: [each.read(order) for each in written] for order in possible}
    if all(days == readings[possible[0]] for days in readings.values()):
        return DateOrder(possible[0]), ""
    best = min(
        possible,
        key=lambda order: _unlikeliness(order, [*readings[order], *certain], twelve_hours),
    )
    example = next(each for each in written if len({each.read(order) for order in possible}) > 1)
    return DateOrder(best), _two_ways(example, best)


def _two_ways(example: _Written, order: Order) -> Message:
    return Message(
        "Dates such as %(example)s can be read in two ways. They were taken with the %(order)s, as %(day)s. If that "
        "is wrong, write dates like 2026-12-05.",
        example=example.match[0],
        order=_NAMES[order],
        day=example.read(order),
    )


def _american(cells: Sequence[tuple[str, str, frozenset[int]]]) -> str:
    """The warning for dotted dates beside am and pm, as Americans write them with the month first."""
    for where, text, weekdays in cells:
        for match in NUMERIC_DATE.finditer(text):
            found = _Written(where, match, weekdays)
            days = {found.read(order) for order in _ORDERS[:2]} - {None}
            if len(days) > 1:
                return _two_ways(found, "day first")
    return ""


def _unlikeliness(
    order: Order, days: Sequence[date | None], twelve_hours: bool
) -> tuple[bool, int, bool, bool]:
    known = [day for day in days if day is not None]
    span = (max(known) - min(known)).days
    strange = not all(2010 <= day.year <= 2060 for day in known)
    return strange, span, (order == "month first") != twelve_hours, order == "year first"


def _written(cells: Sequence[tuple[str, str, frozenset[int]]]) -> Iterator[_Written]:
    for where, text, weekdays in cells:
        for match in NUMERIC_DATE.finditer(text):
            if match[2] != "." or (len(match[4]) == 2 and int(match[1]) > 12):
                yield _Written(where, match, weekdays)


def _contradiction(written: Sequence[_Written]) -> str:
    first: dict[str, Message] = {}
    for each in written:
        readings = [order for order in _ORDERS if each.read(order)]
        if len(readings) == 1:
            only = readings[0]
            first.setdefault(
                only,
                Message(
                    "%(where)s puts the %(order)s (“%(date)s”).",
                    where=each.where,
                    order=_NAMES[only],
                    date=each.match[0],
                ),
            )
    return Message.join(
        [
            Message("The dates don't agree."),
            *first.values(),
            Message(
                "Dates that can be read in one way only were taken, the others not. Write all dates like 2026-12-05."
            ),
        ]
    )
