"""One delivery: what has to happen at the target for one row, and what the row says afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.answers import ANSWER, answer_job, answer_sent
from publish.compose import build_files, build_post
from publish.errors import Gone
from publish.ledger import FACE, MEDIA, OPEN, STORY, Outbox, story_fingerprint
from publish.messages import MESSAGE, message_job
from publish.post import Post, PostMedia, Remote
from publish.targets import Entry, Target, target_class
from reporter.clock import rfc3339
from reporter.gate import Place
from reporter.models import Delivery, Story, Takeaway
from reporter.states import DeliveryState

Values = dict[str, Any]
Job = Callable[[Target], Values]


class NotYet(Exception):
    """This row has to wait for others of its target."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True)
class _Links:
    """The files of a post at a target: those that are there, and those that it has to do without."""

    there: Mapping[str, Remote]
    missing: Sequence[str]


def deliver(session: Session, outbox: Outbox, row: Delivery) -> Values:
    """Make one claimed row true at its target; returns the columns to store.

    Raises publish.errors, and NotYet. No transaction is open while the network is waited for.
    """
    job = _job(session, outbox, row)
    target = outbox.connect(row.target)
    session.commit()
    try:
        return job(target)
    finally:
        target.close()


def _job(session: Session, outbox: Outbox, row: Delivery) -> Job:
    """Everything from the database that the delivery needs, gathered before the network is touched."""
    now, kept, key = outbox.clock(), dict(row.remote), row.key
    known = Remote(row.remote_id, row.url, kept.get("extra", {})) if row.remote_id else None
    if row.item_kind == ANSWER:
        return answer_job(session, row, now)
    if row.item_kind == MESSAGE:
        return message_job(session, row, outbox.facts, outbox.clock)
    if row.item_kind == FACE:
        entries, wanted = _entries(session, row.target_id), row.wanted
        return lambda target: _sent(target.finish(entries, known), wanted, now, kept)
    if row.state == DeliveryState.WITHDRAWING:
        is_media = row.item_kind == MEDIA
        return lambda target: {
            **_withdraw(target, known, key, kept, is_media=is_media),
            "due_at": now,
        }
    if row.item_kind == STORY:
        post = _post(session, outbox, row)
        if post is not None:
            return _story_job(session, outbox, row, post)
    else:
        media = _media(session, outbox, row)
        if media is not None:
            return lambda target: _sent(
                _send_media(target, known, media),
                media.fingerprint(),
                now,
                {**kept, "ext": media.ext},
            )
    gone = _unwanted(known, row.attempts, now)
    return lambda target: gone


def _media(session: Session, outbox: Outbox, row: Delivery) -> PostMedia | None:
    takeaway = session.get(Takeaway, uuid.UUID(row.remote["takeaway"]))
    if takeaway is None:
        return None
    place = Place(row.target.audience)
    files = build_files(takeaway, place, store=outbox.store, facts=outbox.facts)
    return next((file for file in files if file.id == row.item_id), None)


def _post(session: Session, outbox: Outbox, row: Delivery) -> Post | None:
    """The post as it is now, not as it was when it was queued: what was withdrawn since never leaves."""
    story = session.get(Story, uuid.UUID(row.remote["story"]))
    if story is None:
        return None
    place = Place(row.target.audience)
    elsewhere = target_class(row.target.kind).tells_replies
    return build_post(
        session, story, place, store=outbox.store, facts=outbox.facts, elsewhere=elsewhere,
        target_id=row.target_id,
    )  # fmt: skip


def _story_job(session: Session, outbox: Outbox, row: Delivery, post: Post) -> Job:
    keeps_files = target_class(row.target.kind).keeps_files
    links = _links(session, row.target_id, post, outbox.clock()) if keeps_files else _Links({}, ())
    now, print_ = outbox.clock(), story_fingerprint(row.target, post)
    known = Remote(row.remote_id, row.url, row.remote.get("extra", {})) if row.remote_id else None
    same = row.sent == print_ and list(links.missing) == row.remote.get("missing", [])
    # "takeaways" is read by reporter.record: where a contributor's words can be read.
    kept = {
        **row.remote,
        "takeaways": post.takeaways,
        "missing": list(links.missing),
        "date": rfc3339(post.date) or "",
    }

    def job(target: Target) -> Values:
        there = known if known and same else _send_story(target, known, post, links.there)
        values = _sent(there, print_, now, kept)
        if links.missing:
            count = len(links.missing)
            values["error"] = (
                f"Sent without {count} {'file' if count == 1 else 'files'} that could not go there."
            )
        return values

    return job


def _links(session: Session, target_id: uuid.UUID, post: Post, now: datetime) -> _Links:
    """Raises NotYet while a file of the post is still on its way."""
    rows = session.scalars(
        select(Delivery).where(Delivery.target_id == target_id, Delivery.item_kind == MEDIA)
    )
    by_key = {row.key: row for row in rows}
    there: dict[str, Remote] = {}
    missing = []
    for media in post.media():
        row = by_key.get(media.key)
        if row is not None and row.sent and row.remote_id:
            there[media.key] = Remote(row.remote_id, row.url, row.remote.get("extra", {}))
        elif row is not None and row.wanted and row.state in OPEN:
            raise NotYet(when_done(row, now))
        else:
            missing.append(str(media.id))
    return _Links(there, missing)


def when_done(row: Delivery, now: datetime) -> datetime:
    """When to ask again after another row: soon if somebody works on it, for its lease runs much longer."""
    return now + timedelta(seconds=1) if row.lease else row.due_at


def _send_story(
    target: Target, known: Remote | None, post: Post, links: Mapping[str, Remote]
) -> Remote:
    """Change what is there, or make it; our key tells whether an earlier try arrived."""
    if known is not None:
        try:
            return target.update(known, post, links)
        except Gone:
            pass
    found = target.find(post.key)
    return target.update(found, post, links) if found else target.create(post, links)


def _send_media(target: Target, known: Remote | None, media: PostMedia) -> Remote:
    if known is not None:
        try:
            return target.update_media(known, media)
        except Gone:
            pass
    found = target.find_media(media.key, media.ext)
    return target.update_media(found, media) if found else target.put_media(media)


def _withdraw(
    target: Target, known: Remote | None, key: str, kept: Mapping[str, Any], *, is_media: bool
) -> Values:
    """Take it away; needs nothing but the ledger, for the rows that it was made from are gone."""
    find = (
        (lambda: target.find_media(key, str(kept.get("ext", ""))))
        if is_media
        else lambda: target.find(key)
    )
    there = known or find()
    if there is not None:
        with suppress(Gone):
            (target.withdraw_media if is_media else target.withdraw)(there)
    return {
        "state": DeliveryState.WITHDRAWN.value,
        "sent": "", "remote_id": "", "url": "", "error": "", "attempts": 0,
        "remote": {name: kept[name] for name in ("title", "story") if name in kept},
    }  # fmt: skip


def _sent(there: Remote, print_: str, now: datetime, kept: Mapping[str, Any]) -> Values:
    return {
        "state": DeliveryState.SENT.value,
        "sent": print_,
        "wanted": print_,
        "remote_id": there.id,
        "url": there.url,
        "remote": {**kept, "extra": dict(there.extra)},
        "attempts": 0,
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


def _entries(session: Session, target_id: uuid.UUID) -> list[Entry]:
    """What is at the target by now, for its front page: oldest session first."""
    rows = session.scalars(
        select(Delivery).where(
            Delivery.target_id == target_id, Delivery.item_kind == STORY, Delivery.sent != ""
        )
    )
    entries = [
        Entry(
            key=row.key,
            title=str(row.remote.get("title", "")),
            url=row.url,
            date=str(row.remote.get("date", "")),
            extra=row.remote.get("extra", {}),
        )
        for row in rows
    ]
    return sorted(entries, key=lambda entry: (entry.date, entry.title, entry.key))


def touch_others(session: Session, row_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """Make due what depends on this row: stories that went without this file, the target's front page."""
    row = session.get_one(Delivery, row_id, populate_existing=True)
    if row.item_kind == ANSWER:
        answer_sent(session, row)
        return
    if row.item_kind == FACE or row.state not in (DeliveryState.SENT, DeliveryState.WITHDRAWN):
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
            other.state, other.due_at = DeliveryState.DUE.value, row.due_at
