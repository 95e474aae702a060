"""Merge replies: answers, "me too", replies from targets and reports."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from reporter.codes import make_receipt
from reporter.enums import ReplyState, TakeawayState
from reporter.merge.context import MergeContext, row_values
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.moderation.decisions import next_revision
from reporter.moderation.same_again import forgotten
from reporter.moderation.traces import erase_reply_traces

# Fields that may have changed since both sides had the reply.
_CHANGES = (
    "text",
    "author",
    "author_url",
    "url",
    "state",
    "flagged",
    "audience",
    "earlier",
    "assigned",
    "snoozed_until",
    "done_at",
    "done_by",
    "changed_at",
)


def merge_conversation(merge: MergeContext) -> None:
    """Merge the other side's replies; takeaways, stories and targets have to be merged before. Commits."""
    rows = list(merge.other.scalars(select(Reply).order_by(Reply.received_at, Reply.id)))
    for theirs in rows:
        if _has_place(merge, theirs):
            _merge_reply(merge, theirs)
    for theirs in rows:
        _hang(merge, theirs)
    merge.session.commit()


def _has_place(merge: MergeContext, theirs: Reply) -> bool:
    """Whether the takeaway or story exists here and is not withdrawn, and whether the reply is settled.

    An answer that its laptop has yet to send stays there, or two laptops would send it.
    """
    if theirs.ours and theirs.target_id is not None and theirs.remote_id is None:
        return False
    if theirs.takeaway_id is None:
        return theirs.story_id in merge.stories
    about = merge.session.get(Takeaway, merge.takeaways.get(theirs.takeaway_id))
    return about is not None and about.state != TakeawayState.WITHDRAWN


def _merge_reply(merge: MergeContext, theirs: Reply) -> None:
    session = merge.session
    ours = _same(merge, theirs)
    if ours is None:
        session.add(_copy(merge, theirs))
        merge.replies[theirs.id] = theirs.id
    else:
        merge.replies[theirs.id] = ours.id
        ours.post_id = ours.post_id or theirs.post_id
        if not _take(ours, theirs):
            return
        if ours.state == ReplyState.GONE:
            _forget(session, ours)
            if ours.receipt:
                erase_reply_traces(session, ours, merge.now)
    session.flush()
    next_revision(session)
    merge.done.replies += 1


def _same(merge: MergeContext, theirs: Reply) -> Reply | None:
    """The same reply here, by its id, its id at the target, or the phone's client id."""
    found = merge.session.get(Reply, theirs.id)
    if found is not None:
        return found
    same: list[ColumnElement[bool]] = []
    if theirs.target_id is not None and theirs.remote_id:
        target = merge.targets.get(theirs.target_id)
        same.append((Reply.target_id == target) & (Reply.remote_id == theirs.remote_id))
    if theirs.client_id:
        same.append(Reply.client_id.in_(_client_ids(merge, theirs, theirs.client_id)))
    return merge.session.scalar(select(Reply).where(or_(*same))) if same else None


def _client_ids(merge: MergeContext, theirs: Reply, client_id: str) -> set[str]:
    """What this client id may be here: itself, or its digest where the reply was taken back or is old.

    If only the digest came, the id that it was made of is looked for among the takeaway's replies.
    """
    digest = forgotten(client_id)
    found = {client_id, digest}
    if client_id == digest and theirs.takeaway_id is not None:
        here = select(Reply.client_id).where(
            Reply.takeaway_id == merge.takeaways[theirs.takeaway_id], Reply.client_id.is_not(None)
        )
        found |= {one for one in merge.session.scalars(here) if one and forgotten(one) == digest}
    return found


def _copy(merge: MergeContext, theirs: Reply) -> Reply:
    row = Reply(**row_values(theirs, "parent_id", "device"))
    row.target_id = merge.targets.get(theirs.target_id) if theirs.target_id else None
    row.takeaway_id = merge.takeaways.get(theirs.takeaway_id) if theirs.takeaway_id else None
    row.story_id = merge.stories.get(theirs.story_id) if theirs.story_id else None
    if row.receipt and _receipt_taken(merge.session, row.receipt):
        row.receipt = make_receipt(merge.rng)
    return row


def _receipt_taken(session: Session, receipt: str) -> bool:
    return session.scalar(select(Reply.id).where(Reply.receipt == receipt)) is not None


def _take(ours: Reply, theirs: Reply) -> bool:
    """Last change wins; a deletion on either side is final. Returns whether anything changed."""
    if ours.state == ReplyState.GONE or _order(theirs) <= _order(ours):
        return False
    for name in _CHANGES:
        setattr(ours, name, getattr(theirs, name))
    return True


def _forget(session: Session, ours: Reply) -> None:
    """Keep no more of its phone than where it was taken back: the digest of the client id, once."""
    digest = forgotten(ours.client_id) if ours.client_id else None
    same = select(Reply.id).where(Reply.client_id == digest, Reply.id != ours.id)
    ours.client_id = digest if session.scalar(same) is None else None
    ours.device = ""


def _order(row: Reply) -> tuple[Any, ...]:
    return row.state == ReplyState.GONE, row.changed_at, row.state, row.text, row.done_by


def _hang(merge: MergeContext, theirs: Reply) -> None:
    """Link to the parent, which may have been merged after it."""
    ours = merge.replies.get(theirs.id)
    parent = merge.replies.get(theirs.parent_id) if theirs.parent_id else None
    if ours is not None and parent is not None:
        row = merge.session.get_one(Reply, ours)
        row.parent_id = row.parent_id or parent
