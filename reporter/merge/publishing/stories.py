"""Merge stories: of each the version with more changes, as a whole."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reporter.enums import TakeawayState
from reporter.merge.context import MergeContext, row_values
from reporter.models import Deletion, EventSession, Story, StoryItem, StoryText, Takeaway
from reporter.moderation.decisions import next_revision
from reporter.moderation.deletions import is_story_deleted
from reporter.stories.editing import drop_story
from reporter.stories.queries import session_story

MOST_EDITS = 1_000_000_000


def merge_stories(merge: MergeContext) -> None:
    """Merge the other side's stories; takeaways have to be merged before. Does not commit."""
    # Held, so that each is found without a query of its own.
    held = [list(merge.session.scalars(select(row))) for row in (Deletion, EventSession)]
    _drop_deleted(merge)
    same = _same_on_both(merge)
    for theirs in merge.other.scalars(select(Story).order_by(Story.created_at)).all():
        if theirs.id in same:
            merge.stories[theirs.id] = same[theirs.id]
        else:
            _merge_story(merge, theirs)
    del held


def _same_on_both(merge: MergeContext) -> dict[uuid.UUID, uuid.UUID]:
    """Their stories that a merge would not change, and ours: found with three queries a side for all of them."""
    merge.session.flush()
    ours = _all(merge.session, {}, {})
    theirs = _all(merge.other, merge.events, merge.takeaways)
    return {
        number: ours[key][0]
        for key, (number, values) in theirs.items()
        if key in ours and ours[key][1] == values
    }


_COMPARED = ("title", "lead", "short", "draft", "rest", "edits", "planned")


def _all(
    session: Session,
    events: Mapping[uuid.UUID, uuid.UUID],
    takeaways: Mapping[uuid.UUID, uuid.UUID],
) -> dict[uuid.UUID, tuple[uuid.UUID, tuple[Any, ...]]]:
    """All stories by what they are on both sides (a session's own by its session): their id, and all that a merge
    compares. ``events`` and ``takeaways``: what the ids are on the other side.
    """
    pieces: dict[uuid.UUID, set[tuple[Any, ...]]] = {}
    for story, one, at in session.execute(
        select(StoryItem.story_id, StoryItem.takeaway_id, StoryItem.position)
    ):
        pieces.setdefault(story, set()).add((takeaways.get(one, one), at))
    texts = select(StoryText.story_id, StoryText.id, StoryText.position, StoryText.text)
    for story, *values in session.execute(texts):
        pieces.setdefault(story, set()).add(tuple(values))
    columns = (getattr(Story, name) for name in _COMPARED)
    return {
        events.get(event, event) if event else number: (number, (*values, pieces.get(number)))
        for number, event, *values in session.execute(select(Story.id, Story.session_id, *columns))
    }


def _drop_deleted(merge: MergeContext) -> None:
    """Delete the stories that an organizer deleted on another laptop. The outbox takes their posts down."""
    session = merge.session
    for story in session.scalars(select(Story).where(Story.session_id.is_(None))).all():
        if is_story_deleted(session, story):
            drop_story(session, story)
            merge.done.stories += 1


def _merge_story(merge: MergeContext, theirs: Story) -> None:
    session = merge.session
    if theirs.session_id is not None:
        event = session.get_one(EventSession, merge.events[theirs.session_id])
        ours = session_story(session, event, now=merge.now, rng=merge.rng)
    elif is_story_deleted(session, theirs):
        return
    else:
        ours = session.get(Story, theirs.id) or Story(id=theirs.id, edits=-1)
    merge.stories[theirs.id] = ours.id
    arrangement, known, edits = _arrangement(merge, theirs), ours.edits >= 0, _edits(theirs)
    # A story of the plan is one wherever it comes; the plan itself is each laptop's own.
    if theirs.planned and not ours.planned:
        ours.planned = True
        next_revision(session)
    if known and (edits, arrangement) <= (_edits(ours), _own_arrangement(merge, ours)):
        return
    if known and not edits:
        # Nobody has arranged either of them since both count their changes.
        return
    for name, value in row_values(theirs, "id", "session_id", "edits", "planned").items():
        setattr(ours, name, value)
    ours.edits = edits
    session.add(ours)
    _take_pieces(merge, ours, arrangement)
    next_revision(session)
    merge.done.stories += 1


def _edits(story: Story) -> int:
    """The count of changes. Another laptop's may be anything, and PostgreSQL's has 32 bits."""
    return min(max(story.edits, 0), MOST_EDITS)


# Texts and switches of a story, then its pieces: (position, id of a takeaway or '', id and words of a text or '').
_Arrangement = tuple[tuple[str, ...], tuple[tuple[int, str, str, str], ...]]


def _arrangement(merge: MergeContext, theirs: Story) -> _Arrangement:
    """Their story with our takeaways, without those that are unknown or withdrawn here."""
    alive = select(Takeaway.id).where(Takeaway.state != TakeawayState.WITHDRAWN)
    placed = {
        merge.takeaways[item.takeaway_id]: item.position
        for item in theirs.items
        if item.takeaway_id in merge.takeaways
    }
    here = set(merge.session.scalars(alive.where(Takeaway.id.in_(placed))))
    return _arrangement_of(
        merge.other, theirs, {one: at for one, at in placed.items() if one in here}
    )


def _own_arrangement(merge: MergeContext, ours: Story) -> _Arrangement:
    """Our story with the takeaways that they know too: what they lack, they can't have left out."""
    known = set(merge.takeaways.values())
    shared = {item.takeaway_id: item.position for item in ours.items if item.takeaway_id in known}
    return _arrangement_of(merge.session, ours, shared)


def _arrangement_of(session: Session, story: Story, placed: dict[uuid.UUID, int]) -> _Arrangement:
    texts = session.scalars(select(StoryText).where(StoryText.story_id == story.id))
    pieces = [(at, one.hex, "", "") for one, at in placed.items()]
    pieces += [(row.position, "", row.id.hex, row.text) for row in texts]
    fields = (story.title, story.lead, story.short, str(story.draft), str(story.rest))
    return fields, tuple(sorted(pieces))


def _take_pieces(merge: MergeContext, ours: Story, arrangement: _Arrangement) -> None:
    """Replace our story's takeaways and texts; takeaways that only we know keep their positions."""
    session = merge.session
    known = set(merge.takeaways.values())
    placed = {uuid.UUID(one): at for at, one, _text, _words in arrangement[1] if one}
    have = {item.takeaway_id: item for item in ours.items}
    placed |= {one: item.position for one, item in have.items() if one not in known}
    ours.items = [
        have.get(one) or StoryItem(takeaway_id=one, position=at) for one, at in placed.items()
    ]
    for item in ours.items:
        item.position = placed[item.takeaway_id]
    session.execute(delete(StoryText).where(StoryText.story_id == ours.id))
    for at, _one, text, words in arrangement[1]:
        if text:
            session.add(
                StoryText(
                    id=uuid.UUID(text),
                    story_id=ours.id,
                    position=at,
                    text=words,
                    created_at=merge.now,
                )
            )
    session.flush()
