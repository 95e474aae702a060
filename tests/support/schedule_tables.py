"""Makes tables of sessions with known times, in the styles of many languages, programs and encodings."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC")
# Names of columns as programs and people write them: title, date, start, end, room, duration, when.
HEADERS: dict[str, tuple[str, ...]] = {
    "en": ("Title", "Date", "Start time", "End time", "Room", "Duration", "When"),
    "en_GB": (
        "Session title",
        "Session Date",
        "Start",
        "End",
        "Location",
        "Duration (min)",
        "Date and time",
    ),
    "de": ("Titel", "Datum", "Beginn", "Ende", "Raum", "Dauer", "Wann"),
    "de_CH": ("Thema", "Tag", "Startzeit", "Endzeit", "Ort", "Dauer (Minuten)", "Termin"),
    "fr": ("Titre", "Date", "Heure de début", "Heure de fin", "Salle", "Durée", "Quand"),
    "es": ("Título", "Fecha", "Hora de inicio", "Hora de fin", "Sala", "Duración", "Cuándo"),
    "pt_BR": ("Título", "Data", "Início", "Término", "Sala", "Duração", "Quando"),
    "it": ("Titolo", "Data", "Ora inizio", "Ora fine", "Sala", "Durata", "Quando"),
    "nl": ("Titel", "Datum", "Begintijd", "Eindtijd", "Zaal", "Duur", "Wanneer"),
    "sv": ("Titel", "Datum", "Starttid", "Sluttid", "Rum", "Längd", "Datum och tid"),
    "da": ("Titel", "Dato", "Starttid", "Sluttid", "Sted", "Varighed", "Dato og tid"),
    "fi": ("Otsikko", "Päivämäärä", "Alku", "Loppu", "Room", "Kesto", "Aika"),
    "pl": ("Tytuł", "Data", "Początek", "Koniec", "Sala", "Czas trwania", "Kiedy"),
    "cs": ("Název", "Datum", "Začátek", "Konec", "Místnost", "Délka", "Kdy"),
    "tr": ("Başlık", "Tarih", "Başlangıç", "Bitiş", "Room", "Duration", "When"),
    "ru": ("Название", "Дата", "Начало", "Конец", "Room", "Duration", "Дата время"),
    "el": ("Τίτλος", "Ημερομηνία", "Έναρξη", "Λήξη", "Room", "Duration", "When"),
    "ja": ("タイトル", "日付", "開始", "終了", "Room", "Duration", "When"),
}
TITLES = (
    "Welcome",
    "Seed swap",
    "Größe & Form",
    "Café d’été",
    "Mañana",
    "Clean-up",
    "Night walk",
    "Łąka",
)
DATE_STYLES = (
    "iso",
    "full",
    "long",
    "medium",
    "short",
    "slash dmy",
    "slash mdy",
    "dots",
    "dmmmyy",
    "weekday dmy",
    "dash dmy",
    "serial",
)
TIME_STYLES = ("24", "24 seconds", "12", "12 dots", "h", "dot", "locale")
LAYOUTS = (
    "one column",
    "two columns",
    "four columns",
    "range",
    "when",
    "duration",
    "carried",
    "headings",
    "above",
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman", "cp1250", "cp1251")


@dataclass(frozen=True)
class Known:
    """A session as it is: times in UTC; ``ends`` None where the table doesn't say."""

    title: str
    starts: datetime
    ends: datetime | None


@dataclass(frozen=True)
class Made:
    """A table's bytes, how it was made, in which zone, and what is right."""

    data: bytes
    style: str
    zone: str
    known: tuple[Known, ...]


def make_table(seed: int) -> Made:
    """The table of a seed: the same bytes each time."""
    rng = random.Random(seed)
    locale = rng.choice(sorted(HEADERS))
    day_style, clock_style = rng.choice(DATE_STYLES), rng.choice(TIME_STYLES)
    layout = rng.choice(LAYOUTS)
    if day_style == "serial" and layout in ("one column", "when", "headings"):
        layout = "two columns"  # a day's number stands alone in its cell
    zone = ZoneInfo(rng.choice(ZONES))
    slots = _slots(rng)
    writer = _Writer(locale, day_style, clock_style)
    rows = _rows(layout, writer, slots)
    data, encoding = _encoded(rows, rng)
    known = tuple(_known(title, start, end, zone) for title, start, end in slots)
    return Made(
        data, f"{locale} {day_style} / {clock_style} / {layout} / {encoding}", zone.key, known
    )


def _slots(rng: random.Random) -> list[tuple[str, datetime, datetime]]:
    """Wall-clock times on one to three days; some past midnight."""
    first = date(2026, 1, 3) + timedelta(days=rng.randrange(700))
    slots: list[tuple[str, datetime, datetime]] = []
    for number in range(rng.randrange(2, 8)):
        day = first + timedelta(days=number // 3)
        begins = datetime.combine(day, datetime.min.time()) + timedelta(
            minutes=15 * rng.randrange(24, 95)
        )
        length = timedelta(minutes=rng.choice((15, 30, 45, 60, 90, 120)))
        slots.append((f"{rng.choice(TITLES)} {number}", begins, begins + length))
    return sorted(slots, key=lambda slot: slot[1])


def _known(title: str, start: datetime, end: datetime, zone: ZoneInfo) -> Known:
    return Known(
        title,
        start.replace(tzinfo=zone).astimezone(UTC),
        end.replace(tzinfo=zone).astimezone(UTC),
    )


@dataclass(frozen=True)
class _Writer:
    locale: str
    day_style: str
    clock_style: str

    def day(self, moment: datetime) -> str:
        day = moment.date()
        if self.locale == "ja" and self.day_style == "dmmmyy":  # nobody writes 13-8月-26
            return format_date(day, "medium", self.locale)
        if self.day_style in ("full", "long", "medium", "short"):
            return format_date(day, self.day_style, self.locale)
        return {
            "iso": f"{day:%Y-%m-%d}",
            "slash dmy": f"{day:%d/%m/%Y}",
            "slash mdy": f"{day.month}/{day.day}/{day.year}",
            "dots": f"{day.day}.{day.month}.{day.year}",
            "dmmmyy": f"{day:%d}-{format_date(day, 'MMM', self.locale)}-{day:%y}",
            "weekday dmy": f"{format_date(day, 'EEE', self.locale)} {day:%d/%m/%Y}",
            "dash dmy": f"{day:%d-%m-%Y}",
            "serial": str((day - date(1899, 12, 30)).days),
        }[self.day_style]

    def clock(self, moment: datetime) -> str:
        return {
            "24": f"{moment:%H:%M}",
            "24 seconds": f"{moment:%H:%M:%S}",
            "12": f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}",
            "12 dots": f"{moment.hour % 12 or 12}:{moment:%M} {'a.m.' if moment.hour < 12 else 'p.m.'}",
            "h": f"{moment.hour}h{moment:%M}",
            "dot": f"{moment:%H.%M}",
            "locale": format_time(moment.time(), "short", locale=self.locale),
        }[self.clock_style]

    def both(self, moment: datetime) -> str:
        return f"{self.day(moment)} {self.clock(moment)}"


def _rows(
    layout: str, write: _Writer, slots: list[tuple[str, datetime, datetime]]
) -> list[list[str]]:
    title, day, start, end, room, duration, when = HEADERS[write.locale]
    makers = {
        "one column": (
            [title, start, end, room],
            lambda t, a, b: [t, write.both(a), write.both(b), "A"],
        ),
        "two columns": (
            [title, day, start, end],
            lambda t, a, b: [t, write.day(a), write.clock(a), write.clock(b)],
        ),
        "four columns": (
            [title, "Start Date", "Start Time", "End Date", "End Time"],
            lambda t, a, b: [t, write.day(a), write.clock(a), write.day(b), write.clock(b)],
        ),
        "range": (
            [day, start, title],
            lambda t, a, b: [write.day(a), f"{write.clock(a)}–{write.clock(b)}", t],
        ),
        "when": (
            [room, title, when],
            lambda t, a, b: ["A", t, f"{write.both(a)} - {write.clock(b)}"],
        ),
        "duration": (
            [title, day, start, duration],
            lambda t, a, b: [
                t,
                write.day(a),
                write.clock(a),
                str(int((b - a).total_seconds() // 60)),
            ],
        ),
        "carried": (
            [day, start, end, title],
            lambda t, a, b: [write.day(a), write.clock(a), write.clock(b), t],
        ),
        "headings": ([start, end, title], lambda t, a, b: [write.clock(a), write.clock(b), t]),
        "above": (
            [title, day, start, end],
            lambda t, a, b: [t, write.day(a), write.clock(a), write.clock(b)],
        ),
    }
    header, make = makers[layout]
    body = _body(layout, write, [(make(*slot), slot[1]) for slot in slots])
    above = [["Spring gathering 2026", "", ""], ["", "", ""]] if layout == "above" else []
    return [*above, header, *body]


def _body(layout: str, write: _Writer, rows: list[tuple[list[str], datetime]]) -> list[list[str]]:
    """The rows; the date only where it changes ("carried"), or in a row of its own ("headings")."""
    body: list[list[str]] = []
    last: date | None = None
    for cells, starts in rows:
        new = starts.date() != last
        last = starts.date()
        if layout == "headings" and new:
            body.append([write.day(starts), "", ""])
        body.append(["", *cells[1:]] if layout == "carried" and not new else cells)
    return body


def _encoded(rows: list[list[str]], rng: random.Random) -> tuple[bytes, str]:
    mark = rng.choice(",;\t")
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator=rng.choice(("\r\n", "\n"))).writerows(rows)
    text = out.getvalue()
    if rng.random() < 0.1:
        text = f"sep={mark}\r\n{text}"
    choices = list(ENCODINGS)
    rng.shuffle(choices)
    for encoding in choices:
        try:
            return text.encode(encoding), encoding
        except UnicodeEncodeError:
            continue
    raise AssertionError("UTF-8 takes every text")
