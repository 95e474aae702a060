"""Sessions changed by hand: what is kept, what is refused, and that a printed code is never lost."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from reporter.errors import BadInput
from reporter.gathering import session_editing
from reporter.gathering.session_editing import SessionFields
from reporter.gathering.sessions import all_sessions, by_code, ensure_lobby, import_schedule
from reporter.models import EventSession
from reporter.schedule import read_schedule
from tests.support.kiosk_process import START, TurnableClock, add_takeaway

HOUR = timedelta(hours=1)
SCHEDULE = b"title,start,end,room,language\nTalk,2026-03-14 15:00,2026-03-14 16:00,Hall,de\n"


def test_everything_about_a_session_can_be_changed_but_its_code(
    session: Session, event: EventSession
) -> None:
    code = event.code
    fields = SessionFields(
        " Gardens  in spring ",
        "Hall",
        "Ada, Grace",
        "de",
        START + HOUR,
        START + 2 * HOUR,
        do_not_record=True,
        series=True,
    )
    assert session_editing.edit_session(session, event, fields, now=START)
    session.expire_all()
    row = by_code(session, code)
    values = (
        row.title,
        row.room,
        row.speakers,
        row.language,
        row.starts_at,
        row.ends_at,
        row.series,
    )
    assert values == (
        "Gardens in spring",
        "Hall",
        "Ada, Grace",
        "de",
        START + HOUR,
        START + 2 * HOUR,
        True,
    )
    assert (row.do_not_record, row.audience) == (True, "room")
    assert not session_editing.edit_session(session, row, fields, now=START), (
        "the same again is no change"
    )


def test_what_was_recorded_is_told_by_the_new_title(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    row = add_takeaway(session, event, rng)
    before = row.revision
    session_editing.edit_session(session, event, SessionFields("Another title"), now=START)
    assert row.revision > before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (SessionFields(" "), "needs a title"),
        (SessionFields("A" * 301), "300 characters"),
        (SessionFields("A", ends_at=START), "needs a start"),
        (SessionFields("A", starts_at=START, ends_at=START), "later than the start"),
    ],
)
def test_what_can_not_be_is_refused(
    session: Session, event: EventSession, fields: SessionFields, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        session_editing.edit_session(session, event, fields, now=START)
    session.expire_all()
    assert event.title == "Community gardens in winter"


def test_a_removed_session_keeps_its_code_and_comes_back(
    session: Session, event: EventSession
) -> None:
    session_editing.remove_session(session, event, now=START)
    assert all_sessions(session) == []
    assert by_code(session, event.code) is event
    assert session_editing.removed_sessions(session) == [event]
    session_editing.restore_session(session, event, now=START)
    assert all_sessions(session) == [event]


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("way", ["by hand", "schedule"])
def test_the_empty_lobby_goes_when_there_is_a_plan(
    session: Session, rng: random.Random, clock: TurnableClock, way: str, used: bool
) -> None:
    lobby = ensure_lobby(session, now=clock(), rng=rng)
    assert lobby is not None
    if used:
        add_takeaway(session, lobby, rng)
    if way == "schedule":
        scheduled = read_schedule(SCHEDULE, timezone="Europe/Berlin")
        import_schedule(session, scheduled, now=clock(), rng=rng)
    else:
        fields = SessionFields("Talk", starts_at=START)
        session_editing.create_session(session, fields, now=clock(), rng=rng)
    titles = sorted(row.title for row in all_sessions(session))
    assert titles == (["Lobby", "Talk"] if used else ["Talk"])
    assert by_code(session, lobby.code) is lobby


def test_a_schedule_brings_the_language_of_a_session(
    session: Session, rng: random.Random, clock: TurnableClock
) -> None:
    scheduled = read_schedule(SCHEDULE, timezone="Europe/Berlin")
    import_schedule(session, scheduled, now=clock(), rng=rng)
    assert [row.language for row in all_sessions(session)] == ["de"]
