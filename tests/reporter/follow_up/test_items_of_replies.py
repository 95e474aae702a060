"""Items that came of a reply: told no further than the reply, and gone when it was taken back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.posts.follow_up import agenda_of
from reporter.clock import new_id
from reporter.config import Settings
from reporter.conversation import replies
from reporter.enums import ReplyState
from reporter.follow_up import action_items, next_gathering
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.purge import purge_due
from reporter.media.store import Store
from reporter.models import Delivery, EventSession, Takeaway, Target
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem
from reporter.models.outbox import SentDraft
from reporter.moderation.decisions import withdraw
from reporter.moderation.visibility import Scope
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway

WORDS = "Ask Ben, he has seeds at home"


@pytest.fixture
def question(session: Session, event: EventSession, rng: random.Random) -> Takeaway:
    return add_takeaway(
        session, event, rng, state="approved", intent="question", text="Who has seeds?"
    )


@pytest.fixture
def answer(session: Session, question: Takeaway, clock: TurnableClock, rng: random.Random) -> Reply:
    word = replies.WrittenReply("answer", WORDS, "Ada")
    reply = replies.say(session, question, word, now=clock(), rng=rng)
    replies.decide(session, reply, actor(clock), ReplyState.SHOWN)
    return reply


def make_item(session: Session, reply: Reply, clock: TurnableClock) -> ActionItem:
    return action_items.begin_item(session, actor(clock), "action", {"what": WORDS}, reply=reply)


def carried(session: Session, gathering: Settings, folder: Path, clock: TurnableClock) -> list[str]:
    """What the next gathering takes over."""
    later = make_gathering(
        folder,
        "Autumn",
        timezone="UTC",
        language="en",
        now=clock(),
        rng=random.Random(4),
    )
    with open_session(later) as new:
        next_gathering.carry_over(new, session, gathering, actor(clock))
        return [item.what for item in action_items.all_items(new)]


def test_a_reply_that_is_taken_back_takes_its_item_and_the_drafts_along(
    session: Session, answer: Reply, clock: TurnableClock, rng: random.Random
) -> None:
    make_item(session, answer, clock)
    target = Target(
        id=new_id(clock(), rng),
        name="site",
        kind="folder",
        options={},
        audience="public",
        created_at=clock(),
    )
    shows = Delivery(
        id=new_id(clock(), rng),
        target_id=target.id,
        item_kind="story",
        item_id=new_id(clock(), rng),
        key="k",
        state="sent",
        wanted="story",
        remote={"takeaways": [str(answer.takeaway_id)]},
        due_at=clock(),
        created_at=clock(),
    )
    session.add(target)
    session.flush()
    session.add(shows)
    session.flush()
    session.add(SentDraft(delivery_id=shows.id, title="", body=f"… {WORDS}", mime="text/html"))
    session.commit()
    assert purge_due(session) is None
    replies.take_back(session, answer, actor(clock))
    assert session.scalars(select(ActionItem)).all() == []
    assert session.scalars(select(SentDraft)).all() == []
    assert purge_due(session) == clock()


@pytest.mark.parametrize("state", [ReplyState.HELD, ReplyState.HIDDEN, ReplyState.SPAM])
def test_an_item_of_a_reply_that_is_not_shown_stays_at_the_desk(
    session: Session,
    gathering: Settings,
    answer: Reply,
    clock: TurnableClock,
    tmp_path: Path,
    state: ReplyState,
) -> None:
    item = make_item(session, answer, clock)
    assert action_items.for_place([item], Scope.PUBLIC) == [item]
    replies.decide(session, answer, actor(clock), state)
    assert action_items.all_items(session) == [item]
    assert action_items.for_place([item], Scope.ROOM) == []
    assert agenda_of(session, "Spring").items == ()
    assert carried(session, gathering, tmp_path / "autumn", clock) == []


def test_an_item_of_a_reply_for_the_room_is_told_only_there(
    session: Session,
    gathering: Settings,
    answer: Reply,
    clock: TurnableClock,
    tmp_path: Path,
) -> None:
    answer.audience = "room"
    item = make_item(session, answer, clock)
    assert action_items.for_place([item], Scope.ROOM) == [item]
    assert action_items.for_place([item], Scope.PUBLIC) == []
    assert agenda_of(session, "Spring").items == ()
    assert carried(session, gathering, tmp_path / "autumn", clock) == []


def test_withdrawing_takes_items_of_its_replies_along_wherever_they_were_made(
    session: Session, answer: Reply, question: Takeaway, clock: TurnableClock, store: Store
) -> None:
    make_item(session, answer, clock).takeaway_id = None
    withdraw(session, question, actor(clock), store)
    assert session.scalars(select(ActionItem)).all() == []
