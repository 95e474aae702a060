"""Times that a table only hints at: bare hours, hours without "pm", several in a cell, ranges of days."""

from __future__ import annotations

import pytest

from reporter.errors import BadInput
from reporter.schedule.dates.lengths import parse_length
from tests.reporter.schedule.test_tables import notes_of_times, read, spans

AFTERNOON = "no am or pm"
HOURS = "hours of the day"
ONE_SESSION = "came in as one session"


def times(*cells: str, header: str = "date,time,title") -> tuple[list[str], str]:
    """The spans of a table with these times on 5 December 2026, and what was told of it."""
    rows = "".join(f'2026-12-05,"{cell}",T{number}\n' for number, cell in enumerate(cells))
    reading = read(f"{header}\n{rows}")
    found = [f"{title} {start[6:]}-{end[6:]}".rstrip("-") for title, start, end in spans(reading)]
    return sorted(found), " ".join(notes_of_times(reading))


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (("9", "10", "14"), ["T0 09:00", "T1 10:00", "T2 14:00"]),
        (("9-10", "10–11:30", "14 - 15"), ["T0 09:00-10:00", "T1 10:00-11:30", "T2 14:00-15:00"]),
        (("9:30", "10", "14:00"), ["T0 09:30", "T1 10:00", "T2 14:00"]),
        (("9 bis 10", "22-24"), ["T0 09:00-10:00", "T1 22:00-00:00"]),
        (("8", "TBA", "20"), ["T0 08:00", "T1 00:00-00:00", "T2 20:00"]),
    ],
)
def test_hours_alone_are_read_in_a_column_of_times(
    cells: tuple[str, ...], right: list[str]
) -> None:
    found, notes = times(*cells)
    assert found == right
    assert HOURS in notes


def test_slots_that_are_numbered_are_no_hours() -> None:
    with pytest.raises(BadInput, match="“1” is not understood"):
        read("date,slot,title\n2026-12-05,1,A\n2026-12-05,2,B\n2026-12-05,3,C\n")


@pytest.mark.parametrize(
    "table",
    [
        "date,start,end,title\n2026-12-05,9,10,A\n2026-12-05,13,14:30,B\n",
        "title,start,end\nSaturday 5 December 2026,,\nA,9,10\nB,13,14:30\n",
        "Samstag 5. Dezember 2026,,\nZeit,Saal,Hof\n9-10,A,\n13-14:30,,B\n",
        "Zeit,5.12.2026,6.12.2026\n9-10,A,\n13-14:30,B,\n",
    ],
)
def test_hours_alone_are_read_in_every_layout(table: str) -> None:
    reading = read(table)
    assert spans(reading) == [
        ("A", "12-05 09:00", "12-05 10:00"),
        ("B", "12-05 13:00", "12-05 14:30"),
    ]
    assert HOURS in " ".join(reading.notes)


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (("9:00 am", "10:00", "12:00", "1:00", "2:30"), "09:00 10:00 12:00 13:00 14:30"),
        (("9", "11", "12", "1", "5"), "09:00 11:00 12:00 13:00 17:00"),
        (("9:00", "12:30", "1:30", "4:00", "7:00"), "09:00 12:30 13:30 16:00 19:00"),
        (("11:00-12:00", "12:00-1:00", "1:00-2:00 pm"), "11:00-12:00 12:00-13:00 13:00-14:00"),
        (("9:00", "12:00", "1:00", "7:30"), "09:00 12:00 13:00 19:30"),
    ],
)
def test_hours_without_pm_after_the_morning_are_those_after_noon(
    cells: tuple[str, ...], right: str
) -> None:
    found, notes = times(*cells)
    assert [one.partition(" ")[2] for one in found] == right.split()
    assert AFTERNOON in notes


@pytest.mark.parametrize(
    "cells",
    [
        ("5:00", "9:00", "12:00"),
        ("09:00", "12:00", "01:00"),
        ("20:00", "22:00", "1:00"),
        ("9:00", "13:00", "2:00"),
    ],
)
def test_hours_of_a_clock_of_24_stay_as_they_are(cells: tuple[str, ...]) -> None:
    found, notes = times(*cells)
    assert sorted(one.partition(" ")[2] for one in found) == sorted(f"{cell:0>5}" for cell in cells)
    assert AFTERNOON not in notes


@pytest.mark.parametrize(
    "rows",
    [
        "9:00,A,Blue\n10:00,B,Blue\n1:00,C,Blue\n9:00,D,Green\n10:00,E,Green\n",
        "9:00,A,Blue\n2:00,B,Blue\n9:00,D,Red\n",
        "9:00,A,\n8:00,B,\n11:00,D,\n",
    ],
)
def test_mornings_of_lists_in_another_order_stay_and_are_told(rows: str) -> None:
    reading = read(f"Saturday 5 December 2026,,\nTime,Title,Room\n{rows}")
    starts = {title: start for title, start, _ in spans(reading)}
    told = [note for note in reading.notes if "before the row above" in note]
    assert starts["D"] in ("12-05 09:00", "12-05 11:00")
    assert bool(told) == ("Blue" in rows)


def test_an_evening_in_all_rooms_of_a_grid() -> None:
    reading = read("Time,A,B\n5 Dec 2026,,\n9:00,W,\n12:00,L,\n7:30,P,Q\n")
    starts = {title: start for title, start, _ in spans(reading)}
    assert (starts["P"], starts["Q"]) == ("12-05 19:30", "12-05 19:30")


def test_each_day_of_a_grid_has_its_own_afternoon() -> None:
    reading = read("Time,5 Dec 2026,6 Dec 2026\n9:00 am,A,B\n11:00,C,\n2:00,D,E\n")
    starts = {title: start for title, start, _ in spans(reading)}
    assert (starts["D"], starts["E"]) == ("12-05 14:00", "12-06 14:00")


def test_an_end_without_pm_is_the_next_such_time() -> None:
    reading = read("date,start,end,title\n2026-12-05,11:00 am,1:00,A\n2026-12-05,8:30 pm,12:15,B\n")
    assert spans(reading) == [
        ("A", "12-05 11:00", "12-05 13:00"),
        ("B", "12-05 20:30", "12-06 00:15"),
    ]
    assert AFTERNOON in " ".join(reading.notes)


@pytest.mark.parametrize(
    ("cell", "right"),
    [
        ("noon-1", "12:00-13:00"),
        ("noon–1:30 pm", "12:00-13:30"),
        ("9-noon", "09:00-12:00"),
        ("9am – noon", "09:00-12:00"),
        ("9:00 am - 1:00", "09:00-13:00"),
        ("2:00 pm - 3:30", "14:00-15:30"),
        ("11pm-1:00", "23:00-01:00"),
        ("1400-1530", "14:00-15:30"),
        ("930–1030", "09:30-10:30"),
        ("1400h", "14:00"),
        ("14:00 Uhr MEZ", "13:00"),
        ("23:00-24:00", "23:00-00:00"),
    ],
)
def test_a_span_of_which_one_side_tells_the_other(cell: str, right: str) -> None:
    [found], notes = times(cell)
    assert (found, notes) == (f"T0 {right}", "")


@pytest.mark.parametrize(
    ("cell", "right"),
    [
        ("9:00-10:30 & 14:00", ["T0 09:00-10:30", "T0 14:00"]),
        ("9:00, 14:00, 16:00", ["T0 09:00", "T0 14:00", "T0 16:00"]),
        ("9:00-10:00 / 14:00-15:00", ["T0 09:00-10:00", "T0 14:00-15:00"]),
        ("10 Uhr und 14 Uhr", ["T0 10:00", "T0 14:00"]),
        ("10h et 14h30", ["T0 10:00", "T0 14:30"]),
    ],
)
def test_each_of_several_times_is_a_session(cell: str, right: list[str]) -> None:
    found, notes = times(cell)
    assert found == right
    assert "several times" in notes


@pytest.mark.parametrize(
    "cell",
    [
        "TBA",
        "t.b.d.",
        "To be announced",
        "time to be confirmed",
        "wird noch bekannt gegeben",
        "noch offen",
        "à confirmer",
        "por confirmar",
        "da definire",
        "уточнюється",
        "待定",
    ],
)
def test_a_time_to_be_announced_is_none(cell: str) -> None:
    found, notes = times("09:00", cell)
    assert found == ["T0 09:00", "T1 00:00-00:00"]
    assert "Row 3: A date without a time" in notes


RANGES = [
    "5.-7. Dezember 2026",
    "5. bis 7. Dezember 2026",
    "5.–7.12.2026",
    "05.12.-07.12.2026",
    "5.12.2026 - 7.12.2026",
    "Sa 5.12. – Mo 7.12.2026",
    "5, 6 und 7 Dezember 2026",
    "Dec 5–7, 2026",
    "December 5th to 7th, 2026",
    "December 5 - December 7, 2026",
    "5–7 December 2026",
    "5th – 7th of December 2026",
    "Saturday 5 – Monday 7 December 2026",
    "from 5 to 7 December 2026",
    "du 5 au 7 décembre 2026",
    "del 5 al 7 de diciembre de 2026",
    "5 t/m 7 december 2026",
    "od 5 do 7 grudnia 2026",
    "5–7 грудня 2026",
    "2026-12-05/2026-12-07",
    "2026-12-05 - 07",
    "2026/12/5-7",
    "2026年12月5日〜7日",
    "2026年12月5日-12月7日",
    "٥-٧ ديسمبر ٢٠٢٦",
    "5-7/12/2026",
]


@pytest.mark.parametrize("cell", RANGES)
def test_a_range_of_days_is_all_of_them(cell: str) -> None:
    reading = read(f'title,date\nCamp,"{cell}"\n')
    assert spans(reading) == [("Camp", "12-05 00:00", "12-08 00:00")]
    assert notes_of_times(reading) == []


@pytest.mark.parametrize(
    ("cell", "start", "end"),
    [
        ("30 Nov – 2 Dec 2026", "11-30", "12-03"),
        ("Dec 30 – Jan 2, 2027", "12-30", "01-03"),
        ("Dec 5 & 6, 2026", "12-05", "12-07"),
        ("Sa/So 5./6.12.2026", "12-05", "12-07"),
        ("5-7 mar 2026", "03-05", "03-08"),
    ],
)
def test_ranges_over_months_and_pairs_of_days(cell: str, start: str, end: str) -> None:
    assert spans(read(f'title,date\nCamp,"{cell}"\n')) == [
        ("Camp", f"{start} 00:00", f"{end} 00:00")
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "5 & 12 Dec 2026",
        "5, 8 und 9 Dez 2026",
        "7.-5. Dezember 2026",
        "5/6/2026 - 7",
        "5.12.2026 - 7",
    ],
)
def test_days_that_are_no_range_are_said(cell: str) -> None:
    reading = read(f'title,date\nGood,2026-12-05\nOdd,"{cell}"\n')
    assert ("Odd", "", "") in spans(reading)
    assert any(cell in note for note in reading.notes)


@pytest.mark.parametrize(
    ("table", "end"),
    [
        ('date,time,title\n"5.-7. Dezember 2026",09:00-17:00,Camp\n', "12-07 17:00"),
        ('date,start,end,title\n"Dec 5–7, 2026",09:00,17:00,Camp\n', "12-07 17:00"),
        ('date,start,title\n"05.12.2026 - 07.12.2026",09:00,Camp\n', "12-08 00:00"),
        ('when,title\n"5.–7. Dezember 2026, 9–17 Uhr",Camp\n', "12-07 17:00"),
    ],
)
def test_days_with_times_are_one_session_and_it_is_said(table: str, end: str) -> None:
    reading = read(table)
    assert spans(reading) == [("Camp", "12-05 09:00", end)]
    assert ONE_SESSION in " ".join(reading.notes)


def test_a_weekday_that_is_not_that_of_the_first_day_is_said() -> None:
    reading = read("title,date\nCamp,Sun 5 – Mon 7 December 2026\n")
    assert any("weekday is not that" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("anderthalb Stunden", 90),
        ("ca. 60 min", 60),
        ("about 45 minutes", 45),
        ("~90 min", 90),
        ("une heure et demie", 90),
    ],
)
def test_lengths_in_words(text: str, minutes: int) -> None:
    assert parse_length(text).total_seconds() == 60 * minutes


def test_a_zone_in_brackets_as_windows_shows_it_in_a_calendar() -> None:
    zone = "(UTC-05:00) Eastern Time (US & Canada)"
    reading = read(
        f'BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:A\nDTSTART;TZID="{zone}":20261205T090000\n'
        "END:VEVENT\nEND:VCALENDAR\n"
    )
    assert spans(reading) == [("A", "12-05 14:00", "")]


@pytest.mark.parametrize(
    ("cells", "right", "shown"),
    [
        (("9.15", "14.5"), ["T0 09:15", "T1 14:50"], "“14.5” were read as times (14:50)"),
        (("9,3", "14,0", "14,45"), ["T0 09:30", "T1 14:00", "T2 14:45"], "“9,3” were read as"),
        (
            ("9", "9.5", "11.75"),
            ["T0 09:00", "T1 09:30", "T2 11:45"],
            "“9.5” were read as times (9:30)",
        ),
        (("9.25", "14.75"), ["T0 09:15", "T1 14:45"], "“9.25” were read as times (9:15)"),
        (("9.0", "14.0"), ["T0 09:00", "T1 14:00"], ""),
    ],
)
def test_other_times_tell_what_a_point_means(
    cells: tuple[str, ...], right: list[str], shown: str
) -> None:
    found, notes = times(*cells)
    assert found == right
    assert shown in notes


@pytest.mark.parametrize("cells", [("14.5", "16:00"), ("9.15", "14.75", "14.5", "16:00")])
def test_a_point_that_may_mean_two_times_is_reported(cells: tuple[str, ...]) -> None:
    reading = read("date,time,title\n" + "".join(f"2026-12-05,{cell},T\n" for cell in cells))
    assert any("“14.5” may be 14:30 or 14:50" in note for note in reading.notes)


def test_a_number_that_may_be_a_day_is_no_time() -> None:
    reading = read("start,title\n2026-12-05 9:00,A\n5.12,B\n6.1,C\n")
    assert not any("read as times" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("2026-12-05 18:00;Opening;Hall\n2026-12-05 19:00;Soup;Kitchen\n", "start;title;room"),
        (
            "2026-12-05,18:00,19:00,Opening,Hall\n2026-12-05,19:00,20:00,Soup,Kitchen\n"
            "2026-12-05,20:00,21:00,Dance,Hall\n",
            "date,start,end,title,room",
        ),
        ("2026-12-05 18:00\tOpening\tHall\tAna\n", "start\ttitle\troom\tspeaker"),
    ],
)
def test_a_table_without_names_is_answered_with_the_names_it_lacks(table: str, names: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(table)
    assert "have no names" in str(refused.value)
    assert str(refused.value).endswith(names)
    assert spans(read(f"{names}\n{table}"))


def test_a_day_in_the_corner_of_a_grid_is_that_of_all() -> None:
    reading = read("2026-12-05,Room A,Room B\n18:00,Opening,Film\n19:00,Soup,Dance\n")
    starts = [start for _, start, _ in spans(reading)]
    assert starts == ["12-05 18:00"] * 2 + ["12-05 19:00"] * 2
