"""Exports of programs in which two things look alike: owners and speakers, ids and names, a last day and the next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reporter.schedule import Reading, inspect_schedule, inspect_schedules


def read(source: str | bytes | dict[str, Any] | list[Any], zone: str = "Europe/Berlin") -> Reading:
    text = source if isinstance(source, str | bytes) else json.dumps(source)
    return inspect_schedule(text.encode() if isinstance(text, str) else text, timezone=zone)


def times_and_titles(reading: Reading) -> list[str]:
    """Start, end and title of each session, in UTC."""
    return [
        f"{one.starts_at:%d %H:%M} {one.ends_at:%d %H:%M} {one.title}"
        for one in reading.sessions
        if one.starts_at and one.ends_at
    ]


def test_sessionize_names_the_owner_before_the_speakers() -> None:
    reading = read(
        "Session Id,Title,Owner,Room,Scheduled At,Scheduled Duration,Speakers\n"
        '1,Compost,Ada,Hall,05 Dec 2026 09:30 AM,45,"Ada L., Bob K."\n2,Songs,Cleo,Hall,05 Dec 2026 02:30 PM,45,\n'
    )
    assert [one.speakers for one in reading.sessions] == [("Ada L.", "Bob K."), ("Cleo",)]
    assert times_and_titles(reading) == ["05 08:30 05 09:15 Compost", "05 13:30 05 14:15 Songs"]


def test_sessionize_lists_a_session_by_room_and_by_time() -> None:
    session = {
        "id": "7",
        "title": "Compost",
        "startsAt": "2026-12-05T09:30:00",
        "endsAt": "2026-12-05T10:15:00",
    }
    rooms = [
        {
            "id": 1,
            "name": "Hall",
            "sessions": [{**session, "room": "Hall", "speakers": [{"id": "a", "name": "Ada"}]}],
        }
    ]
    slots = [
        {
            "slotStart": "09:30:00",
            "rooms": [{"id": 1, "name": "Hall", "session": session, "index": 0}],
        }
    ]
    reading = read([{"date": "2026-12-05T00:00:00", "rooms": rooms, "timeSlots": slots}])
    assert times_and_titles(reading) == ["05 08:30 05 09:15 Compost"]
    assert reading.sessions[0].speakers == ("Ada",)


@pytest.mark.parametrize("many", [True, False])
def test_meetup_counts_in_thousandths_of_seconds(many: bool) -> None:
    event = {
        "id": "1",
        "name": "Compost",
        "time": 1796459400000,
        "duration": 5400000,
        "utc_offset": 3600000,
    }
    assert times_and_titles(read({"events": [event]} if many else [event])) == [
        "05 08:30 05 10:00 Compost"
    ]


@pytest.mark.parametrize(
    ("event", "last"),
    [
        (
            {"summary": "Day", "start": {"date": "2026-12-05"}, "end": {"date": "2026-12-06"}},
            "05 23:00",
        ),
        (
            {"summary": "Day", "start": {"date": "2026-12-05"}, "end": {"date": "2026-12-08"}},
            "07 23:00",
        ),
        ({"title": "Day", "start": "2026-12-05", "end": "2026-12-06", "allDay": True}, "05 23:00"),
        ({"title": "Day", "start": "2026-12-05", "end": "2026-12-05", "allDay": True}, "05 23:00"),
        ({"name": "Day", "startDate": "2026-12-05", "endDate": "2026-12-06"}, "06 23:00"),
    ],
)
def test_whole_days_in_json(event: dict[str, Any], last: str) -> None:
    assert times_and_titles(read({"items": [event]})) == [f"04 23:00 {last} Day"]


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("7.12.2026,00:00:00", "06 23:00"),
        ("7.12.2026,", "07 23:00"),
        ("6.12.2026,00:00:00", "06 23:00"),
    ],
)
def test_outlook_ends_a_whole_day_at_the_midnight_after_it(end: str, last: str) -> None:
    head = "Betreff,Beginnt am,Beginnt um,Endet am,Endet um,Ganztägiges Ereignis\n"
    assert times_and_titles(read(f"{head}Tag,6.12.2026,00:00:00,{end},Ein\n")) == [
        f"05 23:00 {last} Tag"
    ]


@pytest.mark.parametrize("column", ["Cancelled", "isCanceled", "Abgesagt", "Annulé"])
@pytest.mark.parametrize("yes", ["true", "Ja", "x"])
def test_a_column_of_what_is_cancelled(column: str, yes: str) -> None:
    reading = read(f"Title,Start,{column}\nA,2026-12-05 09:00,{yes}\nB,2026-12-05 10:00,no\n")
    assert [one.title for one in reading.sessions] == ["B"]
    assert len(reading.left_out) == 1


def test_indico_writes_the_last_name_first() -> None:
    day = {"date": "2026-12-05", "time": "09:30:00", "tz": "Europe/Zurich"}
    people = [
        {"fullName": "Love, Ada", "first_name": "Ada", "last_name": "Love"},
        {"fullName": "Kay, Bob"},
    ]
    reading = read({"results": [{"title": "Compost", "startDate": day, "speakers": people}]})
    assert reading.sessions[0].speakers == ("Ada Love", "Bob Kay")


def test_pretalx_tells_of_the_talk_beside_its_slot() -> None:
    slot = {
        "id": 1,
        "start": "2026-12-05T09:30:00+01:00",
        "end": "2026-12-05T10:15:00+01:00",
        "room": {"id": 1, "name": {"de": "Halle", "en": "Hall"}},
        "submission": {
            "code": "ABC",
            "title": "Compost",
            "speakers": [{"code": "X", "name": "Ada"}],
            "do_not_record": True,
        },
    }
    reading = read({"count": 1, "results": [slot]})
    [session] = reading.sessions
    assert times_and_titles(reading) == ["05 08:30 05 09:15 Compost"]
    assert (session.room, session.speakers, session.do_not_record) == ("Hall", ("Ada",), True)


def test_a_track_is_told_by_its_name_and_not_by_its_number() -> None:
    talk = {"code": "ABC", "title": "Compost", "start": "2026-12-05T09:30:00+01:00", "track": 2}
    reading = read({"talks": [talk], "tracks": [{"id": 2, "name": {"en": "Garden"}}]})
    assert reading.sessions[0].track == "Garden"


def test_a_list_with_a_column_of_places_is_no_grid() -> None:
    rows = "09:30 – 10:15\tCompost\tHall\n14:00\tSongs\tMeadow\n"
    reading = read(f"Uhrzeit\tProgramm\tOrt\nSamstag, 5. Dezember 2026\n{rows}")
    assert [(one.title, one.room) for one in reading.sessions] == [
        ("Compost", "Hall"),
        ("Songs", "Meadow"),
    ]
    with pytest.raises(Exception, match="title"):
        read(f"Uhrzeit\tWas geschieht\tOrt\n{rows}")


def test_windows_shows_its_zones_by_cities() -> None:
    zones = ("(UTC-05:00) Eastern Time, New York", "(UTC+01:00) Amsterdam, Berlin, Bern")
    rows = "".join(f'{"AB"[n]},2026-12-05 09:00,"{zone}"\n' for n, zone in enumerate(zones))
    reading = read(f"Title,Start,Timezone\n{rows}", "UTC")
    assert [f"{one.starts_at:%H} {one.title}" for one in reading.sessions] == ["08 B", "14 A"]


def test_two_files_are_one_schedule() -> None:
    saturday = b"Title,Start,Id\nA,2026-12-05 09:00,1\nBoth,2026-12-05 10:00,9\n"
    sunday = b"Title,Start,Id\nB,2026-12-06 09:00,1\nBoth,2026-12-05 10:00,9\nC,soon,3\n"
    reading = inspect_schedules([("sa.csv", saturday), ("so.csv", sunday)], timezone="UTC")
    assert [one.title for one in reading.sessions] == ["A", "Both", "B", "C"]
    assert len({one.guid for one in reading.sessions}) == 4
    assert any(note.startswith("so.csv: Row 4") for note in reading.notes)


@pytest.mark.parametrize("name", ["X-WR-TIMEZONE", "TIMEZONE-ID"])
def test_a_calendar_names_its_zone(name: str) -> None:
    event = (
        "BEGIN:VEVENT\nUID:1\nSUMMARY:A\nDTSTART:20261205T093000\nDTEND:20261205T100000\nEND:VEVENT"
    )
    calendar = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{name}:Asia/Tokyo\n{event}\nEND:VCALENDAR\n"
    )
    reading = read(calendar.replace("\n", "\r\n"))
    assert (times_and_titles(reading), reading.named_zone) == (
        ["05 00:30 05 01:00 A"],
        "Asia/Tokyo",
    )


def test_a_list_of_events_need_not_be_of_the_congress() -> None:
    event = {
        "title": "Compost &#8211; the basics",
        "start_date": "2026-12-05 09:30:00",
        "end_date": "2026-12-05 10:15:00",
        "utc_start_date": "2026-12-05 08:30:00",
        "utc_end_date": "2026-12-05 09:15:00",
        "timezone": "Europe/Berlin",
        "all_day": False,
        "venue": {"id": 1, "venue": "Hall"},
    }
    reading = read({"events": [event]}, "UTC")
    assert times_and_titles(reading) == ["05 08:30 05 09:15 Compost – the basics"]
    assert (reading.sessions[0].room, reading.notes) == ("Hall", ())


def test_names_of_the_format_are_no_words_of_a_session() -> None:
    event = {
        "@type": "Event",
        "name": "Compost",
        "startDate": "2026-12-05T09:30:00+01:00",
        "performer": [{"@type": "Person", "name": "Ada"}],
        "trackId": "t1",
        "roomId": "Hall A",
    }
    [session] = read([event]).sessions
    assert (session.track, session.room, session.speakers) == ("", "Hall A", ("Ada",))


def test_spans_of_hours_in_chinese() -> None:
    reading = read("标题,日期,时间\n歌,2026年12月6日,下午2点-3点半\n")
    assert times_and_titles(reading) == ["06 13:00 06 14:30 歌"]


@pytest.mark.parametrize(
    "name",
    [
        "Nicht aufnehmen",
        "Keine Aufzeichnung",
        "Ne pas enregistrer",
        "Pas d'enregistrement",
        "No grabar",
        "Não gravar",
        "Non registrare",
        "Niet opnemen",
        "Nie nagrywać",
        "Не записувати",
        "Без запису",
        "عدم التسجيل",
        "रिकॉर्ड न करें",
        "不录制",
        "禁止拍摄",
        "録画不可",
        "撮影禁止",
        "촬영 금지",
    ],
)
@pytest.mark.parametrize(
    "yes", ["ja", "так", "نعم", "हाँ", "是", "はい", "evet", "bitte nicht!", "ask me first"]
)
def test_who_must_not_be_recorded_is_known_in_many_languages(name: str, yes: str) -> None:
    rows = f"A,2026-12-05 09:00,{yes}\nB,2026-12-05 10:00,no\nC,2026-12-05 11:00,\nD,2026-12-05 12:00,Nein: gern\n"
    reading = read(f"Title,Start,{name}\n{rows}")
    assert [one.title for one in reading.sessions if one.do_not_record] == ["A"]


@pytest.mark.parametrize("name", ["Recording", "Aufzeichnung", "Enregistrement", "录制", "Запис"])
def test_a_column_of_recordings_is_no_refusal(name: str) -> None:
    reading = read(f"Title,Start,{name}\nA,2026-12-05 09:00,yes\n")
    assert not reading.sessions[0].do_not_record


@pytest.mark.parametrize("kind", ["PRIVATE", "confidential"])
def test_private_appointments_are_no_sessions(kind: str) -> None:
    events = "".join(
        f"BEGIN:VEVENT\nUID:{title}\nSUMMARY:{title}\nCLASS:{kind_of}\nDTSTART:20261205T093000Z\nEND:VEVENT\n"
        for title, kind_of in (("Dentist", kind), ("Compost", "PUBLIC"))
    )
    calendar = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{events}END:VCALENDAR\n".replace(
        "\n", "\r\n"
    )
    table = "Subject,Start Date,Start Time,Private\nDentist,12/05/2026,09:30 AM,True\n"
    table += "Compost,12/05/2026,09:30 AM,False\n"
    for reading in (read(calendar), read(table)):
        assert [one.title for one in reading.sessions] == ["Compost"]
        assert len(reading.left_out) == 1


def test_each_time_after_noon_without_a_pm_is_told() -> None:
    rows = "".join(
        f"{title},2026-12-05,{clock}\n"
        for title, clock in zip("ABCD", ("11:00", "1:00", "2:30", "6:00"), strict=True)
    )
    notes = read(f"title,date,start\n{rows}").notes
    flagged = {
        row for row in ("Row 2", "Row 3", "Row 4", "Row 5") if any(row in note for note in notes)
    }
    assert flagged == {"Row 3", "Row 4", "Row 5"}
