"""Times of twelve hours with the words of many languages for the half of the day."""

from __future__ import annotations

import pytest

from reporter.schedule import inspect_schedule
from reporter.schedule.dates.moments import parse_span
from reporter.schedule.dates.order import DateOrder


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("9:30 SA", "09:30"), ("2:30:00 CH", "14:30"), ("12:30 SA", "00:30"), ("12:15 CH", "12:15"),
        ("14:30 SA", "14:30"), ("2:30 ÖS", "14:30"), ("ÖÖ 9:30", "09:30"), ("2:30 PTG", "14:30"),
        ("2:30 e pasdites", "14:30"), ("۲:۳۰ ب.ظ.", "14:30"), ("2:30 مساءً", "14:30"), ("9:30 صباحًا", "09:30"),
        ("2:30 du.", "14:30"), ("du. 2:30", "14:30"), ("9:30 de.", "09:30"), ("2:30 em", "14:30"),
        ("9:30 fm", "09:30"), ("2:30 ip.", "14:30"), ("2:30 odpoledne", "14:30"), ("2:30 po południu", "14:30"),
        ("2:30 de la tarde", "14:30"), ("8:30 de la noche", "20:30"), ("9:30 da manhã", "09:30"),
        ("2:30 Uhr nachmittags", "14:30"), ("8 Uhr abends", "20:00"), ("2:30 дня", "14:30"), ("8:30 вечера", "20:30"),
        ("2:30 chiều", "14:30"), ("8:30 tối", "20:30"), ("2:30 אחה״צ", "14:30"), ("शाम 6:30 बजे", "18:30"),
        ("सुबह 9:30", "09:30"), ("2:30 म.उ.", "14:30"), ("PM 2:30", "14:30"), ("午后2:30", "14:30"),
        ("오후 2시 반", "14:30"), ("저녁 8:00", "20:00"),
    ],
)  # fmt: skip
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


def test_a_column_of_halves_in_vietnamese() -> None:
    table = "Title,Date,Time,\nA,2026-12-05,9:30,SA\nB,2026-12-05,2:30,CH\n"
    reading = inspect_schedule(table.encode(), timezone="UTC")
    assert [f"{one.starts_at:%H:%M}" for one in reading.sessions if one.starts_at] == [
        "09:30",
        "14:30",
    ]
