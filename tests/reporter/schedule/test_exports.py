"""What programs export that is neither a table of their own nor a calendar: JSON, web pages, XML of 2003."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from reporter.errors import BadInput
from tests.reporter.schedule.test_tables import notes_of_times, read, spans

NINE, TEN, ELEVEN = (f"2026-12-05T{hour:02}:00:00" for hour in (9, 10, 11))
BOTH = [("Alpha", "12-05 09:00", "12-05 10:00"), ("Beta", "12-05 10:00", "12-05 11:00")]
PAIR = [("Alpha", NINE, TEN), ("Beta", TEN, ELEVEN)]


def archive(name: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(name, "x")
    return data.getvalue()


def indico(moment: str, zone: str = "UTC") -> dict[str, str]:
    return {"date": moment[:10], "time": moment[11:], "tz": zone}


def rows(
    name: str = "title", start: str = "start", end: str = "end", **more: object
) -> list[dict[str, object]]:
    return [{name: title, start: begin, end: finish, **more} for title, begin, finish in PAIR]


SESSIONIZE = rows(
    start="startsAt", end="endsAt", description=None, isServiceSession=False, roomId=7
)
ENTRIES = [
    {
        "title": title,
        "entryType": "Contribution",
        "startDate": indico(begin),
        "endDate": indico(finish),
    }
    for title, begin, finish in PAIR
]
JSON = {
    "Sched": [
        {
            "event_key": "a",
            "name": "Alpha",
            "event_start": "2026-12-05 09:00",
            "event_end": "2026-12-05 10:00",
        },
        {
            "event_key": "b",
            "name": "Beta",
            "event_start": "2026-12-05 10:00",
            "event_end": "2026-12-05 11:00",
        },
    ],
    "Sessionize, all": {
        "sessions": SESSIONIZE,
        "rooms": [{"id": 7, "name": "Hall"}],
        "speakers": [],
    },
    "Sessionize, sessions": [{"groupId": None, "groupName": "All", "sessions": SESSIONIZE}],
    "Sessionize, grid": [
        {"date": NINE, "rooms": [{"id": 7, "name": "Hall", "sessions": SESSIONIZE}]}
    ],
    "pretalx' API": {
        "count": 2,
        "next": None,
        "results": [
            {
                "code": title,
                "title": title,
                "slot": {"room": {"en": "Hall"}, "start": f"{begin}Z", "end": f"{finish}Z"},
            }
            for title, begin, finish in PAIR
        ],
    },
    "pretalx' slots": [
        {
            "title": title,
            "state": "confirmed",
            "slots": [{"room": "Hall", "start": f"{begin}Z", "end": f"{finish}Z"}],
        }
        for title, begin, finish in PAIR
    ],
    "Indico's timetable": {
        "results": {"17": {"20261205": {str(i): one for i, one in enumerate(ENTRIES)}}}
    },
    "Indico's blocks": {
        "results": {
            "17": {
                "20261205": {
                    "s1": {
                        **ENTRIES[0],
                        "title": "Block",
                        "entries": {"1": ENTRIES[0], "2": ENTRIES[1]},
                    }
                }
            }
        }
    },
    "Google": {
        "kind": "calendar#events",
        "items": [
            {
                "status": "confirmed",
                "summary": title,
                "start": {"dateTime": f"{begin}Z", "timeZone": "Europe/Berlin"},
                "end": {"dateTime": f"{finish}Z"},
            }
            for title, begin, finish in PAIR
        ],
    },
    "Eventbrite": {
        "events": [
            {
                "name": {"text": title, "html": title},
                "start": {"timezone": "Europe/Berlin", "local": TEN, "utc": f"{begin}Z"},
                "end": {"timezone": "Europe/Berlin", "local": ELEVEN, "utc": f"{finish}Z"},
            }
            for title, begin, finish in PAIR
        ]
    },
    "Hi.Events": {"data": rows(start="start_date", end="end_date", status="LIVE", timezone="UTC")},
    "schema.org": {
        "@context": "https://schema.org",
        "@graph": rows("name", "startDate", "endDate", location={"@type": "Place", "name": "Hall"}),
    },
    "FullCalendar": rows(),
    "days as keys": {
        "2026-12-05": [
            {**one, "start": b[11:], "end": e[11:]}
            for one, (_, b, e) in zip(rows(), PAIR, strict=True)
        ]
    },
    "days as objects": {
        "days": [
            {
                "date": "2026-12-05",
                "sessions": [{"title": t, "start": b[11:16], "end": e[11:16]} for t, b, e in PAIR],
            }
        ]
    },
    "a zone of all": {
        "timezone": "UTC",
        "name": "Gathering",
        "startDate": "2026-12-05",
        "sessions": rows(),
    },
}


@pytest.mark.parametrize("program", JSON)
def test_json_of_other_programs_is_read(program: str) -> None:
    assert spans(read(json.dumps(JSON[program]))) == BOTH


def test_rooms_and_speakers_are_found_by_their_ids() -> None:
    known = {
        "sessions": [{**one, "speakers": ["u1", "u2"]} for one in SESSIONIZE],
        "rooms": [{"id": 7, "name": "Hall"}],
        "speakers": [{"id": "u1", "fullName": "Ann Lee"}, {"id": "u2", "fullName": "Bob Ray"}],
    }
    [alpha, _] = read(json.dumps(known)).sessions
    assert (alpha.room, alpha.speakers) == ("Hall", ("Ann Lee", "Bob Ray"))


def test_a_zone_of_all_sessions_counts() -> None:
    document = {
        "timezone": "America/New_York",
        "sessions": [{"title": "Alpha", "start": "2026-12-05T04:00:00"}],
    }
    assert spans(read(json.dumps(document), "Europe/Berlin")) == [("Alpha", "12-05 09:00", "")]


def test_a_zone_beside_a_time_counts() -> None:
    document = [{"title": "Alpha", "startDate": indico("2026-12-05T04:00:00", "America/New_York")}]
    assert spans(read(json.dumps(document), "Europe/Berlin")) == [("Alpha", "12-05 09:00", "")]


@pytest.mark.parametrize("time", ["09:00", "09:00 - 10:00", "9:00 AM - 10:00 AM", "09:00:00"])
def test_the_day_above_is_that_of_times_without_one(time: str) -> None:
    document = {"date": "2026-12-05", "sessions": [{"title": "Alpha", "time": time}]}
    assert spans(read(json.dumps(document)))[0][:2] == ("Alpha", "12-05 09:00")


@pytest.mark.parametrize("group", [{"day": "Sunday"}, {"day": "Day 2"}, {}])
def test_the_first_of_several_days_is_not_that_of_all(group: dict[str, str]) -> None:
    document = {
        "name": "Conf",
        "startDate": "2026-12-05",
        "endDate": "2026-12-06",
        "program": [{**group, "items": [{"title": "Alpha", "start": "10:00"}]}],
    }
    with pytest.raises(BadInput, match="no date"):
        read(json.dumps(document))


def test_headings_in_cells_are_their_words() -> None:
    page = """<table><tr><th><h5>Title</h5></th><th>Start</th></tr>
<tr><td><h4>Alpha</h4></td><td>2026-12-05 09:00</td></tr>
<tr><td><h4>Beta</h4></td><td>2026-12-05 10:00</td></tr></table><![x y]>"""
    assert [one.title for one in read(page).sessions] == ["Alpha", "Beta"]


def test_one_object_a_line_is_a_list() -> None:
    assert spans(read("\n".join(map(json.dumps, rows())))) == BOTH


def test_json_without_sessions_is_refused() -> None:
    for text in (
        '{"error": "unauthorized"}',
        '[{"title": "a page", "url": "x"}]',
        "[1, 2]",
        '{"events": [3]}',
    ):
        with pytest.raises(BadInput):
            read(text)


TITLE = "<tr><th>Title<th>Start<th>End"
CELLS = "".join(f"<tr><td>{title}<td>{begin}<td>{finish}" for title, begin, finish in PAIR)
PAGES = {
    "a page": f"<!DOCTYPE html><html><body><table>{TITLE}{CELLS}</table><table><tr><td>x<td>y<tr><td>z<td>w</table>",
    "copied from a browser": f"<table><thead>{TITLE}</thead><tbody>{CELLS}</tbody></table>",
    "a web page called .xls": f'<html xmlns:x="urn:x"><table>{TITLE}{CELLS}</table></html>',
    "headings that are days": "<html><h2>Saturday, 5 December 2026</h2><table><tr><th>Time<th>Title"
    "<tr><td>9:00–10:00<td>Alpha</table><h2>5 December 2026</h2><table><tr><th>Time<th>Title"
    "<tr><td>10:00–11:00<td>Beta</table>",
    "times over several rows": "<table><tr><th>Time<th>Room<th>Title"
    "<tr><td rowspan=2>2026-12-05 9:00–10:00<td>A<td>Alpha<tr><td>B<td>Aleph"
    "<tr><td>2026-12-05 10:00–11:00<td>A<td>Beta</table>",
    "times for machines": "<table><tr><th>Session<th>Start<th>End"
    + "".join(
        f'<tr><td>{title}<td><time datetime="{begin}Z">now</time><td><time datetime="{finish}Z">soon</time>'
        for title, begin, finish in PAIR
    )
    + "</table>",
    "Excel's XML": '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook '
    'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
    '<Worksheet ss:Name="S"><Table>'
    + "".join(
        "<Row>"
        + "".join(f'<Cell><Data ss:Type="{kind}">{text}</Data></Cell>' for kind, text in row)
        + "</Row>"
        for row in (
            [("String", "Title"), ("String", "Start"), ("String", "End")],
            *(
                [("String", t), ("DateTime", f"{b}.000"), ("DateTime", f"{f}.000")]
                for t, b, f in PAIR
            ),
        )
    )
    + "</Table></Worksheet></Workbook>",
}


@pytest.mark.parametrize("page", PAGES)
def test_tables_of_web_pages_are_read(page: str) -> None:
    assert [span for span in spans(read(PAGES[page])) if span[0] != "Aleph"] == BOTH


def test_a_title_over_two_rows_of_a_grid_is_one_session() -> None:
    page = (
        "<table><tr><th>Time<th>Hall<th>Studio<tr><td>2026-12-05 9:00<td rowspan=2>Alpha<td>Beta"
        "<tr><td>2026-12-05 10:00<td>Gamma</table>"
    )
    assert [title for title, _, _ in spans(read(page))] == ["Alpha", "Beta", "Gamma"]


# Written times and states that programs and people use beside the usual ones.
ROWS = {
    "a zone in brackets": (
        "title,start\nAlpha,2026-12-05T04:00[America/New_York]\n",
        "12-05 09:00",
        "",
    ),
    "an offset and a zone": (
        "title,start\nAlpha,2026-12-05T04:00-05:00[America/New_York]\n",
        "12-05 09:00",
        "",
    ),
    "digits alone": (
        "title,start,end\nAlpha,20261205090000,202612051000\n",
        "12-05 09:00",
        "12-05 10:00",
    ),
    "digits beside a date": (
        "title,date,start,end\nAlpha,20261205,900,1000\n",
        "12-05 09:00",
        "12-05 10:00",
    ),
    "until midnight": (
        "title,date,start,end\nAlpha,2026-12-05,23:00,midnight\n",
        "12-05 23:00",
        "12-06 00:00",
    ),
    "hours after 24": (
        "title,date,start,end\nAlpha,2026-12-05,24:30,25:30\n",
        "12-06 00:30",
        "12-06 01:30",
    ),
    "no end in MySQL": (
        "title,start,end\nAlpha,2026-12-05 09:00:00,0000-00-00 00:00:00\n",
        "12-05 09:00",
        "",
    ),
    "no end": ("title,start,end\nAlpha,2026-12-05 09:00,n/a\n", "12-05 09:00", ""),
    "a length in seconds": (
        "title,start,Duration (s)\nAlpha,2026-12-05 09:00,3600\n",
        "12-05 09:00",
        "12-05 10:00",
    ),
    "Org mode": (
        "| Title | Start |\n|----+----|\n| Alpha | <2026-12-05 Sat 09:00-10:00> |\n",
        "12-05 09:00",
        "12-05 10:00",
    ),
    "an era in the header": ("題名,日付(令和),開始\nAlpha,8.12.5,9:00\n", "12-05 09:00", ""),
    "a year in the header": ("題名,日付(令和8年),開始\nAlpha,12月5日,9:00\n", "12-05 09:00", ""),
    "Taiwan's year in the header": (
        "標題,日期(民國),開始\nAlpha,115/12/5,9:00\n",
        "12-05 09:00",
        "",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_written_times(name: str) -> None:
    text, start, end = ROWS[name]
    assert spans(read(text)) == [("Alpha", start, end)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "Title,Start,Status\nAlpha,2026-12-05 9:00,Accepted\nBeta,2026-12-05 10:00,Declined\n",
            "Row 3 is declined",
        ),
        (
            "Title,Start,Active\nAlpha,2026-12-05 9:00,Y\nBeta,2026-12-05 10:00,N\n",
            "Row 3 is not published",
        ),
        (
            "<schedule><day date='2026-12-05'><room name='A'><event id='1'><start>09:00</start><title>Alpha</title>"
            "</event><event id='2'><start>10:00</start><title>CANCELLED: Beta</title></event></room></day></schedule>",
            "is cancelled",
        ),
    ],
)
def test_what_does_not_take_place_is_left_out(text: str, reason: str) -> None:
    reading = read(text)
    assert [title for title, _, _ in spans(reading)] == ["Alpha"]
    assert reason in " ".join(reading.left_out)


@pytest.mark.parametrize(
    "text",
    [
        "Title,Start\nPOSTPONED: Alpha,2026-12-05 9:00\n",
        "Titel,Start,Status\nAlpha,2026-12-05 9:00,verschoben\n",
        "BEGIN:VEVENT\nUID:a\nDTSTART:20261205T090000Z\nSUMMARY:Alpha (postponed)\nEND:VEVENT\n",
        "<schedule><day date='2026-12-05'><room name='A'><event id='1'><start>09:00</start>"
        "<title>[Aplazado] Alpha</title></event></room></day></schedule>",
    ],
)
def test_what_is_postponed_comes_in_and_is_told(text: str) -> None:
    reading = read(text)
    assert len(reading.sessions) == 1
    assert any("postponed" in note for note in reading.notes)


def test_minutes_of_more_than_a_day_are_not_believed() -> None:
    reading = read("title,start,duration\nAlpha,2026-12-05 09:00,3600\nBeta,2026-12-05 10:00,60\n")
    assert spans(reading) == [("Alpha", "12-05 09:00", ""), BOTH[1]]
    assert any("is not understood" in note for note in reading.notes)


def test_a_start_after_midnight_is_told() -> None:
    assert "2026-12-06 00:30" in " ".join(read("title,date,start\nAlpha,2026-12-05,24:30\n").notes)


def test_talks_before_the_change_of_days_are_in_the_night_after() -> None:
    reading = read(
        "<schedule><conference><day_change>06:00:00</day_change></conference><day date='2026-12-05'><room name='A'>"
        "<event id='1'><start>23:00</start><duration>01:00</duration><title>Alpha</title></event>"
        "<event id='2'><start>01:00</start><duration>01:00</duration><title>Beta</title></event></room></day>"
        "</schedule>"
    )
    assert spans(reading) == [
        ("Alpha", "12-05 23:00", "12-06 00:00"),
        ("Beta", "12-06 01:00", "12-06 02:00"),
    ]
    assert any("the night after was taken" in note for note in notes_of_times(reading))


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ("INTERVAL=30;COUNT=3", 3),
        ("INTERVAL=20;BYHOUR=9;UNTIL=20261205T235959Z", 3),
        ("COUNT=1000", 1),
        ("INTERVAL=1", 1),
    ],
)
def test_rules_by_the_minute(rule: str, count: int) -> None:
    event = f"BEGIN:VEVENT\nUID:a\nDTSTART:20261205T090000Z\nSUMMARY:Alpha\nRRULE:FREQ=MINUTELY;{rule}\nEND:VEVENT\n"
    reading = read(event)
    assert len(reading.sessions) == count
    assert any("It repeats" in note for note in reading.notes)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n1 0 obj\n", b"{\\rtf1\\ansi Title}", archive("word/document.xml")]
)
def test_documents_are_refused_by_what_they_are(data: bytes) -> None:
    with pytest.raises(BadInput, match="This is a text document"):
        read(data)


def test_archives_are_refused_by_what_they_are() -> None:
    with pytest.raises(BadInput, match="This is an archive"):
        read(archive("schedule.csv"))
