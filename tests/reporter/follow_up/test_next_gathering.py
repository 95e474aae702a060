"""Open items, addresses and what the next gathering takes over: what was agreed to, and nothing else."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest
import vobject
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.conversation import replies
from reporter.enums import ReplyState
from reporter.errors import BadInput, Conflict, NotFound
from reporter.follow_up import action_items, next_gathering
from reporter.follow_up.icalendar import calendar
from reporter.follow_up.statistics import Share, board
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from reporter.models.follow_up import ActionItem, Contact
from reporter.moderation.decisions import withdraw
from reporter.moderation.visibility import Scope
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway


@pytest.fixture
def question(session: Session, event: EventSession, rng: random.Random) -> Takeaway:
    return add_takeaway(
        session, event, rng, state="approved", intent="question", text="Who has seeds?"
    )


def test_an_item_says_who_by_when_and_what_became_of_it(
    session: Session, question: Takeaway, clock: TurnableClock
) -> None:
    assert action_items.proposed(session) == [question]
    values = {"what": "  Who has\n seeds? ", "who": "Ada", "due_on": "2026-03-20"}
    item = action_items.begin_item(session, actor(clock), "question", values, takeaway=question)
    assert (item.what, item.due_on, action_items.publishable_name(item)) == (
        "Who has seeds?",
        date(2026, 3, 20),
        "",
    )
    assert action_items.proposed(session) == []
    assert not action_items.is_overdue(item, date(2026, 3, 20))
    assert action_items.is_overdue(item, date(2026, 3, 21))
    done = {"state": "done", "outcome": "Ben has.", "who_agreed": True}
    action_items.change_item(session, item, actor(clock), done)
    assert (item.state, item.closed_at, action_items.publishable_name(item)) == (
        "done",
        clock(),
        "Ada",
    )
    assert not action_items.is_overdue(item, date(2027, 1, 1))
    action_items.change_item(session, item, actor(clock), {"state": "open"})
    assert item.closed_at is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"what": " "}, "what is open"),
        ({"what": "x", "due_on": "soon"}, "not a date"),
        ({"what": "x", "state": "lost"}, "open, done"),
    ],
)
def test_impossible_values_change_nothing(
    session: Session, clock: TurnableClock, values: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        action_items.begin_item(session, actor(clock), "action", values)
    session.rollback()
    assert session.scalars(select(ActionItem)).all() == []
    with pytest.raises(BadInput, match="question or"):
        action_items.begin_item(session, actor(clock), "wish", {"what": "x"})
    with pytest.raises(NotFound):
        action_items.find_item(session, "no id")


def test_withdrawing_takes_item_and_address_along(
    session: Session, question: Takeaway, clock: TurnableClock, rng: random.Random, store: Store
) -> None:
    action_items.begin_item(session, actor(clock), "question", {"what": "Seeds"}, takeaway=question)
    next_gathering.leave_address(
        session, question, "ben@example.org", answer=True, invite=True, now=clock(), rng=rng
    )
    withdraw(session, question, actor(clock), store)
    assert session.scalars(select(ActionItem)).all() == []
    assert session.scalars(select(Contact)).all() == []
    # A page that was open meanwhile.
    with pytest.raises(Conflict, match="taken back"):
        next_gathering.leave_address(
            session, question, "ben@example.org", answer=True, invite=True, now=clock(), rng=rng
        )
    assert session.scalars(select(Contact)).all() == []


@pytest.mark.parametrize(
    "address",
    ["", "ben", "a@b", "a b@example.org", "a@example.org\nBcc: x@y.org", "<a@example.org>"],
)
def test_only_addresses_are_kept(
    session: Session, question: Takeaway, clock: TurnableClock, rng: random.Random, address: str
) -> None:
    with pytest.raises(BadInput, match="address"):
        next_gathering.leave_address(
            session, question, address, answer=True, invite=False, now=clock(), rng=rng
        )
    assert session.scalars(select(Contact)).all() == []


def test_a_calendar_is_read_by_another_library(
    session: Session, question: Takeaway, clock: TurnableClock
) -> None:
    values = {"what": "Bring seeds; and, beans", "who": "Ada", "due_on": "2026-03-20"}
    action_items.begin_item(session, actor(clock), "action", values, takeaway=question)
    agreed = {"what": "Ask Ben", "who": "Cem", "who_agreed": True, "state": "done"}
    action_items.begin_item(session, actor(clock), "action", agreed)
    row = next_gathering.set_next(
        session,
        actor(clock),
        title="Summer",
        starts_at=clock() + timedelta(days=90),
        place="The shed",
    )
    text = calendar("Spring", action_items.all_items(session), row, now=clock()).decode()
    read = vobject.readOne(text)
    [event] = read.vevent_list
    assert (event.summary.value, event.dtstart.value, event.location.value) == (
        "Summer",
        clock() + timedelta(days=90),
        "The shed",
    )
    todos = {todo.summary.value: todo for todo in read.vtodo_list}
    assert todos["Bring seeds; and, beans"].due.value == date(2026, 3, 20)
    assert todos["Bring seeds; and, beans"].status.value == "NEEDS-ACTION"
    assert "Ada" not in text
    assert todos["Ask Ben"].description.value == "Cem"
    assert todos["Ask Ben"].status.value == "COMPLETED"


def test_what_is_for_the_room_is_told_only_there(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    secret = add_takeaway(session, event, rng, state="approved", audience="room", intent="question")
    item = action_items.begin_item(
        session, actor(clock), "question", {"what": "x"}, takeaway=secret
    )
    assert action_items.for_place([item], Scope.PUBLIC) == []
    assert action_items.for_place([item], Scope.ROOM) == [item]


def test_the_next_gathering_takes_over_what_was_agreed_and_nothing_else(
    session: Session,
    gathering: Settings,
    event: EventSession,
    question: Takeaway,
    clock: TurnableClock,
    rng: random.Random,
    tmp_path: Path,
) -> None:
    add_takeaway(session, event, rng, state="approved", text="Not a question", intent="learned")
    add_takeaway(
        session, event, rng, state="approved", text="For us", intent="question", audience="room"
    )
    add_takeaway(session, event, rng, state="new", text="Nobody looked", intent="question")
    for values in (
        {"what": "Water the trees", "who": "Ada", "who_agreed": True},
        {"what": "Call the mayor", "who": "Ben"},
        {"what": "Over", "state": "done"},
    ):
        action_items.begin_item(session, actor(clock), "action", values)
    next_gathering.leave_address(
        session, question, "yes@example.org", answer=False, invite=True, now=clock(), rng=rng
    )
    next_gathering.leave_address(
        session, question, "no@example.org", answer=True, invite=False, now=clock(), rng=rng
    )
    circle = add_session(session, "Opening circle", now=clock(), rng=rng, room="Hall")
    circle.series = True
    session.commit()

    later = make_gathering(
        tmp_path / "later", "Autumn", timezone="Europe/Berlin", language="en", now=clock(), rng=rng
    )
    with open_session(later) as new:
        carried = next_gathering.carry_over(new, session, gathering, actor(clock))
        items = {
            i.what: (i.kind, i.who, i.state, i.carried_from) for i in action_items.all_items(new)
        }
        assert items == {
            "Who has seeds?": ("question", "", "open", "Spring gathering"),
            "Water the trees": ("action", "Ada", "open", "Spring gathering"),
            "Call the mayor": ("action", "", "open", "Spring gathering"),
        }
        assert (carried.questions, carried.actions, carried.sessions, carried.invited) == (
            1,
            2,
            1,
            1,
        )
        assert next_gathering.invited(new) == ["yes@example.org"]
        [row] = new.scalars(select(EventSession))
        assert (row.title, row.room, row.series) == ("Opening circle", "Hall", True)
        assert row.code != circle.code
        assert new.scalars(select(Takeaway)).all() == []


def test_the_board_counts(
    session: Session,
    event: EventSession,
    question: Takeaway,
    clock: TurnableClock,
    rng: random.Random,
) -> None:
    assert board(session).questions_answered == Share(0, 1)
    assert board(session).first_answer_after is None
    word = replies.WrittenReply(kind="answer", text="I do")
    reply = replies.say(session, question, word, now=clock.turn(hours=2), rng=rng)
    assert board(session).questions_answered == Share(0, 1), "nobody can read it yet"
    replies.decide(session, reply, actor(clock), ReplyState.SHOWN)
    for day, device in enumerate(("phone-a", "phone-a", "phone-b")):
        moment = clock() + timedelta(days=day)
        add_takeaway(session, event, rng, state="approved", device=device, recorded_at=moment)
    action_items.begin_item(session, actor(clock), "action", {"what": "x", "state": "done"})
    action_items.begin_item(session, actor(clock), "action", {"what": "y"})
    action_items.begin_item(session, actor(clock), "action", {"what": "z", "state": "dropped"})
    figures = board(session)
    assert figures.questions_answered == Share(1, 1)
    assert figures.first_answer_after == timedelta(hours=2)
    assert figures.answered_within == (0, 1, 0, 0, 0)
    assert figures.actions_done == Share(1, 2)
    assert figures.with_reply == Share(1, 4)
    assert figures.came_back == Share(1, 2)
    assert figures.with_reply.percent == 25
