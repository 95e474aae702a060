"""Merge stories, targets and the ledger, so that what another kiosk published is not published twice."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import DeliveryState, ItemKind
from reporter.merge.context import MergeContext, row_values
from reporter.models import Delivery, EventSession, Gathering, Story, StoryItem, StoryText, Target
from reporter.stories.queries import session_story

_ASK = "This place came with another kiosk. Give its password and test it, before anything is sent there."

# Items whose deliveries are merged; a front page is built again, answers and mails belong to each kiosk.
_SHARED = (ItemKind.STORY, ItemKind.MEDIA)


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
        merge.stories[theirs.id] = ours.id
        return
    merge.stories[theirs.id] = theirs.id
    if session.get(Story, theirs.id) is not None:
        return
    story = Story(**row_values(theirs))
    for item in theirs.items:
        if item.takeaway_id in merge.takeaways:
            mapped = merge.takeaways[item.takeaway_id]
            story.items.append(StoryItem(takeaway_id=mapped, position=item.position))
    session.add(story)
    session.flush()
    for words in merge.other.scalars(select(StoryText).where(StoryText.story_id == theirs.id)):
        session.add(StoryText(**row_values(words)))
    merge.done.stories += 1


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
