"""Merge stories, targets and the ledger, so that what another kiosk published is not published twice."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reporter.enums import DeliveryState, ItemKind, TakeawayState
from reporter.merge.context import MergeContext, row_values
from reporter.models import (
    Delivery,
    EventSession,
    Gathering,
    Story,
    StoryItem,
    StoryText,
    Takeaway,
    Target,
)
from reporter.moderation.decisions import next_revision
from reporter.stories.queries import session_story

_ASK = "This place came with another kiosk. Give its password and test it, before anything is sent there."

# Items whose deliveries are merged; a front page is built again, answers and mails belong to each kiosk.
_SHARED = (ItemKind.STORY, ItemKind.MEDIA)

_MOST_EDITS = 1_000_000_000


def merge_sent(merge: MergeContext) -> None:
    """Merge the other side's stories, targets and deliveries. Commits."""
    for story in merge.other.scalars(select(Story).order_by(Story.created_at)):
        _merge_story(merge, story)
    targets = {theirs.id: _target(merge, theirs) for theirs in merge.other.scalars(select(Target))}
    merge.session.flush()
    merge.targets |= {theirs: ours.id for theirs, ours in targets.items()}
    marks = _gathering_mark(merge.other), _gathering_mark(merge.session)
    for row in merge.other.scalars(select(Delivery).order_by(Delivery.created_at)):
        _merge_delivery(merge, row, targets[row.target_id], marks)
    merge.session.commit()


def _merge_story(merge: MergeContext, theirs: Story) -> None:
    session = merge.session
    if theirs.session_id is not None:
        event = session.get_one(EventSession, merge.events[theirs.session_id])
        ours = session_story(session, event, now=merge.now, rng=merge.rng)
    else:
        ours = session.get(Story, theirs.id) or Story(id=theirs.id, edits=-1)
    merge.stories[theirs.id] = ours.id
    told, known, edits = _arrangement(merge, theirs), ours.edits >= 0, _edits(theirs)
    if known and (edits, told) <= (_edits(ours), _own_arrangement(merge, ours)):
        return
    if known and not edits:
        # Nobody has arranged either of them since both count their changes.
        return
    for name, value in row_values(theirs, "id", "session_id", "edits").items():
        setattr(ours, name, value)
    ours.edits = edits
    session.add(ours)
    _take_pieces(merge, ours, told)
    next_revision(session)
    merge.done.stories += 1


def _edits(story: Story) -> int:
    """The count of changes. Another laptop's may be anything, and PostgreSQL's has 32 bits."""
    return min(max(story.edits, 0), _MOST_EDITS)


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
    return _told(merge.other, theirs, {one: at for one, at in placed.items() if one in here})


def _own_arrangement(merge: MergeContext, ours: Story) -> _Arrangement:
    """Our story with the takeaways that they know too: what they lack, they can't have left out."""
    known = set(merge.takeaways.values())
    shared = {item.takeaway_id: item.position for item in ours.items if item.takeaway_id in known}
    return _told(merge.session, ours, shared)


def _told(session: Session, story: Story, placed: dict[uuid.UUID, int]) -> _Arrangement:
    texts = session.scalars(select(StoryText).where(StoryText.story_id == story.id))
    pieces = [(at, one.hex, "", "") for one, at in placed.items()]
    pieces += [(row.position, "", row.id.hex, row.text) for row in texts]
    fields = (story.title, story.lead, story.short, str(story.draft), str(story.rest))
    return fields, tuple(sorted(pieces))


def _take_pieces(merge: MergeContext, ours: Story, told: _Arrangement) -> None:
    """Replace our story's takeaways and texts; takeaways that only we know keep their positions."""
    session = merge.session
    known = set(merge.takeaways.values())
    placed = {uuid.UUID(one): at for at, one, _text, _words in told[1] if one}
    have = {item.takeaway_id: item for item in ours.items}
    placed |= {one: item.position for one, item in have.items() if one not in known}
    ours.items = [
        have.get(one) or StoryItem(takeaway_id=one, position=at) for one, at in placed.items()
    ]
    for item in ours.items:
        item.position = placed[item.takeaway_id]
    session.execute(delete(StoryText).where(StoryText.story_id == ours.id))
    for at, _one, text, words in told[1]:
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


def _target(merge: MergeContext, theirs: Target) -> Target:
    """The same target here: by kind and address, else by kind and name; else it is added, and waits
    for approval by a person."""
    session = merge.session
    rows = list(session.scalars(select(Target).where(Target.kind == theirs.kind)))
    for same in (_address, lambda target: target.name):
        for ours in rows:
            if same(ours) == same(theirs):
                return ours
    name, number = theirs.name, 2
    while session.scalar(select(Target.id).where(Target.name == name)) is not None:
        name, number = f"{theirs.name} {number}", number + 1
    ours = Target(**row_values(theirs, "name", "paused"), name=name, paused=_ASK)
    session.add(ours)
    session.flush()
    merge.done.targets += 1
    return ours


def _address(target: Target) -> tuple[str, ...]:
    told = target.options
    return tuple(str(told.get(name, "")).rstrip("/") for name in ("url", "user")) or (target.name,)


def _merge_delivery(
    merge: MergeContext, theirs: Delivery, target: Target, marks: tuple[str, str]
) -> None:
    """Take over a delivery that was published."""
    if theirs.item_kind not in _SHARED or not (theirs.remote_id or theirs.attempts):
        return
    item = merge.stories.get(theirs.item_id, theirs.item_id)
    ours = merge.session.scalar(
        select(Delivery).where(
            Delivery.target_id == target.id,
            Delivery.item_kind == theirs.item_kind,
            Delivery.item_id == item,
        )
    )
    values = _taken_over(merge, theirs, marks)
    if ours is None:
        _add(merge, values, theirs.id, target, item=item)
    elif not ours.remote_id and theirs.remote_id and not ours.lease:
        for name, value in values.items():
            setattr(ours, name, value)
        merge.done.deliveries += 1
    elif theirs.remote_id and ours.remote_id and theirs.remote_id != ours.remote_id:
        # Both have published it: theirs is a duplicate at the target, which the outbox takes down in its next run.
        double = uuid.uuid5(theirs.id, "double")
        gone = merge.session.get(Delivery, double)
        if gone is None:
            _add(merge, {**values, "key": theirs.key}, double, target, item=double)


def _add(
    merge: MergeContext,
    values: dict[str, Any],
    row_id: uuid.UUID,
    target: Target,
    *,
    item: uuid.UUID,
) -> None:
    if merge.session.get(Delivery, row_id) is not None:
        return
    merge.session.add(Delivery(**values, id=row_id, target_id=target.id, item_id=item))
    merge.done.deliveries += 1


def _taken_over(merge: MergeContext, theirs: Delivery, marks: tuple[str, str]) -> dict[str, Any]:
    """Their row with our ids and keys: sent stays sent; an interrupted delivery is due, and is looked up first."""
    memory = theirs.memory.mapped(
        lambda story: merge.stories.get(story, story), lambda one: merge.takeaways.get(one, one)
    )
    settled = theirs.state == DeliveryState.SENT
    without = (
        "id",
        "target_id",
        "item_id",
        "key",
        "remote",
        "lease",
        "due_at",
        "state",
        "attempts",
        "moved",
    )
    return {
        **row_values(theirs, *without),
        "key": theirs.key.replace(f"sr-{marks[0]}-", f"sr-{marks[1]}-"),
        "remote": memory.to_json(),
        "lease": "",
        "moved": 0,
        "due_at": merge.now,
        "attempts": 0 if settled else max(1, theirs.attempts),
        "state": (DeliveryState.SENT if settled else DeliveryState.DUE).value,
    }


def _gathering_mark(session: Session) -> str:
    """The eight digits in the keys of a gathering (see ``publish.posts.model.Facts.mark``)."""
    return session.scalars(select(Gathering.id)).one().hex[-8:]
