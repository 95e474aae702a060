"""The desk's session editor and schedules: by form, by file, by paste, by address; a look before anything changes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from reporter.config import Settings
from reporter.gathering.sessions import all_sessions
from reporter.models import EventSession
from tests.support.browsers.pages import press, token

CSV = (
    "title,start,end,room,id\nFirst,2026-03-14 10:00,2026-03-14 11:00,Hall,a\n"
    "Second,2026-03-14 12:00,2026-03-14 13:00,Attic,b\n"
)
PAGE = "/desk/sessions"


@dataclass(frozen=True)
class Plans:
    """A web server with the files of a folder."""

    folder: Path
    url: str


@pytest.fixture
def plans(tmp_path: Path) -> Iterator[Plans]:
    """It serves until the test ends."""
    folder = tmp_path / "plans"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Plans(folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def titles(session: Session) -> list[str]:
    session.expire_all()
    return [row.title for row in all_sessions(session)]


def test_a_session_is_added_with_all_it_has(client: FlaskClient, session: Session) -> None:
    press(
        client,
        PAGE,
        title="Night walk",
        day="2026-03-14",
        begins="23:00",
        ends="01:30",
        room="Gate",
        speakers="Ada",
        language="uk",
        do_not_record="1",
    )
    row = session.scalars(select(EventSession).where(EventSession.title == "Night walk")).one()
    assert row.starts_at == datetime(2026, 3, 14, 22, 0, tzinfo=UTC)
    assert row.ends_at == datetime(2026, 3, 15, 0, 30, tzinfo=UTC), "past midnight"
    assert (row.room, row.speakers, row.language) == ("Gate", "Ada", "uk")
    assert row.do_not_record
    page = client.get(PAGE).text
    assert "Ukrainian" in page
    assert "Lobby" not in titles(session)


def test_an_end_before_the_start_is_a_slip_of_the_keys(
    client: FlaskClient, session: Session
) -> None:
    answer = press(client, PAGE, title="Circle", day="2026-03-14", begins="15:00", ends="14:00")
    assert answer.status_code == 422
    assert "The end is before the start. Correct one of the two." in answer.text
    assert 'value="14:00"' in answer.text
    assert "Circle" not in titles(session)


def test_a_session_is_edited_and_keeps_what_was_typed_when_refused(
    event: EventSession, client: FlaskClient, session: Session
) -> None:
    form = client.get(f"{PAGE}/{event.code}").text
    assert 'value="15:00"' in form, "14:00 UTC is 15:00 in Berlin"
    bad = press(client, f"{PAGE}/{event.code}", title="New", day="2026-03-14", begins="25:00")
    assert bad.status_code == 422
    assert 'value="New"' in bad.text
    assert titles(session) == ["Community gardens in winter"]
    press(client, f"{PAGE}/{event.code}", title="New", day="2026-03-15", begins="09:00")
    session.expire_all()
    assert event.title == "New"
    assert event.starts_at == datetime(2026, 3, 15, 8, 0, tzinfo=UTC)
    assert event.ends_at is None


def test_a_session_is_removed_and_brought_back(
    event: EventSession, client: FlaskClient, session: Session
) -> None:
    press(client, f"{PAGE}/{event.code}/remove")
    assert titles(session) == []
    assert client.get(f"/s/{event.code}").status_code == 200, "a printed code still works"
    assert "1 removed session" in client.get(PAGE).text
    press(client, f"{PAGE}/{event.code}/restore")
    assert titles(session) == ["Community gardens in winter"]


def bring(client: FlaskClient, way: str, text: str, plans: Plans) -> TestResponse:
    """Give a schedule in one of the three ways."""
    if way == "paste":
        return press(client, f"{PAGE}/schedule", text=text)
    if way == "address":
        (plans.folder / "plan.csv").write_text(text, encoding="utf-8")
        return press(client, f"{PAGE}/schedule", url=f"{plans.url}/plan.csv")
    data = {"csrf_token": token(client), "file": (BytesIO(text.encode()), "plan.csv")}
    return client.post(f"{PAGE}/schedule", data=data, buffered=True)


def go_on(client: FlaskClient, preview: TestResponse) -> TestResponse:
    name = preview.text.split(f'action="{PAGE}/schedule/')[1].split('"')[0]
    return press(client, f"{PAGE}/schedule/{name}")


@pytest.mark.parametrize("way", ["file", "paste", "address"])
def test_a_schedule_is_looked_at_first(
    client: FlaskClient, session: Session, gathering: Settings, plans: Plans, way: str
) -> None:
    preview = bring(client, way, CSV, plans)
    assert preview.status_code == 200
    assert "First" in preview.text
    assert "Second" in preview.text
    assert titles(session) == ["Lobby"], "nothing has changed yet"
    assert go_on(client, preview).status_code == 303
    assert titles(session) == ["First", "Second"]
    assert len(list((gathering.folder / "incoming").iterdir())) <= 1


def test_files_of_two_days_are_brought_in_together(
    client: FlaskClient, session: Session, plans: Plans
) -> None:
    head = "title,start,end,id\n"
    days = [
        (
            "saturday.csv",
            f"{head}First,2026-03-14 10:00,2026-03-14 11:00,1\nOdd,2026-03-14 99:00,,2\n",
        ),
        ("sunday.csv", f"{head}Second,2026-03-15 10:00,2026-03-15 11:00,1\n"),
    ]
    parts = [(BytesIO(text.encode()), name) for name, text in days]
    data = {"csrf_token": token(client), "file": parts}
    preview = client.post(f"{PAGE}/schedule", data=data, buffered=True)
    assert "saturday.csv: Row 3" in preview.text
    go_on(client, preview)
    assert sorted(titles(session)) == ["First", "Odd", "Second"]
    parts = [(BytesIO(days[0][1].encode()), "a.csv"), (BytesIO(b"\0\1\2"), "broken.csv")]
    refused = client.post(
        f"{PAGE}/schedule", data={"csrf_token": token(client), "file": parts}, buffered=True
    )
    assert (refused.status_code, "broken.csv" in refused.text) == (422, True)


def test_the_preview_tells_what_changes_what_goes_and_what_stays(
    client: FlaskClient, session: Session, plans: Plans
) -> None:
    go_on(client, bring(client, "paste", CSV, plans))
    codes = {row.title: row.code for row in all_sessions(session)}
    third = "Third,2026-03-14 14:00,2026-03-14 15:00,Hall,c\n"
    later = CSV.replace("First,2026-03-14 10:00", "First,2026-03-14 10:30").replace(
        "Second,2026-03-14 12:00,2026-03-14 13:00,Attic,b\n", third
    )
    preview = bring(client, "paste", later, plans)
    assert "Mar 14, 2026, 10:00\u202fAM" in preview.text
    assert "Mar 14, 2026, 10:30\u202fAM" in preview.text
    for words in ("New", "Changed", "No longer in the schedule"):
        assert f"{words} <span" in preview.text
    assert titles(session) == ["First", "Second"]
    go_on(client, preview)
    # Of nothing it says nothing.
    summary = (
        "1 session added · 1 session changed · 1 session off the list · Every code stays as it was."
    )
    assert summary in client.get(PAGE).text
    assert titles(session) == ["First", "Third"]
    assert {row.code for row in all_sessions(session)} >= {codes["First"]}
    again = bring(client, "paste", later, plans)
    assert "just like this already" in again.text


def test_pasted_lines_without_a_date_are_on_the_day_of_the_gathering(
    client: FlaskClient, session: Session
) -> None:
    press(
        client,
        "/desk/setup/gathering",
        title="Fair",
        timezone="Europe/Berlin",
        language="en",
        date="2026-12-05",
    )
    preview = press(client, f"{PAGE}/schedule", text="10:00 Seeds, Room 1\n11:30-12:00 Bread\n")
    assert "No date is named" in preview.text
    go_on(client, preview)
    starts = {row.title: row.starts_at for row in all_sessions(session)}
    assert starts == {
        "Seeds, Room 1": datetime(2026, 12, 5, 9, tzinfo=UTC),
        "Bread": datetime(2026, 12, 5, 10, 30, tzinfo=UTC),
    }
    # There were no codes before that could have stayed.
    assert "2 sessions added</p>" in client.get(PAGE).text


def test_a_time_that_was_not_understood_is_not_called_all_day(client: FlaskClient) -> None:
    table = "title,start\nSeeds,2026-12-05 10:00\nBread,whenever it is done\nParty,\n"
    page = press(client, f"{PAGE}/schedule", text=table)
    rows = page.text.split('<p class="time">')[1:]
    times = {row.split("<strong")[1].split(">")[1].split("<")[0]: row.split("<")[0] for row in rows}
    assert times == {"Seeds": times["Seeds"], "Bread": "time not understood", "Party": "all day"}


def test_a_preview_says_how_many_from_when_to_when_and_in_which_zone(
    client: FlaskClient, event: EventSession
) -> None:
    table = f"{CSV}Long,2026-03-13 23:00,2026-03-15 01:30,,c\nOpen,,,,d\n"
    page = press(client, f"{PAGE}/schedule", text=table)
    paragraph = page.text.split("</h1>")[1].split("</p>")[0]
    words = " ".join(re.sub("<[^>]+>", "", paragraph).split())
    assert words == ("Sessions: 4 · Mar 13, 2026, 11:00 PM – Mar 15, 2026, 1:30 AM · Europe/Berlin")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose a file"),
        ({"text": "\x00\x01"}, "text file"),
        ({"url": "ftp://example.org/plan.csv"}, "begins with http"),
        ({"url": "http://127.0.0.1:9/plan.csv"}, "127.0.0.1"),
        ({"url": "webcal://127.0.0.1:9/plan.ics"}, "127.0.0.1"),
    ],
)
def test_what_is_no_schedule_is_told_and_changes_nothing(
    client: FlaskClient, session: Session, fields: dict[str, str], words: str
) -> None:
    answer = press(client, f"{PAGE}/schedule", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert titles(session) == ["Lobby"]


def test_a_preview_that_is_gone_brings_nothing_in(client: FlaskClient, session: Session) -> None:
    for name in ("0" * 64, "..%2F..%2Freporter.toml"):
        assert press(client, f"{PAGE}/schedule/{name}").status_code == 404
    assert titles(session) == ["Lobby"]


def test_times_of_another_zone_are_pointed_out(client: FlaskClient, plans: Plans) -> None:
    calendar = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-TIMEZONE:America/Bogota\r\nBEGIN:VEVENT\r\n"
        "UID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260314T100000\r\nSUMMARY:Talk\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )
    assert "America/Bogota" in bring(client, "paste", calendar, plans).text
