"""The pages that lead on: open items, the plan, the next gathering, the slide, the calendar, addresses."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.codes.qr_reader import read_codes
from kiosk.cli import main
from kiosk.web.desk.follow_up import action_items
from reporter.config import Settings
from reporter.media.store import Store
from reporter.models import EventSession, Story, Takeaway
from reporter.models.follow_up import ActionItem, Contact, NextGathering, PlanStep
from tests.support.browsers.pages import place_of, press
from tests.support.kiosk_process import add_takeaway

PHONE = {"REMOTE_ADDR": "192.168.4.20"}
DESK = "/desk/actions"


@pytest.fixture
def question(session: Session, event: EventSession, rng: random.Random) -> Takeaway:
    return add_takeaway(
        session, event, rng, state="approved", intent="question", text="Who has seeds?"
    )


def test_a_takeaway_becomes_an_item_and_is_settled(
    client: FlaskClient, session: Session, question: Takeaway
) -> None:
    page = client.get(f"{DESK}?takeaway={question.receipt}").text
    assert 'value="Who has seeds?"' in page
    assert "not answered yet" in page
    press(
        client,
        f"{DESK}?takeaway={question.receipt}",
        kind="question",
        what="Who has seeds?",
        who="Ada",
    )
    [item] = session.scalars(select(ActionItem))
    assert (item.takeaway_id, item.who, item.who_agreed) == (question.id, "Ada", False)
    assert "Who has seeds?" in client.get("/outcomes", environ_base=PHONE).text
    assert "Ada" not in client.get("/outcomes", environ_base=PHONE).text
    press(
        client,
        f"{DESK}/{item.id.hex}",
        what="Who has seeds?",
        who="Ada",
        who_agreed="1",
        outcome="Ben has",
        settle="done",
    )
    session.expire_all()
    assert (item.state, item.outcome) == ("done", "Ben has")
    slide = client.get("/outcomes", environ_base=PHONE).text
    assert "Ben has" in slide
    assert "Ada" in slide
    settled = client.get(f"{DESK}?state=done").text
    assert "Who has seeds?" in settled
    assert "Saved." in settled
    assert "Ben has" in client.get("/desk/afterwards/digest").text


def test_of_many_questions_the_oldest_are_shown_and_the_others_counted(
    client: FlaskClient,
    session: Session,
    event: EventSession,
    rng: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    question: Takeaway,
) -> None:
    monkeypatch.setattr(action_items, "MOST", 1)
    later = question.recorded_at + timedelta(minutes=1)
    for text in ("Where do bees sleep?", "Who has a spade?"):
        add_takeaway(
            session, event, rng, state="approved", intent="question", text=text, recorded_at=later
        )
    page = client.get(DESK).text
    assert "Who has seeds?" in page
    assert "Where do bees sleep?" not in page
    assert "and 2 more" in page
    assert page.count("not answered yet") == 1
    assert "and 2 more" not in client.get(f"{DESK}?state=done").text


def test_the_calendar_is_for_everybody_and_the_desk_is_not(
    client: FlaskClient, session: Session, question: Takeaway
) -> None:
    press(client, f"{DESK}?takeaway={question.receipt}", kind="question", what="Seeds")
    feed = client.get("/calendar.ics", environ_base=PHONE)
    assert feed.mimetype == "text/calendar"
    assert "SUMMARY:Seeds" in feed.text
    for path in (DESK, "/desk/afterwards", "/desk/afterwards/digest"):
        assert client.get(path, environ_base=PHONE).status_code == 403


def draft(session: Session, story: Story) -> bool:
    session.expire_all()
    return story.draft


def test_the_plan_is_drafted_sent_and_taken_back(
    client: FlaskClient, session: Session, question: Takeaway
) -> None:
    page = client.get("/desk/afterwards").text
    assert "Write the draft" in page
    # As each language writes a share.
    assert "<strong>0%</strong>" in page
    assert "<strong>0\xa0%</strong>" in client.get("/desk/afterwards?lang=de").text
    client.get("/desk/afterwards?lang=en")
    press(client, "/desk/afterwards/plan/thanks", do="draft")
    [story] = session.scalars(select(Story))
    assert story.draft
    press(client, "/desk/afterwards/plan/thanks", do="day", due_on="2026-04-01")
    assert "due Apr 1, 2026" in client.get("/desk/afterwards").text
    answer = press(client, "/desk/afterwards/plan/thanks", do="yes")
    assert place_of(client, answer) == "plan"
    assert not draft(session, story)
    assert session.scalars(select(PlanStep.state)).all() == ["sent"]
    press(client, "/desk/afterwards/plan/thanks", do="back")
    assert draft(session, story)
    assert press(client, "/desk/afterwards/plan/party", do="draft").status_code == 404
    assert press(client, "/desk/afterwards/plan/done", do="draft").status_code == 422


def test_the_next_gathering_is_set_in_the_gatherings_zone(
    client: FlaskClient, session: Session
) -> None:
    press(
        client,
        "/desk/afterwards/next",
        title="Summer",
        starts_at="2026-06-20T14:00",
        ends_at="",
        place="The shed",
        url="https://example.org/s",
        words="Bring cake",
    )
    [row] = session.scalars(select(NextGathering))
    assert row.starts_at == datetime(2026, 6, 20, 12, 0, tzinfo=UTC)
    assert "Summer" in client.get("/outcomes", environ_base=PHONE).text
    assert client.get("/next/qr.svg").mimetype == "image/svg+xml"
    bad = press(client, "/desk/afterwards/next", title="X", starts_at="tomorrow")
    assert bad.status_code == 422
    evil = press(
        client, "/desk/afterwards/next", title="X", starts_at="2026-06-20T14:00", url="javascript:1"
    )
    assert evil.status_code == 422
    press(client, "/desk/afterwards/next", do="forget")
    assert session.scalars(select(NextGathering)).all() == []


def test_an_address_is_kept_for_the_desk_alone_and_forgotten_on_demand(
    client: FlaskClient, session: Session, question: Takeaway
) -> None:
    path = f"/t/{question.receipt}/mail"
    client.post(path, data={"address": "ben@example.org", "answer": "1"}, environ_base=PHONE)
    [contact] = session.scalars(select(Contact))
    assert (contact.address, contact.answer, contact.invite) == ("ben@example.org", True, False)
    record = client.get(f"/t/{question.receipt}", headers={"Accept": "application/json"}).text
    assert "ben@" not in record
    assert "ben@" not in client.get("/search?q=seeds").text
    assert client.post(path, data={"address": "ben"}, environ_base=PHONE).status_code == 422
    client.post(path, data={"stop": "1"}, environ_base=PHONE)
    assert session.scalars(select(Contact)).all() == []


def test_the_shell_lists_items_and_begins_the_next_gathering(
    client: FlaskClient,
    session: Session,
    question: Takeaway,
    event: EventSession,
    gathering: Settings,
    tmp_path: Path,
) -> None:
    press(client, f"{DESK}?takeaway={question.receipt}", kind="question", what="Seeds")
    press(client, f"/desk/sessions/{event.code}/series", on="1")
    runner, ics = CliRunner(), tmp_path / "open.ics"
    listed = runner.invoke(
        main, ["--gathering", str(gathering.folder), "actions", "--json", "--ics", str(ics)]
    )
    [item] = json.loads(listed.output)["items"]
    assert (item["what"], item["state"], item["receipt"]) == ("Seeds", "open", question.receipt)
    assert b"SUMMARY:Seeds" in ics.read_bytes()
    later = ["--gathering", str(tmp_path / "later"), "new", "Autumn"]
    made = runner.invoke(main, [*later, "--from", str(gathering.folder)])
    assert "1 open questions" in made.output, made.output
    listed = runner.invoke(
        main, ["--gathering", str(tmp_path / "later"), "sessions", "list", "--json"]
    )
    assert [row["title"] for row in json.loads(listed.output)["sessions"]] == [event.title]
    missing = runner.invoke(main, [*later, "--from", str(tmp_path / "nowhere")])
    assert missing.exit_code == 1


def test_the_invitation_has_a_picture_with_a_code(
    client: FlaskClient, session: Session, event: EventSession, gathering: Settings
) -> None:
    url = "https://example.org/summer"
    press(
        client,
        "/desk/afterwards/next",
        title="Summer",
        starts_at="2026-06-20T14:00",
        place="The shed",
        url=url,
    )
    press(client, "/desk/afterwards/plan/invitation", do="draft")
    press(client, "/desk/afterwards/plan/invitation", do="draft")
    session.expire_all()
    [story] = session.scalars(select(Story).where(Story.title == "You are invited: Summer"))
    [item] = story.items
    takeaway = session.get_one(Takeaway, item.takeaway_id)
    [attachment] = takeaway.attachments
    assert "The shed" in attachment.alt
    original = Store(gathering.folder).original(attachment.media.sha256, attachment.media.ext)
    assert [code.text for code in read_codes(original)] == [url]
    # It has no session that anybody would scan, and no post of its own.
    assert "From the organizers" not in client.get("/", environ_base=PHONE).text
    assert session.scalars(
        select(Story.draft).where(Story.session_id == takeaway.session_id)
    ).all() == [True]
