"""Parse dates, times and time spans as people and programs write them in tables.

A text is accepted only if every part of it is understood, so that nothing is guessed. Whether 05/12
is in May or in December is decided for the file as a whole (``order.decide_order``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from reporter.schedule.dates.clock import LEAD, WORD, When, weekdays_in, with_clock
from reporter.schedule.dates.day_parts import AM_BEFORE, PM_BEFORE
from reporter.schedule.dates.day_ranges import day_range, days_and_times, other_weekday
from reporter.schedule.dates.eras import common_year, common_years
from reporter.schedule.dates.names import months_called
from reporter.schedule.dates.order import NUMERIC_DATE, DateOrder, numeric_date

MAX_LENGTH = 120

# "… GMT+0100 (Central European Standard Time)": browsers write the zone twice.
_JAVASCRIPT = re.compile(r"(gmt[+-]\d{4}) \([^()]*\)$")
_NOON_WORD = re.compile(r"\b(?:12(?::00)?\s)?(?:noon|midday)\b")
_MIDNIGHT = re.compile(
    r"\b(?:12(?::00)?\s)?midnight\b|\b(?:24(?::00)?\s)?(?:mitternacht|minuit|medianoche|mezzanotte|meia-noite|middernacht)\b",
    re.IGNORECASE,
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−〜"), " - ") | {
    ord("→"): " - ",
    ord("～"): " - ",
    ord("~"): " - ",
}
_PART_OF_DAY = re.compile(r"0[.,](\d{1,17})")
_YEAR_FIRST = re.compile(r"(?<![\d.:/-])(\d{4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?!\d)\.?")
_ALL_DIGITS = re.compile(
    r"((?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))((?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)"
)
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?=$|t|\s)")
_EAST_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_DAY_BEFORE = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:st|nd|rd|th|er|ère|re|º|ª|°|\.|e|η|-е|-го)?[\s\-./,]*(?:de|of|d['’]|da|di|van|den)?\s*$"
)
_DAY_AFTER = re.compile(
    r"^\.?[\s\-./]*(?:the\s)?(\d{1,2})(?:st|nd|rd|th)?\.?(?:,\s*|\s+|-|/)(?:of\s)?(\d{4})(?!\d)"
)
_YEAR_AFTER = re.compile(
    r"^\.?[\s\-./,]*(?:de|del|of|do)?\s*['’]?"
    r"(\d{4}(?!\d)|\d{2}(?![\d:.h]|\s?-|\s?(?:uhr|h\b|am|pm|a\.|p\.)))"
)
_YEAR_BEFORE = re.compile(r"(?<!\d)(\d{4})[\s\-./,]*$")
_DAY_LAST = re.compile(r"^\.?[\s\-./,]*(\d{1,2})(?![\d:h])\.?")
_RANGE = re.compile(
    r"\s+-\s+|(?<=[\dhmrş.点點時时시分분])\s?-\s?(?=\d)|(?<=\d\d)\s?/\s?(?=\d{1,2}[:.h]\d\d)|(?<=\d\d)\s(?=\d{1,2}[:.h]\d\d)|\s(?:bis|to|until|till|til|a|à|á|as|às|al|alle|até|ate|tot|do|och|и|до|έως)\s(?:las\s|the\s)?|(?<=[\d分点點時时])\s?(?:至|到|から)\s?|(?<=[\d시분])부터\s|(?<=\d)\s?\.{2,3}\s?(?=\d)"
)
_BETWEEN = re.compile(
    r"\b(?:between|zwischen|entre|tra|tussen|mellan)\s(?:las\s|les\s)?(.+?)\s(?:and|und|et|y|e|en|och)\s(?:las\s)?(?=\d)"
)
_HALF_PAST = re.compile(r"(\d{1,2})\s?(?:[点點時时]半|시\s?반)")
_O_CLOCK = re.compile(r"\s?o['’]\s?clock\b")
_VIETNAMESE_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})\s?giờ(?:\s?(\d{2})(?!\d|\s?(?:tháng|thg|[./-]))(?:\s?phút)?)?(?!\d)"
)
# Thai writes its short months with a dot within.
_MONTHS_IN_THAI = (
    "ม.ค. มกราคม ก.พ. กุมภาพันธ์ มี.ค. มีนาคม เม.ย. เมษายน พ.ค. พฤษภาคม มิ.ย. มิถุนายน ก.ค. กรกฎาคม "
    "ส.ค. สิงหาคม ก.ย. กันยายน ต.ค. ตุลาคม พ.ย. พฤศจิกายน ธ.ค. ธันวาคม"
)
_THAI_MONTHS = re.compile(
    r"(?<![\u0e00-\u0e7f])\u0e40?[\u0e01-\u0e2e]\u0e34?\u0e35?\.\s?[\u0e01-\u0e2e]\."
)
# Months of Syria, Lebanon, Jordan and Iraq whose names are two words.
_LEVANTINE_MONTHS = re.compile("(تشرين|كانون) ((?:ال)?(?:ا|أ)ول|الثاني)")
_VIETNAMESE = re.compile(r"(\d{1,2})\s(?:tháng|thg)\s(\d{1,2}),?\s(?:năm\s)?(\d{4})")
# The second name of the zone, as Java writes it.
_ZONE_NAMED = re.compile(
    r"(?:(?<=z)|(?P<offset>[+-]\d\d:?\d\d)|(?<=\d))\s?\[([a-z_]+/[a-z_/+-]+)\]$"
)
# "5.12.-7.12.2026" is no time of 5:12.
_DOTTED_DAYS = re.compile(r"\D*\d{1,2}\.\s?\d{1,2}\.?\s*(?:-|bis\b)")
_BEFORE_BOTH = re.compile(f"(?:{AM_BEFORE}|{PM_BEFORE})")
_INTERVAL = re.compile(r"(\d{4}-?\d{2}-?\d{2}t\S+?)/(\d{4}-?\d{2}-?\d{2}t\S+)")


@dataclass(frozen=True)
class Span:
    """The value of a cell: a start and perhaps an end."""

    start: When
    end: When | None = None


@lru_cache(maxsize=5_000)
def parse_span(text: str, order: DateOrder, *, clock_column: bool = False) -> Span:
    """Parse a datetime or a span such as ``5 Dec 2026, 9:00–10:30 am``; raises ValueError otherwise.

    ``clock_column``: the column holds times of day, so that 0930 and 0.375 are times too.
    """
    plain = normal_text(text)
    if clock_column and (part := _PART_OF_DAY.fullmatch(plain)):
        return Span(_part_of_day(part))
    if interval := _INTERVAL.fullmatch(plain):
        return Span(_moment(interval[1], order), _moment(interval[2], order))
    if _DOTTED_DAYS.match(plain) and (days := _days(plain, order)) is not None:
        return days
    try:
        return Span(_moment(plain, order, clock_column=clock_column))
    except ValueError:
        return _days(plain, order) or _range(plain, order, clock_column)


def _days(text: str, order: DateOrder) -> Span | None:
    days = day_range(text, lambda side: _day_alone(side, order))
    if days is None:
        return None
    start = When(days[0], None, odd_weekday=other_weekday(text, days[0]))
    return Span(start, When(days[1], None))


def parse_days_and_times(text: str, order: DateOrder) -> Span | None:
    """The span of "5.–7. Dezember 2026, 9–17 Uhr", from the first start to the last end; None for others."""
    found = days_and_times(normal_text(text), lambda side: _day_alone(side, order))
    try:
        times = parse_span(found[1], order, clock_column=True) if found else None
    except ValueError:
        return None
    if found is None or times is None or times.start.clock is None or times.start.day is not None:
        return None
    (first, last), end = found[0], times.end
    clock = end.clock if end else None
    return Span(replace(times.start, day=first), When(last, clock, late=bool(end and end.late)))


def _day_alone(text: str, order: DateOrder) -> date | None:
    """The date of a text that is nothing else, else None."""
    try:
        moment = _moment(text, order)
    except ValueError:
        return None
    return moment.day if moment.clock is None and not moment.odd_weekday else None


def ambiguous_month(text: str) -> str:
    """A month name in the text that means another month in another language, with no weekday beside it; or ""."""
    plain = normal_text(text)
    words = [word for word in WORD.findall(plain) if len(months_called(word)) > 1]
    return words[0] if words and not weekdays_in(plain.replace(words[0], "")) else ""


def _part_of_day(match: re.Match[str]) -> When:
    """The time for a day fraction such as 0.375 in spreadsheets; 0.15 may also mean a quarter past
    midnight, so it is rejected."""
    if len(match[1]) == 2 and int(match[1]) < 60:
        raise ValueError(match[0])
    seconds = round(float(f"0.{match[1]}") * 86_400)
    return When(None, (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).time())


def parse_when(text: str, order: DateOrder | None = None) -> When:
    """Parse a date, a time, or both; raises ValueError for others and for spans."""
    return _moment(normal_text(text), order or DateOrder())


def normal_text(text: str) -> str:
    """Normalize: lower case, plain spaces, digits and dashes, no invisible marks."""
    text = text.replace("->", "→").replace("=>", "→")
    text = unicodedata.normalize("NFKC", text.translate(_DASHES)).translate(_DASHES)
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    digits = "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in visible)
    # Case folding changes some Greek letters.
    plain = " ".join(unicodedata.normalize("NFKC", digits.casefold()).split())
    plain = _NOON_WORD.sub("12:00 pm", _JAVASCRIPT.sub(r"\1", plain))
    plain = common_years(_usual_words(plain))
    if len(plain) > MAX_LENGTH or not plain:
        raise ValueError(text[:MAX_LENGTH])
    return plain


def _usual_words(text: str) -> str:
    text = _HALF_PAST.sub(r"\1:30", _O_CLOCK.sub(":00", text.removesuffix("まで")))
    text = _VIETNAMESE_CLOCK.sub(lambda found: f"{found[1]}:{found[2] or '00'}", text)
    text = _LEVANTINE_MONTHS.sub(_levantine_month, _THAI_MONTHS.sub(_thai_month, text))
    text = _VIETNAMESE.sub(r"\3-\2-\1", _ZONE_NAMED.sub(_zone_beside, text))
    return _BETWEEN.sub(r"\1 - ", text)


def _thai_month(found: re.Match[str]) -> str:
    words = _MONTHS_IN_THAI.split()
    named = dict(zip(words[::2], words[1::2], strict=True))
    return named.get(found[0].replace(" ", ""), found[0])


def _levantine_month(found: re.Match[str]) -> str:
    second = found[2] == "الثاني"
    names = ("أكتوبر", "نوفمبر") if found[1] == "تشرين" else ("ديسمبر", "يناير")
    return names[second]


def _zone_beside(found: re.Match[str]) -> str:
    """The offset if there is one; else the zone, which then is all that tells of it."""
    written = found.string[: found.start()].endswith("z")
    return found["offset"] or ("" if written else f" {found[2]}")


def _range(text: str, order: DateOrder, clock_column: bool) -> Span:
    for cut in _RANGE.finditer(text):
        try:
            begins, ends = _shared(text[: cut.start()], text[cut.end() :])
            end = _moment(with_midnight(ends), order, clock_column=clock_column)
            start = _in_zone_of(end, _start_of_range(begins, end, order, clock_column))
            end = _in_half_of(start, end)
        except ValueError:
            continue
        _refuse_offset(text, cut, (start, end))
        return _dated_span(start, end)
    raise ValueError(text)


def with_midnight(text: str) -> str:
    """The normalized text of an end, in which "midnight" can only be the one that ends the day."""
    return _MIDNIGHT.sub("24:00", text)


def _shared(begins: str, ends: str) -> tuple[str, str]:
    """The two texts of a span; what stands before the first time holds for both: ``下午3:00-4:30``, ``kl 15-16``."""
    half = _BEFORE_BOTH.search(begins)
    if half and not _BEFORE_BOTH.search(ends) and not re.search(r"\d{4}", ends):
        return begins, f"{half[0]}{ends.lstrip()}"
    if re.search(rf"(?:{LEAD}\d{{1,2}}(?:[.:]\d\d)?|12:00 pm)$", begins) and re.match(
        r"\d{1,2}$", ends
    ):
        return begins, f"{ends} h"
    return begins, ends


def _in_half_of(start: When, end: When) -> When:
    """The end; without am or pm, behind a start that has it, it is the next such time: ``11:00 am - 1:00``."""
    clock = end.clock
    if not start.half or end.half or end.day or end.late or clock is None or not start.clock:
        return end
    if not 1 <= clock.hour <= 12:
        return end
    begin = start.clock.hour * 60 + start.clock.minute
    both = [clock.replace(hour=clock.hour % 12 + half) for half in (0, 12)]
    waits = {(one.hour * 60 + one.minute - begin) % (24 * 60): one for one in both}
    if min(waits) > 10 * 60:
        raise ValueError("too long to be meant")
    return replace(end, clock=waits[min(waits)])


def _in_zone_of(end: When, start: When) -> When:
    """A zone after the end is that of the start too: ``9:30 - 10:30 GMT-5``."""
    zone = end.clock.tzinfo if end.clock else None
    if zone is None or start.clock is None or start.clock.tzinfo is not None:
        return start
    return replace(start, clock=start.clock.replace(tzinfo=zone))


def _dated_span(start: When, end: When) -> Span:
    """Parse a span; a date after both times, as in ``9:00–10:00, 5 Dec 2026``, is the start's."""
    if start.day is not None or end.day is None or start.clock is None:
        return Span(start, end)
    if end.clock is None or end.clock <= start.clock:
        raise ValueError("it is not clear which day the start is on")
    return Span(replace(start, day=end.day, odd_weekday=end.odd_weekday), end)


def _refuse_offset(text: str, cut: re.Match[str], ends: tuple[When, When]) -> None:
    """Reject ``2026-12-05 14:00-05:00``: it is either a span until 05:00, or an offset of -5 hours."""
    start, end = ends
    looks = re.fullmatch(r"(?:0\d|1[0-4]):[0-5]\d", text[cut.end() :]) and cut[0] == "-"
    if looks and start.day and start.clock and end.clock and end.clock <= start.clock:
        raise ValueError(text)


def _start_of_range(text: str, end: When, order: DateOrder, clock_column: bool) -> When:
    """The start; in ``2:00–3:00 pm`` and ``9–10 am`` it takes am or pm from the end."""
    if not end.half:
        start = _with_unit(text, order, clock_column)
        return _kinds_agree(start, end)
    plain = _readable(text, order)
    if plain is not None and (plain.half or plain.clock is None):
        return _kinds_agree(plain, end)
    for half in (end.half, "am" if end.half == "pm" else "pm"):
        try:
            start = _moment(f"{text} {half}", order)
        except ValueError:
            continue
        if start.clock and end.clock and (end.day or start.clock < end.clock or end.late):
            return _kinds_agree(start, end)
    raise ValueError(text)


def _readable(text: str, order: DateOrder) -> When | None:
    try:
        return _moment(text, order)
    except ValueError:
        return None


def _with_unit(text: str, order: DateOrder, clock_column: bool) -> When:
    """The start; a unit after the end applies to it too: ``9 bis 10 Uhr``."""
    try:
        return _moment(text, order, clock_column=clock_column)
    except ValueError:
        return _moment(f"{text} h", order)


def _kinds_agree(start: When, end: When) -> When:
    if (start.clock is None) != (end.clock is None) or (start.clock is None and end.day is None):
        raise ValueError("a date and a time make no span")
    return start


def _moment(text: str, order: DateOrder, *, clock_column: bool = False) -> When:
    if (stamp := _stamp(text)) is not None:
        return stamp
    for day, rest in _dates(text, order):
        try:
            return with_clock(day, rest, clock_column=clock_column)
        except ValueError:
            continue
    return with_clock(None, text, clock_column=clock_column)


def _stamp(text: str) -> When | None:
    """Parse timestamps written by programs: ISO 8601 with a T or seconds, seconds or milliseconds since 1970."""
    if re.fullmatch(r"1\d{9}(?:\.0*)?|1\d{12}", text):
        moment = datetime.fromtimestamp(int(text[:10]), UTC)
        return When(moment.date(), moment.timetz())
    if digits := _ALL_DIGITS.fullmatch(text):
        text = f"{digits[1]}t{digits[2]}"
    if not re.match(r"\d{4}-?\d\d-?\d\d(?:t\d|\s\d\d:\d\d:\d\d)", text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return When(moment.date(), moment.timetz())


def _dates(text: str, order: DateOrder) -> Iterator[tuple[date, str]]:
    """All ways to find a date in the text: (date, the rest)."""
    for pattern in (_YEAR_FIRST, _COMPACT, _EAST_ASIAN):
        for match in pattern.finditer(text):
            numbers = [int(group) for group in match.groups() if group.isdigit()]
            yield from _cut(text, match.span(), tuple(numbers))
    for match in NUMERIC_DATE.finditer(text):
        day = numeric_date(match, order, weekdays_in(text))
        if day is not None:
            yield day, _without(text, match.span())
    if WORD.search(text):
        yield from _named_dates(text)


def _cut(text: str, span: tuple[int, int], ymd: tuple[int, ...]) -> Iterator[tuple[date, str]]:
    try:
        yield date(common_year(ymd[0]), ymd[1], ymd[2]), _without(text, span)
    except ValueError:
        return


def _without(text: str, span: tuple[int, int]) -> str:
    return f"{text[: span[0]]} \x00 {text[span[1] :]}"


def _named_dates(text: str) -> Iterator[tuple[date, str]]:
    for word in WORD.finditer(text):
        numbers = months_called(word[0])
        if not numbers:
            continue
        before, after = text[: word.start()], text[word.end() :]
        for (year, day), start, end in _around(before, after):
            year += 2000 if year < 100 else 0
            span = (start, word.end() + end)
            # "listopad" is October in Croatian and November in Polish and Czech: the weekday may decide.
            weekdays = weekdays_in(before + after) if len(numbers) > 1 else frozenset()
            # Otherwise the later one, as in Polish and Czech, with a warning (ambiguous_month).
            months = numbers if weekdays else {max(numbers)}
            cuts = [cut for month in months for cut in _cut(text, span, (year, month, day))]
            fitting = [cut for cut in cuts if cut[0].weekday() in weekdays] if weekdays else cuts
            if len(fitting) == 1:
                yield fitting[0]


def _around(before: str, after: str) -> Iterator[tuple[tuple[int, int], int, int]]:
    """((year, day), where the date begins, how far it extends after the month's name)."""
    day, year = _DAY_BEFORE.search(before), _YEAR_AFTER.match(after)
    if day and year:
        yield (int(year[1]), int(day[1])), day.start(), year.end()
    if both := _DAY_AFTER.match(after):
        yield (int(both[2]), int(both[1])), len(before), both.end()
    year, last = _YEAR_BEFORE.search(before), _DAY_LAST.match(after)
    if year and last:
        yield (int(year[1]), int(last[1])), year.start(), last.end()
