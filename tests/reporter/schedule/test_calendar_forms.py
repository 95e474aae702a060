"""Calendars in XML (xCal, and its draft that frab and pretalx write) and in JSON (jCal)."""

from __future__ import annotations

import json

import pytest

from reporter.errors import BadInput
from reporter.schedule import inspect_schedule, zone_named_in
from tests.reporter.schedule.test_tables import spans

XCAL = """<?xml version="1.0" encoding="utf-8"?>
<icalendar xmlns="urn:ietf:params:xml:ns:icalendar-2.0"><vcalendar><properties>
<version><text>2.0</text></version></properties><components><vevent><properties>
<uid><text>a@example.org</text></uid><summary><parameters><language><text>de</text></language></parameters>
<text>Saat, Garten; und mehr</text></summary>
<dtstart><parameters><tzid><text>Europe/Berlin</text></tzid></parameters><date-time>2026-12-05T10:00:00</date-time></dtstart>
<duration><duration>PT45M</duration></duration>
<categories><text>Garden</text><text>Food</text></categories>
<rrule><recur><freq>DAILY</freq><count>2</count></recur></rrule>
</properties></vevent></components></vcalendar></icalendar>"""

# As frab and pretalx write it.
DRAFT = """<?xml version="1.0"?>
<iCalendar xmlns:pentabarf="http://pentabarf.org" xmlns:xCal="urn:ietf:params:xml:ns:xcal"><vcalendar>
<version>2.0</version><x-wr-calname>Fair</x-wr-calname><X-WR-TIMEZONE>Europe/Berlin</X-WR-TIMEZONE>
<vevent><method>PUBLISH</method><uid>1@fair</uid><pentabarf:title>Not this one</pentabarf:title>
<dtstart>20261205T100000</dtstart><dtend>20261205T104500</dtend><duration>0.45</duration>
<summary>Saat</summary><location>Hall 1</location><attendee>Ada</attendee></vevent></vcalendar></iCalendar>"""

JCAL = [
    "vcalendar",
    [["version", {}, "text", "2.0"]],
    [
        [
            "vevent",
            [
                ["uid", {}, "text", "a@example.org"],
                ["summary", {}, "text", "Saat, Garten; und mehr"],
                ["dtstart", {"tzid": "Europe/Berlin"}, "date-time", "2026-12-05T10:00:00"],
                ["dtend", {}, "date-time", "2026-12-05T09:45:00Z"],
                ["rrule", {}, "recur", {"freq": "DAILY", "count": 2}],
            ],
            [],
        ],
        ["vtodo", [["summary", {}, "text", "Water"]], []],
    ],
]


def test_xcal() -> None:
    reading = inspect_schedule(XCAL.encode(), timezone="UTC")
    assert spans(reading) == [
        ("Saat, Garten; und mehr", "12-05 09:00", "12-05 09:45"),
        ("Saat, Garten; und mehr", "12-06 09:00", "12-06 09:45"),
    ]
    first = reading.sessions[0]
    assert (first.language, first.track, reading.kind) == ("de", "Garden", "iCalendar")
    assert reading.named_zone == zone_named_in(XCAL.encode()) == "Europe/Berlin"


def test_the_draft_of_xcal_that_conference_systems_write() -> None:
    reading = inspect_schedule(DRAFT.encode(), timezone="UTC")
    assert spans(reading) == [("Saat", "12-05 09:00", "12-05 09:45")]
    assert (reading.sessions[0].room, reading.named_zone) == ("Hall 1", "Europe/Berlin")


@pytest.mark.parametrize("document", [JCAL, [JCAL]])
def test_jcal(document: object) -> None:
    reading = inspect_schedule(json.dumps(document).encode(), timezone="UTC")
    assert spans(reading) == [
        ("Saat, Garten; und mehr", "12-05 09:00", "12-05 09:45"),
        ("Saat, Garten; und mehr", "12-06 09:00", "12-06 09:45"),
    ]
    assert reading.named_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    "text",
    [
        '["vcalendar"',
        '["vcalendar", 1, 2]',
        '["vcalendar", [["summary"]], []]',
        '["vcalendar", [], [["vevent", [["dtstart", {}, "date", null]], []]]]',
        "<icalendar><vcalendar></icalendar>",
        "<icalendar/>",
        "<vcalendar><vevent><dtstart/></vevent></vcalendar>",
    ],
)
def test_broken_ones_are_a_sentence(text: str) -> None:
    with pytest.raises(BadInput):
        inspect_schedule(text.encode(), timezone="UTC")


def test_tasks_beside_the_events_are_reported() -> None:
    event = "BEGIN:VEVENT\nSUMMARY:A\nDTSTART:20261205T090000Z\nEND:VEVENT\n"
    task = "BEGIN:VTODO\nSUMMARY:Water\nDUE:20261205T120000Z\nEND:VTODO\n"
    reading = inspect_schedule(
        f"BEGIN:VCALENDAR\n{event}{task}END:VCALENDAR\n".encode(), timezone="UTC"
    )
    assert len(reading.sessions) == 1
    assert "Tasks and journal entries of the calendar were not read: 1." in reading.notes
