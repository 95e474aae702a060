"""Programmes that people type or paste: a time, then a title, line by line."""

from __future__ import annotations

from datetime import date

import pytest

from reporter.errors import BadInput
from reporter.schedule import inspect_schedule
from tests.reporter.schedule.test_tables import spans

SIX, HALF, SEVEN = "12-05 18:00", "12-05 18:30", "12-05 19:00"
SHORT = [("Opening", SIX, ""), ("Seeds, with Anna", HALF, SEVEN)]
PROGRAMMES = {
    "a day above": ("5 December 2026\n18:00 Opening\n18:30–19:00 Seeds, with Anna\n", SHORT),
    "a sentence with the day, bullets and dashes": (
        "Our evening on Saturday, 5 December 2026\n\n- 18:00 – Opening\n* 6:30 pm - 7 pm: Seeds, with Anna\n",
        SHORT,
    ),
    "the day in each line": (
        "2026-12-05 18:00 Opening\n2026-12-05 18:30 - 19:00 | Seeds, with Anna\n",
        SHORT,
    ),
    "two days": (
        "Samstag, 5.12.2026\n18:00 Opening\n18.30–19.00 Uhr Seeds, with Anna\nSonntag\n10:00 Breakfast\n",
        [*SHORT, ("Breakfast", "12-06 10:00", "")],
    ),
    "French hours": (
        "samedi 5 décembre 2026\n18h00 Opening\n18h30 - 19h00 : Seeds, with Anna\n",
        SHORT,
    ),
    "Arabic": (
        "السبت 5 ديسمبر 2026\n18:00 الافتتاح\n18:30 البذور\n",
        [("الافتتاح", SIX, ""), ("البذور", HALF, "")],
    ),
    "Chinese": (
        "2026年12月5日\n18:00 开幕\n18:30-19:00 社区花园\n",
        [("开幕", SIX, ""), ("社区花园", HALF, SEVEN)],
    ),
    "numbers in titles": (
        "5 December 2026\n18:00 3 things we learned\n18:30 24 hours of repair\n",
        [("3 things we learned", SIX, ""), ("24 hours of repair", HALF, "")],
    ),
}


@pytest.mark.parametrize("name", PROGRAMMES)
def test_a_programme_is_read_line_by_line(name: str) -> None:
    text, sessions = PROGRAMMES[name]
    read = inspect_schedule(text.encode(), timezone="UTC")
    assert spans(read) == sessions
    assert "line by line" in read.notes[0]
    assert read.left_out == ()


def test_what_stands_below_a_session_describes_it() -> None:
    text = "5 December 2026\n18:00 Opening\n  with soup\n  in the yard\n18:30 Seeds\n"
    first, second = inspect_schedule(text.encode(), timezone="UTC").sessions
    assert (first.title, first.description) == ("Opening", "with soup\nin the yard")
    assert (second.title, second.description) == ("Seeds", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("18:00 Opening\n18:30 Seeds\n", "put the day on a line above"),
        ("Dear all,\nthank you for coming at 18:00.\nSee you\n", "No column is called"),
        ("18:00 Opening\n", "No column is called"),
        ("Opening\nSeeds\n", "No column is called"),
    ],
)
def test_other_text_is_no_programme(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        inspect_schedule(text.encode(), timezone="UTC")


DAY = date(2026, 12, 5)


@pytest.mark.parametrize(
    ("text", "sessions"),
    [
        ("18:00 Opening\n18:30–19:00 Seeds, with Anna\n", SHORT),
        # A room after a comma is no column called "room".
        (
            "18:00 Seeds, Room 1, Anna\n18:30-19:00 Bread (Kitchen)\n",
            [("Seeds, Room 1, Anna", SIX, ""), ("Bread (Kitchen)", HALF, SEVEN)],
        ),
        # As a web page is copied: a time, and its session below it.
        (
            "18:00\nOpening\nYard\n\n18:30 - 19:00\nSeeds, with Anna\n",
            SHORT,
        ),
        (
            "Saturday\n18:00 Opening\nSunday\n10:00 Breakfast\n",
            [SHORT[0], ("Breakfast", "12-06 10:00", "")],
        ),
        (
            "Sunday\n10:00 Breakfast\n10:30 Bread\n",
            [("Breakfast", "12-06 10:00", ""), ("Bread", "12-06 10:30", "")],
        ),
        ("title,start\nOpening,18:00\n", [SHORT[0]]),
    ],
)
def test_what_names_no_day_is_on_the_gathering_s(
    text: str, sessions: list[tuple[str, str, str]]
) -> None:
    read = inspect_schedule(text.encode(), timezone="UTC", day=DAY)
    assert spans(read) == sessions
    assert any("2026-12-05" in note for note in read.notes) == ("day" not in text)


@pytest.mark.parametrize(
    "text", ["title,start\nOpening,2026-13-45 18:00\nSeeds,19:00\nBread,2026-12-06 10:00\n"]
)
def test_an_unreadable_day_is_not_the_gathering_s(text: str) -> None:
    first, second, _third = sorted(
        inspect_schedule(text.encode(), timezone="UTC", day=DAY).sessions,
        key=lambda one: ("Opening", "Seeds", "Bread").index(one.title),
    )
    assert (first.starts_at, second.starts_at) == (None, None)
