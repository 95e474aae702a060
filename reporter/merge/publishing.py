"""Merge stories, targets and the ledger, so that what another kiosk published is not published twice."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind, Source, TakeawayState
from reporter.films.finished import film_stories
from reporter.merge.context import MergeContext, row_values
from reporter.merge.media import lacking_renditions
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
from reporter.moderation.deletions import Deleted, deletion_of, is_story_deleted, place_number
from reporter.stories.editing import drop_story
from reporter.stories.queries import session_story

_ASK = "This place came with another kiosk. Give its password and test it, before anything is sent there."

# Items whose deliveries are merged; answers and mails belong to each kiosk. (Front pages: ``_merge_front_page``.)
_SHARED = (ItemKind.STORY, ItemKind.MEDIA)

# What a delivery that is taken over does not keep.
_OWN = (
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
_NEVER = datetime.min.replace(tzinfo=UTC)

MOST_EDITS = 1_000_000_000


def merge_sent(merge: MergeContext) -> None:
    """Merge the other side's stories, targets and deliveries. Commits."""
    _drop_deleted(merge)
    for story in merge.other.scalars(select(Story).order_by(Story.created_at)):
        _merge_story(merge, story)
    found = ((theirs.id, _target(merge, theirs)) for theirs in merge.other.scalars(select(Target)))
    targets = {theirs: ours for theirs, ours in found if ours is not None}
    merge.session.flush()
    merge.targets |= {theirs: ours.id for theirs, ours in targets.items()}
    ledger = _Ledger(merge, targets)
    for row in merge.other.scalars(select(Delivery).order_by(Delivery.created_at)):
        if row.target_id in targets:
            ledger.merge_delivery(row)
    merge.session.commit()


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


def _target(merge: MergeContext, theirs: Target) -> Target | None:
    """The same target here: by its id, else by kind and address; else it is added, and waits for
    approval by a person. None if a person has removed it here."""
    session = merge.session
    rows = list(session.scalars(select(Target).where(Target.kind == theirs.kind)))
    same = [ours for ours in rows if ours.place == theirs.place]
    # Two accounts may have one address: that with the same name is meant.
    same.sort(key=lambda ours: (ours.id != theirs.id, ours.name != theirs.name))
    for ours in (*(row for row in rows if row.id == theirs.id), *same):
        return ours
    numbers = (theirs.id, place_number(theirs))
    if any(deletion_of(session, Deleted.TARGET, one) is not None for one in numbers):
        return None
    name, number = theirs.name, 2
    while session.scalar(select(Target.id).where(Target.name == name)) is not None:
        name, number = f"{theirs.name} {number}", number + 1
    ours = Target(**row_values(theirs, "name", "paused"), name=name, paused=_ASK)
    session.add(ours)
    session.flush()
    merge.done.targets += 1
    return ours


class _Ledger:
    """The deliveries of both sides. Where both know one, the later acknowledgement counts."""

    def __init__(self, merge: MergeContext, targets: dict[uuid.UUID, Target]) -> None:
        self._merge, self._targets = merge, targets
        self._marks = _gathering_mark(merge.other), _gathering_mark(merge.session)
        films = select(Takeaway.id).where(Takeaway.source == Source.FILM)
        self._films = set(merge.other.scalars(films))
        self._film_stories = set(merge.other.scalars(film_stories()))
        self._lacking = lacking_renditions(merge)
        # Of stories that both have sent, and of their files: whether theirs stays. Told once, before rows change.
        self._stays: dict[tuple[uuid.UUID, uuid.UUID], bool] = {}
        for theirs in (row for row in self._rows(merge.other) if row.target_id in targets):
            ours = self._ours(theirs, merge.stories.get(theirs.item_id, theirs.item_id))
            if ours is not None:
                self._stays[ours.target_id, ours.item_id] = _is_later(theirs, ours)

    @staticmethod
    def _rows(session: Session) -> list[Delivery]:
        stories = select(Delivery).where(Delivery.item_kind == ItemKind.STORY)
        return list(session.scalars(stories.order_by(Delivery.id)))

    def _ours(self, theirs: Delivery, item: uuid.UUID) -> Delivery | None:
        return self._merge.session.scalar(
            select(Delivery).where(
                Delivery.target_id == self._targets[theirs.target_id].id,
                Delivery.item_kind == theirs.item_kind,
                Delivery.item_id == item,
            )
        )

    def merge_delivery(self, theirs: Delivery) -> None:
        """Take over a delivery that was published."""
        if theirs.item_kind == ItemKind.FRONT_PAGE:
            self._merge_front_page(theirs)
            return
        if theirs.item_kind not in _SHARED or not (theirs.remote_id or theirs.attempts):
            return
        item = self._item(theirs)
        if item is None:
            return
        ours = self._ours(theirs, item)
        if ours is None:
            self._add(self._taken_over(theirs), theirs.id, theirs.target_id, item=item)
        elif ours.lease or not theirs.remote_id:
            # It is being sent here: the next merge compares what came of it.
            self._may_show_too(ours, theirs)
        elif not ours.remote_id:
            # What was taken down here, and not sent since, stays down.
            if ours.sent_at is None or (theirs.sent_at or _NEVER) > ours.sent_at:
                self._replace(ours, theirs)
        elif theirs.remote_id == ours.remote_id or theirs.id == ours.id:
            # The same row: what it was sent as before is not there any more, or has another name now.
            self._take_later(ours, theirs)
        else:
            self._keep_one(ours, theirs)

    def _merge_front_page(self, theirs: Delivery) -> None:
        """Take over where a site's front page is, and when it was sent last. Each side builds it again, from what it
        has itself: what waits here to be sent goes on waiting."""
        if not (theirs.sent and theirs.url.startswith("http")):
            return
        target = self._targets[theirs.target_id].id
        ours = self._ours(theirs, target)
        if ours is None:
            self._add(self._taken_over(theirs), theirs.id, theirs.target_id, item=target)
            return
        later = (theirs.sent_at or _NEVER) > (ours.sent_at or _NEVER)
        if ours.remote_id == theirs.remote_id and not ours.lease and later:
            ours.sent_at, ours.url = theirs.sent_at, theirs.url
            self._merge.done.deliveries += 1

    def _item(self, theirs: Delivery) -> uuid.UUID | None:
        """Their item's id here; None for a film's, and for a file that could not be taken: both would be taken down."""
        about = theirs.memory.takeaway
        if theirs.item_kind == ItemKind.STORY:
            story = self._merge.stories.get(theirs.item_id, theirs.item_id)
            return None if theirs.item_id in self._film_stories else story
        if about in self._films:
            return None
        known = self._merge.takeaways.get(about, about) if about else None
        row = self._merge.session.get(Takeaway, known) if known else None
        alive = row is not None and row.state != TakeawayState.WITHDRAWN
        # The id of a file is what its rendition's hash begins with.
        return None if alive and theirs.item_id.hex in self._lacking else theirs.item_id

    def _replace(self, ours: Delivery, theirs: Delivery) -> None:
        """Take theirs for ours, with its id if ours was never tried: then both sides know that it is the same."""
        session, item, shown = self._merge.session, ours.item_id, ours.memory.may_show
        if ours.attempts or ours.sent_at or shown or session.get(Delivery, theirs.id) is not None:
            self._overwrite(ours, theirs)
            return
        session.delete(ours)
        session.flush()
        self._add(self._taken_over(theirs), theirs.id, theirs.target_id, item=item)

    def _overwrite(self, ours: Delivery, theirs: Delivery) -> None:
        tries = _open_tries(ours, ours.memory)
        for name, value in self._taken_over(theirs).items():
            setattr(ours, name, value)
        ours.memory = ours.memory.also_trying(_since(tries, theirs))
        self._merge.done.deliveries += 1

    def _take_later(self, ours: Delivery, theirs: Delivery) -> None:
        if _is_later(theirs, ours):
            self._overwrite(ours, theirs)
        else:
            self._may_show_too(ours, theirs)

    def _may_show_too(self, ours: Delivery, theirs: Delivery) -> None:
        """Remember what the other side may have sent since ours was acknowledged: a takedown has to know."""
        there = _mapped(self._merge, theirs)
        acknowledged = dict.fromkeys(there.takeaways, theirs.sent_at or _NEVER)
        begun = {**acknowledged, **_open_tries(theirs, there)}
        memory = ours.memory.also_trying(_since(begun, ours))
        if memory != ours.memory:
            ours.memory = memory

    def _keep_one(self, ours: Delivery, theirs: Delivery) -> None:
        """Both have published it: the earlier one is a double, which the outbox takes down in its next run."""
        story = theirs.item_id if theirs.item_kind == ItemKind.STORY else theirs.memory.story
        here = self._merge.stories.get(story, story) if story else None
        # Files stay with the post that shows them.
        stays = self._stays.get((ours.target_id, here)) if here else None
        taken = self._taken_over(theirs)
        if _is_later(theirs, ours) if stays is None else stays:
            double = uuid.uuid5(ours.id, "double"), row_values(ours, "id", "target_id", "item_id")
            for name, value in taken.items():
                setattr(ours, name, value)
            self._merge.done.deliveries += 1
        else:
            double = uuid.uuid5(theirs.id, "double"), taken
        # Without a key: what is looked up by it may be the one that stays.
        values = {**double[1], "key": "", "due_at": self._merge.now}
        self._add(values, double[0], theirs.target_id, item=double[0])

    def _add(
        self, values: dict[str, Any], row_id: uuid.UUID, target: uuid.UUID, *, item: uuid.UUID
    ) -> None:
        session = self._merge.session
        if session.get(Delivery, row_id) is not None:
            return
        place = self._targets[target].id
        session.add(Delivery(**values, id=row_id, target_id=place, item_id=item))
        session.flush()
        self._merge.done.deliveries += 1

    def _taken_over(self, theirs: Delivery) -> dict[str, Any]:
        """Their row with our ids and keys: sent stays sent; an interrupted delivery is due, and is looked up first."""
        marks, memory = self._marks, _mapped(self._merge, theirs)
        begun = _open_tries(theirs, memory)
        settled = theirs.state == DeliveryState.SENT
        return {
            **row_values(theirs, *_OWN),
            "key": theirs.key.replace(f"sr-{marks[0]}-", f"sr-{marks[1]}-"),
            "remote": replace(memory, trying=tuple(begun), begun=begun).to_json(),
            "lease": "",
            "moved": 0,
            "due_at": self._merge.now,
            "attempts": 0 if settled else max(1, theirs.attempts),
            "state": (DeliveryState.SENT if settled else DeliveryState.DUE).value,
        }


def _is_later(theirs: Delivery, ours: Delivery) -> bool:
    """Whether theirs was acknowledged later; the same on both sides."""
    return _acknowledged(theirs) > _acknowledged(ours)


def _acknowledged(row: Delivery) -> tuple[datetime, str, str]:
    return row.sent_at or _NEVER, row.remote_id, row.sent


def _mapped(merge: MergeContext, theirs: Delivery) -> DeliveryMemory:
    return theirs.memory.mapped(
        lambda story: merge.stories.get(story, story), lambda one: merge.takeaways.get(one, one)
    )


def _open_tries(row: Delivery, memory: DeliveryMemory) -> dict[uuid.UUID, datetime]:
    """Takeaways that tries without an answer may have brought to the target since it last answered, with the moments.

    ``memory``: the row's, with the ids of this side.
    """
    waits = row.state != DeliveryState.SENT or memory.tried
    # An older version's tries are not dated: they were begun before the row is due again.
    begun = {one: memory.begun.get(one, row.due_at if waits else _NEVER) for one in memory.trying}
    return _since(begun, row)


def _since(begun: Mapping[uuid.UUID, datetime], row: Delivery) -> dict[uuid.UUID, datetime]:
    """Those begun after the row was acknowledged: that says what the target shows, whatever was there before."""
    return {one: at for one, at in begun.items() if at > (row.sent_at or _NEVER)}


def _gathering_mark(session: Session) -> str:
    """The eight digits in the keys of a gathering (see ``publish.posts.model.Facts.mark``)."""
    return session.scalars(select(Gathering.id)).one().hex[-8:]
