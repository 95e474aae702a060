"""Fetch replies: poll each target in turn, store new replies, and follow edits and deletions made there."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.errors import Offline, PauseTarget, PublishError, RetryAfter
from publish.net.remote_values import EARLIEST, bounded, clean_text
from publish.outbox.context import PublishContext
from publish.outbox.items.answer import answer_key
from publish.outbox.ledger import chosen_targets
from publish.posts.model import Remote
from publish.targets import target_class
from publish.targets.base import RemoteReply
from publish.targets.capabilities import PollsReplies, SendsMail, polls_replies
from reporter.clock import new_id, rfc3339
from reporter.conversation.replies import blocked_people, narrower
from reporter.database.job_queue import back_off
from reporter.enums import ItemKind, ReplyKind, ReplyState
from reporter.errors import attempt
from reporter.follow_up.next_gathering import stop_by_token
from reporter.models import Delivery, Takeaway, Target
from reporter.models.conversation import Reply, ReplyPoll
from reporter.moderation.decisions import next_revision

log = logging.getLogger(__name__)

BETWEEN = timedelta(minutes=15)
# Overlap between polls, for replies written during the last one and for clock differences.
OVERLAP = timedelta(hours=1)
# Edits and deletions are found by a full poll, at most this long after they happened.
COMPLETE_EVERY = timedelta(hours=2)
_WORDLESS = frozenset({ReplyKind.BOOST, ReplyKind.FAVOURITE})
_STATES = {"spam": ReplyState.SPAM, "deleted": ReplyState.GONE}


@dataclass(frozen=True)
class _Post:
    """A story at a target."""

    story: uuid.UUID
    remote: Remote
    takeaways: tuple[uuid.UUID, ...]


@dataclass(frozen=True)
class _Answer:
    """What a poll returned: replies, who unsubscribed from mail, and posts whose replies could not be read."""

    replies: list[RemoteReply]
    stops: list[str]
    unread: frozenset[str]
    # Whether missing replies were deleted.
    tells_deletions: bool


def listen_due(session: Session, context: PublishContext) -> int:
    """Poll the first target that is due; return 1 if there was one. Never raises for a target's errors. Commits."""
    now = context.clock()
    for row in chosen_targets(session):
        if not polls_replies(target_class(row.kind), row.options) or row.paused:
            continue
        listening = session.get(ReplyPoll, row.id)
        if listening is None or listening.next_at <= now:
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
    listening = session.get(ReplyPoll, row.id) or _new_listening(session, row, now)
    posts = _posts(session, row)
    if not posts:
        _looked(listening, now, complete=False)
        session.commit()
        return False
    last = listening.complete_at
    complete = complete or last is None or now - last >= COMPLETE_EVERY
    since = None if complete or listening.looked_at is None else listening.looked_at - OVERLAP
    # Whatever one answer does to us, the poll comes again only after a while, and the others go on.
    answer = attempt(lambda: _ask(session, context, row, posts, since=since))
    if isinstance(answer, Exception):
        _failed(session, context, row.id, _as_ours(row.name, answer))
        return True
    told = [_tidy(heard, now) for heard in answer.replies]
    sure = [post for post in posts if post.remote.id not in answer.unread]
    whole = since is None and answer.tells_deletions
    if _take_in(session, context, row, posts, told=told, sure=sure if whole else ()):
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


def _tidy(heard: RemoteReply, now: datetime) -> RemoteReply:
    """The reply with its date and texts made safe for the database and for pages, whatever the target sent."""
    names = ("remote_id", "author", "text", "url", "author_url", "in_reply_to")
    texts = {name: clean_text(getattr(heard, name)) for name in names}
    return replace(heard, written_at=bounded(heard.written_at, now), **texts)


def _new_listening(session: Session, row: Target, now: datetime) -> ReplyPoll:
    made = ReplyPoll(target_id=row.id, next_at=now, attempts=0, error="")
    session.add(made)
    session.commit()
    return made


def _ask(
    session: Session,
    context: PublishContext,
    row: Target,
    posts: Sequence[_Post],
    *,
    since: datetime | None,
) -> _Answer:
    """Everything the target returns. No transaction is open during network calls."""
    target = context.connect(row)
    session.commit()
    try:
        known = [post.remote for post in posts]
        assert isinstance(target, PollsReplies)
        told = list(target.replies(known, since))
        stops = list(target.stops()) if isinstance(target, SendsMail) else []
        return _Answer(told, stops, frozenset(target.unread), target.tells_deletions)
    finally:
        target.close()


def _posts(session: Session, row: Target) -> list[_Post]:
    query = select(Delivery).where(
        Delivery.target_id == row.id, Delivery.item_kind == ItemKind.STORY, Delivery.remote_id != ""
    )
    return [
        _Post(
            d.item_id,
            Remote(d.remote_id, d.url, d.memory.extra),
            d.memory.takeaways,
        )
        for d in session.scalars(query.order_by(Delivery.created_at))
    ]


def _looked(listening: ReplyPoll, now: datetime, *, complete: bool) -> None:
    listening.looked_at, listening.next_at = now, now + BETWEEN
    listening.attempts, listening.error = 0, ""
    if complete:
        listening.complete_at = now


def _failed(
    session: Session, context: PublishContext, target_id: uuid.UUID, error: PublishError
) -> None:
    """Store the error and schedule the next poll: soon after a lost connection, later if a person has to act."""
    session.rollback()
    now, listening = context.clock(), session.get_one(ReplyPoll, target_id)
    listening.attempts += 1
    wait = back_off(listening.attempts, context.rng.random(), base=30)
    if isinstance(error, RetryAfter) and error.seconds is not None:
        wait = timedelta(seconds=error.seconds)
    if isinstance(error, PauseTarget):
        wait = BETWEEN
    if isinstance(error, Offline):
        wait = min(wait, timedelta(minutes=2))
    listening.next_at, listening.error = now + wait, error.message
    session.commit()


# --- Rows -----------------------------------------------------------------------------------------


def _take_in(
    session: Session,
    context: PublishContext,
    row: Target,
    posts: Sequence[_Post],
    *,
    told: Iterable[RemoteReply],
    sure: Sequence[_Post],
) -> bool:
    """Update our reply rows to match the target; return whether anything changed. Does not commit.

    ``sure``: posts whose replies were told completely, so that missing ones were deleted.
    """
    now = context.clock()
    known = {
        reply.remote_id: reply
        for reply in session.scalars(select(Reply).where(Reply.target_id == row.id))
        if reply.remote_id
    }
    by_post = {post.remote.id: post for post in posts}
    blocked = blocked_people(session, row.id)
    seen = set()
    for heard in told:
        post = by_post.get(heard.post_id)
        if post is None or heard.remote_id in seen:
            continue
        seen.add(heard.remote_id)
        reply = known.get(heard.remote_id) or _own(session, context, row, heard)
        if reply is None:
            known[heard.remote_id] = _add(
                session, context, row, post, heard=heard, blocked=blocked, now=now
            )
        else:
            _follow(reply, heard, blocked, now)
            known[heard.remote_id] = reply
    stories = {post.story for post in sure}
    gone = [r for key, r in known.items() if key not in seen and r.story_id in stories]
    for reply in gone:
        _gone(reply, now)
    changed = bool(session.new) or any(reply in session.dirty for reply in known.values())
    # Parents have to be stored before their replies.
    session.flush()
    _join_threads(known)
    return changed


def _own(
    session: Session, context: PublishContext, row: Target, heard: RemoteReply
) -> Reply | None:
    """Our answer whose send was never confirmed, recognized by its key."""
    if not heard.key:
        return None
    waiting = select(Reply).where(Reply.target_id == row.id, Reply.ours, Reply.remote_id.is_(None))
    found = next(
        (r for r in session.scalars(waiting) if answer_key(r.id, context.facts) == heard.key), None
    )
    if found is not None:
        found.remote_id, found.url = heard.remote_id, heard.url
    return found


def _add(
    session: Session,
    context: PublishContext,
    row: Target,
    post: _Post,
    *,
    heard: RemoteReply,
    blocked: frozenset[str],
    now: datetime,
) -> Reply:
    reply = Reply(
        id=new_id(now, context.rng),
        target_id=row.id,
        remote_id=heard.remote_id,
        place=row.name,
        story_id=post.story,
        takeaway_id=_only(post),
        in_reply_to=_answered(heard, post),
        kind=heard.kind,
        state=_state(heard, blocked).value,
        author=heard.author,
        author_url=heard.author_url,
        text=heard.text,
        url=heard.url,
        ours=bool(heard.key),
        audience=_audience(session, row, post),
        earlier=[],
        written_at=heard.written_at,
        received_at=now,
        changed_at=now,
    )
    session.add(reply)
    return reply


def _audience(session: Session, row: Target, post: _Post) -> str:
    """Who may read a reply: at most those who can read it where it was written."""
    only = _only(post)
    takeaway = session.get(Takeaway, only) if only else None
    return narrower(row.audience, takeaway.audience if takeaway is not None else "")


def _only(post: _Post) -> uuid.UUID | None:
    """The takeaway a reply is about, if the story has only one."""
    return post.takeaways[0] if len(post.takeaways) == 1 else None


def _answered(heard: RemoteReply, post: _Post) -> str:
    return "" if heard.in_reply_to == post.remote.id else heard.in_reply_to


def _state(heard: RemoteReply, blocked: frozenset[str]) -> ReplyState:
    """Initial state: held for review, unless there is nothing to review."""
    if heard.state in _STATES:
        return _STATES[heard.state]
    if _is_blocked(heard, blocked):
        return ReplyState.HIDDEN
    return ReplyState.SHOWN if heard.kind in _WORDLESS or heard.key else ReplyState.HELD


def _is_blocked(heard: RemoteReply, blocked: frozenset[str]) -> bool:
    return bool(blocked & {heard.author_url, heard.author} - {""})


def _follow(reply: Reply, heard: RemoteReply, blocked: frozenset[str], now: datetime) -> None:
    """Apply edits, deletions and spam verdicts made there. Edited text needs review again."""
    if reply.ours:
        return
    if heard.state == "deleted":
        _gone(reply, now)
        return
    values: dict[str, Any] = {}
    if reply.state == ReplyState.GONE and not _taken_back(reply):
        values["state"] = _state(heard, blocked).value
    if heard.state == "spam":
        values["state"] = ReplyState.SPAM.value
    elif reply.state == ReplyState.SPAM:
        values["state"] = _state(heard, blocked).value
    # Earlier versions stored years that some time zones can't represent.
    if reply.written_at < EARLIEST:
        values["written_at"] = heard.written_at
    if heard.text != reply.text and not _taken_back(reply):
        if reply.text:
            earlier = {"text": reply.text, "until": rfc3339(now)}
            values["earlier"] = [*reply.earlier, earlier][-20:]
        values["text"] = heard.text
        if reply.state == ReplyState.SHOWN:
            values["state"] = ReplyState.HELD.value
            values["done_at"] = None
    if not _taken_back(reply):
        values |= {"author": heard.author, "author_url": heard.author_url, "url": heard.url}
    # Earlier versions took everything for public.
    if reply.target is not None:
        values["audience"] = narrower(reply.audience, reply.target.audience)
    changed = {name: value for name, value in values.items() if getattr(reply, name) != value}
    for name, value in changed.items():
        setattr(reply, name, value)
    if changed:
        reply.changed_at = now


def _taken_back(reply: Reply) -> bool:
    """Whether the reply was emptied because its takeaway was withdrawn: polling must not restore its text."""
    return reply.takeaway is not None and reply.takeaway.state == "withdrawn"


def _gone(reply: Reply, now: datetime) -> None:
    if reply.state != ReplyState.GONE and not reply.ours:
        reply.state, reply.text, reply.earlier, reply.changed_at = (
            ReplyState.GONE.value,
            "",
            [],
            now,
        )


def _join_threads(known: dict[str, Reply]) -> None:
    """Link replies to their parents, which may arrive later than their children or change."""
    for reply in known.values():
        parent = known.get(reply.in_reply_to) if reply.in_reply_to else None
        if parent is None or parent is reply:
            continue
        if reply.parent_id != parent.id:
            reply.parent_id = parent.id
        if reply.takeaway_id is None and parent.takeaway_id is not None:
            reply.takeaway_id = parent.takeaway_id
