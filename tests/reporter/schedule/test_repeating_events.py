"""Events that repeat, are moved, cancelled or written twice, and calendars with odd lines."""

from __future__ import annotations

import pytest

from tests.reporter.schedule.test_calendars import calendar, event, read

BERLIN = ("SUMMARY:A", "DTSTART;TZID=Europe/Berlin:20261205T143000", "DURATION:PT45M")
FIRST, SECOND, THIRD = "12-05 13:30-14:15", "12-06 13:30-14:15", "12-07 13:30-14:15"
DAILY = (*BERLIN, "RRULE:FREQ=DAILY;COUNT=3")


def times(text: str) -> list[str]:
    """Start and end of each session in UTC."""
    return [
        f"{item.starts_at:%m-%d %H:%M}" + (f"-{item.ends_at:%H:%M}" if item.ends_at else "")
        for item in read(text, "Europe/Berlin").sessions
        if item.starts_at
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event("1", *DAILY)], [FIRST, SECOND, THIRD]),
        ([event("1", *DAILY, "EXDATE;TZID=Europe/Berlin:20261206T143000")], [FIRST, THIRD]),
        ([event("1", *DAILY, "EXDATE:20261205T133000Z")], [SECOND, THIRD]),
        ([event("1", *DAILY, "EXDATE;VALUE=DATE:20261206")], [FIRST, THIRD]),
        (
            [
                event("1", *DAILY),
                event(
                    "1",
                    "SUMMARY:A",
                    "RECURRENCE-ID;TZID=Europe/Berlin:20261206T143000",
                    "DTSTART;TZID=Europe/Berlin:20261206T170000",
                ),
            ],
            [FIRST, "12-06 16:00", THIRD],
        ),
        (
            [
                event("1", *DAILY),
                event(
                    "1",
                    "SUMMARY:A",
                    "STATUS:CANCELLED",
                    "RECURRENCE-ID:20261206T133000Z",
                    "DTSTART:20261206T133000Z",
                ),
            ],
            [FIRST, THIRD],
        ),
        # The last evening before midnight, and its rule's end in UTC.
        (
            [
                event(
                    "1",
                    "SUMMARY:A",
                    "DTSTART;TZID=Europe/Berlin:20261205T233000",
                    "RRULE:FREQ=DAILY;UNTIL=20261206T225959Z",
                )
            ],
            ["12-05 22:30", "12-06 22:30"],
        ),
        # The wall clock holds over a change of the clocks.
        (
            [
                event(
                    "1",
                    "SUMMARY:A",
                    "DTSTART;TZID=Europe/Berlin:20261024T100000",
                    "DTEND;TZID=Europe/Berlin:20261024T110000",
                    "RRULE:FREQ=DAILY;COUNT=2",
                )
            ],
            ["10-24 08:00-09:00", "10-25 09:00-10:00"],
        ),
        # Eight hours are eight hours in the night when the clocks change, too.
        (
            [
                event(
                    "1",
                    "SUMMARY:A",
                    "DTSTART;TZID=Europe/Berlin:20261023T220000",
                    "DTEND;TZID=Europe/Berlin:20261024T060000",
                    "RRULE:FREQ=DAILY;COUNT=3",
                )
            ],
            ["10-23 20:00-04:00", "10-24 20:00-04:00", "10-25 21:00-05:00"],
        ),
        (
            [
                event(
                    "1",
                    "SUMMARY:A",
                    "DTSTART:20261205T133000Z",
                    "DTEND:20261205T141500Z",
                    "RDATE:20261206T133000Z",
                    "RDATE;VALUE=PERIOD:20261207T133000Z/PT2H",
                )
            ],
            [FIRST, SECOND, "12-07 13:30-15:30"],
        ),
        # A break every day, for ever, in a gathering of two days.
        (
            [
                event("1", "SUMMARY:A", "DTSTART:20240101T133000Z", "RRULE:FREQ=DAILY"),
                event("2", "SUMMARY:B", "DTSTART:20261205T090000Z"),
                event("3", "SUMMARY:C", "DTSTART:20261206T090000Z"),
            ],
            ["12-05 09:00", "12-05 13:30", "12-06 09:00", "12-06 13:30"],
        ),
    ],
)
def test_each_time_of_a_series_is_a_session(events: list[str], expected: list[str]) -> None:
    assert times(calendar(*events)) == expected


def test_the_times_of_a_series_keep_their_ids_and_are_told() -> None:
    reading = read(calendar(event("1", *DAILY)))
    ids = [item.guid for item in reading.sessions]
    assert ids[0] == "1"
    assert len(set(ids)) == 3
    assert ids == [item.guid for item in read(calendar(event("1", *DAILY))).sessions]
    assert "Event 1 (“A”): It repeats. Times that were taken: 3." in reading.notes


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY",
        "FREQ=DAILY;COUNT=5000",
        "FREQ=SECONDLY;COUNT=5",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=x",
        "nonsense",
    ],
)
def test_what_can_not_be_followed_comes_once_and_is_told(rule: str) -> None:
    reading = read(calendar(event("1", *BERLIN, f"RRULE:{rule}")))
    assert len(reading.sessions) == 1
    assert any("Only its first time was taken" in note for note in reading.notes)


def test_of_an_event_the_newest_version_counts() -> None:
    old = event("1", "SUMMARY:A", "SEQUENCE:0", "DTSTART:20261205T133000Z")
    new = event("1", "SUMMARY:A", "SEQUENCE:2", "DTSTART:20261205T150000Z")
    for text in (calendar(old, new), calendar(new, old)):
        assert times(text) == ["12-05 15:00"]
        assert any("older versions" in note for note in read(text).notes)


def test_events_of_one_uid_are_several_where_no_sequence_counts_them() -> None:
    both = [event("same", f"SUMMARY:{t}", "DTSTART:20261205T133000Z") for t in "AB"]
    assert {item.title for item in read(calendar(*both)).sessions} == {"A", "B"}


def test_a_calendar_that_takes_events_back_brings_none() -> None:
    good = event("2", "SUMMARY:B", "DTSTART:20261205T133000Z")
    text = calendar("METHOD:CANCEL", event("1", *BERLIN)) + calendar(good)
    reading = read(text)
    assert [item.title for item in reading.sessions] == ["B"]
    assert reading.left_out == ("Event 1 (“A”) is cancelled.",)


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("DTSTART;TZID=UTC+01:00:20261205T143000", "12-05 13:30"),
        ("DTSTART;TZID=GMT-05:00;VALUE=DATE-TIME:20261205T143000", "12-05 19:30"),
        ("DTSTART:20261205T240000Z", "12-06 00:00"),
        ("DTSTART:20261205T1430Z", "12-05 14:30"),
    ],
)
def test_moments_as_programs_write_them(line: str, start: str) -> None:
    assert times(calendar(event("1", "SUMMARY:A", line))) == [start]


@pytest.mark.parametrize(
    ("summary", "title"),
    [
        (b"SUMMARY:Tom &amp\\; Jerry &#8211\\; live", "Tom & Jerry – live"),
        # Folded between the two bytes of a letter.
        (b"SUMMARY:Gr\xc3\r\n \xbc\xc3\r\n\t\x9fe", "Grüße"),
        (b"SUMMARY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Gr=C3=BC=\r\n=C3=9Fe", "Grüße"),
    ],
)
def test_titles_as_programs_write_them(summary: bytes, title: str) -> None:
    text = calendar("VERSION:1.0", event("1", "@@", "DTSTART:20261205T133000Z")).encode()
    from reporter.schedule import inspect_schedule

    reading = inspect_schedule(text.replace(b"@@", summary), timezone="UTC")
    assert [item.title for item in reading.sessions] == [title]


MOVED = ("SUMMARY:A", "DTSTART;TZID=Europe/Berlin:20261206T170000", "DURATION:PT45M")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # A change of this and all following times (RFC 5545, 3.2.13).
        (
            "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261206T143000",
            [FIRST, "12-06 16:00-16:45", "12-07 16:00-16:45"],
        ),
        # Some programs name the day alone.
        ("RECURRENCE-ID;VALUE=DATE:20261206", [FIRST, "12-06 16:00-16:45", THIRD]),
    ],
)
def test_a_changed_time_takes_the_place_of_its_own(lines: str, expected: list[str]) -> None:
    assert times(calendar(event("1", *DAILY), event("1", *MOVED, lines))) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("RRULE:FREQ=DAILY;COUNT=3\nEXRULE:FREQ=DAILY;INTERVAL=2;COUNT=2", [SECOND]),
        ("RRULE:FREQ=HOURLY;INTERVAL=24;COUNT=2", [FIRST, SECOND]),
        ("RRULE:RSCALE=GREGORIAN;FREQ=DAILY;COUNT=2", [FIRST, SECOND]),
    ],
)
def test_rules_of_old_and_new_programs(rule: str, expected: list[str]) -> None:
    assert times(calendar(event("1", *BERLIN, *rule.split("\n")))) == expected


def test_without_a_sequence_the_last_change_counts() -> None:
    older = event("1", *BERLIN, "LAST-MODIFIED:20261101T000000Z")
    newer = event("1", *MOVED, "LAST-MODIFIED:20261102T000000Z")
    assert times(calendar(older, newer)) == ["12-06 16:00-16:45"]


def test_a_line_separator_within_a_title_ends_no_line() -> None:
    reading = read(calendar(event("1", "SUMMARY:Soil\u2028and seeds", "DTSTART:20261205T090000Z")))
    assert [session.title for session in reading.sessions] == ["Soil and seeds"]


def test_an_end_that_is_a_date_is_said() -> None:
    text = calendar(
        event("1", "SUMMARY:A", "DTSTART:20261205T090000Z", "DTEND;VALUE=DATE:20261206")
    )
    assert any("midnight" in note for note in read(text).notes)


@pytest.mark.parametrize(
    "line", ["DTSTART:20261205t090000z", "DTSTART;TZID=america/new_york:20261205T040000"]
)
def test_letters_of_either_case_are_read(line: str) -> None:
    assert times(calendar(event("1", "SUMMARY:A", line))) == ["12-05 09:00"]
