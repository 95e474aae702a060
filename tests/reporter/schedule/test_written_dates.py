"""One cell of a table with a date and a time, as people in many countries write it."""

from __future__ import annotations

import pytest

from reporter.errors import BadInput
from reporter.schedule import inspect_schedule
from reporter.schedule.dates.moments import parse_span
from reporter.schedule.dates.order import DateOrder
from tests.reporter.schedule.test_tables import notes_of_times, spans

# (what the cell says, start, end) in Berlin's time, on 5 December 2026 unless said.
READ = [
    ("2026年12月5日星期六 下午3:00–4:30", "15:00", "16:30"),
    ("2026年12月5日下午3点半", "15:30", ""),
    ("2026/12/5 15时30分", "15:30", ""),
    ("2026年12月5日（周六）15:00至16:00", "15:00", "16:00"),
    ("2026/12/5 中午12:00", "12:00", ""),
    ("2026年12月5日 晚上7:30", "19:30", ""),
    ("2026年12月5日 午後3時半", "15:30", ""),
    ("2026/12/05(土) 午前9時〜10時", "09:00", "10:00"),
    ("2026年12月5日 13時から14時半まで", "13:00", "14:30"),
    ("令和8年12月5日(土) 午後3時", "15:00", ""),
    ("㋿8年12月5日 15:00", "15:00", ""),
    ("R8.12.5 15:00", "15:00", ""),
    ("R08/12/05 15:00", "15:00", ""),
    ("民國115年12月5日 15:00", "15:00", ""),
    ("115/12/05 15:00", "15:00", ""),
    ("5/12/2569 15:00", "15:00", ""),
    ("5 décembre 2026 entre 10h et 11h", "10:00", "11:00"),
    ("5 Dec 2026, 3 o'clock pm", "15:00", ""),
    ("5 Dec 2026 1530 hrs", "15:30", ""),
    ("5 dicembre 2026 ore 9-10", "09:00", "10:00"),
    ("5 dec 2026 kl 15–16", "15:00", "16:00"),
    ("5 декабря 2026 с 10:00 до 11:00", "10:00", "11:00"),
    ("5 грудня 2026 р. о 15:30", "15:30", ""),
    ("السبت، ٥ ديسمبر ٢٠٢٦ في ٣:٣٠ م", "15:30", ""),
    ("יום שבת, 5 בדצמבר 2026 בשעה 15:30", "15:30", ""),
    ("5 दिसंबर 2026 को 3:30 अपराह्न बजे", "15:30", ""),
    ("5 tháng 12, 2026 15:30", "15:30", ""),
    ("9 giờ 30 phút, 5 tháng 12 năm 2026", "09:30", ""),
    ("9 giờ 05 tháng 12 năm 2026", "09:00", ""),
    ("5 ธ.ค. 2569 15:30 น.", "15:30", ""),
    ("Sabtu, 5 Desember 2026 pukul 15.30", "15:30", ""),
    ("2026-12-05T15:30:00+01:00[Europe/Berlin]", "15:30", ""),
    ("2026-12-05 09:30 - 10:30 GMT-5", "15:30", "16:30"),
    ("2026-12-05 09:00…10:00", "09:00", "10:00"),
    ("05.12.2026 / 15.30 h", "15:30", ""),
    ("2026/12/5(六) 下午 03:30", "15:30", ""),
    ("2026年12月5日 星期六 下午3点30分-4点15分", "15:30", "16:15"),
    ("2026년 12월 5일 오후 3시 30분-4시", "15:30", "16:00"),
    ("السبت 5 كانون الأول 2026 3:30 مساءً", "15:30", ""),
    ("5 دجنبر 2026 15:30", "15:30", ""),
    ("5 दिसम्बर 2026 दोपहर 3:30", "15:30", ""),
    ("৫ ডিসেম্বর ২০২৬ ১৫:৩০", "15:30", ""),
]


def table(cell: str) -> str:
    return f'Title,Start\nTalk,"{cell}"\n'


@pytest.mark.parametrize(("cell", "start", "end"), READ)
def test_a_date_is_read_as_it_is_written_there(cell: str, start: str, end: str) -> None:
    reading = inspect_schedule(table(cell).encode(), timezone="Europe/Berlin")
    [(_, begins, ends)] = spans(reading)
    # Berlin's clocks are an hour ahead of UTC in December.
    wanted = [f"12-05 {int(time[:2]) - 1:02}{time[2:]}" if time else "" for time in (start, end)]
    assert [begins, ends] == wanted


@pytest.mark.parametrize(
    "cell",
    [
        "5 Dec 15:30",
        "5.12. 15:30",
        "5.12. 18-20 Uhr",
        "12月5日 14-15",
        "5 Dec 20:26",
        "12/5 3:30 PM",
        "2026年12月5日 晚上12:00",
        "5 Dec 2026 10:00 & 14:00",
        "5 Dec 2026 midnight",
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(cell: str) -> None:
    with pytest.raises(BadInput):
        inspect_schedule(table(cell).encode(), timezone="Europe/Berlin")


def test_dots_beside_am_and_pm_may_be_american() -> None:
    reading = inspect_schedule(table("12.05.2026 3:30 PM").encode(), timezone="UTC")
    assert any("read in two ways" in note for note in notes_of_times(reading))


@pytest.mark.parametrize(
    ("above", "cells", "days"),
    [
        ("Programme 2026", ("5 Dec", "6 Dec"), ("12-05", "12-06")),
        ("Programm 2026", ("Sa, 5. Dezember", "6.12."), ("12-05", "12-06")),
        ("2026年", ("12月5日", "12月6日(日)"), ("12-05", "12-06")),
        ("Agenda 2026", ("Dec 5", "December 6th"), ("12-05", "12-06")),
    ],
)
def test_a_year_that_the_table_names_once_counts_for_all(
    above: str, cells: tuple[str, str], days: tuple[str, str]
) -> None:
    text = f'{above},,\nTitle,Date,Start\nA,"{cells[0]}",9:00\nB,"{cells[1]}",20:26\n'
    reading = inspect_schedule(text.encode(), timezone="UTC")
    assert [start for _, start, _ in spans(reading)] == [f"{days[0]} 09:00", f"{days[1]} 20:26"]
    assert any("without a year" in note for note in reading.notes)


def test_the_year_of_the_other_rows_counts_too() -> None:
    reading = inspect_schedule(b"Title,Date\nA,2026-12-05\nB,6 Dec\n", timezone="UTC")
    assert [start for _, start, _ in spans(reading)] == ["12-05 00:00", "12-06 00:00"]
    assert any("without a year" in note for note in reading.notes)


def test_two_years_in_a_table_decide_nothing() -> None:
    text = "Season 2026/2027,,\nTitle,Date,Start\nA,31 Dec,9:00\nB,1 Jan,9:00\n"
    with pytest.raises(BadInput):
        inspect_schedule(text.encode(), timezone="UTC")


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("9:30 SA", "09:30"),
        ("2:30:00 CH", "14:30"),
        ("12:30 SA", "00:30"),
        ("12:15 CH", "12:15"),
        ("14:30 SA", "14:30"),
        ("2:30 ÖS", "14:30"),
        ("ÖÖ 9:30", "09:30"),
        ("2:30 PTG", "14:30"),
        ("2:30 e pasdites", "14:30"),
        ("۲:۳۰ ب.ظ.", "14:30"),
        ("2:30 مساءً", "14:30"),
        ("9:30 صباحًا", "09:30"),
        ("2:30 du.", "14:30"),
        ("du. 2:30", "14:30"),
        ("9:30 de.", "09:30"),
        ("2:30 em", "14:30"),
        ("9:30 fm", "09:30"),
        ("2:30 ip.", "14:30"),
        ("2:30 odpoledne", "14:30"),
        ("2:30 po południu", "14:30"),
        ("2:30 de la tarde", "14:30"),
        ("8:30 de la noche", "20:30"),
        ("9:30 da manhã", "09:30"),
        ("2:30 Uhr nachmittags", "14:30"),
        ("8 Uhr abends", "20:00"),
        ("2:30 дня", "14:30"),
        ("8:30 вечера", "20:30"),
        ("2:30 chiều", "14:30"),
        ("8:30 tối", "20:30"),
        ("2:30 אחה״צ", "14:30"),
        ("शाम 6:30 बजे", "18:30"),
        ("सुबह 9:30", "09:30"),
        ("2:30 म.उ.", "14:30"),
        ("PM 2:30", "14:30"),
        ("午后2:30", "14:30"),
        ("오후 2시 반", "14:30"),
        ("저녁 8:00", "20:00"),
    ],
)
def test_halves_of_the_day(text: str, clock: str) -> None:
    start = parse_span(text, DateOrder(), clock_column=True).start
    assert f"{start.clock:%H:%M}" == clock


@pytest.mark.parametrize("text", ["12 Uhr abends", "1:00 de la noche", "12:00 вечера"])
def test_what_may_be_midnight_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="1"):
        parse_span(text, DateOrder(), clock_column=True)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("5.12.2026 12:30 Sa", "2026-12-05 12:30 False"),
        ("am 5.12.2026 12:30", "2026-12-05 12:30 False"),
        ("14h30 du 5 décembre 2026", "2026-12-05 14:30 False"),
        ("7.12.2026 Sa 9:30", "2026-12-07 09:30 True"),
        ("7/12/2026 9:30 SA", "2026-12-07 09:30 False"),
    ],
)
def test_words_that_are_something_else_beside_a_date(text: str, moment: str) -> None:
    start = parse_span(text, DateOrder()).start
    assert f"{start.day} {start.clock:%H:%M} {start.odd_weekday}" == moment


def test_a_vietnamese_table_is_not_read_as_an_american_one() -> None:
    table = (
        "Tiêu đề,Ngày,Giờ bắt đầu,Giờ kết thúc\n"
        "Gieo hạt,5/12/2026,9:30 SA,11:00 SA\nLàm vườn,6/12/2026,2:30 CH,4:00 CH\n"
    )
    reading = inspect_schedule(table.encode(), timezone="Asia/Ho_Chi_Minh")
    starts = [session.starts_at for session in reading.sessions]
    assert [f"{start:%m-%d %H:%M}" for start in starts if start] == ["12-05 02:30", "12-06 07:30"]
    assert [f"{one.ends_at:%H:%M}" for one in reading.sessions if one.ends_at] == ["04:00", "09:00"]


def test_a_spanish_table_is_not_read_as_an_american_one() -> None:
    table = "Actividad,Día,Hora inicio,Hora fin\nSiembra,05/12/26,2:30 p. m.,3:15 p. m.\n"
    reading = inspect_schedule(table.encode(), timezone="UTC")
    assert spans(reading) == [("Siembra", "12-05 14:30", "12-05 15:15")]


def test_a_column_of_halves_in_vietnamese() -> None:
    table = "Title,Date,Time,\nA,2026-12-05,9:30,SA\nB,2026-12-05,2:30,CH\n"
    reading = inspect_schedule(table.encode(), timezone="UTC")
    assert [f"{one.starts_at:%H:%M}" for one in reading.sessions if one.starts_at] == [
        "09:30",
        "14:30",
    ]
