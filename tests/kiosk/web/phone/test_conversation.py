"""The conversation at the gathering: read, answer, second, report; nobody sees what did not pass review."""

from __future__ import annotations

import random

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.conversation import replies
from reporter.enums import ReplyState
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from reporter.models.conversation import Reply
from reporter.moderation.decisions import withdraw
from tests.support.browsers.pages import press
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway

PHONE = {"REMOTE_ADDR": "192.168.4.20"}


@pytest.fixture
def takeaway(session: Session, event: EventSession, rng: random.Random) -> Takeaway:
    return add_takeaway(session, event, rng, state="approved", text="Who has seeds?")


def say(client: FlaskClient, takeaway: Takeaway, text: str, **fields: str) -> str:
    """Post a reply as a phone; its receipt."""
    answer = client.post(
        f"/talk/{takeaway.id.hex}/replies",
        data={"text": text, **fields},
        headers={"Accept": "application/json"},
        environ_base=PHONE,
    )
    assert answer.status_code == 201, answer.get_data(as_text=True)
    receipt: str = answer.get_json()["receipt"]
    return receipt


def page(client: FlaskClient, takeaway: Takeaway) -> str:
    answer = client.get(f"/talk/{takeaway.id.hex}", environ_base=PHONE)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_reply_is_read_by_others_after_the_review(
    client: FlaskClient, session: Session, takeaway: Takeaway, clock: TurnableClock
) -> None:
    receipt = say(client, takeaway, "I have <b>leeks</b>", author="Ben")
    assert "leeks" not in page(client, takeaway)
    assert takeaway.receipt not in page(client, takeaway)
    [row] = session.scalars(select(Reply))
    assert (row.state, row.audience) == ("held", "public")
    replies.decide(session, row, actor(clock), ReplyState.SHOWN)
    assert "I have &lt;b&gt;leeks&lt;/b&gt;" in page(client, takeaway)
    record = client.get(f"/t/{takeaway.receipt}", headers={"Accept": "application/json"})
    assert record.get_json()["replies"] == 1
    assert "leeks" in client.get(f"/t/{takeaway.receipt}").get_data(as_text=True)
    assert client.get(f"/r/{receipt}").status_code == 200
    client.post(f"/r/{receipt}/withdraw", environ_base=PHONE)
    assert "leeks" not in page(client, takeaway)
    session.refresh(row)
    assert (row.state, row.text, row.author) == ("gone", "", "")


def test_the_same_form_twice_is_one_reply_and_me_too_counts_once(
    client: FlaskClient, session: Session, takeaway: Takeaway
) -> None:
    first = say(client, takeaway, "Me", client_id="0190b0a0-0000-7000-8000-000000000001")
    again = say(client, takeaway, "Me", client_id="0190b0a0-0000-7000-8000-000000000001")
    assert first == again
    for _ in range(3):
        client.post(f"/talk/{takeaway.id.hex}/second", environ_base=PHONE)
    client.post(f"/talk/{takeaway.id.hex}/second", environ_base={"REMOTE_ADDR": "192.168.4.9"})
    assert replies.reaction_counts(session, takeaway) == {"second": 2}


def test_only_what_the_room_may_see_can_be_answered(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    waiting = add_takeaway(session, event, rng, state="new", text="Not yet")
    for number in (waiting.id.hex, "nonsense", "0" * 32):
        assert client.get(f"/talk/{number}", environ_base=PHONE).status_code == 404
        response = client.post(f"/talk/{number}/replies", data={"text": "Hm"}, environ_base=PHONE)
        assert response.status_code == 404
    assert session.scalars(select(Reply)).all() == []


def test_a_reply_is_never_for_more_people_than_what_it_answers(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    row = add_takeaway(session, event, rng, state="approved", audience="room")
    say(client, row, "Secret", audience="public")
    assert session.scalars(select(Reply.audience)).all() == ["room"]


def test_words_of_the_list_and_empty_and_long_ones(
    client: FlaskClient, session: Session, gathering: Settings, takeaway: Takeaway
) -> None:
    (gathering.folder / "blocked-words.txt").write_text("dung*\n", encoding="utf-8")
    say(client, takeaway, "Dungbeetle")
    assert session.scalars(select(Reply.flagged)).all() == [True]
    address = f"/talk/{takeaway.id.hex}/replies"
    assert client.post(address, data={"text": "  "}).status_code == 422
    assert client.post(address, data={"text": "x" * 2001}).status_code == 422
    assert client.post(address, data={"text": "x", "kind": "report"}).status_code == 303
    assert client.post(address, data={"text": "x", "kind": "reply"}).status_code == 422


def test_a_report_reaches_only_the_organizers(
    client: FlaskClient, session: Session, takeaway: Takeaway
) -> None:
    client.post(
        f"/talk/{takeaway.id.hex}/report", data={"text": "That is my face"}, environ_base=PHONE
    )
    assert "my face" not in page(client, takeaway)
    assert "my face" in client.get("/desk/conversation").get_data(as_text=True)


def test_withdrawing_the_takeaway_takes_the_thread_along(
    client: FlaskClient, session: Session, takeaway: Takeaway, clock: TurnableClock, store: Store
) -> None:
    receipt = say(client, takeaway, "Here are mine", author="Ben")
    withdraw(session, takeaway, actor(clock), store)
    [row] = session.scalars(select(Reply))
    session.refresh(row)
    assert (row.text, row.author, row.state) == ("", "", "gone")
    assert client.get(f"/talk/{takeaway.id.hex}").status_code == 404
    assert client.get(f"/r/{receipt}").status_code == 200


def test_the_code_of_conduct_is_the_gatherings_own(
    client: FlaskClient, gathering: Settings
) -> None:
    assert "Be kind" in client.get("/conduct").get_data(as_text=True)
    (gathering.folder / "conduct.txt").write_text(
        "Ours:\nno shouting\n\nAsk Ada.", encoding="utf-8"
    )
    text = client.get("/conduct").get_data(as_text=True)
    assert "no shouting" in text
    assert "Be kind" not in text


def test_the_inbox_shows_answers_and_is_done(
    client: FlaskClient, session: Session, takeaway: Takeaway
) -> None:
    receipt = say(client, takeaway, "Where do I find them?", author="Ben")
    [row] = session.scalars(select(Reply))
    inbox = "/desk/conversation"
    assert "Where do I find them?" in client.get(inbox).get_data(as_text=True)
    sleeping = client.get(f"{inbox}?view=snoozed").get_data(as_text=True)
    assert "Nothing here." in sleeping
    assert "Nothing waits" not in sleeping
    press(client, f"{inbox}/{row.id.hex}/decide", do="show")
    press(client, f"{inbox}/{row.id.hex}/decide", do="assign", name=" Ada  L. ")
    press(client, f"{inbox}/{row.id.hex}/answer", text="On the shelf.", greeting="Hello!")
    session.expire_all()
    assert (row.state, row.assigned, row.done_by) == ("shown", "Ada L.", "desk")
    thread = page(client, takeaway)
    assert "Hello!\n\nOn the shelf." in thread
    assert "Where do I find them?" in thread
    assert "Where do I find them?" not in client.get(inbox).get_data(as_text=True)
    assert "Where do I find them?" in client.get(f"{inbox}?view=done").get_data(as_text=True)
    assert client.get(f"/r/{receipt}").status_code == 200
    [ours] = session.scalars(select(Reply).where(Reply.ours))
    press(client, f"{inbox}/{ours.id.hex}/decide", do="unsay")
    assert "On the shelf." not in page(client, takeaway)


def test_sleeping_replies_wake_up(
    client: FlaskClient, session: Session, takeaway: Takeaway, clock: TurnableClock
) -> None:
    say(client, takeaway, "Later")
    [row] = session.scalars(select(Reply))
    press(client, f"/desk/conversation/{row.id.hex}/decide", do="snooze")
    assert "Later" not in client.get("/desk/conversation").get_data(as_text=True)
    clock.turn(days=1, minutes=1)
    assert "Later" in client.get("/desk/conversation").get_data(as_text=True)


def test_the_inbox_is_closed_to_phones(client: FlaskClient) -> None:
    assert client.get("/desk/conversation", environ_base=PHONE).status_code == 403
