"""Composing: what is put where, what stays in a session's own story, drafts, the report."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.errors import BadInput, Conflict, NotFound
from reporter.gathering.sessions import add_session
from reporter.models import EventSession, Gathering, Story, StoryText, Takeaway
from reporter.moderation.visibility import Scope
from reporter.stories import editing
from reporter.stories.queries import (
    all_stories,
    session_story,
    stories_of,
    story_pieces,
    story_takeaways,
)
from tests.support.kiosk_process import START, TurnableClock, actor, add_takeaway


def texts(session: Session, story: Story, place: Scope = Scope.PUBLIC) -> list[str]:
    return [piece.text for piece in story_pieces(session, story, place)]


def approved(session: Session, event: EventSession, rng: random.Random, text: str) -> Takeaway:
    return add_takeaway(session, event, rng, text=text, state="approved")


def test_arranging_puts_first_and_loses_nothing(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    rows = [approved(session, event, rng, text) for text in ("one", "two", "three")]
    story = session_story(session, event, now=START, rng=rng)
    editing.add(session, story, [rows[2]])
    words = editing.add_words(session, story, actor(clock), "## Then")
    editing.add(session, story, [rows[0], rows[2]])
    assert texts(session, story) == ["three", "## Then", "one", "two"]
    editing.move(session, story, words.id.hex, -1)
    editing.move(session, story, words.id.hex, -1)
    assert texts(session, story) == ["## Then", "three", "one", "two"]
    editing.set_switches(session, story, draft=False, rest=False)
    assert texts(session, story) == ["## Then", "three", "one"]
    editing.remove(session, story, rows[2].id.hex)
    editing.remove(session, story, words.id.hex)
    editing.set_switches(session, story, draft=False, rest=True)
    assert texts(session, story) == ["one", "two", "three"]


def test_an_order_from_an_older_page_keeps_what_was_added_since(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    rows = [approved(session, event, rng, text) for text in ("one", "two", "three")]
    story = session_story(session, event, now=START, rng=rng)
    editing.add(session, story, rows[:2])
    seen = [row.id.hex for row in reversed(rows[:2])]
    editing.add(session, story, rows[2:])
    editing.put_in_order(session, story, [*seen, "gone"])
    assert texts(session, story) == ["two", "one", "three"]


def test_a_draft_begins_with_what_was_starred(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    plain = approved(session, event, rng, "plain")
    star = add_takeaway(session, event, rng, text="star", state="approved", starred=True)
    add_takeaway(session, event, rng, text="hidden star", state="hidden", starred=True)
    story = editing.draft_session(session, event, actor(clock))
    assert [item.takeaway_id for item in story.items] == [star.id]
    assert story_takeaways(session, story, Scope.PUBLIC) == [star, plain]
    editing.draft_session(session, event, actor(clock))
    assert len(story.items) == 1


def test_a_composed_story_takes_a_report_and_a_draft_do_not(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = approved(session, event, rng, "one")
    own = session_story(session, event, now=START, rng=rng)
    composed = editing.new_story(session, actor(clock), "  Best   of ")
    editing.add(session, composed, [row])
    assert composed.title == "Best of"
    assert texts(session, own) == ["one"]
    assert composed not in all_stories(session, now=START, rng=rng)
    editing.set_switches(session, composed, draft=False, rest=True)
    assert texts(session, own) == []
    assert stories_of(session, row) == [composed]
    composed.report = True
    assert texts(session, own) == ["one"]
    assert set(stories_of(session, row)) == {composed, own}
    editing.delete_story(session, composed, now=START)
    assert stories_of(session, row) == [own]
    with pytest.raises(BadInput):
        editing.delete_story(session, own, now=START)


def test_the_report_has_a_heading_for_each_session_and_is_made_once(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    other = add_session(session, "Elsewhere", now=START, rng=rng)
    for number in range(5):
        add_takeaway(
            session,
            event,
            rng,
            text=f"star {number}",
            state="approved",
            starred=True,
            recorded_at=clock.turn(seconds=1),
        )
    add_takeaway(session, other, rng, text="not starred", state="approved")
    story = editing.draft_report(session, actor(clock), "What stays")
    wanted = [f"## {event.title}", "star 0", "star 1", "star 2"]
    assert texts(session, story) == wanted
    add_takeaway(session, other, rng, text="late star", state="approved", starred=True)
    assert editing.draft_report(session, actor(clock), "Again") is story
    assert texts(session, story)[4:] == ["## Elsewhere", "late star"]
    assert story.title == "What stays"


def test_what_was_moved_to_another_session_leaves_the_first_ones_story(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    other = add_session(session, "Elsewhere", now=START, rng=rng)
    row = approved(session, event, rng, "one")
    story = session_story(session, event, now=START, rng=rng)
    editing.add(session, story, [row])
    row.session = other
    session.commit()
    assert texts(session, story) == []
    assert texts(session, session_story(session, other, now=START, rng=rng)) == ["one"]


def test_two_who_write_at_once_lose_nothing(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    story = session_story(session, event, now=START, rng=rng)
    words = editing.add_words(session, story, actor(clock), "First")
    editing.set_words(session, story, words.id.hex, "Second\r\nline ", was="First")
    assert words.text == "Second\nline"
    with pytest.raises(Conflict, match="Second"):
        editing.set_words(session, story, words.id.hex, "Third", was="First")
    # Whoever changed nothing does not put the old words back.
    editing.set_words(session, story, words.id.hex, "First", was="First")
    assert words.text == "Second\nline"
    seen = {"title": "", "lead": "", "short": ""}
    editing.set_texts(session, story, {**seen, "lead": "Mine"}, was=seen)
    editing.set_texts(session, story, {**seen, "short": "Yours"}, was=seen)
    assert (story.lead, story.short) == ("Mine", "Yours")
    with pytest.raises(NotFound):
        editing.set_words(session, story, "0" * 32, "x", was="")


def test_each_change_moves_the_counter_that_the_outbox_compares(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    story = session_story(session, event, now=START, rng=rng)
    before = session.scalars(select(Gathering.revision)).one()
    words = editing.add_words(session, story, actor(clock), "One")
    editing.set_texts(session, story, {"lead": "Two"}, was={})
    editing.remove(session, story, words.id.hex)
    assert session.scalars(select(Gathering.revision)).one() == before + 3
    assert session.scalars(select(StoryText)).all() == []
