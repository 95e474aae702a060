"""Tables as programs export them and people write them: right, or said; never wrong without a word."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date, format_time
from hypothesis import given, settings
from hypothesis import strategies as st

from reporter.errors import BadInput
from reporter.schedule import Reading, inspect_schedule
from reporter.schedule.dates.clock import _NOON
from tests.support.schedule_tables import HEADERS, make_table

FIVE = datetime(2026, 12, 5, 9, 0, tzinfo=UTC)


def read(text: str | bytes, zone: str = "UTC") -> Reading:
    return inspect_schedule(text.encode() if isinstance(text, str) else text, timezone=zone)


def spans(reading: Reading) -> list[tuple[str, str, str]]:
    """(title, start, end) in UTC, short."""
    return [
        (
            item.title,
            f"{item.starts_at:%m-%d %H:%M}" if item.starts_at else "",
            f"{item.ends_at:%m-%d %H:%M}" if item.ends_at else "",
        )
        for item in reading.sessions
    ]


def notes_of_times(reading: Reading) -> list[str]:
    """What is told, but for encodings and for columns that can't be times."""
    plain = ("The file doesn't say which encoding", "Columns that were not used")
    return [note for note in reading.notes if not note.startswith(plain)] + list(reading.left_out)


# Several hundred tables in 18 languages.

TABLES = 400


def outcome(seed: int) -> tuple[str, str]:
    """("right", "said", "refused" or "silent", the style) of one made table."""
    made = make_table(seed)
    try:
        reading = inspect_schedule(made.data, timezone=made.zone)
    except BadInput:
        return "refused", made.style
    got = sorted((s.title, s.starts_at, s.ends_at) for s in reading.sessions if s.starts_at)
    if got == sorted((k.title, k.starts, k.ends) for k in made.known):
        return "right", made.style
    return ("said" if notes_of_times(reading) else "silent"), made.style


def test_no_table_is_wrong_without_a_word() -> None:
    found = [outcome(seed) for seed in range(TABLES)]
    assert [style for kind, style in found if kind == "silent"] == []
    counts = Counter(kind for kind, _ in found)
    assert counts["right"] >= 0.95 * TABLES
    assert counts["refused"] <= 0.02 * TABLES


# The tables of calendars and conference systems, by the names in their exports.

WELCOME = [("Welcome", "12-24 09:00", "12-24 09:45")]
EXPORTS = {
    "Google Calendar": (
        "Subject,Start Date,Start Time,End Date,End Time,All Day Event,Description,Location,Private\r\n"
        "Clean-up,12/24/2026,11:30 PM,12/25/2026,12:30 AM,False,,Great Hall,False\r\n"
        "Camp,12/26/2026,,12/26/2026,,True,,Meadow,False\r\n",
        [("Clean-up", "12-24 23:30", "12-25 00:30"), ("Camp", "12-26 00:00", "12-27 00:00")],
    ),
    "Outlook": (
        '"Subject","Start Date","Start Time","End Date","End Time","All day event","Reminder on/off","Reminder Date",'
        '"Reminder Time","Location","Show time as"\r\n'
        '"Welcome","12/24/2026","9:00:00 AM","12/24/2026","9:45:00 AM","False","True","12/24/2026","8:45:00 AM",'
        '"Hall","2"\r\n',
        WELCOME,
    ),
    "Outlook in German": (
        '"Betreff","Beginnt am","Beginnt um","Endet am","Endet um","Ganztägiges Ereignis","Erinnerung am",'
        '"Erinnerung um",'
        '"Beschreibung","Kategorien","Ort"\r\n'
        '"Aufräumen","24.12.2026","23:30:00","25.12.2026","00:30:00","Aus","24.12.2026","23:15:00","","","Saal"\r\n',
        [("Aufräumen", "12-24 23:30", "12-25 00:30")],
    ),
    "Outlook in French": (
        '"Objet","Début","Début","Fin","Fin","Journée entière","Emplacement"\r\n'
        '"Accueil","24/12/2026","09:00:00","24/12/2026","09:45:00","Faux","Salle"\r\n',
        [("Accueil", "12-24 09:00", "12-24 09:45")],
    ),
    "Sched": (
        "Session Title,Session Start Date & Time,Session End Date & Time,Session Track,Room,Speakers\r\n"
        "Welcome,2026-12-24 09:00,2026-12-24 09:45,Main,Hall,Ada\r\n",
        WELCOME,
    ),
    "Sessionize": (
        "Session Id,Title,Description,Owner,Session format,Room,Scheduled At,Scheduled Duration,Speakers\r\n"
        "17,Welcome,Hello,Ada,Talk,Hall,24 Dec 2026 09:00 AM,45,Ada\r\n",
        WELCOME,
    ),
    "Sessionize's schedule": (
        "Day,Time,Room,Title,Speakers\r\nThursday 24 December 2026,09:00 - 09:45,Hall,Welcome,Ada\r\n",
        WELCOME,
    ),
    "Indico": (
        "Id,Title,Description,Date,Duration,Type,Session,Track,Presenters,Materials\r\n"
        "3,Welcome,,2026-12-24T09:00:00+00:00,0:45:00,Talk,Opening,,Ada,\r\n",
        WELCOME,
    ),
    "Eventbrite": (
        "Event Name,Event ID,Event Start Date,Event Start Time,Event End Date,Event End Time,Event Timezone,Venue\r\n"
        "Welcome,123,2026-12-24,10:00:00,2026-12-24,10:45:00,Europe/Berlin,Hall\r\n",
        WELCOME,
    ),
    "Meetup": (
        "id,name,startDate,endDate,timezone,venue\r\n"
        "1,Welcome,2026-12-24T10:00:00+01:00,2026-12-24T10:45:00+01:00,Europe/Berlin,Hall\r\n",
        WELCOME,
    ),
    "pretalx": (
        "ID,Proposal title,Speaker names,Start,End,Room,Do not record\r\n"
        "G9JGWY,Welcome,Ada,2026-12-24T10:00:00+01:00,2026-12-24T10:45:00+01:00,Hall,True\r\n",
        WELCOME,
    ),
    "Numbers on a Mac": (
        "Programme;;;\r\nTitle;Day;Begins;Ends\r\nWelcome;24 Dec 2026;9:00;9:45\r\n",
        WELCOME,
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_exports_of_calendars_and_conference_systems(name: str) -> None:
    text, expected = EXPORTS[name]
    assert spans(read(text)) == expected


def test_columns_that_look_like_times_and_are_not_used_are_told() -> None:
    notes = " ".join(read(EXPORTS["Outlook"][0]).notes)
    assert "“Reminder Date”, “Reminder Time”" in notes


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("Fecha", "Hora"),
        ("Date", "Heure"),
        ("Datum", "Startzeit"),
        ("Tag", "Anfang"),
        ("Date", "Begin time"),
        ("Start (date)", "Start (time)"),
        ("Date [dd.mm.yyyy]", "Start [hh:mm]"),
        ("Session Date", "Session Time"),
        ("Giorno", "Ora di inizio"),
        ("Data", "Horário"),
        ("Datum", "Aanvang"),
        ("Dato", "Klokkeslett"),
        ("start_date", "start_time"),
        ("StartDate", "StartTime"),
        ("Date", "From"),
        ("Datum", "von"),
        ("Dia", "De"),
        ("Date", "Starts at"),
        ("Datum", "Uhrzeit"),
        ("Päivä", "Kello"),
        ("Datum", "Čas"),
        ("Data", "Godzina"),
    ],
)
def test_date_and_time_in_two_columns(day: str, clock: str) -> None:
    reading = read(f"Title;{day};{clock}\nA;05.12.2026;09:00\nB;05.12.2026;10:30\n")
    assert spans(reading) == [("A", "12-05 09:00", ""), ("B", "12-05 10:30", "")]


@pytest.mark.parametrize(
    ("cell", "start"),
    [
        ("0.375", "12-05 09:00"),
        ("0,4375", "12-05 10:30"),
        ("0.5", "12-05 12:00"),
        ("0930", "12-05 09:30"),
        ("0.15", ""),
        ("9.15", "12-05 09:15"),
    ],
)
def test_times_as_parts_of_a_day_and_as_four_digits(cell: str, start: str) -> None:
    reading = read(f"Title;Date;Start time\nA;2026-12-05;{cell}\nB;2026-12-06;10:00\n")
    assert ("A", start, "") in spans(reading)
    assert bool(notes_of_times(reading)) == (start == "")


def test_a_span_past_midnight_with_dots() -> None:
    reading = read("Title;Date;Time\nA;5.12.2026;23.15 - 0.15\n")
    assert spans(reading) == [("A", "12-05 23:15", "12-06 00:15")]


def test_a_lone_unknown_column_of_times_is_the_start_and_is_told() -> None:
    reading = read("Title,Date,Quux\nA,2026-12-05,09:00\nB,2026-12-05,10:00\n")
    assert [start for _, start, _ in spans(reading)] == ["12-05 09:00", "12-05 10:00"]
    assert any("“Quux” is not known, and was taken as the start" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("cell", "start", "end"),
    [
        ("5 Dec 2026 09:00", "12-05 09:00", ""),
        ("Samstag, 5. Dezember 2026, 9:00 Uhr", "12-05 09:00", ""),
        ("2026-12-05 09:00–10:00", "12-05 09:00", "12-05 10:00"),
        ("5.12.2026 9–10:30 Uhr", "12-05 09:00", "12-05 10:30"),
        ("Dec 5, 2026 at 9:00 AM", "12-05 09:00", ""),
        ("December 5th, 2026, 2-3 pm", "12-05 14:00", "12-05 15:00"),
        ("5 Dec 2026 11:00 - 1:00 pm", "12-05 11:00", "12-05 13:00"),
        ("5 Dec 2026 22:00 - 00:30", "12-05 22:00", "12-06 00:30"),
        ("9:00 - 10:00, Sat 5 Dec 2026", "12-05 09:00", "12-05 10:00"),
        ("Saturday 5 Dec 2026 12 noon", "12-05 12:00", ""),
        ("5 Dec 2026 - 9:00", "12-05 09:00", ""),
        ("le samedi 5 décembre 2026 à 9h30", "12-05 09:30", ""),
        ("sábado, 5 de diciembre de 2026, 9:00", "12-05 09:00", ""),
        ("zaterdag 5 december 2026 om 9.00 uur", "12-05 09:00", ""),
        ("5 grudnia 2026 r., 9:00", "12-05 09:00", ""),
        ("2026. december 5., szombat 9:00", "12-05 09:00", ""),
        ("2026年12月5日(土) 9:00", "12-05 09:00", ""),
        ("2026-12-05T09:00:00+01:00", "12-05 08:00", ""),
        ("5 Dec 2026 9:00 CET", "12-05 08:00", ""),
        ("5 Dec 2026 9:00 (UTC-5)", "12-05 14:00", ""),
        ("Sat Dec 05 2026 09:00:00 GMT+0100 (CET)", "12-05 08:00", ""),
        ("2026-12-05T09:00Z/2026-12-05T10:00Z", "12-05 09:00", "12-05 10:00"),
        ("1796461200", "12-05 09:00", ""),
        ("46361.375", "12-05 09:00", ""),
        ("46361,375", "12-05 09:00", ""),
        ("2026-12-05 24:00", "12-06 00:00", ""),
        ("٠٥/١٢/٢٠٢٦ 09:00", "12-05 09:00", ""),
        ("05-Dec-26 9:00", "12-05 09:00", ""),
        ("5-Mrz-27 9:00", "03-05 09:00", ""),
    ],
)
def test_moments_and_spans_in_one_cell(cell: str, start: str, end: str) -> None:
    quoted = cell.replace('"', '""')
    (found,) = spans(read(f'title,when,room\nA,"{quoted}",Hall 13/12/2026'))
    assert found == ("A", start, end)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-12-05 14:00-05:00",
        "5 Dec 2026 9",
        "2026-12-05 25:00",
        "31.11.2026 9:00",
        "5 Dec 2026 9:00 IST",
        "Dec 2026",
        "2026-12-05 9:00 maybe",
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_said(cell: str) -> None:
    reading = read(f"title,date,start\nGood,2026-12-05,09:00\nOdd,,{cell}\n")
    assert ("Odd", "", "") in spans(reading)
    assert any(note.startswith("Row 3: ") and cell in note for note in reading.notes)


# Day and month.


@pytest.mark.parametrize(
    ("cells", "days", "warning"),
    [
        (["05/12/2026", "13/12/2026"], ["12-05", "12-13"], ""),
        (["12/05/2026", "12/13/2026"], ["12-05", "12-13"], ""),
        (["05/12/2026", "06/12/2026"], ["12-05", "12-06"], "day first"),
        (["12/05/2026", "12/06/2026"], ["12-05", "12-06"], "month first"),
        (["Sat 12/05/2026"], ["12-05"], ""),
        (["So 06/12/2026"], ["12-06"], ""),
        (["07/07/2026"], ["07-07"], ""),
        (["05/12/2026"], ["12-05"], "day first"),
        (["2026-12-01", "12/5/26"], ["12-01", "12-05"], "month first"),
        (["26-12-05", "26-12-06"], ["12-05", "12-06"], "year first"),
        (["13/06/2026", "06/14/2026"], ["06-13", "06-14"], "The dates don't agree"),
    ],
)
def test_day_and_month_are_decided_by_the_whole_file(
    cells: list[str], days: list[str], warning: str
) -> None:
    reading = read("title,start\n" + "".join(f"T{n},{c} 10:00\n" for n, c in enumerate(cells)))
    assert [start[:5] for _, start, _ in spans(reading)] == days
    assert bool(notes_of_times(reading)) == bool(warning)
    assert warning in " ".join(reading.notes)


def test_dates_that_contradict_each_other_leave_the_ambiguous_ones_out() -> None:
    reading = read("title,start\nA,13/06/2026 10:00\nB,06/14/2026 10:00\nC,05/06/2026 10:00\n")
    assert spans(reading)[2] == ("C", "", "")
    assert any(note.startswith("Row 4: ") for note in reading.notes)


def test_a_weekday_that_is_not_of_the_date_is_told() -> None:
    reading = read("title,start\nA,Monday 5 December 2026 10:00\n")
    assert any("The weekday is not that of 2026-12-05" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("rows", "warning"),
    [
        ("A,5 Dec 2026,14:00,\nB,5 Dec 2026,1:30,", "It starts at 01:30, before the row above"),
        ("A,5 Dec 2026,23:00,\nB,,0:30,", "It starts at 00:30, before the row above"),
        ("A,5 Dec 2026,14:00,1:00", "It ends on the next day, more than eight hours later"),
        ("A,26-Dec-05,11:00,", "It is in 2005"),
        ("A,15 Jul 2026,11:00 CET,", "CET is not the clocks' time in summer"),
    ],
)
def test_times_that_may_mean_something_else_are_told(rows: str, warning: str) -> None:
    assert any(warning in note for note in read(f"title,date,start,end\n{rows}\n").notes)


@pytest.mark.parametrize(
    ("cell", "start", "is_noted"),
    [
        ("25 listopada 2026", "11-25 00:00", True),
        ("13-srp-26", "08-13 00:00", True),
        ("środa, 25 listopada 2026", "11-25 00:00", False),
        ("nedjelja, 25. listopada 2026", "10-25 00:00", False),
    ],
)
def test_month_names_that_languages_share_are_told_by_the_weekday_or_said(
    cell: str, start: str, is_noted: bool
) -> None:
    reading = read(f"title;date\nA;{cell}\n")
    assert spans(reading)[0][1] == start
    assert any("another month in Croatian" in note for note in reading.notes) == is_noted


def test_a_date_that_is_not_understood_does_not_lend_the_one_above() -> None:
    reading = read("Date,Time,Title\n5 Dec 2026,09:00,A\n6 Dez. 26x,09:00,B\n,10:00,C\n")
    assert [(title, start) for title, start, _ in spans(reading)] == [
        ("A", "12-05 09:00"),
        ("B", ""),
        ("C", ""),
    ]


def test_a_number_of_the_day_stands_beside_the_date() -> None:
    reading = read("Day,Date,Time,Title\n1,5 Dec 2026,09:00,A\nSunday,6 Dec 2026,09:00,B\n")
    assert [start for _, start, _ in spans(reading)] == ["12-05 09:00", "12-06 09:00"]
    assert any("“Day” was not used" in note for note in reading.notes)


# Rows.


def test_one_odd_row_refuses_nothing_else() -> None:
    reading = read(
        "title,start,end,duration\nGood,2026-12-05 09:00,,45\n,2026-12-05 10:00,,\n"
        "Back,2026-12-05 10:00,2026-12-05 09:00,\n"
        "Soon,soon,,\nLong,2026-12-05 11:00,,for ever\n"
    )
    assert spans(reading) == [
        ("Good", "12-05 09:00", "12-05 09:45"),
        ("Back", "12-05 10:00", ""),
        ("Long", "12-05 11:00", ""),
        ("Soon", "", ""),
    ]
    assert reading.left_out == ("Row 3 has no title. Fill it in or delete the row.",)
    for row in (4, 5, 6):
        assert any(note.startswith(f"Row {row}: ") for note in reading.notes)


def test_a_date_stands_once_for_several_rows_as_in_merged_cells() -> None:
    reading = read(
        "Date,Time,Title\n5 Dec 2026,09:00,A\n,10:00,B\n6 Dec 2026,09:00,C\n,10:00–11:00,D\n"
    )
    assert spans(reading) == [
        ("A", "12-05 09:00", ""),
        ("B", "12-05 10:00", ""),
        ("C", "12-06 09:00", ""),
        ("D", "12-06 10:00", "12-06 11:00"),
    ]
    assert any("Row 3, Row 5: No date of its own" in note for note in reading.notes)


def test_days_are_headings_between_the_rows() -> None:
    reading = read(
        "Spring gathering,,\nTime,Title,Room\nSaturday 5 December 2026,,\n09:00,A,Hall\n"
        "Sunday 6 December 2026,,\n9:00,B,Hall\n"
    )
    assert spans(reading) == [("A", "12-05 09:00", ""), ("B", "12-06 09:00", "")]


def test_a_weekday_that_heads_two_blocks_is_one_day() -> None:
    """As where each room's sessions have a heading of their own."""
    reading = read(
        "Time,Title,Room\nSaturday 5 December 2026,,\n09:00,A,Hall\n"
        "Sunday,,\n9:00,B,Hall\nSunday,,\n11:00,C,Garden\nSaturday,,\n9:00,D,Hall\n"
    )
    assert [begin for _title, begin, _end in spans(reading)] == [
        "12-05 09:00",
        "12-06 09:00",
        "12-06 11:00",
        "12-12 09:00",
    ]


def test_the_date_above_the_header_counts() -> None:
    reading = read('"Programme, 5 December 2026"\n\nTime,Title\n09:00,A\n')
    assert spans(reading) == [("A", "12-05 09:00", "")]
    assert any("No date of its own" in note for note in reading.notes)


def test_a_date_without_a_time_is_a_whole_day_and_told() -> None:
    reading = read("Title,Date,Time\nA,2026-12-05,\nB,2026-12-05,10:00\n")
    assert spans(reading)[0] == ("A", "12-05 00:00", "12-06 00:00")
    assert any("whole day was taken" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("header", "cell", "minutes"),
    [
        ("Duration", "45", 45),
        ("Duration (hours)", "1.5", 90),
        ("Dauer (Std.)", "1,5", 90),
        ("Durée", "1h30", 90),
        ("Duration", "0:45", 45),
        ("Duration", "00:45:00", 45),
        ("Duración", "2 horas", 120),
        ("Durata", "45 minuti", 45),
        ("Duration", "PT1H", 60),
        ("Dauer", "1 Std. 15 Min.", 75),
        ("Duration", "90’", 90),
        ("Duration", "45.0", 45),
        ("Duration", "1:30 h", 90),
        ("Duration", "1½ h", 90),
        ("Duration", "half an hour", 30),
        ("Продолжительность", "1 ч 30 мин", 90),
        ("所要時間", "1時間半", 90),
        ("时长", "45分钟", 45),
        ("Thời lượng", "1 giờ 30 phút", 90),
        ("ระยะเวลา", "1 ชั่วโมง 30 นาที", 90),
        ("Süre", "1 saat 15 dk", 75),
    ],
)
def test_durations(header: str, cell: str, minutes: int) -> None:
    reading = read(f'title,start,"{header}"\nA,2026-12-05 09:00,"{cell}"\n')
    assert reading.sessions[0].ends_at == FIVE + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("header", "cell"),
    [("Duration", "1 day"), ("Dauer", "1 Tag"), ("Duration (days)", "1"), ("Durée", "P1D")],
)
def test_a_length_in_days_follows_the_calendar_and_is_told(header: str, cell: str) -> None:
    table = f'title,start,"{header}"\nA,2026-10-24 12:00,{cell}\nB,2026-10-24,{cell}\n'
    reading = read(table, "Europe/Berlin")
    # The clocks change in the night between.
    assert spans(reading) == [
        ("B", "10-23 22:00", "10-24 22:00"),
        ("A", "10-24 10:00", "10-25 11:00"),
    ]
    assert [note for note in reading.notes if note.startswith("Row 2") and "next day" in note]


@pytest.mark.parametrize("cell", ["45:00", "1.30 h", "1.3 h", "1:75"])
def test_a_length_that_may_be_another_one_is_told(cell: str) -> None:
    reading = read(f"title,start,duration\nA,2026-12-05 09:00,{cell}\nB,2026-12-05 10:00,30\n")
    assert reading.sessions[0].ends_at is None
    assert any(f"the duration “{cell}” is not understood" in note for note in reading.notes)


# Clock changes.


def test_three_hours_are_three_hours_in_the_night_of_a_clock_change() -> None:
    for start in ("2026-10-25 01:00", "2026-03-29 01:00"):
        (item,) = read(f"title,start,duration\nA,{start},180\n", "Europe/Berlin").sessions
        assert item.starts_at is not None
        assert item.ends_at == item.starts_at + timedelta(hours=3)


@pytest.mark.parametrize(
    ("start", "utc", "warning"),
    [
        ("2026-03-29 02:30", "03-29 01:30", "There is no 02:30"),
        ("2026-10-25 02:30", "10-25 00:30", "comes twice"),
    ],
)
def test_times_that_the_clock_skips_or_repeats_are_told(start: str, utc: str, warning: str) -> None:
    reading = read(f"title,start\nA,{start}\n", "Europe/Berlin")
    assert spans(reading)[0][1] == utc
    assert any(warning in note for note in reading.notes)


def test_columns_and_cells_name_zones() -> None:
    assert (
        spans(read("Title,Start (UTC)\nA,2026-07-01 09:00\n", "Europe/Berlin"))[0][1]
        == "07-01 09:00"
    )
    assert (
        spans(read("Title,Start,Time zone\nA,2026-07-01 09:00,Tokyo Standard Time\n"))[0][1]
        == "07-01 00:00"
    )
    reading = read("Title,Start,Time zone\nA,2026-07-01 09:00,Moon\n")
    assert any("“Moon” is not known" in note for note in reading.notes)


# Files.


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line", ["sep={}\r\n", '"sep={}"\r\n', "", "Programm 2026\r\n\r\n"])
def test_separators_and_what_stands_above_the_header(mark: str, line: str) -> None:
    rows = [
        ["title", "start", "end", "room"],
        ["A, b; c", "2026-12-05 09:00", "2026-12-05 09:45", "Hall"],
    ]
    table = "\r\n".join(mark.join(f'"{cell}"' for cell in row) for row in rows)
    reading = read(line.format(mark) + table)
    assert spans(reading) == [("A, b; c", "12-05 09:00", "12-05 09:45")]


WORDS = {
    "cp1252": "Größe & Übung – Café d’été, Mañana, São João",
    "mac_roman": "Größe & Übung – Café d’été, Mañana, São João",
    "cp1250": "Zażółć gęślą jaźń, Příliš žluťoučký",
    "cp1251": "Семена и почва",
    "cp1253": "Σπόροι και χώμα",
    "utf-16-le": "Семена и почва",
    "utf-16-be": "Größe",
    "utf-16": "種と土",
    "utf-8-sig": "בוקר טוב",
}


@pytest.mark.parametrize("encoding", WORDS)
def test_encodings_are_told_apart_by_their_words(encoding: str) -> None:
    title = WORDS[encoding]
    reading = read(f"title;start\r\n{title};2026-12-05 09:00\r\n".encode(encoding))
    assert spans(reading) == [(title, "12-05 09:00", "")]
    is_noted = any("encoding" in note for note in reading.notes)
    assert is_noted == (not encoding.startswith("utf"))


def test_month_names_tell_the_encoding() -> None:
    text = "Název;Datum;Čas\r\nA;pondělí 7. prosince 2026;9:00\r\n"
    assert spans(read(text.encode("cp1250"))) == [("A", "12-07 09:00", "")]


# Any date and time, in any style and language.

moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31)).map(  # noqa: DTZ001 wall clocks
    lambda moment: moment.replace(second=0, microsecond=0)
)
day_styles = st.sampled_from(
    ("full", "long", "medium", "short", "yyyy-MM-dd", "d.M.yyyy", "dd/MM/yyyy", "M/d/yyyy")
)
clock_styles = st.sampled_from(("HH:mm", "HH:mm:ss", "h:mm a", "H.mm"))
locales = st.sampled_from(sorted(HEADERS))


@settings(max_examples=300, deadline=None)
@given(
    wall=moments,
    day_style=day_styles,
    clock_style=clock_styles,
    locale=locales,
    zone=st.sampled_from(("UTC", "Europe/Berlin")),
)
def test_any_moment_reads_back_right_or_is_said(
    wall: datetime, day_style: str, clock_style: str, locale: str, zone: str
) -> None:
    english = "en" if "a" in clock_style else locale
    day = format_date(wall.date(), day_style, locale)
    clock = format_time(wall.time(), clock_style, locale=english)
    reading = read(f'title;date;start\nA;"{day}";"{clock}"\nB;2026-12-05;10:00\n', zone)
    item = next(item for item in reading.sessions if item.title == "A")
    right = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert item.starts_at == right or notes_of_times(reading), (day, clock)


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="0123456789:./- apmAPMTZhdeDecbisto–,+", max_size=24))
def test_any_text_in_a_time_column_is_read_or_said(text: str) -> None:
    cell = text.replace('"', "")
    try:
        reading = read(f'title,date,start\nGood,2026-12-05,09:00\nOdd,2026-12-05,"{cell}"\n')
    except BadInput:
        return
    odd = next(item for item in reading.sessions if item.title == "Odd")
    if odd.starts_at is None:
        assert notes_of_times(reading)
    elif odd.starts_at.time() != time():
        # Something of the text is in it: the hour stands there, as it is or by the half of the day.
        hours = {int(number) % 12 for number in re.findall(r"\d{1,2}", cell)}
        # 700 is seven o'clock.
        hours |= {int(number[0]) for number in re.findall(r"(?<!\d)\d{3}(?!\d)", cell)}
        assert (
            odd.starts_at.hour % 12 in hours
            or notes_of_times(reading)
            or "+" in cell
            or "-" in cell
            or any(word in cell.casefold() for word in _NOON)
        )


def test_days_read_back_in_every_language_of_the_headers() -> None:
    """Written out in full no date is ambiguous, so each must be right."""
    wrong = []
    for locale in HEADERS:
        for month in range(1, 13):
            day = date(2027, month, 17)
            for style in ("full", "long"):
                text = format_date(day, style, locale)
                try:
                    found = read(f'title;start\nA;"{text} 9:00"\n').sessions[0].starts_at
                except BadInput:
                    found = None
                if found != datetime.combine(day, time(9), tzinfo=UTC):
                    wrong.append((locale, text))
    assert wrong == []


@pytest.mark.parametrize(
    "table",
    [
        'Title,Date,Start,End\nA,="2026-12-05",="14:30",="15:15"\n',
        "Title,Date,Start Time,End Time\nA,12/5/2026 0:00:00,12/30/1899 14:30:00,12/30/1899 3:15:00 PM\n",
        "Title,Date,Start,End\nA,2026-12-05,1899-12-30 14:30:00,30.12.1899 15:15\n",
        "Title,Date,Start,End\nA,2026-12-05,1970-01-01T14:30:00,01.01.1900 15:15:00\n",
    ],
)
def test_times_as_excel_access_and_programs_write_them_into_tables(table: str) -> None:
    assert spans(read(table)) == [("A", "12-05 14:30", "12-05 15:15")]


def test_a_day_with_an_end_alone_does_not_begin_at_midnight() -> None:
    reading = read("Title,Date,Start,End\nA,2026-12-05,,15:15\nB,,16:00,17:00\n")
    assert sorted(spans(reading)) == [("A", "", ""), ("B", "12-05 16:00", "12-05 17:00")]
    assert "Row 2: It has no start, so it came in without a time." in reading.notes


@pytest.mark.parametrize(
    "name",
    [
        "Titel des Vortrags",
        "Beitragstitel",
        "Titre de l’atelier",
        "Titre de la conférence",
        "Título de la charla",
        "Nombre de la actividad",
        "Título da palestra",
        "Titolo dell'intervento",
        "Naam van de sessie",
        "Titel på sessionen",
        "Tytuł wystąpienia",
        "Название доклада",
        "演讲题目",
        "セッション名",
        "발표 제목",
    ],
)
def test_titles_that_say_of_what(name: str) -> None:
    reading = read(f"Start,{name},Session\n2026-12-05 14:30,A,X\n")
    assert reading.sessions[0].title == "A"
