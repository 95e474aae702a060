"""What an import would do, before and after: by guid, by another export's id, by title and time."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from kiosk.cli import main
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.schedule_preview import preview_import
from reporter.gathering.sessions import all_sessions, import_schedule
from reporter.schedule import Reading, inspect_schedule

# Each import draws ids of its own.
SEEDS = itertools.count(2)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ICS = """BEGIN:VCALENDAR\r
PRODID:-//pretalx//example.org//con\r
{events}END:VCALENDAR\r
"""
ICS_EVENT = """BEGIN:VEVENT\r
SUMMARY:{title} - Ada Lovelace\r
UID:pretalx-con-{code}@example.org\r
DTSTART:{start}\r
DTEND:{end}\r
LOCATION:Hall\r
END:VEVENT\r
"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    settings = make_gathering(
        tmp_path / "g", "G", timezone="Europe/Berlin", language="en", now=NOW, rng=random.Random(1)
    )
    with open_session(settings) as opened:
        yield opened


def talk(code: str, title: str, hour: int, **more: Any) -> dict[str, Any]:
    return {
        "id": hour,
        "guid": f"guid-{code}-{hour}",
        "code": code,
        "url": f"https://example.org/con/talk/{code}/",
        "title": title,
        "date": f"2026-07-23T{hour:02}:00:00+00:00",
        "duration": "00:45",
        "room": "Hall",
        "track": "Soil",
        "persons": [{"public_name": "Ada Lovelace"}],
        "recording_license": "CC BY 4.0",
        "do_not_record": False,
        **more,
    }


def schedule(*talks: dict[str, Any]) -> Reading:
    days = [{"date": "2026-07-23", "rooms": {"Hall": list(talks)}}]
    text = json.dumps(
        {"schedule": {"conference": {"time_zone_name": "Europe/Berlin", "days": days}}}
    )
    return inspect_schedule(text.encode(), timezone="UTC")


def ics(*talks: tuple[str, str, int]) -> Reading:
    events = "".join(
        ICS_EVENT.format(
            code=code, title=title, start=f"20260723T{hour:02}0000Z", end=f"20260723T{hour:02}4500Z"
        )
        for code, title, hour in talks
    )
    return inspect_schedule(ICS.format(events=events).encode(), timezone="UTC")


def take_in(session: Session, reading: Reading) -> tuple[int, int, int, int]:
    done = import_schedule(session, reading.sessions, now=NOW, rng=random.Random(next(SEEDS)))
    return done.added, done.updated, done.unchanged, done.retired


def codes(session: Session) -> dict[str, str]:
    return {row.title: row.code for row in all_sessions(session)}


def test_a_calendar_of_pretalx_keeps_codes_wishes_and_tracks_of_the_json(session: Session) -> None:
    wish = talk("ABCDEF", "Silent", 9, do_not_record=True)
    take_in(session, schedule(wish, talk("GHIJKL", "Seeds", 10), talk("MNOPQR", "Old", 11)))
    before = codes(session)
    # Renamed and moved: only the code in the UID tells that it is the same talk.
    later = ics(("ABCDEF", "Silent", 9), ("GHIJKL", "Seeds and soil", 14), ("NEWONE", "New", 12))
    preview = preview_import(session, later)
    assert [item.title for item in preview.new] == ["New"]
    assert [(c.title, c.fields) for c in preview.changed] == [
        ("Seeds and soil", ("title", "start", "end"))
    ]
    assert (preview.unchanged, [row.title for row in preview.gone]) == (1, ["Old"])
    assert take_in(session, later) == (1, 1, 1, 1)
    after = {row.title: row for row in all_sessions(session)}
    assert after["Silent"].do_not_record
    assert after["Silent"].audience == "room"
    assert (after["Seeds and soil"].track, after["Seeds and soil"].licence) == ("Soil", "CC BY 4.0")
    assert after["Seeds and soil"].code == before["Seeds"]
    # And the JSON again, then the calendar again: no new code.
    assert take_in(session, schedule(wish, talk("GHIJKL", "Seeds", 10)))[0] == 0
    assert take_in(session, later)[0] == 0
    assert codes(session)["Seeds and soil"] == before["Seeds"]


def test_a_calendar_first_and_the_json_later(session: Session) -> None:
    take_in(session, ics(("ABCDEF", "Silent", 9)))
    before = codes(session)
    assert take_in(session, schedule(talk("ABCDEF", "Silent", 15, do_not_record=True))) == (
        0,
        1,
        0,
        0,
    )
    (row,) = all_sessions(session)
    assert (row.code, row.do_not_record) == (before["Silent"], True)


def test_a_talk_held_twice_meets_its_own_slot(session: Session) -> None:
    take_in(session, schedule(talk("ABCDEF", "Tour", 9), talk("ABCDEF", "Tour", 15)))
    before = {row.starts_at: row.code for row in all_sessions(session)}
    again = ics(("ABCDEF-1", "Tour", 16), ("ABCDEF-0", "Tour", 10))
    assert take_in(session, again) == (0, 2, 0, 0)
    after = {row.starts_at: row.code for row in all_sessions(session)}
    hours = {moment.hour: code for moment, code in before.items() if moment}
    assert {moment.hour: code for moment, code in after.items() if moment} == {
        10: hours[9],
        16: hours[15],
    }


def test_the_same_title_at_the_same_time_is_the_same_session(session: Session) -> None:
    take_in(session, schedule(talk("ABCDEF", "Seeds", 9), talk("GHIJKL", "Soil", 10)))
    before = codes(session)
    table = b"id,title,start,room\n1,Seeds,2026-07-23 09:00,Attic\n2,Soil,2026-07-23 12:00,Hall\n"
    reading = inspect_schedule(table, timezone="UTC")
    assert take_in(session, reading) == (1, 1, 0, 1)
    assert codes(session)["Seeds"] == before["Seeds"]
    assert codes(session)["Soil"] != before["Soil"]
    assert take_in(session, reading)[:2] == (0, 0)


def test_two_of_the_same_title_and_time_are_never_taken_for_each_other(session: Session) -> None:
    twice = [talk(code, "Workshop", 9, room=code) for code in ("ABCDEF", "GHIJKL")]
    take_in(session, schedule(*twice))
    table = b"id,title,start\n1,Workshop,2026-07-23 09:00\n"
    assert take_in(session, inspect_schedule(table, timezone="UTC")) == (1, 0, 0, 2)


def test_a_table_without_columns_leaves_what_it_says_nothing_of(session: Session) -> None:
    take_in(session, schedule(talk("ABCDEF", "Seeds", 9, do_not_record=True)))
    table = b"title,start,end\nSeeds,2026-07-23 09:00,2026-07-23 09:45\n"
    assert take_in(session, inspect_schedule(table, timezone="UTC")) == (0, 0, 1, 0)
    (row,) = all_sessions(session)
    assert (row.do_not_record, row.speakers, row.room) == (True, "Ada Lovelace", "Hall")


def test_the_preview_writes_nothing(session: Session) -> None:
    take_in(session, schedule(talk("ABCDEF", "Seeds", 9)))
    preview = preview_import(session, ics(("GHIJKL", "Soil", 10)))
    assert (preview.first, preview.last) == (
        datetime(2026, 7, 23, 10, tzinfo=UTC),
        datetime(2026, 7, 23, 10, 45, tzinfo=UTC),
    )
    assert not session.dirty
    assert not session.new
    assert list(codes(session)) == ["Seeds"]


# The command line.


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


TABLE = "Title,Date,Start,Reminder Time\nSeeds,05/12/2026,9:00,8:45\nSoil,06/12/2026,10:00,\n,06/12/2026,11:00,\n"


def test_dry_run_shows_all_and_imports_nothing(tmp_path: Path) -> None:
    folder, file = tmp_path / "g", tmp_path / "days.csv"
    assert run("new", "G", "--timezone", "Europe/Berlin", "--gathering", folder).exit_code == 0
    file.write_text(TABLE)
    shown = run("--gathering", folder, "sessions", "import", file, "--dry-run")
    assert shown.exit_code == 0
    for words in (
        "2 session(s) in this CSV table",
        "from Sat 05 Dec 2026 09:00 to Sun 06 Dec 2026 10:00, times of Europe/Berlin",
        "left out: Row 4 has no title",
        "note: Dates such as 05/12/2026 can be read in two ways",
        "“Reminder Time”",
        "new: Sat 05 Dec 09:00  Seeds",
        "2 new, 0 changed, 0 unchanged, 0 gone. Nothing was imported.",
    ):
        assert words in shown.stdout
    listed = json.loads(run("--gathering", folder, "sessions", "list", "--json").stdout)
    assert {row["title"] for row in listed["sessions"]} == {"Lobby"}


def test_dry_run_as_json(tmp_path: Path) -> None:
    folder, file = tmp_path / "g", tmp_path / "days.csv"
    file.write_text("id,title,start\n1,Seeds,2026-12-05 09:00\n2,Soil,2026-12-05 10:00\n")
    run("new", "G", "--schedule", file, "--timezone", "UTC", "--gathering", folder)
    file.write_text("id,title,start\n1,Seeds,2026-12-05 11:00\n3,Bees,\n")
    shown = json.loads(
        run("--gathering", folder, "sessions", "import", file, "--dry-run", "--json").stdout
    )
    assert (shown["kind"], shown["sessions"], shown["without_time"]) == ("CSV table", 2, 1)
    assert [item["title"] for item in shown["new"]] == ["Bees"]
    assert [(c["title"], c["fields"], c["new_start"]) for c in shown["changed"]] == [
        ("Seeds", ["start"], "2026-12-05T11:00:00+00:00")
    ]
    assert [row["title"] for row in shown["gone"]] == ["Soil"]


def test_an_import_tells_what_was_in_doubt_on_standard_error(tmp_path: Path) -> None:
    folder, file = tmp_path / "g", tmp_path / "days.csv"
    file.write_text(TABLE)
    made = run("new", "G", "--schedule", file, "--timezone", "UTC", "--gathering", folder)
    again = run("--gathering", folder, "sessions", "import", file, "--json")
    for result in (made, again):
        assert result.exit_code == 0
        assert "left out: Row 4 has no title" in result.stderr
        assert "can be read in two ways" in result.stderr
    assert json.loads(again.stdout)["unchanged"] == 2


def test_a_new_gathering_is_told_that_its_schedule_names_no_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.runtime.timezone.local_timezone", lambda: "Pacific/Auckland")
    file = tmp_path / "days.csv"
    file.write_text("title,start\nSeeds,2026-12-05 09:00\n")
    made = run("new", "G", "--schedule", file, "--gathering", tmp_path / "g")
    assert "doesn't tell its time zone" in made.stderr
    assert "Pacific/Auckland" in made.stderr


def test_a_new_gathering_takes_the_place_of_the_rules_in_its_calendar(tmp_path: Path) -> None:
    file = tmp_path / "talks.ics"
    file.write_text(
        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:EST\r\nBEGIN:STANDARD\r\nDTSTART:20001105T020000\r\n"
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\nTZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:20000312T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\nTZOFFSETFROM:-0500\r\n"
        "TZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Soil\r\n"
        "DTSTART;TZID=EST:20260723T100000\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Floats\r\n"
        "DTSTART:20260723T120000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    folder = tmp_path / "g"
    made = run("new", "G", "--schedule", file, "--gathering", folder)
    assert "times of America/New_York" in made.stdout
    listed = json.loads(run("--gathering", folder, "sessions", "list", "--json").stdout)
    assert {row["title"]: row["starts_at"] for row in listed["sessions"]} == {
        "Soil": "2026-07-23T14:00:00+00:00",
        "Floats": "2026-07-23T16:00:00+00:00",
    }
