"""The plan after the event: drafts from real content, a person's yes, and what was sent can be taken back."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest

from publish.composition.builder import build_post
from publish.conversation import follow_up_plan
from publish.outbox.ledger import wanted_posts
from reporter.conversation import replies
from reporter.enums import ReplyState
from reporter.errors import BadInput, Conflict, NotFound
from reporter.follow_up import action_items, next_gathering
from reporter.models import Story, Target
from reporter.moderation import decisions
from reporter.moderation.visibility import Scope
from reporter.stories.queries import all_stories
from tests.support.publish.fakes import START, Kit


def text_of(kit: Kit, story: Story) -> str:
    """Title and words of a story as they would go out."""
    post = build_post(
        kit.session, story, Scope.PUBLIC, store=kit.store, facts=kit.facts, drafts=True
    )
    assert post is not None
    return "\n".join([post.title, *(block.text for block in post.blocks)])


def sent_titles(kit: Kit) -> set[str]:
    """Titles of what would be sent to a place that everybody reads."""
    stories = all_stories(kit.session, now=kit.clock(), rng=kit.rng)
    place = Target(id=uuid.uuid4(), name="blog", kind="folder", options={}, audience="public")
    return {fitted.post.title for fitted in wanted_posts(kit.session, kit.context, place, stories)}


def test_days_follow_the_gathering_and_the_next_one(kit: Kit) -> None:
    kit.event(ends_at=START + timedelta(hours=2))
    days = {step.name: step.due_on for step in follow_up_plan.plan(kit.session, kit.facts)}
    last = START.date()
    assert days[follow_up_plan.THANKS] == last + timedelta(days=1)
    assert days[follow_up_plan.QUESTIONS] == last + timedelta(days=3)
    assert days[follow_up_plan.DONE] == last + timedelta(days=7)
    assert days[follow_up_plan.INVITATION] is None
    moment = START + timedelta(days=60)
    next_gathering.set_next(kit.session, kit.actor, title="Summer", starts_at=moment)
    follow_up_plan.set_day(kit.session, follow_up_plan.THANKS, date(2026, 5, 20))
    days = {step.name: step.due_on for step in follow_up_plan.plan(kit.session, kit.facts)}
    assert days[follow_up_plan.REMINDER] == moment.date() - timedelta(days=3)
    assert days[follow_up_plan.THANKS] == date(2026, 5, 20)
    due = follow_up_plan.due_steps(kit.session, kit.facts, last + timedelta(days=4))
    assert [step.name for step in due] == [follow_up_plan.QUESTIONS]


def test_a_draft_goes_nowhere_before_somebody_says_yes(kit: Kit) -> None:
    event = kit.event()
    starred = kit.takeaway(event, "Compost stays warm", starred=True)
    story = follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.THANKS, kit.actor)
    words = text_of(kit, story)
    assert "Thank you for Spring gathering" in words
    assert "Compost stays warm" in words
    assert sent_titles(kit) == {"Community gardens in winter"}
    follow_up_plan.release(kit.session, follow_up_plan.THANKS, kit.actor)
    assert sent_titles(kit) == {
        "Community gardens in winter",
        "Thank you for Spring gathering",
    }
    with pytest.raises(Conflict, match="sent already"):
        follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.THANKS, kit.actor)
    # What it tells again has not left the story of its session.
    [own] = [s for s in all_stories(kit.session, now=kit.clock(), rng=kit.rng) if s.session_id]
    assert "Compost stays warm" in text_of(kit, own)
    follow_up_plan.take_back(kit.session, follow_up_plan.THANKS, kit.actor)
    assert sent_titles(kit) == {"Community gardens in winter"}
    decisions.withdraw(kit.session, starred, kit.actor, kit.store)
    assert "Compost" not in text_of(kit, story)


def test_open_questions_and_what_was_done(kit: Kit) -> None:
    event = kit.event()
    question = kit.takeaway(event, "Who has seeds?", intent="question")
    answered = kit.takeaway(event, "Is there a shed?", intent="question")
    reply = replies.say(
        kit.session,
        answered,
        replies.WrittenReply(kind="answer", text="Yes, by the gate."),
        now=kit.clock(),
        rng=kit.rng,
    )
    replies.decide(kit.session, reply, kit.actor, ReplyState.SHOWN)
    action_items.begin_item(
        kit.session, kit.actor, "action", {"what": "Plant *20* trees", "who": "Ada"}
    )
    done = {
        "what": "Paint the gate",
        "state": "done",
        "outcome": "It is green",
        "who": "Cem",
        "who_agreed": True,
    }
    action_items.begin_item(kit.session, kit.actor, "action", done)

    asked = text_of(
        kit, follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.QUESTIONS, kit.actor)
    )
    assert question.text in asked
    assert answered.text not in asked
    assert r"- Plant \*20\* trees" in asked
    assert "Ada" not in asked, "she has not agreed to be named"
    draft_text = text_of(
        kit, follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.DONE, kit.actor)
    )
    assert "Paint the gate · It is green · Cem" in draft_text
    assert answered.text in draft_text
    again = follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.DONE, kit.actor)
    drafts = [s for s in kit.session.query(Story) if s.title == again.title]
    assert drafts == [again], "the draft before made way"


def test_an_invitation_needs_a_date_and_has_a_short_form(kit: Kit) -> None:
    with pytest.raises(BadInput, match="when and where"):
        follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.INVITATION, kit.actor)
    next_gathering.set_next(
        kit.session,
        kit.actor,
        title="Summer",
        starts_at=START + timedelta(days=60),
        place="The shed",
        url="https://example.org/summer",
    )
    story = follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.INVITATION, kit.actor)
    assert story.title == "You are invited: Summer"
    assert "https://example.org/summer" in text_of(kit, story)
    assert "The shed" in story.short
    assert "2026" in story.short


def test_an_invitation_draws_people_by_what_is_still_open(kit: Kit) -> None:
    next_gathering.set_next(
        kit.session,
        kit.actor,
        title="Summer",
        starts_at=START + timedelta(days=60),
        place="",
        url="",
    )
    event = kit.event()
    asked = kit.takeaway(event, "Who repairs the pump?", intent="question")
    inside = kit.takeaway(event, "Who keeps the key?", intent="question", audience="community")
    gone = kit.takeaway(event, "Who sells honey?", intent="question")
    for row in (asked, inside, gone):
        values = {"what": row.text}
        action_items.begin_item(kit.session, kit.actor, "question", values, takeaway=row)
    for what, state in (("Plant *20* trees", "open"), ("Paint the gate", "done")):
        values = {"what": what, "state": state, "who": "Ada"}
        action_items.begin_item(kit.session, kit.actor, "action", values)
    decisions.withdraw(kit.session, gone, kit.actor, kit.store)
    story = follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.INVITATION, kit.actor)
    text = text_of(kit, story)
    assert r"- Plant \*20\* trees" in text
    assert asked.text in text
    for word in (inside.text, "honey", "gate", "Ada"):
        assert word not in text
    # Its words stand there by reference: what is taken back leaves the invitation.
    decisions.withdraw(kit.session, asked, kit.actor, kit.store)
    assert "pump" not in text_of(kit, story)


def test_steps_can_be_left_out_and_nothing_is_made_up(kit: Kit) -> None:
    follow_up_plan.skip(kit.session, follow_up_plan.DONE, kit.actor)
    states = {step.name: step.state for step in follow_up_plan.plan(kit.session, kit.facts)}
    assert states[follow_up_plan.DONE] == "skipped"
    follow_up_plan.skip(kit.session, follow_up_plan.DONE, kit.actor, skipped=False)
    for name in (follow_up_plan.THANKS, follow_up_plan.QUESTIONS, follow_up_plan.DONE):
        with pytest.raises(BadInput):
            follow_up_plan.draft(kit.session, kit.facts, name, kit.actor)
        kit.session.rollback()
    with pytest.raises(Conflict):
        follow_up_plan.release(kit.session, follow_up_plan.THANKS, kit.actor)
    with pytest.raises(NotFound):
        follow_up_plan.draft(kit.session, kit.facts, "party", kit.actor)
    assert kit.session.query(Story).all() == []


def test_a_decision_on_a_step_counts_as_a_change_of_its_story(kit: Kit) -> None:
    """An older copy on another laptop must not bring back what was before."""
    kit.takeaway(kit.event(), "Compost stays warm", starred=True)
    story = follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.THANKS, kit.actor)
    before = story.edits
    follow_up_plan.release(kit.session, follow_up_plan.THANKS, kit.actor)
    assert (story.draft, story.edits) == (False, before + 1)
    follow_up_plan.take_back(kit.session, follow_up_plan.THANKS, kit.actor)
    assert (story.draft, story.edits) == (True, before + 2)
