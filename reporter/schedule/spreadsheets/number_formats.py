"""Numbers of .xlsx as the texts that their formats show, times in ISO 8601 (ECMA-376, part 1, 18.8.30)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# The built-in formats; those from 27 are dates and times in East Asia and Thailand, which differ by the language.
_BUILT_IN = {
    **dict.fromkeys((2, 4, 39, 40), "hundredths"),
    **dict.fromkeys((14, 15, 16, 17), "date"),
    **dict.fromkeys((18, 19, 20, 21), "clock"),
    **dict.fromkeys((22, *range(27, 37), *range(50, 59), *range(71, 82)), "both"),
    **dict.fromkeys((45, 46, 47), "length"),
}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.', re.IGNORECASE)
EPOCH, EPOCH_OF_1904 = datetime(1899, 12, 30, tzinfo=UTC), datetime(1904, 1, 1, tzinfo=UTC)
_DAY = 86_400
# Up to here a time is one of the night after its day; more is a date of January 1900 that the format hides.
_LATEST = 1.25
# Days of the first year stand where only a time was meant.
_FIRST_YEAR = 366


def format_kinds(root: Element) -> Iterator[str]:
    """The kind of each cell format by its index: "date", "clock", "both", "length", "hundredths" or ""."""
    codes = {
        int(e.get("numFmtId", "0")): e.get("formatCode", "")
        for e in root.iter()
        if _tag(e) == "numFmt"
    }
    for one in (e for part in root if _tag(part) == "cellXfs" for e in part):
        number = int(one.get("numFmtId", "0"))
        yield _kind_of(codes[number]) if number in codes else _BUILT_IN.get(number, "")


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _kind_of(code: str) -> str:
    plain = _QUOTED.sub("", code.partition(";")[0]).casefold().strip()
    if re.search(r"\[[hms]+\]", plain):
        return "length"
    dated, timed = bool(re.search(r"[yd]|mmm|aaa", plain)), bool(re.search(r"[hs]", plain))
    if re.fullmatch(r"[#0,]*0\.00(?:_.)?", code.partition(";")[0]):
        return "hundredths"
    return "both" if dated and timed else "date" if dated else "clock" if timed else ""


def number_text(value: float, kind: str, epoch: datetime) -> str:
    """The text of a number whose format is of that kind; 12.3 with two digits is 12.30, which may be a time."""
    if kind == "hundredths" and 0 <= value < 25:
        return f"{value:.2f}"
    if kind in ("", "hundredths") or not 0 <= value < 300_000:
        return str(int(value)) if value.is_integer() else repr(value)
    if kind == "date" and value == 0:
        return ""  # what a formula makes of an empty cell
    first = {"clock": _LATEST, "both": 1 if epoch == EPOCH else _FIRST_YEAR}
    if first.get(kind, _FIRST_YEAR) <= value < _FIRST_YEAR:
        value %= 1
    seconds = round(value * _DAY)
    if kind == "length" or (kind == "clock" and _DAY <= seconds < 100 * _DAY):
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    moment = epoch + timedelta(seconds=seconds)
    # A format may show only a part of the value; the hidden part still counts.
    if seconds < _DAY:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d}" if seconds % _DAY == 0 else f"{moment:%Y-%m-%d %H:%M:%S}"


def iso_text(text: str) -> str:
    """The text of a date or time in ISO 8601 as a spreadsheet means it: without a zone, to the second.

    A day of the years in which spreadsheets begin to count stands for none. A text of another form is returned.
    """
    found = re.fullmatch(
        r"(?:(\d{4})-(\d\d)-(\d\d))?(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d*)?))?(?:Z|[+-]00:00)?)?",
        text,
    )
    if found is None or not text:
        return text
    year, month, day, hour, minute, second = found.groups()
    date = datetime(int(year or 2000), int(month or 1), int(day or 1), tzinfo=UTC)
    seconds = int(hour or 0) * 3600 + int(minute or 0) * 60 + round(float(second or 0))
    moment = date + timedelta(seconds=seconds)
    if year is None or (hour and int(year) <= EPOCH_OF_1904.year):
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d}" if seconds == 0 else f"{moment:%Y-%m-%d %H:%M:%S}"
