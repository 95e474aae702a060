"""Story queries: every session has a default story of its approved takeaways that are in no other story.

An organizer may arrange it: arranged pieces come first, in that order, and the rest of the approved
takeaways follow, unless the organizer turns that off (``Story.rest``). So nothing that was approved
is dropped unnoticed.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, insert, literal, select
from sqlalchemy.orm import Session, selectinload

from reporter.clock import new_id
from reporter.models import Attachment, EventSession, Media, Story, StoryItem, StoryText, Takeaway
from reporter.moderation.visibility import Scope, showable

Piece = Takeaway | StoryText


@cache
def with_everything() -> tuple[Any, ...]:
    """Loader options for showing takeaways: a constant number of queries."""
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
    """The session's own story, created when first needed. Does not commit."""
    own = select(Story).where(Story.session_id == event.id)
    story = session.scalar(own)
    if story is None:
        # In one statement: another process may create it at this very moment.
        values = select(
            literal(new_id(now, rng), Story.id.type),
            literal(event.id, Story.session_id.type),
            literal(now, Story.created_at.type),
        ).where(~exists().where(Story.session_id == event.id))
        session.execute(insert(Story).from_select(["id", "session_id", "created_at"], values))
        story = session.scalars(own).one()
    return story


def all_stories(session: Session, *, now: datetime, rng: random.Random) -> list[Story]:
    """Every composed story that is no draft, and the own story of every session that has approved takeaways.

    Does not commit.
    """
    for event in session.scalars(_with_content()):
        session_story(session, event, now=now, rng=rng)
    composed = select(Story).where(Story.draft.is_(False)).order_by(Story.created_at, Story.id)
    return list(session.scalars(composed))


@cache
def _with_content() -> Select[EventSession]:
    shown = select(Takeaway.session_id).where(showable(Scope.ROOM)).distinct()
    return (
        select(EventSession)
        .where(EventSession.id.in_(shown))
        .order_by(EventSession.starts_at.nulls_first(), EventSession.title)
    )


def story_title(story: Story) -> str:
    """Its own title, or its session's."""
    return story.title or (story.session.title if story.session else "")


def story_pieces(session: Session, story: Story, place: Scope) -> list[Piece]:
    """The pieces of a story that may be shown at a place, with the organizer's texts between, in order."""
    arranged = arranged_takeaways(session, story, showable(place))
    words = [(row.position, 0, row) for row in story_words(session, story)]
    placed: list[tuple[int, int, Piece]] = [*words, *arranged]
    placed.sort(key=lambda one: one[:2])
    return [*(piece for _at, _kind, piece in placed), *rest_of(session, story, showable(place))]


def story_takeaways(session: Session, story: Story, place: Scope) -> list[Takeaway]:
    """The takeaways among ``story_pieces``."""
    pieces = story_pieces(session, story, place)
    return [piece for piece in pieces if isinstance(piece, Takeaway)]


def arranged_takeaways(
    session: Session, story: Story, rule: ColumnElement[bool]
) -> list[tuple[int, int, Takeaway]]:
    """(position, 1, takeaway) of arranged takeaways that a rule allows."""
    query = _arranged(rule, own=story.session_id is not None)
    return [
        (position, 1, takeaway) for position, takeaway in session.execute(query, parameters(story))
    ]


def story_words(session: Session, story: Story) -> Sequence[StoryText]:
    """The organizer's texts between the takeaways."""
    query = select(StoryText).where(StoryText.story_id == story.id)
    return session.scalars(query.order_by(StoryText.position, StoryText.id)).all()


def rest_of(session: Session, story: Story, rule: ColumnElement[bool]) -> list[Takeaway]:
    """Takeaways that follow below the arranged ones: for a session's own story, all that are in no other."""
    if story.session_id is None or not story.rest:
        return []
    return list(session.scalars(_rest(rule), parameters(story)))


def parameters(story: Story) -> dict[str, uuid.UUID | None]:
    """The parameters of ``left_over``."""
    return {"story": story.id, "session": story.session_id}


def left_over(*rules: ColumnElement[bool]) -> Select[Takeaway]:
    """The session's takeaways neither arranged in its own story nor taken by another: starred first.

    For one story: executed with its ``parameters``.
    """
    inside = select(StoryItem.takeaway_id).where(StoryItem.story_id == bindparam("story"))
    return (
        select(Takeaway)
        .where(
            Takeaway.session_id == bindparam("session"),
            Takeaway.id.not_in(inside),
            ~is_in_composed_story(),
            *rules,
        )
        .order_by(Takeaway.starred.desc(), Takeaway.recorded_at, Takeaway.id)
    )


# Made once for each of the few rules there are: for a small story, making these statements takes a third of the time of
# asking for its pieces.
@lru_cache(maxsize=16)
def _rest(rule: ColumnElement[bool]) -> Select[Takeaway]:
    return left_over(rule).options(*with_everything())


@lru_cache(maxsize=16)
def _arranged(rule: ColumnElement[bool], *, own: bool) -> Select[int, Takeaway]:
    query = (
        select(StoryItem.position, Takeaway)
        .join(Takeaway, Takeaway.id == StoryItem.takeaway_id)
        .where(StoryItem.story_id == bindparam("story"), rule)
        .options(*with_everything())
        .order_by(StoryItem.position, Takeaway.id)
    )
    # A takeaway moved to another session since then belongs to that one's story.
    return query.where(Takeaway.session_id == bindparam("session")) if own else query


@cache
def is_in_composed_story() -> ColumnElement[bool]:
    """Whether a takeaway is in a composed story that takes it out of its session's own."""
    return exists().where(
        and_(
            StoryItem.takeaway_id == Takeaway.id,
            StoryItem.story_id == Story.id,
            Story.session_id.is_(None),
            Story.report.is_(False),
            Story.draft.is_(False),
            # Takeaways repeated by the plan after the event stay in their original story.
            Story.planned.is_(False),
        )
    )


def stories_of(session: Session, takeaway: Takeaway) -> list[Story]:
    """The stories that contain a takeaway: those it was put into, and its session's own unless another took it."""
    query = select(Story).join(StoryItem).where(StoryItem.takeaway_id == takeaway.id)
    placed = list(session.scalars(query.order_by(Story.created_at, Story.id)))
    elsewhere = [
        s for s in placed if s.session_id is None and not s.report and not s.draft and not s.planned
    ]
    own = session.scalar(select(Story).where(Story.session_id == takeaway.session_id))
    if own is not None and own not in placed and own.rest and not elsewhere:
        placed.append(own)
    return placed
