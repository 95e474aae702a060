"""Posts: a session's story, or one composed by an organizer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.errors import WaitForDependency
from publish.outbox.adapt import shape_post
from publish.outbox.context import PublishContext
from publish.outbox.items import front_page, takedowns
from publish.outbox.items.base import Order
from publish.outbox.policy.decide import NotWanted
from publish.outbox.policy.row_states import OPEN, OVER, SETTLED, when_done
from publish.outbox.policy.transition import Claim, Transition
from publish.outbox.policy.wanting import Wanted
from publish.outbox.target_status import limits_of
from publish.outbox.upsert import Job, Settled, StoryJob, WithdrawJob
from publish.posts.model import Post, Remote, known_remote
from publish.targets import Target as OpenTarget
from publish.targets import target_class
from publish.targets.capabilities import MediaLibrary
from reporter.clock import rfc3339
from reporter.enums import DeliveryState, ItemKind
from reporter.messages import Message
from reporter.models import Delivery, Story, Target
from reporter.models.conversation import Reply

KIND = ItemKind.STORY
ORDER = Order(leaving=0, small=2, big=2)


def waits_for(row: Delivery, now: datetime) -> ColumnElement[bool] | None:
    """A post is removed after our answers under it, which are found through it. Whether its files are ready is
    checked in ``prepare``.
    """
    if row.state != DeliveryState.WITHDRAWING:
        return None
    answers = select(Reply.id).where(Reply.story_id == row.item_id)
    below = (Delivery.item_kind == ItemKind.ANSWER) & Delivery.item_id.in_(answers)
    return below & takedowns.takes_back_soon(now)


def wanted(
    session: Session, context: PublishContext, target: Target, posts: Sequence[FittedPost]
) -> Iterable[Wanted]:
    """One item per post."""
    inside = not issubclass(target_class(target.kind), MediaLibrary)
    return [_item(target, fitted.post, inside=inside) for fitted in posts]


def _item(target: Target, post: Post, *, inside: bool) -> Wanted:
    size = sum(len(block.text) + len(block.caption) + 400 for block in post.blocks)
    return Wanted(
        KIND,
        post.story,
        post.key,
        post.title,
        fingerprint(target, post),
        story=post.story,
        bytes=size + (sum(m.bytes for m in post.media()) if inside else 0),
        shows=frozenset(map(uuid.UUID, post.shown)),
    )


def fingerprint(target: Target, post: Post) -> str:
    """Hash of the post and of the options that affect how it is sent."""
    return post.fingerprint() + target_class(target.kind).options_fingerprint(target.options)


@dataclass(frozen=True)
class _Links:
    """A post's files at a target: those already there, and those sent later."""

    there: Mapping[str, Remote]
    missing: tuple[uuid.UUID, ...] = ()
    # A try of one of them was not answered: it may be there twice.
    doubtful: bool = False


def prepare(session: Session, context: PublishContext, claim: Claim) -> Job:
    """The post as it is now, not when it was queued. Raises WaitForDependency while a file is being sent."""
    if claim.leaving:
        return WithdrawJob(known_remote(claim), claim.key)
    target = session.get_one(Target, claim.target_id)
    story = session.get(Story, claim.memory.story)
    fitted = shape_post(session, context, target, story) if story is not None else None
    if fitted is None:
        return Settled(NotWanted())
    post, before = fitted.post, claim.memory
    cls, now = target_class(target.kind), context.clock()
    library = issubclass(cls, MediaLibrary)
    links = _links(session, claim, post, now) if library else _Links({})
    wanted = fingerprint(target, post)
    shows = tuple(map(uuid.UUID, post.shown))
    post = replace(post, lost=tuple(sorted(map(str, before.may_show - set(shows)))))
    return StoryJob(
        _known(claim, wanted, cls),
        post,
        links.there,
        limits_of(session, target.id).narrowed(before.most),
        wanted,
        replace(
            before,
            takeaways=shows,
            missing=links.missing,
            date=rfc3339(post.date) or "",
            doubtful=cls.may_double and _stays_doubtful(claim, links, now),
        ),
        Message.join((*fitted.notes, *_notes(len(links.missing)))),
        trying=before.once_tried(wanted, dict.fromkeys(shows, _begins(claim, now))),
        same=claim.sent == wanted
        and links.missing == before.missing
        and not (_is_open(claim) or before.doubtful),
        inside=not library,
        scratch_dir=context.store.incoming,
        doubtful=before.doubtful or _is_open(claim),
    )


def _stays_doubtful(claim: Claim, links: _Links, now: datetime) -> bool:
    """Whether a try of the post or of a file was not answered, and may be carried out after this one."""
    if claim.memory.doubtful:
        return claim.sent_at is None or now - claim.sent_at < OVER
    return _is_open(claim) or links.doubtful


def _is_open(claim: Claim) -> bool:
    """Whether an earlier try was not answered: what is there now is not known."""
    return bool(claim.memory.tried or claim.memory.trying or claim.attempts > 1)


def _begins(claim: Claim, now: datetime) -> datetime:
    """The moment of this try: after the last acknowledgement, whatever another laptop's clock said then."""
    return now if claim.sent_at is None else max(now, claim.sent_at + timedelta(microseconds=1))


def _known(claim: Claim, wanted: str, cls: type[OpenTarget]) -> Remote | None:
    """The post at the target. Where another version may have arrived, without what tells of the last one."""
    known = known_remote(claim)
    if known is None or not _is_open(claim) or claim.memory.tried == wanted:
        return known
    return replace(known, extra={k: v for k, v in known.extra.items() if k not in cls.last_sent})


def _notes(missing: int) -> list[str]:
    if not missing:
        return []
    return [Message("Files that follow: %(count)s.", count=missing)]


def _links(session: Session, claim: Claim, post: Post, now: datetime) -> _Links:
    """The post's files. Raises WaitForDependency while a file is still on its way and worth waiting for."""
    rows = session.scalars(
        select(Delivery).where(
            Delivery.target_id == claim.target_id, Delivery.item_kind == ItemKind.MEDIA
        )
    )
    by_key = {one.key: one for one in rows}
    cls = target_class(session.get_one(Target, claim.target_id).kind)
    may_follow = issubclass(cls, MediaLibrary) and cls.files_may_follow
    there: dict[str, Remote] = {}
    missing, doubtful = [], False
    for media in post.media():
        file = by_key.get(media.key)
        doubtful = doubtful or (file is not None and file.memory.doubtful)
        remote = known_remote(file) if file is not None and file.sent else None
        if remote is not None:
            there[media.key] = remote
            continue
        wait = not claim.memory.urgent and not (may_follow and file is not None and file.big)
        if wait and file is not None and file.wanted and file.state in OPEN:
            raise WaitForDependency(when_done(file, now))
        missing.append(media.id)
    return _Links(there, tuple(missing), doubtful)


def settled(session: Session, claim: Claim, after: Transition, now: datetime) -> None:
    """Mark content no longer shown as taken down, and make the target's front page due."""
    if after.state not in SETTLED:
        return
    takedowns.settle(session, claim.id, after.shows, now)
    urgent = claim.leaving or claim.memory.urgent
    front_page.change(session, claim.target_id, now, urgent=urgent)
