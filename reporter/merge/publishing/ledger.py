"""Merge the ledgers, so that what another kiosk published is not published twice."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind, Source
from reporter.films.finished import film_stories
from reporter.merge.context import MergeContext, alive_takeaways, row_values
from reporter.merge.media import lacking_renditions
from reporter.models import Delivery, Gathering, Takeaway

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
    "bytes_sent",
)
_NEVER = datetime.min.replace(tzinfo=UTC)
_STORIES = select(Delivery).where(Delivery.item_kind == ItemKind.STORY).order_by(Delivery.id)

# Our target, kind and id of an item here.
_Place = tuple[uuid.UUID, str, uuid.UUID]
# When it was acknowledged, its remote id, what was sent, and its memory.
_Compared = tuple[datetime, str, str, DeliveryMemory]


def merge_deliveries(merge: MergeContext) -> None:
    """Merge the other side's ledger; stories and targets have to be merged before. Does not commit."""
    ledger = _Ledger(merge)
    theirs = select(Delivery).where(Delivery.target_id.in_(merge.targets))
    for row in merge.other.scalars(theirs.order_by(Delivery.created_at)).all():
        ledger.merge_delivery(row)


class _Ledger:
    """The deliveries of both sides. Where both know one, the later acknowledgement counts."""

    def __init__(self, merge: MergeContext) -> None:
        self._merge, self._targets = merge, merge.targets
        self._marks = _gathering_mark(merge.other), _gathering_mark(merge.session)
        films = select(Takeaway.id).where(Takeaway.source == Source.FILM)
        self._films = set(merge.other.scalars(films))
        self._film_stories = set(merge.other.scalars(film_stories()))
        self._lacking = lacking_renditions(merge)
        self._alive = alive_takeaways(merge.session)
        # Of ours what a merge compares, read once for all rows; None: changed since.
        self._known: dict[_Place, _Compared | None] = {}
        self._ids: set[uuid.UUID] = set()
        for ours in merge.session.scalars(select(Delivery)):
            self._ids.add(ours.id)
            self._known[ours.target_id, ours.item_kind, ours.item_id] = _compared(ours, ours.memory)
        # Of stories that both have sent, and of their files: whether theirs stays. Told once, before rows change.
        self._stays: dict[tuple[uuid.UUID, uuid.UUID], bool] = {}
        for theirs in merge.other.scalars(_STORIES.where(Delivery.target_id.in_(merge.targets))):
            place = self._place(theirs, merge.stories.get(theirs.item_id, theirs.item_id))
            known = self._known.get(place)
            if known is not None:
                self._stays[place[0], place[2]] = _acknowledged(theirs) > known[:3]

    def _place(self, theirs: Delivery, item: uuid.UUID) -> _Place:
        return self._targets[theirs.target_id], theirs.item_kind, item

    def _is_same(self, theirs: Delivery, item: uuid.UUID) -> bool:
        """Whether ours says what theirs does: then there is nothing to merge."""
        known = self._known.get(self._place(theirs, item))
        return known is not None and known == _compared(theirs, _mapped(self._merge, theirs))

    def _ours(self, theirs: Delivery, item: uuid.UUID) -> Delivery | None:
        """Our row as it is now; nobody else changes it before the commit (on SQLite: before our first change)."""
        place = self._place(theirs, item)
        if place not in self._known:
            return None
        target, kind, number = place
        return self._merge.session.scalar(
            select(Delivery)
            .where(
                Delivery.target_id == target,
                Delivery.item_kind == kind,
                Delivery.item_id == number,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        )

    def merge_delivery(self, theirs: Delivery) -> None:
        """Take over a delivery that was published."""
        if theirs.item_kind == ItemKind.FRONT_PAGE:
            self._merge_front_page(theirs)
            return
        if theirs.item_kind not in _SHARED or not (theirs.remote_id or theirs.attempts):
            return
        item = self._item(theirs)
        if item is None or self._is_same(theirs, item):
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
        target = self._targets[theirs.target_id]
        if self._is_same(theirs, target):
            return
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
        # The id of a file is what its rendition's hash begins with.
        return (
            None if known in self._alive and theirs.item_id.hex in self._lacking else theirs.item_id
        )

    def _replace(self, ours: Delivery, theirs: Delivery) -> None:
        """Take theirs for ours, with its id if ours was never tried: then both sides know that it is the same."""
        session, item, shown = self._merge.session, ours.item_id, ours.memory.may_show
        if ours.attempts or ours.sent_at or shown or theirs.id in self._ids:
            self._overwrite(ours, theirs)
            return
        session.delete(ours)
        session.flush()
        self._ids.discard(ours.id)
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
        if row_id in self._ids:
            return
        place = self._targets[target]
        row = Delivery(**values, id=row_id, target_id=place, item_id=item)
        self._merge.session.add(row)
        self._ids.add(row_id)
        self._known[place, row.item_kind, item] = None
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
            "bytes_sent": 0,
            "due_at": self._merge.now,
            "attempts": 0 if settled else max(1, theirs.attempts),
            "state": (DeliveryState.SENT if settled else DeliveryState.DUE).value,
        }


def _compared(row: Delivery, memory: DeliveryMemory) -> _Compared:
    """All of a row that a merge compares. ``memory``: with the ids of this side."""
    return *_acknowledged(row), memory


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
