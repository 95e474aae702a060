"""Abbreviations of zones that mean something else, or nothing, in other countries."""

from __future__ import annotations

import pytest

from reporter.errors import BadInput
from tests.reporter.schedule.test_tables import read, spans

# (gathering's zone, abbreviation, 10:00 on 14 July there in UTC)
THERE = [
    ("Asia/Kolkata", "IST", "07-14 04:30"),
    ("Europe/Dublin", "IST", "07-14 09:00"),
    ("Asia/Jerusalem", "IDT", "07-14 07:00"),
    ("Asia/Manila", "PST", "07-14 02:00"),
    ("Asia/Shanghai", "CST", "07-14 02:00"),
    ("Asia/Dhaka", "BST", "07-14 04:00"),
    ("Africa/Nairobi", "EAT", "07-14 07:00"),
    ("America/Halifax", "AST", "07-14 13:00"),
    ("America/Los_Angeles", "PDT", "07-14 17:00"),
    ("Europe/Berlin", "BRT", "07-14 13:00"),
    ("Europe/Berlin", "NPT", "07-14 04:15"),
]


@pytest.mark.parametrize(("zone", "name", "start"), THERE)
@pytest.mark.parametrize(
    "table",
    [
        "Title,Start\nA,2026-07-14 10:00 {}\n",
        "Title,Start\nA,14 July 2026 10:00 am ({})\n",
        "Title,Date,Time\nA,14 July 2026,10:00-11:00 {}\n",
        "Title,Start ({})\nA,2026-07-14 10:00\n",
        "Title,Start {}\nA,2026-07-14 10:00\n",
        "Title,Start,Time zone\nA,2026-07-14 10:00,{}\n",
        "All times are in {},\nTitle,Start\nA,2026-07-14 10:00\n",
    ],
)
def test_an_abbreviation_means_what_it_does_at_the_gathering(
    zone: str, name: str, start: str, table: str
) -> None:
    assert [found for _, found, _ in spans(read(table.format(name), zone))] == [start]


@pytest.mark.parametrize(
    "table",
    [
        "Title,Start (IST)\nA,2026-07-14 10:00\n",
        "Title,Start IST\nA,2026-07-14 10:00\n",
        "Title,Start,Time zone\nA,2026-07-14 10:00,IST\n",
        "All times are in IST,\nTitle,Start\nA,2026-07-14 10:00\n",
    ],
)
def test_one_of_several_zones_elsewhere_is_told(table: str) -> None:
    reading = read(table, "Europe/Berlin")
    assert spans(reading) == [("A", "07-14 08:00", "")]
    assert "The zone “IST” is not known" in " ".join(reading.notes)


def test_one_of_several_zones_beside_a_time_is_not_guessed() -> None:
    with pytest.raises(BadInput, match="10:00 IST” is not understood"):
        read("Title,Start\nA,2026-07-14 10:00 IST\n", "Europe/Berlin")


def test_a_word_above_that_is_no_zone_is_not_told() -> None:
    reading = read("SPRING ART FAIR,\nTitle,Start\nA,2026-07-14 10:00\n", "Europe/Berlin")
    assert reading.notes == ()
