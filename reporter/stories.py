"""Stories: every session has one by default, which takes what is approved and in no other."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from reporter.clock import new_id
from reporter.gate import Place, showable
from reporter.models import Attachment, EventSession, Media, Story, StoryItem, Takeaway


def with_everything() -> tuple[Any, ...]:
    """Loader options for takeaways that are to be shown: a constant number of queries."""
    return (
        selectinload(Takeaway.tags),
        selectinload(Takeaway.session),
        selectinload(Takeaway.attachments)
        .selectinload(Attachment.media)
        .selectinload(Media.renditions),
    )


def session_story(
    session: Session, event: EventSession, *, now: datetime, rng: random.Random
) -> Story:
    """The session's own story, made if this is the first time that it is needed. Does not commit."""
    story = session.scalar(select(Story).where(Story.session_id == event.id))
    if story is None:
        story = Story(id=new_id(now, rng), session_id=event.id, created_at=now)
        session.add(story)
        session.flush()
    return story


def all_stories(session: Session, *, now: datetime, rng: random.Random) -> list[Story]:
    """Every composed story, and the own story of every session that has approved takeaways. Does not commit."""
    with_content = select(Takeaway.session_id).where(showable(Place.ROOM)).distinct()
    events = session.scalars(
        select(EventSession)
        .where(EventSession.id.in_(with_content))
        .order_by(EventSession.starts_at, EventSession.title)
    )
    for event in events:
        session_story(session, event, now=now, rng=rng)
    return list(session.scalars(select(Story).order_by(Story.created_at, Story.id)))


def story_title(story: Story) -> str:
    """Its own title, or its session's."""
    return story.title or (story.session.title if story.session else "")


def story_takeaways(session: Session, story: Story, place: Place) -> list[Takeaway]:
    """What of a story may be shown at a place, in its order (a session's own: starred first, then by time)."""
    query = select(Takeaway).where(showable(place)).options(*with_everything())
    if story.session_id is None:
        query = query.join(StoryItem).where(StoryItem.story_id == story.id)
        return list(session.scalars(query.order_by(StoryItem.position, Takeaway.id)))
    elsewhere = select(StoryItem.takeaway_id).where(StoryItem.story_id != story.id)
    query = query.where(Takeaway.session_id == story.session_id, Takeaway.id.not_in(elsewhere))
    return list(
        session.scalars(query.order_by(Takeaway.starred.desc(), Takeaway.recorded_at, Takeaway.id))
    )


def stories_of(session: Session, takeaway: Takeaway) -> list[Story]:
    """The stories that a takeaway is in: the composed ones, else its session's own if that exists."""
    composed = list(
        session.scalars(select(Story).join(StoryItem).where(StoryItem.takeaway_id == takeaway.id))
    )
    if composed:
        return composed
    return list(session.scalars(select(Story).where(Story.session_id == takeaway.session_id)))
