"""Find the days that a title names among other words, such as "Programme of Saturday 5 December 2026, draft"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from reporter.schedule.dates.moments import Span

_MOST_WORDS, _MOST_IN_A_DATE = 60, 6


def days_within(text: str, parse: Callable[[str], Span]) -> set[date]:
    """All days named, of a range the first and the last; ``parse`` raises ValueError for what is no date."""
    words, days = text.split()[:_MOST_WORDS], set[date]()
    first = 0
    while first < len(words):
        # The longest part of the title that is a date, so that no "14 March 2026" is seen in "13 to 14 March 2026".
        ends = range(min(len(words), first + _MOST_IN_A_DATE), first, -1)
        parts = ((end, _days_of(" ".join(words[first:end]), parse)) for end in ends)
        end, named = next(((end, named) for end, named in parts if named), (first + 1, set()))
        days |= named
        first = end
    return days


def _days_of(text: str, parse: Callable[[str], Span]) -> set[date]:
    """The first and the last day of a text that names nothing else."""
    plain = text.strip(",;:()")
    try:
        span = parse(plain) if any(c.isdigit() for c in plain) else None
    except ValueError:
        return set()
    if span is None or span.start.clock is not None:
        return set()
    return {day for day in (span.start.day, (span.end or span.start).day) if day}
