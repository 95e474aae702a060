"""Files that are separate items at a target, as in a media library."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, or_, select, update
from sqlalchemy.orm import Session

from publish.composition.builder import build_files
from publish.composition.constraints import FittedPost
from publish.outbox.adapt import shape_post
from publish.outbox.context import PublishContext
from publish.outbox.items import takedowns
from publish.outbox.items.base import Order
from publish.outbox.policy.decide import NotTried, NotWanted
from publish.outbox.policy.row_states import OPEN, REFUSED, SETTLED
from publish.outbox.policy.transition import Claim, Transition
from publish.outbox.policy.wanting import Wanted
from publish.outbox.target_status import limits_of
from publish.outbox.upsert import Job, MediaJob, Settled, WithdrawJob
from publish.posts.model import PostMedia, known_remote
from publish.targets import target_class
from publish.targets.capabilities import ManualPosting, MediaLibrary
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery, FilmPart, Story, Takeaway, Target
from reporter.moderation.visibility import Scope

KIND = ItemKind.MEDIA
ORDER = Order(leaving=3, small=1, big=6)
_LABEL_CHARS = 80


def wanted(
    session: Session, context: PublishContext, target: Target, posts: Sequence[FittedPost]
) -> Iterable[Wanted]:
    """The files these posts show, each once, and those the target does not accept, with the reason."""
    cls = target_class(target.kind)
    items: dict[object, Wanted] = {}
    by_hand = issubclass(cls, ManualPosting)
    if issubclass(cls, MediaLibrary) and not by_hand:
        for item in (item for fitted in posts for item in _items(fitted)):
            if item.id not in items or items[item.id].refused:
                items[item.id] = item
    return items.values()


def _items(fitted: FittedPost) -> Iterable[Wanted]:
    for block, media in ((one, m) for one in fitted.post.blocks for m in one.files()):
        yield _item(media, block.takeaway, fitted)
    for block, media, why in fitted.left_out():
        item = _item(media, block.takeaway, fitted)
        yield replace(item, fingerprint=REFUSED + item.fingerprint, refused=why)


def _item(media: PostMedia, takeaway: str, fitted: FittedPost) -> Wanted:
    return Wanted(
        KIND,
        media.id,
        media.key,
        _label(media),
        media.fingerprint(),
        story=fitted.post.story,
        takeaway=uuid.UUID(takeaway),
        bytes=media.bytes,
    )


def _label(media: PostMedia) -> str:
    """A file's label: its caption, shortened."""
    words = " ".join((media.caption or media.alt).split())
    return words if len(words) <= _LABEL_CHARS else words[:_LABEL_CHARS].rstrip() + "…"


def waits_for(row: Delivery, now: datetime) -> ColumnElement[bool] | None:
    """A file is removed only after the stories showing it have been changed; a parked story does not block it.

    A story may show it without naming its takeaway (two brought the same file): so takedowns that
    are delivered now go first as well. Others may be in difficulty for hours, or wait for a person.
    """
    if row.state != DeliveryState.WITHDRAWING:
        return None
    shown = (cast(Delivery.remote, Text).contains(str(one)) for one in _shown_takeaways(row))
    first = or_(takedowns.takes_back_soon(now), *shown)
    return (Delivery.item_kind == ItemKind.STORY) & (Delivery.sent != "") & first


def _shown_takeaways(row: Delivery) -> set[uuid.UUID]:
    """The takeaways seen in a file."""
    memory = row.memory
    return set(memory.may_show) | ({memory.takeaway} if memory.takeaway else set())


def prepare(session: Session, context: PublishContext, claim: Claim) -> Job:
    """The file as it may be shown now, not when it was queued: what was withdrawn meanwhile is never sent."""
    known, memory = known_remote(claim), claim.memory
    if claim.leaving:
        return WithdrawJob(known, claim.key, ext=memory.ext, is_media=True)
    target = session.get_one(Target, claim.target_id)
    takeaway = session.get(Takeaway, memory.takeaway)
    media = _file(context, takeaway, claim.item_id, Scope(target.audience)) if takeaway else None
    if takeaway is None or media is None:
        return Settled(NotWanted())
    story = session.get(Story, memory.story)
    fitted = shape_post(session, context, target, story) if story is not None else None
    why = fitted.refused.get(media.key, "") if fitted and not claim.sent else ""
    if why:
        return Settled(NotTried(REFUSED + media.fingerprint(), why))
    if parts := _parts(session, takeaway):
        # Takedowns cover everything seen in a film: its contributors are notified.
        memory = replace(memory, takeaways=parts)
    if target_class(target.kind).may_double and (memory.tried or claim.attempts > 1):
        memory = replace(memory, doubtful=True)
    stated = limits_of(session, target.id)
    limits = stated.narrowed(memory.most)
    return MediaJob(known, media, limits, memory, context.store.incoming, cut=limits != stated)


def _file(
    context: PublishContext, takeaway: Takeaway, media_id: uuid.UUID, place: Scope
) -> PostMedia | None:
    files = build_files(takeaway, place, store=context.store, facts=context.facts)
    return next((file for file in files if file.id == media_id), None)


def _parts(session: Session, film: Takeaway) -> tuple[uuid.UUID, ...]:
    seen = select(FilmPart.part_id).where(FilmPart.film_id == film.id)
    return tuple(session.scalars(seen.order_by(FilmPart.part_id)))


def settled(session: Session, claim: Claim, after: Transition, now: datetime) -> None:
    """Release stories waiting for files; those sent without this file become due for a change."""
    if after.state in OPEN:
        return
    stories = (Delivery.target_id == claim.target_id) & (Delivery.item_kind == ItemKind.STORY)
    waiting = update(Delivery).where(
        stories,
        Delivery.state.in_((DeliveryState.DUE, DeliveryState.CHANGED)),
        Delivery.lease == "",
        Delivery.error == "",
        Delivery.due_at > now,
    )
    session.execute(waiting.values(due_at=now).execution_options(synchronize_session=False))
    if after.state not in SETTLED:
        return
    takedowns.settle(session, claim.id, after.shows, now)
    sent = select(Delivery).where(stories, Delivery.state == DeliveryState.SENT)
    for story in session.scalars(sent):
        if claim.item_id in story.memory.missing:
            story.state, story.due_at = DeliveryState.CHANGED.value, after.due_at
