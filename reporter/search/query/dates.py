"""Parse days as people write them: ``2026-03-14``, ``14.3.``, ``saturday``, ``today``, ``2026-03-14..2026-03-15``."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from datetime import date, timedelta

from reporter.languages import LANGUAGES
from reporter.search.text.tokenizer import normalize

NEAR = {
    "today": 0,
    "yesterday": -1,
    "hoy": 0,
    "ayer": -1,
    "heute": 0,
    "gestern": -1,
    "hier": -1,
    "aujourdhui": 0,
    "hoje": 0,
    "ontem": -1,
    "اليوم": 0,
    "امس": -1,
    "сьогодні": 0,
    "вчора": -1,
    "आज": 0,
    "कल": -1,
    "今天": 0,
    "昨天": -1,
}
_PARTS = re.compile(r"(\d{1,2})[./](\d{1,2})?[./]?(\d{4})?")


def matching_days(
    value: str, known: Collection[str], today: date | None, languages: Collection[str]
) -> set[str]:
    """The known days (ISO dates) that a text matches; empty if it is not a day.

    A number alone is a day of the month. Weekdays are understood in all ``languages`` and in those
    of the pages.
    """
    if ".." in value:
        first, last = (part.strip() for part in value.split("..", 1))
        return {day for day in known if (first or day) <= day <= (last or day) + "~"}
    word = normalize(value.strip()).replace("'", "").replace("’", "")
    if word in NEAR:
        return {str(today + timedelta(days=NEAR[word]))} & set(known) if today else set()
    if word and (weekday := _weekdays(tuple(languages)).get(word)) is not None:
        return {day for day in known if date.fromisoformat(day).weekday() == weekday}
    return {day for day in known if _is_date(value.strip(), day)}


def _is_date(value: str, day: str) -> bool:
    if re.fullmatch(r"\d{4}(-\d{1,2}){0,2}", value):
        wanted = "-".join(part.zfill(2) for part in value.split("-"))
        return day.startswith(wanted)
    if value.isdecimal():
        return int(value) == int(day[8:])
    parts = _PARTS.fullmatch(value)
    if not parts:
        return False
    of_month, month, year = parts.groups()
    return (
        int(of_month) == int(day[8:])
        and (month is None or int(month) == int(day[5:7]))
        and (year is None or year == day[:4])
    )


@functools.cache
def _weekdays(languages: tuple[str, ...]) -> dict[str, int]:
    """{name or short name: 0 for Monday … 6}."""
    from babel.core import Locale

    names: dict[str, int] = {}
    for language in reversed(dict.fromkeys((*languages, *LANGUAGES))):
        for width in ("abbreviated", "wide"):
            for number, name in Locale.parse(language).days["format"][width].items():
                names[normalize(name).strip(".")] = number
    return names
