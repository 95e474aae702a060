"""Parse ranges of days of which one names the month or year: "5.–7. Dezember 2026", "Dec 30 – Jan 2, 2027"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from reporter.schedule.dates.clock import WORD, weekdays_in
from reporter.schedule.dates.names import months_called

LONGEST = timedelta(days=31)

_LIST = r"[,&/+]|\b(?:and|und|et|y|e|en|och|og|и|та|i)\b"
_DASH = (
    r"-|\bt/m\b|\b(?:bis|to|until|till|through|thru|au|al|as|até|ate|tot|do|til|до|по|a)\b"
    r"|(?<=[\d日])(?:至|到|から)"
)
_BETWEEN = re.compile(rf"\s*(?:(?P<dash>{_DASH})|{_LIST})\s*")
# Three days or more in a list.
_LISTED = re.compile(rf"(?<!\d)\d{{1,2}}\.?(?:\s*(?:{_LIST})\s*\d{{1,2}}(?!\d)\.?){{2,}}")
_NUMBER = re.compile(r"(?<![\d:])\d{1,2}(?![\d:])")
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_ORDINAL = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)\b")
_SIGN = re.compile(_DASH + "|" + _LIST)
_OPENING = re.compile(r"^(?:from|vom|von|du|del|dal|dall['’]|des|fra|från|van|od|с|з)\s?(?=\d|\w)")
_TIMES_BEHIND = re.compile(r"(.*?(?<!\d)20\d\d(?!\d)\.?(?:年.*日)?)(?:\s*[,|]\s*|\s+)(.*\d.*)")

Days = tuple[date, date]
ParseDay = Callable[[str], date | None]


def day_range(text: str, parse_day: ParseDay) -> Days | None:
    """The first and last day of the normalized text; None if it is no range of at most 31 days.

    Days listed without a gap ("5, 6 and 7 December") are a range too. ``parse_day`` gives the date
    of a text that is nothing but a date, else None.
    """
    if len(text) > 60 or not any(map(str.isdigit, text)):
        return None
    plain = _ORDINAL.sub(r"\1", _OPENING.sub("", _without_weekdays(text)))
    plain = _LISTED.sub(_joined, plain)
    for first, last, dash in _cuts(plain):
        for begins, ends in _completed(first, last):
            start, end = parse_day(begins), parse_day(ends)
            if start and end and timedelta() < end - start <= (LONGEST if dash else timedelta(1)):
                return start, end
    return None


def other_weekday(text: str, day: date) -> bool:
    """Whether the normalized text names weekdays, and not that of ``day``."""
    named = [word[0] for word in WORD.finditer(text) if len(word[0]) > 2 and _is_weekday(word)]
    return bool(named) and day.weekday() not in weekdays_in(" ".join(named))


def days_and_times(text: str, parse_day: ParseDay) -> tuple[Days, str] | None:
    """The days of ``day_range`` and the text behind them, as in "5.–7. Dezember 2026, 9–17 Uhr"; else None."""
    found = _TIMES_BEHIND.fullmatch(text)
    days = day_range(found[1], parse_day) if found else None
    return (days, found[2]) if found and days else None


def _without_weekdays(text: str) -> str:
    plain = WORD.sub(lambda word: "" if _is_weekday(word) else word[0], text)
    return " ".join(re.sub(r"^[\s.,/&()-]+", "", plain).split())


def _is_weekday(found: re.Match[str]) -> bool:
    """Whether the word can only be a weekday: "mar" is a month, too, "do" is "to", and "5th" is no Thursday."""
    word, before = found[0], found.string[: found.start()][-1:]
    if len(word) < 2 or before.isdigit() or _SIGN.fullmatch(word) or months_called(word):
        return False
    return bool(weekdays_in(word))


def _joined(found: re.Match[str]) -> str:
    """The list of days as a range if they follow one another, else as it is."""
    days = [int(number) for number in re.findall(r"\d+", found[0])]
    if days != [*range(days[0], days[0] + len(days))]:
        return found[0]
    return f"{days[0]} - {days[-1]}{'.' if found[0].endswith('.') else ''}"


def _cuts(text: str) -> Iterator[tuple[str, str, bool]]:
    """The text before and after each word or sign that may stand between two days, and whether it means "to"."""
    for cut in _BETWEEN.finditer(text):
        first, last = text[: cut.start()].strip(" ,"), text[cut.end() :].strip(" .,-/")
        if _NUMBER.search(first) and _NUMBER.search(last):
            years = _YEAR.search(first) and _YEAR.search(last)
            yield first, last, bool(cut["dash"] or years)


def _completed(first: str, last: str) -> Iterator[tuple[str, str]]:
    """Both texts as whole dates: what one of them lacks is in the other."""
    yield first, last
    if year := _YEAR.search(last):
        yield from ((begins, last) for begins in _in_years(first, int(year[0]), -1))
    if year := _YEAR.search(first):
        yield from ((first, ends) for ends in _in_years(last, int(year[0]), 1))
    own, other = [*_NUMBER.finditer(first)], [*_NUMBER.finditer(last)]
    if len(own) == 1:
        # "5 - 7 dec 2026", "5. - 7.12.2026", "12/5 - 7/2026"
        swaps = other[: 2 if "/" in last else 1]
        yield from ((_with_number(last, number, own[0][0]), last) for number in swaps)
    if len(other) == 1 and (len(own) == 1 or re.match(r"\d{4}", first)):
        # "dec 5 - 7, 2026", "2026-12-05 - 07"
        whole, rest = _with_number(first, own[-1], other[0][0]), last[other[0].end() :]
        yield first, whole
        yield first + rest, whole + rest


def _in_years(text: str, year: int, step: int) -> Iterator[str]:
    for joint in (" ", "", "/", "."):
        yield f"{text}{joint}{year}"
        yield f"{text}{joint}{year + step}"
    yield f"{year}年{text}"


def _with_number(text: str, number: re.Match[str], other: str) -> str:
    return f"{text[: number.start()]}{other}{text[number.end() :]}"
