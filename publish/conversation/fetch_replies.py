"""Fetch replies: poll each target in turn, store new replies, and follow edits and deletions made there."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.conversation.reply_rows import PollResult, PublishedStory, single_ids, take_in
from publish.errors import Offline, PauseTarget, PublishError, RetryAfter
from publish.net.remote_values import bounded, clean_text
from publish.outbox.context import PublishContext
from publish.outbox.ledger import chosen_targets
from publish.posts.model import Remote
from publish.targets import target_class
from publish.targets.base import RemoteReply
from publish.targets.capabilities import PollsReplies, SendsMail, polls_replies
from reporter.database.job_queue import back_off
from reporter.enums import ItemKind
from reporter.errors import attempt
from reporter.follow_up.next_gathering import stop_by_token
from reporter.models import Delivery, Target
from reporter.models.conversation import ReplyPoll
from reporter.moderation.decisions import next_revision

log = logging.getLogger(__name__)

BETWEEN = timedelta(minutes=15)
# Overlap between polls, for replies written during the last one and for clock differences.
OVERLAP = timedelta(hours=1)
# Edits and deletions are found by a full poll, at most this long after they happened.
COMPLETE_EVERY = timedelta(hours=2)
# Replies asked for one by one in a full poll; of more, others each time.
_SINGLE = 60


@dataclass(frozen=True)
class _Answer:
    """What a poll returned, and who unsubscribed from mail."""

    polled: PollResult
    stops: list[str]


def listen_due(session: Session, context: PublishContext) -> int:
    """Poll the first target that is due; return 1 if there was one. Never raises for a target's errors. Commits."""
    now = context.clock()
    for row in chosen_targets(session):
        if not polls_replies(target_class(row.kind), row.options) or row.paused:
            continue
        poll = session.get(ReplyPoll, row.id)
        if poll is None or poll.next_at <= now:
            return int(look(session, context, row))
    return 0


def listen(session: Session, context: PublishContext, names: Sequence[str] = ()) -> None:
    """Poll all targets fully now, on a person's request. Commits."""
    for row in chosen_targets(session, names):
        if polls_replies(target_class(row.kind), row.options):
            look(session, context, row, complete=True)


def look(session: Session, context: PublishContext, row: Target, *, complete: bool = False) -> bool:
    """Poll one target; return whether we have anything there. Errors are stored in its row. Commits."""
    now = context.clock()
    poll = session.get(ReplyPoll, row.id) or _new_poll(session, row, now)
    posts = _posts(session, row)
    if not posts:
        _looked(poll, now, complete=False)
        session.commit()
        return False
    last = poll.fully_polled_at
    complete = complete or last is None or now - last >= COMPLETE_EVERY
    since = None if complete or poll.polled_at is None else poll.polled_at - OVERLAP
    # Whatever one answer does to us, the poll comes again only after a while, and the others go on.
    answer = attempt(lambda: _ask(session, context, row, posts, since=since))
    if isinstance(answer, Exception):
        _failed(session, context, row.id, _as_ours(row.name, answer))
        return True
    tidy = replace(answer.polled, replies=[_tidy(theirs, now) for theirs in answer.polled.replies])
    if take_in(session, context, row, posts, polled=tidy):
        # Replies under takeaways have changed: have index, ledger and polls look again.
        next_revision(session)
    stop_by_token(session, answer.stops, now)
    _looked(session.get_one(ReplyPoll, row.id), now, complete=since is None)
    session.commit()
    return True


def _as_ours(name: str, error: Exception) -> PublishError:
    if isinstance(error, PublishError):
        return error
    log.warning("the answer of %s can't be read: %r", name, error)
    return RetryAfter("%(name)s answered in a way that can't be understood.", name=name)


def _tidy(theirs: RemoteReply, now: datetime) -> RemoteReply:
    """The reply with its date and texts made safe for the database and for pages, whatever the target sent."""
    names = ("remote_id", "author", "text", "url", "author_url", "in_reply_to", "below")
    texts = {name: clean_text(getattr(theirs, name)) for name in names}
    return replace(theirs, written_at=bounded(theirs.written_at, now), **texts)


def _new_poll(session: Session, row: Target, now: datetime) -> ReplyPoll:
    made = ReplyPoll(target_id=row.id, next_at=now, attempts=0, error="")
    session.add(made)
    session.commit()
    return made


def _ask(
    session: Session,
    context: PublishContext,
    row: Target,
    posts: Sequence[PublishedStory],
    *,
    since: datetime | None,
) -> _Answer:
    """Everything the target returns. No transaction is open during network calls."""
    target = context.connect(row)
    below = single_ids(session, row.id)
    session.commit()
    try:
        assert isinstance(target, PollsReplies)
        polled = _poll(target, posts, below, since=since, rng=context.rng)
        stops = list(target.stops()) if isinstance(target, SendsMail) else []
        return _Answer(polled, stops)
    finally:
        target.close()


def _poll(
    target: PollsReplies,
    posts: Sequence[PublishedStory],
    below: Mapping[str, str],
    *,
    since: datetime | None,
    rng: random.Random,
) -> PollResult:
    """The replies, and what their absence means. ``below``: what replies that are known stand below."""
    found = list(target.replies([post.remote for post in posts], since))
    if since is not None or not target.tells_deletions:
        return PollResult(found)
    sure = [post for post in posts if post.remote.id not in target.unread]
    standing = {one for p in sure for one in (p.remote.id, *target.parts.get(p.remote.id, ()))}
    whole = frozenset(post.story for post in sure)
    if not target.reads_single:
        return PollResult(found, whole, standing)
    # What nothing leads to any more is asked for itself: who deletes it is heard.
    there = {theirs.remote_id for theirs in found}
    alone = [one for one, post in below.items() if post not in standing and one not in there]
    asked = sorted(alone) if len(alone) <= _SINGLE else rng.sample(alone, _SINGLE)
    single = list(target.single(asked)) if asked else []
    deleted = set(asked) - {theirs.remote_id for theirs in single}
    return PollResult([*found, *single], whole, standing, deleted)


def _posts(session: Session, row: Target) -> list[PublishedStory]:
    query = select(Delivery).where(
        Delivery.target_id == row.id, Delivery.item_kind == ItemKind.STORY, Delivery.remote_id != ""
    )
    return [
        PublishedStory(
            d.item_id,
            Remote(d.remote_id, d.url, d.memory.extra),
            d.memory.takeaways,
        )
        for d in session.scalars(query.order_by(Delivery.created_at))
    ]


def _looked(poll: ReplyPoll, now: datetime, *, complete: bool) -> None:
    poll.polled_at, poll.next_at = now, now + BETWEEN
    poll.attempts, poll.error = 0, ""
    if complete:
        poll.fully_polled_at = now


def _failed(
    session: Session, context: PublishContext, target_id: uuid.UUID, error: PublishError
) -> None:
    """Store the error and schedule the next poll: soon after a lost connection, later if a person has to act."""
    session.rollback()
    now, poll = context.clock(), session.get_one(ReplyPoll, target_id)
    poll.attempts += 1
    wait = back_off(poll.attempts, context.rng.random(), base=30)
    if isinstance(error, RetryAfter) and error.seconds is not None:
        wait = timedelta(seconds=error.seconds)
    if isinstance(error, PauseTarget):
        wait = BETWEEN
    if isinstance(error, Offline):
        wait = min(wait, timedelta(minutes=2))
    poll.next_at, poll.error = now + wait, error.message
    session.commit()
