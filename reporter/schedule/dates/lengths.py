"""Parse durations as people and programs write them: "90 min", "1:30", "1 h 30", "2 days", "1時間半", "PT45M"."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

MAX_DURATION = timedelta(days=31)

_CLOCK = re.compile(r"(\d+):(\d{2})(?::(\d{2}))?\s?(?:h|hrs?|hours|std\.?)?")
# A part of a day, as spreadsheets count; 0.5 and 0.75 may be hours.
_PART_OF_DAY = re.compile(r"0[.,]\d{4,17}")
_ISO = re.compile(
    r"p(?:(\d+)w)?(?:(\d+)d)?(?:t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)(?:\.\d+)?s)?)?(?<!t)", re.I
)
_PART = re.compile(r"(\d+(?:[.,]\d+)?|[.,]\d+)\s*([^\s\d,;:/+]+)?[\s,]*")
_BETWEEN = re.compile(r"(?<!\S)(?:and|und|et|y|e|en|i|og|och|ja|ve|и|та|és|a|και|와|과)\s+(?=\d)")
_HALF = re.compile(r"(\d?)\s?1/2(?!\d)")
_ABOUT = re.compile(
    r"^(?:about|approx(?:\.|imately)?|around|ca\.?|circa|etwa|rund|env(?:\.|iron)|unos|ok\.?|~|≈)\s?(?=\w)"
)
_UNITS = {
    "days": (
        "d day days tag tage tagen jour jours j día dia días dias giorno giorni dag dagen dagar dage "
        "dager päivä päivää dzień dni den dny dnů deň dní nap день дня дней дні днів gün ημέρα ημέρες "
        "μέρα μέρες 日 日間 天 일 일간 ngày วัน يوم أيام יום ימים दिन hari zi zile dan dana"
    ),
    "hours": (
        "h hs hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren timme "
        "timmar time timer tunti tuntia t g godz godzina godziny godzin hod hodina hodiny hodin óra ч "
        "час часа часов год година години годин sa saat ώρα ώρες 時間 小時 小时 个小时 個小時 시간 giờ "
        "tiếng ชั่วโมง ชม ساعة ساعات שעה שעות घंटा घंटे jam sat sata sati"
    ),
    "minutes": (
        "m min mins minute minutes minuten minuto minutos minuti minuut minuter minutter minuutti "
        "minuuttia minuta minuty minut minúta minúty minút perc мин минута минуты минут хв хвилина "
        "хвилини хвилин dk dakika λεπτό λεπτά λ 分 分間 分钟 分鐘 분 분간 phút นาที دقيقة دقائق דקה "
        "דקות मिनट menit ' ’ ′"
    ),
    "seconds": "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos сек 秒 초",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_ORDER = tuple(_UNITS)
_WORDS = {
    "an hour": "1 h",
    "one hour": "1 h",
    "half an hour": "30 min",
    "eine stunde": "1 h",
    "halbe stunde": "30 min",
    "eine halbe stunde": "30 min",
    "une heure": "1 h",
    "une demi-heure": "30 min",
    "una hora": "1 h",
    "media hora": "30 min",
    "uma hora": "1 h",
    "meia hora": "30 min",
    "un'ora": "1 h",
    "mezz'ora": "30 min",
    "one day": "1 d",
    "anderthalb stunden": "90 min",
    "eineinhalb stunden": "90 min",
    "one and a half hours": "90 min",
    "an hour and a half": "90 min",
    "une heure et demie": "90 min",
    "hora y media": "90 min",
    "una hora y media": "90 min",
    "uma hora e meia": "90 min",
    "un'ora e mezza": "90 min",
    "two hours": "2 h",
    "zwei stunden": "2 h",
    "deux heures": "2 h",
    "dos horas": "2 h",
    "półtorej godziny": "90 min",
    "півтори години": "90 min",
    "полтора часа": "90 min",
    "ein tag": "1 d",
}


def parse_length(text: str) -> timedelta:
    """Parse a duration, a day as 24 hours; raises ValueError for others."""
    days, exact = parse_days_and_time(text)
    return timedelta(days=days) + exact


def parse_days_and_time(text: str) -> tuple[int, timedelta]:
    """Parse a duration into (calendar days, exact time); raises ValueError for others.

    Hours with a part that gives odd minutes are none: "1.30 h" may be an hour and a half, or 78 minutes.
    """
    text = text.strip()
    plain = unicodedata.normalize("NFKC", text).replace("\u2044", "/").casefold().strip()
    plain = _ABOUT.sub("", plain)
    found = _read(_WORDS.get(plain, plain)) if 0 < len(plain) <= 40 else None
    if found is None or not timedelta() <= timedelta(days=found[0]) + found[1] <= MAX_DURATION:
        raise ValueError(text)
    return found


def length_in_spreadsheet(text: str) -> timedelta | None:
    """The length of a part of a day such as 0.03125; None for other texts.

    Raises ValueError for 45:00, of which a spreadsheet makes 45:00:00: these are rather minutes and seconds.
    """
    if _PART_OF_DAY.fullmatch(text):
        return timedelta(minutes=round(float(text.replace(",", ".")) * 24 * 60))
    clock = re.fullmatch(r"(\d{1,9}):(\d\d)(:\d\d)?", text)
    if clock is None or int(clock[1]) <= 24:
        return None
    if not clock[3] or (int(clock[1]) % 5 == 0 and clock[2] == "00"):
        raise ValueError(text)
    return None


def hours_of(number: str) -> timedelta:
    """Hours in decimals; raises ValueError where the digits after the point may be minutes."""
    minutes = float(number.replace(",", ".")) * 60
    if re.search(r"[.,]\d{1,2}$", number) and abs(minutes - 5 * round(minutes / 5)) > 0.5:
        raise ValueError(number)
    return timedelta(minutes=round(minutes, 2))


def _read(text: str) -> tuple[int, timedelta] | None:
    if found := _CLOCK.fullmatch(text):
        if int(found[2]) > 59:
            return None
        return _sum({"hours": found[1], "minutes": found[2], "seconds": found[3]})
    if (found := _ISO.fullmatch(text)) and any(found.groups()):
        weeks, *numbers = found.groups()
        whole = _sum(dict(zip(_ORDER, numbers, strict=True)))
        return (whole[0] + 7 * int((weeks or "0")[:6]), whole[1]) if whole else None
    parts = _parts(_BETWEEN.sub("", _HALF.sub(r"\g<1>.5", text)))
    return _sum(parts) if parts else None


def _parts(text: str) -> dict[str, str | None] | None:
    """{unit: number}, the larger units first; a number alone, or last after hours, is of minutes."""
    parts: dict[str, str | None] = {}
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            return None
        number, word = found[1], (found[2] or "").strip(".")
        if word.endswith("半") and "." not in number:
            number, word = f"{number}.5", word.removesuffix("半")
        unit = _UNIT_OF.get(word) if word else "minutes" if found.end() == len(text) else None
        if unit is None or not set(parts).isdisjoint(_ORDER[_ORDER.index(unit) :]):
            return None
        if not word and re.search(r"[.,](?!0+$)", number):
            return None
        parts[unit] = number
        at = found.end()
    return parts


def _sum(parts: dict[str, str | None]) -> tuple[int, timedelta] | None:
    amounts = {unit: number for unit, number in parts.items() if number}
    if any(len(re.split("[.,]", number)[0]) > 8 for number in amounts.values()):
        return None
    days = amounts.pop("days", "0")
    hours = hours_of(amounts.pop("hours", "0"))
    exact = hours + timedelta(
        **{unit: float(number.replace(",", ".")) for unit, number in amounts.items()}
    )
    if re.fullmatch(r"\d+(?:[.,]0+)?", days):
        return int(re.split("[.,]", days)[0]), exact
    return 0, exact + timedelta(days=float(days.replace(",", ".")))
