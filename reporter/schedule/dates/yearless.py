"""Dates without a year, for tables that name it elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reporter.schedule.dates.clock import WORD
from reporter.schedule.dates.eras import years_of_eras
from reporter.schedule.dates.names import months_called

_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_EAST_ASIAN = re.compile(r"(?<![年년\d])(?<![年년]\s)(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_DOTTED = re.compile(r"(?<![\d.:])(\d{1,2})\.\s?(\d{1,2})\.?(?=\s|,|$)(?!\s?\d{4}|\s?uhr)")
_DAY_BEFORE = re.compile(
    r"(?<![\d:.])\d{1,2}(?:st|nd|rd|th|er|re|º|ª|°|\.|-?e)?\s*(?:de|of|d['’]|di)?\s*$"
)
_DAY_AFTER = re.compile(r"^\.?\s*\d{1,2}(?:st|nd|rd|th)?(?![\d:.h])")


def only_year(texts: Iterable[str]) -> int | None:
    """The year if these texts name exactly one."""
    listed = [*texts]
    years = {int(year) for text in listed for year in _YEAR.findall(text)}
    years |= {year for text in listed for year in years_of_eras(text)}
    return years.pop() if len(years) == 1 else None


def with_year(text: str, year: int) -> str:
    """The normalized text with ``year`` in its date; raises ValueError if it has none, or has one with a year.

    Dates such as 12/5 are not completed: whether that is in May or in December is not known.
    """
    if re.search(r"(?<!\d)(?:19|20|25)\d\d(?!\d)", text):
        raise ValueError(text)
    if found := _EAST_ASIAN.search(text):
        return _with(text, found.span(), f"{year}年{found[1]}月{found[2]}日")
    for word in WORD.finditer(text):
        if not months_called(word[0]):
            continue
        if _DAY_BEFORE.search(text[: word.start()]):
            at = word.end() + (text[word.end() : word.end() + 1] == ".")
            return f"{text[:at]} {year} {text[at:].lstrip(' ,')}"
        if after := _DAY_AFTER.match(text[word.end() :]):
            at = word.end() + after.end()
            return f"{text[:at]}, {year} {text[at:].lstrip(' ,')}"
    if (found := _DOTTED.search(text)) and int(found[2]) <= 12:
        return _with(text, found.span(), f"{found[1]}.{found[2]}.{year}")
    raise ValueError(text)


def _with(text: str, span: tuple[int, int], date: str) -> str:
    return f"{text[: span[0]]}{date} {text[span[1] :]}"
