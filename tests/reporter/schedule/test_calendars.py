"""Calendars with zones of their own, odd events, pretalx's calendar; schedule.json of version 2."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event
from icalendar.cal.timezone import Timezone

from reporter.errors import BadInput
from reporter.schedule import Reading, inspect_schedule, zone_named_in
from reporter.schedule.dates.zones import zone_of_name


def read(text: str, zone: str = "Asia/Kolkata") -> Reading:
    return inspect_schedule(text.encode(), timezone=zone)


def calendar(*lines: str) -> str:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//t//", *lines, "END:VCALENDAR", ""]
    )


def event(uid: str, *lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def rules(name: str, *, standard: str, daylight: str = "", extra: str = "") -> str:
    """A VTIMEZONE with the European days of change, or without one."""
    parts = ["BEGIN:VTIMEZONE", f"TZID:{name}", *filter(None, [extra])]
    parts += [
        "BEGIN:STANDARD",
        "DTSTART:20001029T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        f"TZOFFSETFROM:{daylight or standard}",
        f"TZOFFSETTO:{standard}",
        "END:STANDARD",
    ]
    if daylight:
        parts += [
            "BEGIN:DAYLIGHT",
            "DTSTART:20000326T020000",
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
            f"TZOFFSETFROM:{standard}",
            f"TZOFFSETTO:{daylight}",
            "END:DAYLIGHT",
        ]
    return "\r\n".join([*parts, "END:VTIMEZONE"])


def start_of(reading: Reading, title: str = "A") -> str:
    item = next(item for item in reading.sessions if item.title == title)
    return f"{item.starts_at:%m-%d %H:%M}" if item.starts_at else ""


SUMMER = ("SUMMARY:A", "DTSTART;TZID={}:20260723T102000", "DTEND;TZID={}:20260723T110000")


def in_zone(name: str) -> str:
    return event("1", *(line.format(name) for line in SUMMER))


# Zones.


@pytest.mark.parametrize(
    ("name", "standard", "daylight", "utc", "place"),
    [
        ("GMT", "+0000", "+0100", "07-23 09:20", "Europe/London"),
        ("CET", "+0100", "+0200", "07-23 08:20", "Europe/Berlin"),
        ("EET", "+0200", "+0300", "07-23 07:20", "Europe/Helsinki"),
        ("EST", "+0100", "+0200", "07-23 08:20", "Europe/Berlin"),
        ("Romance Standard Time", "+0100", "+0200", "07-23 08:20", "Europe/Paris"),
        ("Europe/Madrid", "+0100", "+0200", "07-23 08:20", "Europe/Madrid"),
        ("Europe/Berlin", "+0300", "+0400", "07-23 06:20", ""),
        ("Customized Time Zone", "+0100", "", "07-23 09:20", ""),
    ],
)
def test_the_files_own_rules_count_and_tell_the_place(
    name: str, standard: str, daylight: str, utc: str, place: str
) -> None:
    text = calendar(rules(name, standard=standard, daylight=daylight), in_zone(name))
    reading = read(text)
    assert start_of(reading) == utc
    assert reading.named_zone == place == zone_named_in(text.encode())


@pytest.mark.parametrize("after", [True, False])
def test_rules_are_never_shared_between_calendars_or_files(after: bool) -> None:
    east = calendar(
        rules("Z", standard="+0100"), event("e", "SUMMARY:East", "DTSTART;TZID=Z:20260723T100000")
    )
    west = calendar(
        rules("Z", standard="-0500"), event("w", "SUMMARY:West", "DTSTART;TZID=Z:20260723T100000")
    )
    reading = read(east + west if after else west + east)
    assert (start_of(reading, "East"), start_of(reading, "West")) == ("07-23 09:00", "07-23 15:00")
    assert (start_of(read(west), "West"), start_of(read(east), "East")) == (
        "07-23 15:00",
        "07-23 09:00",
    )


def test_rules_that_are_not_those_of_the_place_are_told() -> None:
    reading = read(calendar(rules("Europe/Berlin", standard="+0300"), in_zone("Europe/Berlin")))
    assert start_of(reading) == "07-23 07:20"
    assert any("has rules of its own for Europe/Berlin" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("name", "utc"),
    [
        ("America/New_York", "07-23 14:20"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "07-23 08:20"),
        ("W. Europe Standard Time", "07-23 08:20"),
        ("Eastern Time (US & Canada)", "07-23 14:20"),
        ("GMT+0200", "07-23 08:20"),
        # As Exchange writes it, its colon not in quotation marks.
        ("tzone://Microsoft/Utc", "07-23 10:20"),
    ],
)
def test_names_without_rules(name: str, utc: str) -> None:
    assert start_of(read(calendar(in_zone(name)))) == utc


@pytest.mark.parametrize(("name", "reason"), [("Moon", "is not known"), ("EST", "names no place")])
def test_names_that_tell_no_place_are_told(name: str, reason: str) -> None:
    reading = read(calendar(in_zone(name)))
    assert any(f"“{name}”" in note and reason in note for note in reading.notes)
    assert reading.named_zone == ""


def test_floating_times_are_in_the_zone_that_the_calendar_names() -> None:
    text = calendar(
        "X-WR-TIMEZONE:Europe/Berlin", event("1", "SUMMARY:A", "DTSTART:20260723T100000")
    )
    assert start_of(read(text)) == "07-23 08:00"
    assert zone_named_in(text.encode()) == "Europe/Berlin"


def test_hostile_rules_end() -> None:
    hostile = rules("Z", standard="+0100").replace(
        "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "FREQ=SECONDLY"
    )
    reading = read(calendar(hostile, in_zone("Z")))
    assert any("rules for its zone “Z” can't be read" in note for note in reading.notes)


ZONES = (
    "Europe/London",
    "America/New_York",
    "Europe/Bucharest",
    "Australia/Sydney",
    "America/Sao_Paulo",
    "Asia/Kolkata",
)


@settings(max_examples=60, deadline=None)
@given(
    wall=st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31)),  # noqa: DTZ001 wall clocks
    zone=st.sampled_from(ZONES),
    name=st.sampled_from(("GMT", "EST", "X", "Eastern Standard Time", "")),
)
def test_any_time_under_any_name_with_the_rules_of_a_place(
    wall: datetime, zone: str, name: str
) -> None:
    """The library's own definition of a place, under a name that means something else."""
    wall = wall.replace(hour=12, second=0, microsecond=0)
    first, last = wall.date() - timedelta(days=400), wall.date() + timedelta(days=400)
    made = Timezone.from_tzid(zone, first_date=first, last_date=last)
    made["TZID"] = name or zone
    lines = made.to_ical().decode().strip()
    reading = read(
        calendar(
            lines, event("1", "SUMMARY:A", f"DTSTART;TZID={name or zone}:{wall:%Y%m%dT%H%M%S}")
        )
    )
    assert reading.sessions[0].starts_at == wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


APPLE = """BEGIN:VCALENDAR\r
METHOD:PUBLISH\r
VERSION:2.0\r
X-WR-CALNAME:Spring\r
PRODID:-//Apple Inc.//macOS 15.0//EN\r
X-WR-TIMEZONE:Europe/Berlin\r
CALSCALE:GREGORIAN\r
BEGIN:VTIMEZONE\r
TZID:Europe/Berlin\r
BEGIN:STANDARD\r
DTSTART:18930401T000000\r
RDATE:18930401T000000\r
TZNAME:CET\r
TZOFFSETFROM:+005328\r
TZOFFSETTO:+0100\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
DTSTART:19810329T020000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r
TZNAME:CEST\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
END:DAYLIGHT\r
BEGIN:STANDARD\r
DTSTART:19800928T030000\r
RRULE:FREQ=YEARLY;UNTIL=19950924T010000Z;BYDAY=-1SU;BYMONTH=9\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
END:STANDARD\r
BEGIN:STANDARD\r
DTSTART:19961027T030000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r
TZNAME:CET\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
DTSTART;TZID=Europe/Berlin:20260723T102000\r
DTEND;TZID=Europe/Berlin:20260723T110000\r
SUMMARY:A\r
UID:1\r
X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="Road 1, Berlin";X-TITLE=H\r
 all:geo:52.5,13.4\r
BEGIN:VALARM\r
ACTION:EMAIL\r
SUMMARY:Alarm\r
DURATION:PT9H\r
TRIGGER;VALUE=DATE-TIME:19760401T005545Z\r
END:VALARM\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.mark.parametrize("change", ["\r\n", "\n", "lower"])
def test_calendars_of_apple(change: str) -> None:
    text = APPLE.replace("\r\n", "\n") if change == "\n" else APPLE
    if change == "lower":
        text = text.replace("BEGIN:VEVENT", "begin:vevent").replace("END:VEVENT", "end:vevent")
    reading = read(text)
    (item,) = reading.sessions
    assert (item.title, reading.named_zone) == ("A", "Europe/Berlin")
    assert item.starts_at == datetime(2026, 7, 23, 8, 20, tzinfo=UTC)
    assert item.ends_at == datetime(2026, 7, 23, 9, 0, tzinfo=UTC)


def test_calendars_of_outlook() -> None:
    """Rules since 1601, a zone by its Windows name or by a sentence, languages at every text."""
    for name in ("W. Europe Standard Time", '"(UTC+01:00) Amsterdam, Berlin, Bern, Rome"'):
        plain = name.strip('"')
        zone = rules(plain, standard="+0100", daylight="+0200").replace(
            "DTSTART:2000", "DTSTART:1601"
        )
        text = calendar(
            zone,
            event(
                "040000008200E00074C5B7101A82E008",
                f"DTSTART;TZID={name}:20260723T102000",
                f"DTEND;TZID={name}:20260723T110000",
                "SUMMARY;LANGUAGE=de:A",
                "X-ALT-DESC;FMTTYPE=text/html:<p>B</p>",
            ),
        )
        reading = read(text)
        assert start_of(reading) == "07-23 08:20"
        assert reading.named_zone == "Europe/Berlin"
        assert reading.sessions[0].language == "de"


# Durations.


@pytest.mark.parametrize(
    ("start", "length", "hours"),
    [
        ("20261024T230000", "PT5H", 5),
        ("20260328T230000", "PT5H", 5),
        ("20261024T120000", "P1D", 25),
        ("20260328T120000", "P1D", 23),
        ("20261024T120000", "P1DT2H", 27),
        ("20261024T120000", "PT24H", 24),
        ("20260701T120000", "P1W", 168),
    ],
)
def test_hours_are_hours_and_days_are_days_of_the_calendar(
    start: str, length: str, hours: int
) -> None:
    (item,) = read(
        calendar(
            event("1", "SUMMARY:A", f"DTSTART;TZID=Europe/Berlin:{start}", f"DURATION:{length}")
        )
    ).sessions
    assert item.starts_at is not None
    assert item.ends_at == item.starts_at + timedelta(hours=hours)


# Odd events.

GOOD = event("good", "SUMMARY:Good", "DTSTART:20261205T090000Z", "DTEND:20261205T100000Z")


@pytest.mark.parametrize(
    ("lines", "comes"),
    [
        (("DTSTART:20261205T090000Z",), False),
        (("SUMMARY:  ", "DTSTART:20261205T090000Z"), False),
        (("SUMMARY:Odd", "DTSTART:20261205T090000Z", "DTEND:20261205T080000Z"), True),
        (("SUMMARY:Odd", "DTSTART:soon"), True),
        (("SUMMARY:Odd", "DTSTART:20261305T090000Z"), True),
        (("SUMMARY:Odd", "DTSTART:20261205T090000Z", "DURATION:-PT1H"), True),
        (("SUMMARY:Odd", 'DTSTART;TZID="a:20261205T090000'), True),
        (("SUMMARY:Odd",), True),
        (("SUMMARY:Odd", "STATUS:CANCELLED", "DTSTART:20261205T090000Z"), False),
        (("SUMMARY:Odd", "DTSTART:99991231T235959"), True),
    ],
)
def test_one_odd_event_refuses_nothing_else(lines: tuple[str, ...], comes: bool) -> None:
    reading = read(calendar(GOOD, event("odd", *lines), GOOD.replace("good", "better")))
    titles = [item.title for item in reading.sessions]
    assert titles.count("Good") == 2
    assert titles.count("Odd") == int(comes)
    assert any("Event 2" in sentence for sentence in (*reading.left_out, *reading.notes))


def test_an_event_that_is_cut_off_is_told_and_the_others_come() -> None:
    text = calendar(GOOD, event("odd", "SUMMARY:Cut", "DTSTART:20261205T110000Z"))
    reading = read(text[: text.rindex("END:VEVENT")])
    assert {item.title for item in reading.sessions} == {"Good", "Cut"}
    assert any("breaks off" in note for note in reading.notes)


@pytest.mark.parametrize("end", ["20261224", "20261225", ""])
def test_a_whole_day_lasts_that_day(end: str) -> None:
    lines = [f"DTEND;VALUE=DATE:{end}"] if end else []
    (item,) = read(
        calendar(event("1", "SUMMARY:A", "DTSTART;VALUE=DATE:20261224", *lines)), "UTC"
    ).sessions
    assert (item.starts_at, item.ends_at) == (
        datetime(2026, 12, 24, tzinfo=UTC),
        datetime(2026, 12, 25, tzinfo=UTC),
    )


# pretalx.


def pretalx_calendar(zone: str = "Europe/London", suffix: str = "") -> str:
    """A calendar as pretalx 2026.2 makes it: with the library, its zones added from a year before."""
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", "-//pretalx//pretalx.example.org//democon")
    talk = Event()
    talk.add("summary", "Seeds - and soil - Ada Lovelace, Grace Hopper")
    talk.add("location", "Hall")
    talk.add("uid", f"pretalx-demo-con-G9JGWY{suffix}@pretalx.example.org")
    talk.add("dtstart", datetime(2026, 7, 23, 10, 20, tzinfo=ZoneInfo(zone)))
    talk.add("dtend", datetime(2026, 7, 23, 11, 0, tzinfo=ZoneInfo(zone)))
    made.add_component(talk)
    made.add_missing_timezones(first_date=date(2025, 7, 23), last_date=date(2027, 7, 23))
    return made.to_ical().decode()


def test_pretalx_calendar_splits_title_and_speakers_and_tells_what_it_lacks() -> None:
    reading = read(pretalx_calendar())
    (item,) = reading.sessions
    assert (item.title, item.speakers) == ("Seeds - and soil", ("Ada Lovelace", "Grace Hopper"))
    assert item.starts_at == datetime(2026, 7, 23, 9, 20, tzinfo=UTC)
    assert reading.named_zone == "Europe/London"
    assert item.aliases == ("pretalx G9JGWY",)
    assert "do_not_record" in item.unsaid
    assert any(
        "who asked not to be recorded" in note and "schedule.json" in note for note in reading.notes
    )


@pytest.mark.parametrize("name", ["GMT", "EST"])
def test_pretalx_calendar_under_an_abbreviation(name: str) -> None:
    reading = read(pretalx_calendar().replace("Europe/London", name))
    assert reading.sessions[0].starts_at == datetime(2026, 7, 23, 9, 20, tzinfo=UTC)
    assert reading.named_zone == "Europe/London"


def test_titles_of_other_calendars_are_not_split() -> None:
    reading = read(calendar(event("1", "SUMMARY:Seeds - and soil", "DTSTART:20261205T090000Z")))
    assert (reading.sessions[0].title, reading.sessions[0].speakers) == ("Seeds - and soil", ())


# schedule.json.


def version_two(*events: dict[str, Any], **conference: Any) -> str:
    return json.dumps(
        {"schedule": {"version": "2", "conference": conference, "events": list(events)}}
    )


def test_version_two_of_schedule_json() -> None:
    reading = read(
        version_two(
            {
                "guid": "g1",
                "code": "HQCCYH",
                "title": "Opening",
                "start": "2026-12-27T10:30:00+01:00",
                "end": "2026-12-27T11:00:00+01:00",
                "room": {"name": "Saal 1", "slug": "s1"},
                "track": {"slug": "ccc"},
                "language": "en",
                "abstract": "Hello",
                "description": {"de": "Hallo", "en": "Hello there"},
                "participants": [{"name": "Ada"}, {"public_name": "Grace"}],
            },
            {"guid": "g2", "title": "Long", "start": "2026-12-27T12:00:00", "duration": "PT1H30M"},
            {
                "guid": "g3",
                "title": "Off",
                "start": "2026-12-27T12:00:00+01:00",
                "state": "CANCELED",
            },
            {"guid": "g4", "title": "Odd", "start": "later"},
            {"guid": "g5"},
            time_zone_name="Berlin",
            tracks=[{"slug": "ccc", "name": "CCC"}],
            days=[],
        )
    )
    opening, long, odd = reading.sessions
    assert (opening.guid, opening.room, opening.track, opening.speakers) == (
        "g1",
        "Saal 1",
        "CCC",
        ("Ada", "Grace"),
    )
    assert (opening.starts_at, opening.ends_at) == (
        datetime(2026, 12, 27, 9, 30, tzinfo=UTC),
        datetime(2026, 12, 27, 10, tzinfo=UTC),
    )
    assert (long.starts_at, long.ends_at) == (
        datetime(2026, 12, 27, 11, tzinfo=UTC),
        datetime(2026, 12, 27, 12, 30, tzinfo=UTC),
    )
    assert (odd.title, odd.starts_at) == ("Odd", None)
    assert len(reading.left_out) == 2
    assert reading.named_zone == "Europe/Berlin"
    assert any("asked not to be recorded" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Pacific Time (US & Canada)", "America/Los_Angeles"),
        ("Kyiv", "Europe/Kiev"),
        ("Mumbai", "Asia/Kolkata"),
        ("Tokyo Standard Time", "Asia/Tokyo"),
        ("Wellington", "Pacific/Auckland"),
    ],
)
def test_zones_by_the_names_of_rails_and_windows(name: str, zone: str) -> None:
    found = zone_of_name(name)
    assert found is not None
    assert found.key in (zone, "Europe/Kyiv" if name == "Kyiv" else zone)


def test_an_unknown_zone_is_told_and_the_offsets_count() -> None:
    text = json.dumps(
        {
            "schedule": {
                "conference": {
                    "time_zone_name": "Moon",
                    "days": [
                        {
                            "date": "2026-07-23",
                            "rooms": {
                                "Hall": [
                                    {
                                        "id": 1,
                                        "title": "A",
                                        "date": "2026-07-23T10:00:00+02:00",
                                        "do_not_record": False,
                                    },
                                    {"id": 2, "title": "B", "start": "10:00"},
                                    {"id": 3, "date": "2026-07-23T10:00:00+02:00"},
                                ]
                            },
                        }
                    ],
                }
            }
        }
    )
    reading = read(text, "UTC")
    assert (start_of(reading), start_of(reading, "B")) == ("07-23 08:00", "07-23 10:00")
    assert len(reading.left_out) == 1
    assert any("“Moon” is not known" in note for note in reading.notes)


def test_utc_as_the_zone_of_a_file_with_other_offsets_tells_no_place() -> None:
    text = json.dumps(
        {
            "schedule": {
                "conference": {
                    "time_zone_name": "UTC",
                    "days": [
                        {
                            "date": "2026-07-23",
                            "rooms": {
                                "Hall": [
                                    {"id": 1, "title": "A", "date": "2026-07-23T10:00:00+02:00"}
                                ]
                            },
                        }
                    ],
                }
            }
        }
    )
    reading = read(text)
    assert reading.named_zone == ""
    assert any("names UTC as its zone" in note for note in reading.notes)


def test_a_calendar_of_odd_events_only_is_refused_with_the_first_reason() -> None:
    with pytest.raises(BadInput, match="Event 1 has no title"):
        read(
            calendar(event("1", "DTSTART:20261205T090000Z"), event("2", "DTSTART:20261205T090000Z"))
        )


def test_an_event_without_a_calendar_around_it() -> None:
    one = event("1", "SUMMARY:A", "DTSTART:20261205T100000Z")
    assert (
        start_of(read(f"{one}\r\n{event('2', 'SUMMARY:B', 'DTSTART:20261205T110000Z')}"))
        == "12-05 10:00"
    )
