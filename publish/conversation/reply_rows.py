"""Reply rows: what a poll of a target told is stored, and edits and deletions made there are followed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.net.remote_values import EARLIEST
from publish.outbox.context import PublishContext
from publish.outbox.items.answer import answer_key
from publish.posts.model import Remote
from publish.targets.base import RemoteReply
from reporter.clock import later, new_id, rfc3339
from reporter.conversation.replies import blocked_people, narrower
from reporter.enums import ReplyKind, ReplyState
from reporter.models import Takeaway, Target
from reporter.models.conversation import Reply

_WORDLESS = frozenset({ReplyKind.BOOST, ReplyKind.FAVOURITE})
_STATES = {"spam": ReplyState.SPAM, "deleted": ReplyState.GONE}


@dataclass(frozen=True)
class PublishedStory:
    """A story at a target."""

    story: uuid.UUID
    remote: Remote
    takeaways: tuple[uuid.UUID, ...]


@dataclass(frozen=True)
class PollResult:
    """What a poll returned."""

    replies: Sequence[RemoteReply]
    # Stories whose replies were told completely, and the ids of their posts there (of threads: of each).
    whole: Collection[uuid.UUID] = ()
    standing: Collection[str] = ()
    # Remote ids of replies that were asked for one by one and are not there.
    deleted: Collection[str] = ()


def single_ids(session: Session, target_id: uuid.UUID) -> dict[str, str]:
    """Replies that may outlive the post they were written below: remote id -> the post's."""
    rows = select(Reply.remote_id, Reply.post_id).where(
        Reply.target_id == target_id,
        Reply.remote_id.is_not(None),
        Reply.post_id != "",
        Reply.kind.not_in(_WORDLESS),
        Reply.state != ReplyState.GONE,
        ~Reply.ours,
    )
    return {number: post for number, post in session.execute(rows) if number}


def take_in(
    session: Session,
    context: PublishContext,
    row: Target,
    posts: Sequence[PublishedStory],
    *,
    polled: PollResult,
) -> bool:
    """Update our reply rows to match the target; return whether anything changed. Does not commit."""
    now = context.clock()
    known = {
        reply.remote_id: reply
        for reply in session.scalars(select(Reply).where(Reply.target_id == row.id))
        if reply.remote_id
    }
    by_post = {post.remote.id: post for post in posts}
    blocked = blocked_people(session, row.id)
    seen = set()
    for theirs in polled.replies:
        post = by_post.get(theirs.post_id)
        reply = known.get(theirs.remote_id)
        if (post is None and reply is None) or theirs.remote_id in seen:
            continue
        seen.add(theirs.remote_id)
        reply = reply or _own(session, context, row, theirs)
        if reply is not None:
            _follow(reply, theirs, blocked, now)
        elif post is not None:
            reply = _add(session, context, row, post, theirs=theirs, blocked=blocked, now=now)
        if reply is not None:
            known[theirs.remote_id] = reply
    for key, reply in known.items():
        if key not in seen and _is_deleted(reply, polled):
            _gone(reply, now)
    changed = bool(session.new) or any(reply in session.dirty for reply in known.values())
    # Parents have to be stored before their replies.
    session.flush()
    _join_threads(known)
    return changed


def _is_deleted(reply: Reply, polled: PollResult) -> bool:
    """Whether a reply that was not returned was deleted there.

    One below a post that is there no more, because it was posted anew, is not returned any more. Boosts and favourites
    go with their post.
    """
    if reply.remote_id in polled.deleted:
        return True
    outlived = bool(reply.post_id) and reply.post_id not in polled.standing
    return reply.story_id in polled.whole and (not outlived or reply.kind in _WORDLESS)


def _own(
    session: Session, context: PublishContext, row: Target, theirs: RemoteReply
) -> Reply | None:
    """Our answer whose send was never confirmed, recognized by its key."""
    if not theirs.key:
        return None
    waiting = select(Reply).where(Reply.target_id == row.id, Reply.ours, Reply.remote_id.is_(None))
    found = next(
        (r for r in session.scalars(waiting) if answer_key(r.id, context.facts) == theirs.key), None
    )
    if found is not None:
        found.remote_id, found.url = theirs.remote_id, theirs.url
    return found


def _add(
    session: Session,
    context: PublishContext,
    row: Target,
    post: PublishedStory,
    *,
    theirs: RemoteReply,
    blocked: frozenset[str],
    now: datetime,
) -> Reply:
    reply = Reply(
        id=new_id(now, context.rng),
        target_id=row.id,
        remote_id=theirs.remote_id,
        place=row.name,
        story_id=post.story,
        takeaway_id=_only(post),
        post_id=theirs.below or theirs.post_id,
        in_reply_to=_answered_id(theirs, post),
        kind=theirs.kind,
        state=_state(theirs, blocked).value,
        author=theirs.author,
        author_url=theirs.author_url,
        text=theirs.text,
        url=theirs.url,
        ours=bool(theirs.key),
        audience=_audience(session, row, post),
        former_texts=[],
        written_at=theirs.written_at,
        received_at=now,
        changed_at=now,
    )
    session.add(reply)
    return reply


def _audience(session: Session, row: Target, post: PublishedStory) -> str:
    """Who may read a reply: at most those who can read it where it was written."""
    only = _only(post)
    takeaway = session.get(Takeaway, only) if only else None
    return narrower(row.audience, takeaway.audience if takeaway is not None else "")


def _only(post: PublishedStory) -> uuid.UUID | None:
    """The takeaway a reply is about, if the story has only one."""
    return post.takeaways[0] if len(post.takeaways) == 1 else None


def _answered_id(theirs: RemoteReply, post: PublishedStory) -> str:
    return "" if theirs.in_reply_to == post.remote.id else theirs.in_reply_to


def _state(theirs: RemoteReply, blocked: frozenset[str]) -> ReplyState:
    """Initial state: held for review, unless there is nothing to review."""
    if theirs.state in _STATES:
        return _STATES[theirs.state]
    if _is_blocked(theirs, blocked):
        return ReplyState.HIDDEN
    return ReplyState.SHOWN if theirs.kind in _WORDLESS or theirs.key else ReplyState.HELD


def _is_blocked(theirs: RemoteReply, blocked: frozenset[str]) -> bool:
    return bool(blocked & {theirs.author_url, theirs.author} - {""})


def _follow(reply: Reply, theirs: RemoteReply, blocked: frozenset[str], now: datetime) -> None:
    """Apply edits, deletions and spam verdicts made there. Edited text needs review again."""
    # Tells nothing new of the reply: a decision made elsewhere since stays the later one.
    reply.post_id = theirs.below or theirs.post_id or reply.post_id
    if reply.ours:
        return
    if theirs.state == "deleted":
        _gone(reply, now)
        return
    values: dict[str, Any] = {}
    if reply.state == ReplyState.GONE and not _taken_back(reply):
        values["state"] = _state(theirs, blocked).value
    if theirs.state == "spam":
        values["state"] = ReplyState.SPAM.value
    elif reply.state == ReplyState.SPAM:
        values["state"] = _state(theirs, blocked).value
    # Earlier versions stored years that some time zones can't represent.
    if reply.written_at < EARLIEST:
        values["written_at"] = theirs.written_at
    if theirs.text != reply.text and not _taken_back(reply):
        if reply.text:
            earlier = {"text": reply.text, "until": rfc3339(now)}
            values["former_texts"] = [*reply.former_texts, earlier][-20:]
        values["text"] = theirs.text
        if reply.state == ReplyState.SHOWN:
            values["state"] = ReplyState.HELD.value
            values["done_at"] = None
    if not _taken_back(reply):
        values |= {"author": theirs.author, "author_url": theirs.author_url, "url": theirs.url}
    # Earlier versions took everything for public.
    if reply.target is not None:
        values["audience"] = narrower(reply.audience, reply.target.audience)
    changed = {name: value for name, value in values.items() if getattr(reply, name) != value}
    for name, value in changed.items():
        setattr(reply, name, value)
    if changed:
        reply.changed_at = later(now, reply.changed_at)


def _taken_back(reply: Reply) -> bool:
    """Whether the reply was emptied because its takeaway was withdrawn: polling must not restore its text."""
    return reply.takeaway is not None and reply.takeaway.state == "withdrawn"


def _gone(reply: Reply, now: datetime) -> None:
    if reply.state != ReplyState.GONE and not reply.ours:
        reply.state, reply.text, reply.former_texts = ReplyState.GONE.value, "", []
        reply.changed_at = later(now, reply.changed_at)


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
