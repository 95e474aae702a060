"""One delivery: what has to happen at the target for one row, and what the row says afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publish.composition.builder import build_files
from publish.composition.constraints import FittedPost, shrunk_notice
from publish.outbox.adapt import REFUSED, shape_post
from publish.outbox.context import PublishContext
from publish.outbox.items.answer import ANSWER, answer_job, answer_sent
from publish.outbox.items.message import MESSAGE, message_job
from publish.outbox.ledger import FACE, MEDIA, OPEN, STORY, story_fingerprint
from publish.outbox.policy.interruptions import narrowed
from publish.outbox.queue import when_done
from publish.outbox.target_status import keep_limits, limits_are_fresh, limits_of
from publish.outbox.upsert import send_media, send_story, send_whole, withdraw
from publish.posts.model import Post, PostMedia, Remote
from publish.targets import FrontPageEntry, Target, target_class
from publish.targets.base import Limits
from reporter.clock import rfc3339
from reporter.enums import DeliveryState
from reporter.models import Delivery, Story, Takeaway
from reporter.moderation.visibility import Scope

Values = dict[str, Any]
Job = Callable[[Target], Values]
# What a row remembers only while it is under way.
_PASSING = ("trying", "urgent", "alone", "cuts", "reach")


class WaitForDependency(Exception):
    """This row has to wait for others of its target."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class LimitsChanged(Exception):
    """The target told something new of what it takes: everything that goes there has to be looked at again."""


@dataclass(frozen=True)
class _Links:
    """The files of a post at a target: those that are there, and those that follow later (ids)."""

    there: Mapping[str, Remote]
    missing: Sequence[str]


def deliver(session: Session, outbox: PublishContext, row: Delivery) -> Values:
    """Make one claimed row true at its target; returns the columns to store, and ``draft`` for a story.

    Raises publish.errors, NotYet and Relearnt. No transaction is open while the network is waited for.
    """
    job = _job(session, outbox, row)
    target_id, leaving = row.target_id, row.state == DeliveryState.WITHDRAWING
    ask = not leaving and not limits_are_fresh(session, target_id, outbox.clock())
    target = outbox.connect(row.target)
    session.commit()
    try:
        if ask:
            _ask_limits(session, target_id, target, outbox.clock())
        return job(target)
    finally:
        target.close()


def _ask_limits(session: Session, target_id: uuid.UUID, target: Target, now: datetime) -> None:
    new = keep_limits(session, target_id, target.limits(), now)
    session.commit()
    if new:
        raise LimitsChanged


def _job(session: Session, outbox: PublishContext, row: Delivery) -> Job:
    """Everything from the database that the delivery needs, gathered before the network is touched."""
    now, kept, key = outbox.clock(), dict(row.remote), row.key
    if row.item_kind == ANSWER:
        return answer_job(session, row, now)
    if row.item_kind == MESSAGE:
        return message_job(session, row, outbox.facts, outbox.clock)
    known = _known(row)
    if row.item_kind == FACE:
        entries, wanted = _entries(session, row.target_id), row.wanted
        return lambda target: _sent(target.finish(entries, known), wanted, now, kept)
    if row.state == DeliveryState.WITHDRAWING:
        is_media = row.item_kind == MEDIA
        return lambda target: {
            **withdraw(target, known, key, kept, is_media=is_media),
            "due_at": now,
        }
    if row.item_kind == STORY:
        ready = prepare_story(session, outbox, row)
        if ready is not None:
            return _story_job(outbox, ready)
    else:
        media = media_of(session, outbox, row)
        if media is not None:
            return _media_job(session, outbox, row, media)
    gone = _unwanted(known, row.attempts, now)
    return lambda target: gone


def _known(row: Delivery) -> Remote | None:
    """What is there, as far as the ledger knows."""
    return Remote(row.remote_id, row.url, row.remote.get("extra", {})) if row.remote_id else None


def media_of(session: Session, outbox: PublishContext, row: Delivery) -> PostMedia | None:
    """The file of a row as it may be shown now, or None."""
    takeaway = session.get(Takeaway, uuid.UUID(row.remote["takeaway"]))
    if takeaway is None:
        return None
    place = Scope(row.target.audience)
    files = build_files(takeaway, place, store=outbox.store, facts=outbox.facts)
    return next((file for file in files if file.id == row.item_id), None)


def _fitted(session: Session, outbox: PublishContext, row: Delivery) -> FittedPost | None:
    """The post as it is now, not as it was when it was queued: what was withdrawn since never leaves."""
    story = session.get(Story, uuid.UUID(row.remote["story"]))
    return None if story is None else shape_post(session, outbox, row.target, story)


def _media_job(session: Session, outbox: PublishContext, row: Delivery, media: PostMedia) -> Job:
    now, kept, known, tried = outbox.clock(), dict(row.remote), _known(row), row.attempts - 1
    told = limits_of(session, row.target)
    limits = narrowed(told, row.remote)
    fitted = _fitted(session, outbox, row)
    why = fitted.refused.get(media.key, "") if fitted and not row.sent else ""

    def job(target: Target) -> Values:
        if why:
            return _parked(REFUSED + media.fingerprint(), why, now, tried)
        there, sent = send_media(target, known, media, limits, outbox.work)
        values = _sent(there, media.fingerprint(), now, {**kept, "ext": sent.ext})
        if sent is not media:
            values["error"] = shrunk_notice(media, sent, target.name, cut=limits != told)
        return values

    return job


def _parked(wanted: str, why: str, now: datetime, attempts: int) -> Values:
    state = DeliveryState.PARKED.value
    return {"state": state, "wanted": wanted, "error": why, "due_at": now, "attempts": attempts}


@dataclass(frozen=True)
class Prepared:
    """A story that is ready to go, with all that is needed of the database."""

    post: Post
    known: Remote | None
    links: Mapping[str, Remote]
    limits: Limits
    # It is there already as it should be.
    same: bool
    keeps_files: bool
    # What was sent, as columns; without what the target says.
    stored: Callable[[Remote], Values]

    def done(self, target: Target, there: Remote) -> Values:
        """The columns to store."""
        return {**self.stored(there), "draft": target.draft(self.post, self.links)}


def prepare_story(session: Session, outbox: PublishContext, row: Delivery) -> Prepared | None:
    """The story of a row as it is now; None where nothing of it may be shown there."""
    fitted = _fitted(session, outbox, row)
    return None if fitted is None else _prepare(session, outbox, row, fitted)


def _story_job(outbox: PublishContext, ready: Prepared) -> Job:
    def job(target: Target) -> Values:
        if ready.known and ready.same:
            there = ready.known
        elif ready.keeps_files:
            there = send_story(target, ready.known, ready.post, ready.links)
        else:
            there = send_whole(target, ready.known, ready.post, ready.limits, outbox.work)
        return ready.done(target, there)

    return job


def _prepare(
    session: Session, outbox: PublishContext, row: Delivery, fitted: FittedPost
) -> Prepared:
    post = fitted.post
    keeps_files = target_class(row.target.kind).keeps_files
    links = _links(session, row, post, outbox.clock()) if keeps_files else _Links({}, ())
    now, print_ = outbox.clock(), story_fingerprint(row.target, post)
    # "takeaways" is read by reporter.stories.takeaway_json: where a contributor's words can be read.
    kept = {
        **row.remote,
        "takeaways": post.takeaways,
        "missing": list(links.missing),
        "date": rfc3339(post.date) or "",
    }
    same = row.sent == print_ and list(links.missing) == row.remote.get("missing", [])
    said = " ".join((*fitted.notes, *_said_missing(len(links.missing))))
    # Should the answer be lost, a takedown still knows what may be there.
    row.remote = {**row.remote, "trying": post.takeaways}
    return Prepared(
        post,
        _known(row),
        links.there,
        narrowed(limits_of(session, row.target), row.remote),
        same,
        keeps_files,
        lambda there: {**_sent(there, print_, now, kept), "error": said},
    )


def _said_missing(count: int) -> list[str]:
    if not count:
        return []
    return ["1 file follows." if count == 1 else f"{count} files follow."]


def _links(session: Session, row: Delivery, post: Post, now: datetime) -> _Links:
    """Raises NotYet while a file of the post is still on its way and worth waiting for."""
    rows = session.scalars(
        select(Delivery).where(Delivery.target_id == row.target_id, Delivery.item_kind == MEDIA)
    )
    by_key = {one.key: one for one in rows}
    may_follow = target_class(row.target.kind).files_may_follow
    there: dict[str, Remote] = {}
    missing = []
    for media in post.media():
        file = by_key.get(media.key)
        if file is not None and file.sent and file.remote_id:
            there[media.key] = Remote(file.remote_id, file.url, file.remote.get("extra", {}))
            continue
        wait = not row.remote.get("urgent") and not (may_follow and file is not None and file.big)
        if wait and file is not None and file.wanted and file.state in OPEN:
            raise WaitForDependency(when_done(file, now))
        missing.append(str(media.id))
    return _Links(there, missing)


def _sent(there: Remote, print_: str, now: datetime, kept: Mapping[str, Any]) -> Values:
    lasting = {name: value for name, value in kept.items() if name not in _PASSING}
    return {
        "state": DeliveryState.SENT.value,
        "sent": print_,
        "wanted": print_,
        "remote_id": there.id,
        "url": there.url,
        "remote": {**lasting, "extra": dict(there.extra)},
        "attempts": 0,
        "moved": 0,
        "error": "",
        "due_at": now,
        "sent_at": now,
    }


def _unwanted(known: Remote | None, attempts: int, now: datetime) -> Values:
    """It may not be shown any more since it was queued; the claim itself counted one attempt."""
    there = known is not None or attempts > 1
    state = DeliveryState.WITHDRAWING if there else DeliveryState.WITHDRAWN
    return {
        "state": state.value,
        "wanted": "",
        "due_at": now,
        "error": "",
        "attempts": attempts - 1,
    }


def _entries(session: Session, target_id: uuid.UUID) -> list[FrontPageEntry]:
    """What is at the target by now, for its front page: oldest session first."""
    rows = session.scalars(
        select(Delivery).where(
            Delivery.target_id == target_id, Delivery.item_kind == STORY, Delivery.sent != ""
        )
    )
    entries = [
        FrontPageEntry(
            key=row.key,
            title=str(row.remote.get("title", "")),
            url=row.url,
            date=str(row.remote.get("date", "")),
            extra=row.remote.get("extra", {}),
        )
        for row in rows
    ]
    return sorted(entries, key=lambda entry: (entry.date, entry.title, entry.key))


def touch_others(session: Session, row: Delivery) -> None:
    """Make due what depends on this settled row: stories that went without this file, the target's front page."""
    if row.item_kind == ANSWER:
        answer_sent(session, row)
        return
    others = session.scalars(
        select(Delivery).where(
            Delivery.target_id == row.target_id,
            Delivery.state == DeliveryState.SENT,
            Delivery.item_kind == (STORY if row.item_kind == MEDIA else FACE),
        )
    )
    for other in others:
        if other.item_kind == FACE or str(row.item_id) in other.remote.get("missing", ()):
            other.state, other.due_at = DeliveryState.CHANGED.value, row.due_at


def wake_stories(session: Session, row: Delivery, now: datetime) -> None:
    """A file is settled, one way or the other: stories that only waited for files need wait no longer."""
    waiting = (DeliveryState.DUE, DeliveryState.CHANGED)
    statement = update(Delivery).where(
        Delivery.target_id == row.target_id,
        Delivery.item_kind == STORY,
        Delivery.state.in_(waiting),
        Delivery.lease == "",
        Delivery.error == "",
        Delivery.due_at > now,
    )
    session.execute(statement.values(due_at=now).execution_options(synchronize_session=False))
