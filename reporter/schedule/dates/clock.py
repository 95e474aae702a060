"""Parse times of day, with the words around them: zones, weekdays, prepositions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from reporter.schedule.dates.day_parts import AM, AM_BEFORE, EVENING, PM, PM_BEFORE
from reporter.schedule.dates.names import MARKS, bare_word, weekdays_called
from reporter.schedule.dates.zone_abbreviations import zone_of_word

# The weekday in brackets after an East Asian date.
_EAST_ASIAN_DAYS = {
    name: number
    for names in ("月火水木金土日", "월화수목금토일", "一二三四五六日")
    for number, name in enumerate(names)
}
_LETTERS = rf"(?:[^\W\d_]|[{MARKS}])+"
WORD = re.compile(rf"{_LETTERS}(?:['’·-]{_LETTERS})*")

LEAD = r"(?<!\w)(?:kl|klo|kello|ore|ora|kell|pukul|jam|godz|um|ob|às|as)\.?\s"
_CLOCK = re.compile(
    rf"(?:(?P<am1>{AM_BEFORE})|(?P<pm1>{PM_BEFORE})|(?P<lead>{LEAD}))?\s*(?<![\d:.,])"
    rf"(?P<hour>\d{{1,2}})(?:\s?(?P<mark>[:.hu時点點时시時]|uhr)\s?(?P<minute>\d{{2}})\s?(?:[分분]|min\b)?(?:[:.](?P<second>\d{{2}})(?:[.,]\d{{1,9}})?)?)?"
    rf"(?![\d])\s*(?P<unit>uhr\b|hrs?\b|hs?\b|u\b|時|时|点|시|ч\b)?\s*(?:(?P<am>{AM})|(?P<pm>{PM})|(?P<evening>{EVENING}))?"
)
_MORNING = re.compile(r"\s?sa\b")
_DIGITS = re.compile(r"(?P<hour>[01]\d|2[0-4])(?P<minute>[0-5]\d)\s?(?:h|hrs?|uhr)?")
_NOISE_WORDS = (
    "at um à a á as às las la los el le les il lo the den der dem am on om kl klo kello ob v o u w dne dnia dia día "
    "ore ora ore alle dalle dal al ab from von van de da das del di do os och hour hours heure heures hora horas uhr "
    "t г р года року год h το την τις στις στιγμή και local time uur г. r. g. godz hod hodin óra órakor "
    "с в на о kell pukul jam ngày lúc เวลา น arası saat w بتاريخ في الساعة יום בשעה ביום को बजे में gada m d "
    "р. ca c approx em no na ff ff. sharp pünktlich precise onwards"
)
_NOISE = set(_NOISE_WORDS.split())
# Fast path: skips the lookup in fifty languages.
_NEVER_DAYS = {
    "am",
    "pm",
    "a.m",
    "p.m",
    "at",
    "uhr",
    "um",
    "utc",
    "gmt",
    "cet",
    "cest",
    "h",
    "noon",
}
_NOON = {"mittag", "midi", "mediodía", "mediodia", "mezzogiorno", "meio-dia"}


@dataclass(frozen=True)
class When:
    """A parsed date and time (aware if a zone was written), or only one of the two.

    ``late``: written as 24:00 or later, in the night after the day. ``half``: "am" or "pm" if written.
    ``odd_weekday``: the weekday given does not match the date.
    """

    day: date | None
    clock: time | None
    late: bool = False
    half: str = ""
    odd_weekday: bool = False

    def at(self, day: date | None = None) -> datetime | None:
        """The datetime, with ``day`` for a time without a date; None if there is no day."""
        base = self.day or day
        if base is None:
            return None
        return datetime.combine(base, self.clock or time()) + timedelta(days=int(self.late))


def weekdays_in(text: str) -> frozenset[int]:
    """The weekdays that words of the text may mean; empty if there are none."""
    found: set[int] = set()
    for word in WORD.findall(text):
        if len(word) > 1:
            found |= _weekdays(word)
    return frozenset(found)


def _weekdays(word: str) -> frozenset[int]:
    if word in _EAST_ASIAN_DAYS:
        return frozenset({_EAST_ASIAN_DAYS[word]})
    return frozenset() if word in _NEVER_DAYS else weekdays_called(word)


def with_clock(day: date | None, text: str, *, clock_column: bool) -> When:
    """Combine the date with the time in ``text``, the rest of a cell; raises ValueError for an unknown word.

    ``text`` has a NUL where the date was. ``clock_column``: 0930 and 0.375 are times too.
    """
    rest = text.replace("\x00", " ").strip(" ,;|()[]-/")
    if day is not None and not rest.strip(" .,t"):
        return When(day, None)
    if (clock_column or day is not None) and (bare := _bare_clock(rest)) is not None:
        return replace(bare, day=day)
    for match in _CLOCK.finditer(rest):
        found = _clock_of(match)
        if found is None:
            continue
        if day is not None and found.late and found.clock != time():
            raise ValueError(rest)  # "2026-12-05 25:30" is more likely a mistake
        after = rest[match.end() :]
        if found.clock and _MORNING.match(after) and (day is None or day.weekday() != 5):
            # Vietnamese "12:30 SA" is half past midnight; on a Saturday it is German.
            after = _MORNING.sub("", after)
            found = replace(found, clock=_after_midnight(found.clock), half="am")
        zone, odd = _meaning(rest[: match.start()], after, day)
        clock = found.clock.replace(tzinfo=zone) if found.clock else None
        return replace(found, day=day, clock=clock, odd_weekday=odd)
    if rest in _NOON:
        return When(day, time(12))
    if day is None or any(c.isdigit() for c in rest):
        raise ValueError(rest)
    _, odd = _meaning(rest, "", day)
    return When(day, None, odd_weekday=odd)


def _after_midnight(clock: time) -> time:
    return clock.replace(hour=0) if clock.hour == 12 else clock


def _bare_clock(text: str) -> When | None:
    if match := _DIGITS.fullmatch(text):
        return _time(int(match["hour"]), int(match["minute"]))
    return None


def _clock_of(match: re.Match[str]) -> When | None:
    """The time of day of a match; None if the numbers are not a time."""
    evening = match["evening"]
    late = match["pm"] or match["pm1"] or evening
    half = "am" if match["am"] or match["am1"] else "pm" if late else ""
    if not (match["minute"] or match["unit"] or half or match["lead"]):
        return None
    hour = int(match["hour"])
    if evening and not (4 <= hour <= 11 or 16 <= hour <= 23):
        return None
    if half:
        if not 1 <= hour <= 12:
            # "14:00 pm" occurs, and is redundant.
            if not (half == "pm" and 13 <= hour <= 23):
                return None
        else:
            hour = hour % 12 + (12 if half == "pm" else 0)
    night = not half and (match["mark"] or " ") in ":時时" and 24 <= hour <= 29 and match["minute"]
    if night and (hour, int(match["minute"])) != (24, 0):
        # "25:30" is half past one in the night that belongs to the day, as in Japan.
        found = _time(hour - 24, int(match["minute"]), int(match["second"] or 0))
        return replace(found, late=True) if found is not None else None
    found = _time(hour, int(match["minute"] or 0), int(match["second"] or 0))
    return replace(found, half=half) if found is not None else None


def _time(hour: int, minute: int, second: int = 0) -> When | None:
    if (hour, minute, second) == (24, 0, 0):
        return When(None, time(), late=True)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return When(None, time(hour, minute, second))


def _meaning(before: str, after: str, day: date | None) -> tuple[tzinfo | None, bool]:
    """(the zone, whether the weekday contradicts the date) from the words around the time; raises
    ValueError for others."""
    zone, rest = _zone_after(after)
    odd = False
    for part in re.split(r"[\s,;|()\[\]،、。/]+", f"{before} {rest}"):
        word = bare_word(part)
        if not word or part in _NOISE or word in _NOISE:
            continue
        days = _weekdays(word)
        if not days:
            raise ValueError(part)
        odd = odd or (day is not None and day.weekday() not in days)
    return zone, odd


_ZONE = re.compile(
    r"^\s*[\[(]?\s*(?:(?P<utc>z|utc|gmt|ut)\b\s*)?(?P<offset>[+-]\s?\d{1,2}(?::?\d{2})?)?\s*(?P<word>[a-z]{2,5}\b(?!/)|[a-z_]+/[a-z_/+-]+)?\s*[\])]?"
)


def _zone_after(text: str) -> tuple[tzinfo | None, str]:
    """(the zone after a time, the text after the zone)."""
    match = _ZONE.match(text)
    if match is None:
        return None, text
    if match["offset"]:
        # Without UTC or GMT a minus more likely means "to": 9:00-10:00.
        if not match["utc"] and "-" in match["offset"]:
            raise ValueError(text)
        return _fixed(match["offset"]), text[match.end("offset") :].lstrip(" )]")
    if match["utc"]:
        return UTC, text[match.end("utc") :].lstrip(" )]")
    zone = zone_of_word(match["word"]) if match["word"] else None
    return (zone, text[match.end() :]) if zone is not None else (None, text)


def _fixed(text: str) -> tzinfo:
    digits = re.sub(r"\D", "", text)
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if "-" in text else offset)
