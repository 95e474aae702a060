"""Years that are counted in another way: Japanese eras, the Republic of China, the Buddhist calendar."""

from __future__ import annotations

import re

# The year before the first of each era.
_BEFORE = {"令和": 2018, "r": 2018, "平成": 1988, "h": 1988, "昭和": 1925, "s": 1925, "民国": 1911}
_REST = r"\s?[年./-]\s?(\d{1,2})\s?[月./-]\s?(\d{1,2})(?!\d)\s?日?"
_ERA = re.compile(
    rf"(?:中華|中华)?(令和|平成|昭和|民[国國]|(?<![^\W\d_])[rhs](?=\d))\s?(\d{{1,3}}|元){_REST}"
)
# Only in Taiwan has a year three digits.
_MINGUO = re.compile(rf"(?<![\d./:-])(1[0-4]\d){_REST}")
_ERA_NAME = re.compile(r"令和|平成|昭和|民[国國]")
_ERA_YEAR = re.compile(r"\s*(?:\d{1,3}|元)\s?[年./-]\s?\d{1,2}\s?[月./-]")
_NAMED_YEAR = re.compile(r"(令和|平成|昭和|民[国國])\s?(\d{1,3}|元)\s?年")
_BUDDHIST = range(2500, 2700)
# The first days of spreadsheets, databases and programs, which they write before a time without a day.
_LEADING_DAY = re.compile(
    r"(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})(?:T|,?\s+)(?=\d{1,2}:\d\d)"
)
_FIRST_DAYS = (
    [12, 30, 1899],
    [12, 31, 1899],
    [0, 1, 1900],
    [1, 1, 1900],
    [1, 1, 1904],
    [1, 1, 1970],
    [1, 1, 1],
)


def common_years(text: str) -> str:
    """The normalized text with dates of such eras rewritten as ISO dates: 令和8年12月5日, R8.12.5, 民國115年12月5日."""
    if "年" not in text and not re.search(r"[rhs和成国國]\d|\d{3}[./-]", text):
        return text
    return _MINGUO.sub(lambda found: _iso(1911, *found.groups()), _ERA.sub(_of_era, text))


def _of_era(found: re.Match[str]) -> str:
    era, year, month, day = found.groups()
    return _iso(_BEFORE[era.replace("國", "国")], "1" if year == "元" else year, month, day)


def _iso(before: int, year: str, month: str, day: str) -> str:
    return f"{before + int(year)}-{int(month):02}-{int(day):02} "


def common_year(year: int) -> int:
    """The year of the common calendar for one that counts from the Buddha, as in Thailand; others as they are."""
    return year - 543 if year in _BUDDHIST else year


def with_era(text: str, name: str) -> str:
    """The text of a cell with the era that only the name of its column says: ``日付(令和)`` above ``8年12月5日``."""
    era = _ERA_NAME.search(name)
    return f"{era[0]}{text.strip()}" if era and _ERA_YEAR.match(text) else text


def years_of_eras(text: str) -> list[int]:
    """The years that a text names in an era: 令和8年."""
    return [
        _BEFORE[era.replace("國", "国")] + (1 if year == "元" else int(year))
        for era, year in _NAMED_YEAR.findall(text)
    ]


def without_first_day(text: str) -> str:
    """A time of day without the day that programs put before it because they need one."""
    found = _LEADING_DAY.match(text)
    numbers = sorted(map(int, re.findall(r"\d+", found[0]))) if found else []
    return text[found.end() :] if found and numbers in _FIRST_DAYS else text
