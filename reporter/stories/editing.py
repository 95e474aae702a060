"""Composing stories: order, texts and drafts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import new_id
from reporter.enums import TakeawayState
from reporter.errors import BadInput, Conflict, NotFound
from reporter.models import EventSession, Story, StoryItem, StoryText, Takeaway
from reporter.moderation.decisions import next_revision
from reporter.moderation.deletions import Deleted, bury
from reporter.stories.queries import (
    Piece,
    arranged_takeaways,
    left_over,
    parameters,
    session_story,
    story_words,
)

TITLE_CHARS = 200
WORDS_CHARS = 20_000
# How many starred takeaways per session the draft of a report begins with.
REPORT_OF_EACH = 3
# How many takeaways of a theme its story begins with.
THEME_PIECES = 12
_TEXTS = ("title", "lead", "short")
_ALIVE = Takeaway.state != TakeawayState.WITHDRAWN


def find_story(session: Session, story_id: str) -> Story:
    """The story with an id as text; raises NotFound."""
    try:
        found = session.get(Story, uuid.UUID(story_id))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such story.")
    return found


def new_story(session: Session, actor: Actor, title: str, *, report: bool = False) -> Story:
    """Create a composed story, as a draft. Commits."""
    story = Story(
        id=new_id(actor.now, actor.rng),
        title=_cut(title),
        report=report,
        draft=True,
        created_at=actor.now,
    )
    session.add(story)
    session.commit()
    return story


def report_of(session: Session) -> Story | None:
    """The gathering's report, if there is one."""
    return session.scalar(select(Story).where(Story.report.is_(True)).order_by(Story.created_at))


def draft_session(session: Session, event: EventSession, actor: Actor) -> Story:
    """Put starred takeaways first in the session's own story, in order of time. Commits.

    Earlier arrangements keep their place; other approved takeaways still follow below.
    """
    story = session_story(session, event, now=actor.now, rng=actor.rng)
    wanted = Takeaway.state.in_((TakeawayState.NEW, TakeawayState.APPROVED))
    starred = left_over(Takeaway.starred.is_(True), wanted).order_by(None)
    rows = session.scalars(
        starred.order_by(Takeaway.recorded_at, Takeaway.id), parameters(story)
    ).all()
    add(session, story, rows)
    return story


def can_draft(session: Session, event: EventSession) -> bool:
    """Whether a draft of this session's story would contain anything: approved, starred or arranged takeaways."""
    approved = Takeaway.state == TakeawayState.APPROVED
    starred = Takeaway.starred.is_(True) & (Takeaway.state == TakeawayState.NEW)
    chosen = select(Takeaway.id).where(Takeaway.session_id == event.id, approved | starred)
    arranged = select(StoryItem.takeaway_id).join(Story, Story.id == StoryItem.story_id)
    queries = (chosen, arranged.where(Story.session_id == event.id))
    return any(session.scalar(query.limit(1)) is not None for query in queries)


def draft_report(session: Session, actor: Actor, title: str) -> Story:
    """Draft the gathering's report: a heading for each session with starred takeaways, and the
    first of them. Commits."""
    story = report_of(session) or new_story(session, actor, title, report=True)
    inside = {item.takeaway_id for item in story.items}
    for event, rows in _starred_by_session(session):
        # When repeated, it adds sessions that were missing, and duplicates none.
        if inside.isdisjoint(row.id for row in rows):
            _append_words(session, story, actor, f"## {event.title}")
            _append(session, story, rows[:REPORT_OF_EACH])
    _changed(session, story)
    return story


def draft_theme(session: Session, actor: Actor, title: str, takeaways: Sequence[Takeaway]) -> Story:
    """Compose a story that begins with a theme: its approved takeaways in this order, up to a maximum. Commits.

    Raises Conflict if none of them is approved.
    """
    rows = [row for row in takeaways if row.state == TakeawayState.APPROVED][:THEME_PIECES]
    if not rows:
        raise Conflict("Nothing of this theme is approved yet. Approve some of it in Review first.")
    story = new_story(session, actor, title)
    add(session, story, rows)
    return story


def _starred_by_session(session: Session) -> list[tuple[EventSession, list[Takeaway]]]:
    query = (
        select(EventSession, Takeaway)
        .join(Takeaway, Takeaway.session_id == EventSession.id)
        .where(Takeaway.starred.is_(True), Takeaway.state == TakeawayState.APPROVED)
        .order_by(
            EventSession.starts_at.nulls_first(),
            EventSession.title,
            Takeaway.recorded_at,
            Takeaway.id,
        )
    )
    found: dict[uuid.UUID, tuple[EventSession, list[Takeaway]]] = {}
    for event, takeaway in session.execute(query):
        found.setdefault(event.id, (event, []))[1].append(takeaway)
    return list(found.values())


def pieces(session: Session, story: Story) -> list[Piece]:
    """The arranged pieces, approved or not, in order, without withdrawn ones."""
    words = [(row.position, 0, row) for row in story_words(session, story)]
    placed: list[tuple[int, int, Piece]] = [*words, *arranged_takeaways(session, story, _ALIVE)]
    return [piece for _at, _kind, piece in sorted(placed, key=lambda one: one[:2])]


def add(session: Session, story: Story, takeaways: Sequence[Takeaway]) -> None:
    """Append takeaways to the arranged ones; those already in stay where they are. Commits."""
    for row in takeaways:
        if row.state == TakeawayState.WITHDRAWN:
            raise Conflict("Its contributor has taken this back; it can't be shown any more.")
    _append(session, story, takeaways)
    _changed(session, story)


def add_words(session: Session, story: Story, actor: Actor, text: str) -> StoryText:
    """Append Markdown to the arranged pieces. Commits."""
    row = _append_words(session, story, actor, text)
    _changed(session, story)
    return row


def set_words(session: Session, story: Story, piece: str, text: str, *, was: str) -> None:
    """Change a text between takeaways. Raises Conflict if it is no longer ``was``. Commits."""
    row = next((row for row in story_words(session, story) if row.id.hex == piece), None)
    if row is None:
        raise NotFound("These words are not in the story any more.")
    row.text = _merged(row.text, was, _checked_words(text))
    _changed(session, story)


def set_texts(
    session: Session, story: Story, values: Mapping[str, str], *, was: Mapping[str, str]
) -> None:
    """Set title, lead and short text; ``was``: their values when they were read. Raises Conflict. Commits."""
    for name in _TEXTS:
        if name in values:
            text = _cut(values[name]) if name == "title" else _checked_words(values[name])
            setattr(story, name, _merged(getattr(story, name), was.get(name, ""), text))
    _changed(session, story)


def set_switches(session: Session, story: Story, *, draft: bool, rest: bool) -> None:
    """Set whether it is a draft, and whether a session's other takeaways follow below. Commits."""
    story.draft, story.rest = draft, rest
    _changed(session, story)


def set_draft(story: Story, *, draft: bool) -> None:
    """Set whether it is a draft, as part of another decision. Does not commit."""
    story.draft = draft
    # Else the copy of another laptop, from before the decision, would win at a merge.
    story.edits = Story.edits + 1


def move(session: Session, story: Story, piece: str, by: int) -> None:
    """Move up or down by one or more steps; stops at the ends. Commits."""
    order = [_id(one) for one in pieces(session, story)]
    if piece in order:
        at = order.index(piece)
        order.insert(max(0, at + by), order.pop(at))
    put_in_order(session, story, order)


def put_in_order(session: Session, story: Story, order: Sequence[str]) -> None:
    """Arrange by ids; pieces not listed (somebody has just added them) follow at the end in their order. Commits."""
    now = pieces(session, story)
    place = {name: number for number, name in enumerate(order)}
    now.sort(key=lambda one: place.get(_id(one), len(place)))
    items = {item.takeaway_id: item for item in story.items}
    for number, one in enumerate(now):
        if isinstance(one, StoryText):
            one.position = number
        else:
            items[one.id].position = number
    _changed(session, story)


def remove(session: Session, story: Story, piece: str) -> None:
    """Remove a piece; a takeaway returns to where it was before. Commits."""
    try:
        found = uuid.UUID(piece)
    except ValueError as error:
        raise NotFound("There is no such piece in the story.") from error
    words = StoryText.story_id == story.id, StoryText.id == found
    session.execute(delete(StoryText).where(*words))
    story.items = [item for item in story.items if item.takeaway_id != found]
    _changed(session, story)


def delete_story(session: Session, story: Story, *, now: datetime) -> None:
    """Delete a composed story, here and by merging on all laptops; its takeaways return to their sessions. Commits.

    Raises BadInput for a session's own story.
    """
    if story.session_id is not None:
        raise BadInput("A session's own story can't be deleted; hold it back instead.")
    bury(session, Deleted.STORY, story.id, now=now, edits=story.edits + 1)
    drop_story(session, story)
    session.commit()


def drop_story(session: Session, story: Story) -> None:
    """Remove a story's rows. Does not commit."""
    session.execute(delete(StoryText).where(StoryText.story_id == story.id))
    session.delete(story)
    next_revision(session)
    session.flush()


def _id(piece: Piece) -> str:
    return piece.id.hex


def _append(session: Session, story: Story, takeaways: Sequence[Takeaway]) -> None:
    inside = {item.takeaway_id for item in story.items}
    at = _end(session, story)
    for row in takeaways:
        if row.id not in inside:
            story.items.append(StoryItem(takeaway_id=row.id, position=at))
            inside.add(row.id)
            at += 1
    session.flush()


def _append_words(session: Session, story: Story, actor: Actor, text: str) -> StoryText:
    row = StoryText(
        id=new_id(actor.now, actor.rng),
        story_id=story.id,
        position=_end(session, story),
        text=_checked_words(text),
        created_at=actor.now,
    )
    session.add(row)
    session.flush()
    return row


def _end(session: Session, story: Story) -> int:
    items = select(func.max(StoryItem.position)).where(StoryItem.story_id == story.id)
    words = select(func.max(StoryText.position)).where(StoryText.story_id == story.id)
    ends = (session.scalar(items), session.scalar(words))
    return 1 + max(-1 if end is None else end for end in ends)


def _cut(title: str) -> str:
    return " ".join(title.split())[:TITLE_CHARS]


def _checked_words(text: str) -> str:
    if len(text) > WORDS_CHARS:
        raise BadInput(
            "This is longer than %(count)s characters; make two pieces of it.", count=WORDS_CHARS
        )
    return text.replace("\r\n", "\n").strip()


def _merged(now: str, was: str, wanted: str) -> str:
    """Three-way merge of a text: somebody else's change is kept if we made none. Raises Conflict if both did."""
    before = was.replace("\r\n", "\n").strip()
    if wanted == before:
        return now
    if now not in (before, wanted):
        raise Conflict("Somebody else has changed this meanwhile. It says now: %(what)s", what=now)
    return wanted


def _changed(session: Session, story: Story) -> None:
    """The outbox compares stories when the gathering's counter has increased; merges compare the story's. Commits."""
    story.edits = Story.edits + 1
    next_revision(session)
    session.commit()
