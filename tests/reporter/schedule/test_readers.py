"""Schedules: real frab and pretalx files, and every other format made here."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporter.errors import BadInput
from reporter.schedule import MAX_BYTES, ScheduledSession, read_schedule

REAL = Path(__file__).parents[3] / ".." / "shared" / "data" / "schedules"
needs_real_files = pytest.mark.skipif(
    not REAL.is_dir(),
    reason="the real schedules (../shared/data/schedules) are not on this machine",
)


def utc(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def read(data: str | bytes, timezone: str = "Europe/Berlin") -> list[ScheduledSession]:
    raw = data.encode() if isinstance(data, str) else data
    return read_schedule(raw, filename="plan", timezone=timezone)


def refused(data: str | bytes) -> str:
    started = time.monotonic()
    with pytest.raises(BadInput) as caught:
        read(data)
    assert time.monotonic() - started < 20
    assert len(caught.value.message) < 400
    return caught.value.message


# The real files; the expected values were read in them by hand.


@needs_real_files
def test_the_real_frab_file_comes_in_whole() -> None:
    sessions = read_schedule(REAL / "frab-camp2019.json", timezone="America/New_York")
    assert len(sessions) == 79
    assert Counter(s.room for s in sessions) == {"Curie": 41, "Meitner": 38}
    assert Counter(s.language for s in sessions) == {"en": 55, "de": 24}
    assert not any(s.do_not_record for s in sessions)
    opening, closing = sessions[0], sessions[-1]
    assert opening.guid == "a0a0fcfe-b7fb-46e3-84b6-97a5406016b4"
    assert opening.title == "Opening Ceremony"
    assert opening.speakers == ("jinxx", "smtw")
    assert (opening.starts_at, opening.ends_at) == (utc(2019, 8, 21, 9), utc(2019, 8, 21, 9, 30))
    assert closing.title == "Closing ceremony"
    assert closing.starts_at == utc(2019, 8, 25, 16)
    by_title = {s.title: s for s in sessions}
    late = by_title["Achtung, Datenpannen!"]
    assert (late.starts_at, late.ends_at) == (utc(2019, 8, 22, 21), utc(2019, 8, 22, 22, 30))
    games = by_title["Making video games in a weekend"]
    assert games.track == "Art & Culture"
    assert games.description.startswith("The why and how of game jams\n\nAre you curious about")
    assert "\r" not in games.description


@needs_real_files
def test_the_real_pretalx_file_comes_in_whole() -> None:
    # It names UTC as its zone while its events carry +01:00: the offset counts.
    sessions = read_schedule(REAL / "pretalx-democon.json", timezone="America/New_York")
    assert len(sessions) == 36
    assert len({s.guid for s in sessions}) == 36
    assert Counter(s.room for s in sessions) == {"Gray Room": 27, "Tan Room": 9}
    assert {s.title for s in sessions if s.do_not_record} == {
        "Monitored 24hour customer loyalty",
        "Down-sized directional algorithm",
    }
    by_title = {s.title: s for s in sessions}
    inverse = by_title["Inverse motivating array"]
    assert inverse.guid == "630051b3-c874-5093-bd3e-487fe2049e76"
    assert inverse.starts_at == utc(2020, 12, 16, 8)
    assert inverse.ends_at == utc(2020, 12, 16, 9, 30)
    assert inverse.speakers == ("Teresa Terrell", "Stephanie Hudson")


@needs_real_files
def test_without_offsets_and_zone_the_given_zone_counts() -> None:
    document = json.loads((REAL / "pretalx-democon.json").read_text(encoding="utf-8"))
    del document["schedule"]["conference"]["time_zone_name"]
    for day in document["schedule"]["conference"]["days"]:
        for events in day["rooms"].values():
            for event in events:
                event["date"] = event["date"].removesuffix("+01:00")
    sessions = read(json.dumps(document), timezone="Asia/Kolkata")
    inverse = next(s for s in sessions if s.title == "Inverse motivating array")
    assert inverse.starts_at == utc(2020, 12, 16, 3, 30)
    document["schedule"]["conference"]["time_zone_name"] = "America/New_York"
    sessions = read(json.dumps(document), timezone="Asia/Kolkata")
    inverse = next(s for s in sessions if s.title == "Inverse motivating array")
    assert inverse.starts_at == utc(2020, 12, 16, 14)


# JSON made here.


def schedule_json(*events: dict[str, Any], **conference: Any) -> str:
    day = {"index": 1, "date": "2026-12-05", "day_start": "2026-12-05T09:00:00"}
    days = [{**day, "rooms": {"Hall": list(events)}}]
    return json.dumps({"schedule": {"conference": {"days": days, **conference}}})


def test_json_with_only_a_start_takes_the_day_and_midnight_belongs_to_the_day_before() -> None:
    morning, night = read(
        schedule_json(
            {"id": 1, "title": "Morning", "start": "10:00", "duration": "00:45"},
            {"id": 2, "title": "Night", "start": "00:30", "duration": "01:00"},
        )
    )
    assert morning.starts_at == utc(2026, 12, 5, 9)
    assert night.starts_at == utc(2026, 12, 5, 23, 30)
    assert night.ends_at == utc(2026, 12, 6, 0, 30)


def test_json_fields_for_consent_languages_and_markup() -> None:
    (session,) = read(
        schedule_json(
            {
                "guid": "g-1",
                "title": {"en": "Bread", "de": "Brot"},
                "do_not_record": True,
                "recording_license": "CC BY 4.0",
                "abstract": "<p>Flour &amp; water</p><ul><li>salt</li></ul>",
                "description": "nul \u0000 and bell \u0007",
                "persons": [{"name": "Ada"}, "Grace", {"code": "X"}],
            }
        )
    )
    assert session == ScheduledSession(
        guid="g-1",
        title="Bread",
        room="Hall",
        speakers=("Ada", "Grace"),
        description="Flour & water\n\n- salt\n\nnul  and bell",
        do_not_record=True,
        licence="CC BY 4.0",
    )


def test_missing_guids_are_derived_and_stay_when_the_time_changes() -> None:
    first = read(schedule_json({"title": "Soup", "date": "2026-12-05T12:00:00"}))
    moved = read(schedule_json({"title": "Soup", "date": "2026-12-06T15:00:00"}))
    other = read(schedule_json({"title": "Salad", "date": "2026-12-05T12:00:00"}))
    assert first[0].guid == moved[0].guid != other[0].guid
    by_id = read(schedule_json({"id": 5, "title": "Soup"}))
    renamed = read(schedule_json({"id": 5, "title": "Stew"}))
    assert by_id[0].guid == renamed[0].guid != first[0].guid


def test_one_guid_twice_is_told_apart_by_time_in_any_order() -> None:
    early = {"guid": "g", "title": "Tour", "date": "2026-12-05T10:00:00"}
    late = {"guid": "g", "title": "Tour", "date": "2026-12-05T16:00:00"}
    one = read(schedule_json(early, late))
    two = read(schedule_json(late, early, late))
    assert one == two
    assert one[0].guid == "g"
    assert one[1].guid not in ("", "g")


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"guid": "x"}, "Event 1 in “Hall” has no title"),
        ({"title": "A", "date": "soon"}, "Event 1 (“A”): Its time “soon” is not understood"),
        ({"title": "A", "date": "2026-12-05T10:00", "duration": "-1"}, "The duration “-1”"),
        ({"title": "A", "date": "9999-12-31T23:00:00+00:00"}, "Event 1 (“A”): The year 9999"),
        ({"title": "A", "date": "2026-12-05T10:00", "duration": "99999999999:00"}, "“A”"),
    ],
)
def test_json_errors_name_the_event(event: dict[str, Any], says: str) -> None:
    assert says in refused(schedule_json(event))


# XML.

FRAB_XML = """<?xml version="1.0" encoding="UTF-8"?>
<schedule>
  <conference><title>Camp</title><time_zone_name>Europe/Lisbon</time_zone_name></conference>
  <day index="1" date="2026-07-04" start="2026-07-04T09:00:00+01:00" end="2026-07-05T03:00:00+01:00">
    <room name="Sala 1">
      <event guid="1b4e28ba-2fa1-11d2-883f-0016d3cca427" id="7">
        <date>2026-07-04T10:00:00+02:00</date><start>10:00</start><duration>01:30</duration>
        <room>Sala 1</room><slug>camp-7</slug><title>Sementes &amp; <b>solo</b></title>
        <subtitle/><track>Terra</track><type>talk</type><language>pt</language>
        <abstract>Um</abstract><description>Dois</description>
        <recording><license>CC BY-SA</license><optout>true</optout></recording>
        <persons><person id="3">Inês</person><person id="4">João</person></persons>
      </event>
      <event id="8"><start>10:00</start><duration>00:20</duration><title>Curto</title></event>
    </room>
  </day>
</schedule>"""


def test_frab_xml() -> None:
    talk, short = read(FRAB_XML)
    assert talk == ScheduledSession(
        guid="1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        title="Sementes & solo",
        room="Sala 1",
        track="Terra",
        speakers=("Inês", "João"),
        description="Um\n\nDois",
        starts_at=utc(2026, 7, 4, 8),
        ends_at=utc(2026, 7, 4, 9, 30),
        do_not_record=True,
        licence="CC BY-SA",
        language="pt",
    )
    assert (short.starts_at, short.ends_at) == (utc(2026, 7, 4, 9), utc(2026, 7, 4, 9, 20))
    assert not short.do_not_record


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_xml_in_other_encodings(encoding: str) -> None:
    text = FRAB_XML.replace("UTF-8", encoding)
    assert read(text.encode(encoding))[0].speakers == ("Inês", "João")


# CSV.


def test_csv_as_people_write_it() -> None:
    sessions = read(
        "Session ID;Titel;Start Time;End Time;Raum;Speaker(s);Do not record\n"
        "a1;Winter gardens;2026-12-05 14:00;15:30;Room 2;Ada Lovelace & Grace Hopper;yes\n"
        ";;;;;;\n"
        'a2;"Night; walk";5.12.2026 23:00;01:00;;;\n'
    )
    assert [s.title for s in sessions] == ["Winter gardens", "Night; walk"]
    assert sessions[0].room == "Room 2"
    assert sessions[0].speakers == ("Ada Lovelace", "Grace Hopper")
    assert sessions[0].do_not_record
    assert sessions[0].starts_at == utc(2026, 12, 5, 13)
    assert sessions[0].ends_at == utc(2026, 12, 5, 14, 30)
    assert (sessions[1].starts_at, sessions[1].ends_at) == (
        utc(2026, 12, 5, 22),
        utc(2026, 12, 6, 0),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_csv_in_any_encoding_and_with_any_separator(delimiter: str, encoding: str) -> None:
    rows = [["title", "start", "room"], ["Größe – “ja”", "2026-07-01T10:00", "Café"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    (session,) = read(text.encode(encoding))
    assert (session.title, session.room) == ("Größe – “ja”", "Café")
    assert session.starts_at == utc(2026, 7, 1, 8)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-12-05T14:00", utc(2026, 12, 5, 13)),
        ("2026-12-05 14:00:30", utc(2026, 12, 5, 13) + timedelta(seconds=30)),
        ("2026-12-05T14:00:00Z", utc(2026, 12, 5, 14)),
        ("2026-12-05 14:00+05:30", utc(2026, 12, 5, 8, 30)),
        ("05.12.2026 14:00", utc(2026, 12, 5, 13)),
        ("5.12.26, 14.00 Uhr", utc(2026, 12, 5, 13)),
        ("12/25/2026 2:00 PM", utc(2026, 12, 25, 13)),
        ("25/12/2026 14h00", utc(2026, 12, 25, 13)),
        ("7/7/2026 12:15 am", utc(2026, 7, 6, 22, 15)),
        ("2026/12/05 14:00", utc(2026, 12, 5, 13)),
    ],
)
def test_csv_dates(start: str, expected: datetime) -> None:
    assert read(f'title,start\nA,"{start}"')[0].starts_at == expected


def test_one_clear_date_decides_for_the_file() -> None:
    sessions = read("title,start\nA,05/12/2026 10:00\nB,13/12/2026 10:00")
    assert [s.starts_at for s in sessions] == [utc(2026, 12, 5, 9), utc(2026, 12, 13, 9)]


def test_csv_date_and_duration_columns() -> None:
    sessions = read(
        "day,time,title,duration (min)\n2026-12-05,10:00,A,45\n2026-12-05,11:00,B,1h30\n"
        "2026-12-05,13:00,C,0:20\n2026-12-05,,D,\n"
    )
    by_title = {s.title: s for s in sessions}
    ends = [by_title[t].ends_at for t in "ABCD"]
    assert ends == [
        utc(2026, 12, 5, 9, 45),
        utc(2026, 12, 5, 11, 30),
        utc(2026, 12, 5, 12, 20),
        utc(2026, 12, 5, 23),
    ]
    assert by_title["D"].starts_at == utc(2026, 12, 4, 23)


def test_csv_without_times_and_the_id_column_keeps_the_guid() -> None:
    (before,) = read("id,title\n17,Soup")
    (after,) = read("id,title,start\n17,Stew,2026-12-05 10:00")
    assert before.starts_at is None
    assert before.guid == after.guid


def test_daylight_saving_is_the_zones() -> None:
    sessions = read("title,start\nA,2026-03-28 12:00\nB,2026-03-29 12:00", "Europe/Berlin")
    assert [s.starts_at for s in sessions] == [utc(2026, 3, 28, 11), utc(2026, 3, 29, 10)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name of things,start\nA,B", "No column is called “title”"),
        ("title,start\n,2026-12-05 11:00", "Row 2 has no title"),
        ("title,start\nA,tomorrow", "Row 2: the start “tomorrow” is not understood"),
        ("title,start\nA,2026-02-30 10:00", "Row 2: the start “2026-02-30 10:00”"),
        ("title,start\nA,10:00", "Row 2: There is a time but no date"),
        ("title,start,end\nA,2026-12-05 10:00,2026-12-04 10:00", "Row 2: It ends before"),
        ("title,start,duration\nA,2026-12-05 10:00,long", "Row 2: the duration “long”"),
        ('title,start\n"A,2026-12-05\n' + "x" * 200_000, "quotation mark"),
        ("title,start\n", "There is no session"),
        ("title,start\nA,0026-12-05 10:00", "Row 2: The year 26"),
    ],
)
def test_csv_errors_name_the_row_and_what_to_do(text: str, says: str) -> None:
    assert says in refused(text)


# iCalendar.


def calendar(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//t//", *lines, "END:VCALENDAR"])


def event(*lines: str) -> list[str]:
    return ["BEGIN:VEVENT", *lines, "END:VEVENT"]


def test_icalendar_times_of_every_kind() -> None:
    sessions = read(
        calendar(
            *event(
                "UID:1",
                "SUMMARY:Zone",
                "DTSTART;TZID=America/New_York:20261205T100000",
                "DTEND;TZID=America/New_York:20261205T110000",
                "LOCATION:Room\\, 2",
            ),
            *event("UID:2", "SUMMARY:Universal", "DTSTART:20261205T100000Z", "DURATION:PT45M"),
            *event(
                "UID:3",
                "SUMMARY;LANGUAGE=de:Floating",
                "DTSTART:20261206T100000",
                "CATEGORIES:Soil,Seeds",
                "DESCRIPTION:one\\ntwo",
            ),
            *event("UID:4", "SUMMARY:All day", "DTSTART;VALUE=DATE:20261207"),
            *event("UID:5", "SUMMARY:Called off", "STATUS:CANCELLED", "DTSTART:20261207T100000"),
        )
    )
    by_title = {s.title: s for s in sessions}
    assert set(by_title) == {"Zone", "Universal", "Floating", "All day"}
    zone, universal = by_title["Zone"], by_title["Universal"]
    assert (zone.guid, zone.room) == ("1", "Room, 2")
    assert (zone.starts_at, zone.ends_at) == (utc(2026, 12, 5, 15), utc(2026, 12, 5, 16))
    assert (universal.starts_at, universal.ends_at) == (
        utc(2026, 12, 5, 10),
        utc(2026, 12, 5, 10, 45),
    )
    floating, whole = by_title["Floating"], by_title["All day"]
    assert (floating.starts_at, floating.language) == (utc(2026, 12, 6, 9), "de")
    assert (floating.track, floating.description) == ("Soil", "one\ntwo")
    assert (whole.starts_at, whole.ends_at) == (utc(2026, 12, 6, 23), utc(2026, 12, 7, 23))


def test_icalendar_with_its_own_zone_definition() -> None:
    (session,) = read(
        calendar(
            "BEGIN:VTIMEZONE",
            "TZID:Campsite",
            "BEGIN:STANDARD",
            "DTSTART:19700101T000000",
            "TZOFFSETFROM:+0300",
            "TZOFFSETTO:+0300",
            "TZNAME:CAMP",
            "END:STANDARD",
            "END:VTIMEZONE",
            *event("UID:1", "SUMMARY:A", "DTSTART;TZID=Campsite:20261205T100000"),
        )
    )
    assert session.starts_at == utc(2026, 12, 5, 7)


def test_a_repeating_event_comes_once_and_the_caller_is_told() -> None:
    warnings: list[str] = []
    lines = event("UID:1", "SUMMARY:Yoga", "DTSTART:20261205T070000Z", "RRULE:FREQ=DAILY")
    moved = event(
        "UID:1", "SUMMARY:Yoga", "RECURRENCE-ID:20261206T070000Z", "DTSTART:20261206T080000Z"
    )
    sessions = read_schedule(
        calendar(*lines, *moved).encode(), timezone="UTC", warn=warnings.append
    )
    assert [s.starts_at for s in sessions] == [utc(2026, 12, 5, 7), utc(2026, 12, 6, 8)]
    assert len({s.guid for s in sessions}) == 2
    assert any("Event 1 (“Yoga”): It repeats" in sentence for sentence in warnings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (calendar(), "There is no session"),
        (calendar(*event("UID:1", "DTSTART:20261205T100000Z")), "Event 1 has no title"),
        (calendar(*event("SUMMARY:A", "DTSTART:99991231T235959")), "Event 1 (“A”): The year 9999"),
        (
            calendar(*event("SUMMARY:A", "DTSTART:20261205T10Z", "DTEND:20261204T100000Z")),
            "plan: ",
        ),
        (
            calendar(*event("SUMMARY:A", "DTSTART:20261205T100000Z", "DTEND:20261204T100000Z")),
            "Event 1 (“A”): It ends before it starts",
        ),
        ("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 50_000, "more than 5000 events"),
        ("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 4_000, "plan: "),
        ("BEGIN:VCALENDAR\nX:" + "a;b=c:" * 500_000, "plan: "),
        ("BEGIN:VCALENDAR\n" + "X:\n " * 1_200_000, "too big"),
    ],
)
def test_bad_calendars_are_refused_quickly(text: str, says: str) -> None:
    assert says in refused(text)


# What is no schedule at all.

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 9))
    + "]><schedule><day>&a8;</day></schedule>"
)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "not a text file"),
        (b"title,start\nA\x00B,", "not a text file"),
        (b"PK\x03\x04rest", "Save it as CSV"),
        ("<!doctype html><title>x</title>", "web page"),
        ("<rss/>", "not a schedule that we know"),
        ('{"a": 1}', "not a schedule that we know"),
        ("[1, 2]", "not a schedule that we know"),
        ('{"schedule": ', "damaged"),
        ("[" * 200_000, "nested too deeply"),
        ('{"schedule":' * 100_000, "nested too deeply"),
        ('{"schedule": {"conference": {"days": [[]]}}}', "damaged at day 1"),
        ('{"schedule": {"conference": {"days": [{"rooms": []}]}}}', "no session"),
        ('{"schedule": {"conference": {"days": [{"rooms": {"A": {}}}]}}}', "damaged at the room"),
        ('{"schedule": {"conference": {"days": 3}}}', "damaged at days"),
        (BOMB, "entities"),
        ('<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><s>&x;</s>', "entities"),
        ("<schedule><day>", "damaged"),
        ("<a>" * 1_000_000, "nested too deeply"),
        ("<schedule>" + "<a/>" * 1_000_000, "too long"),
        ("title\n" + "A\n" * 20_000, "more than 10000 rows"),
    ],
)
def test_hostile_and_wrong_files_are_refused_with_a_sentence(data: str | bytes, says: str) -> None:
    message = refused(data)
    assert message.startswith("plan: ")
    assert says in message


def test_a_file_of_50_megabytes_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(b"title\nA\n")
        file.truncate(50_000_000)
    with pytest.raises(BadInput, match=f"at most {MAX_BYTES // 1_000_000} MB"):
        read_schedule(path, timezone="UTC")


def test_a_missing_file_and_an_unknown_zone_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nothing\.csv can't be opened: No such file"):
        read_schedule(tmp_path / "nothing.csv", timezone="UTC")
    for name in ("Mars/Olympus", "../etc/passwd", "", "Europe"):
        with pytest.raises(BadInput, match="is not known"):
            read("title\nA", timezone=name)


def test_more_than_5000_sessions_are_refused() -> None:
    events = [{"id": n, "title": f"T{n}"} for n in range(5_001)]
    assert "more sessions (5001)" in refused(schedule_json(*events))


@pytest.mark.parametrize(
    ("cell", "wish"),
    [
        ("", (False, None)),
        ("no", (False, None)),
        ("yes", (True, None)),
        ("Pictures", (True, True)),
        ("no photos, no videos", (True, True)),
        ("pictures and words", (True, False)),
        ("words", (True, False)),
        ("Bilder und Worte", (True, False)),
        ("room 2", (False, None)),
    ],
)
def test_a_session_says_what_may_not_be_recorded(cell: str, wish: tuple[bool, bool | None]) -> None:
    sessions = read_schedule(f'Title,Do not record\nTalk,"{cell}"\n'.encode(), timezone="UTC")
    assert [(one.do_not_record, one.words_leave) for one in sessions] == [wish]
