"""Merge replies: answers, "me too", replies from targets and reports."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from reporter.codes import make_receipt
from reporter.enums import ReplyState
from reporter.merge.context import MergeContext, alive_takeaways, row_values
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
    "former_texts",
    "assigned",
    "snoozed_until",
    "done_at",
    "done_by",
    "changed_at",
)


def merge_conversation(merge: MergeContext) -> None:
    """Merge the other side's replies; takeaways, stories and targets have to be merged before. Commits."""
    alive, known = alive_takeaways(merge.session), _Known(merge.session)
    rows = merge.other.scalars(select(Reply).order_by(Reply.received_at, Reply.id)).all()
    changed = []
    for theirs in rows:
        if not _has_place(merge, theirs, alive):
            continue
        if known.has_same(theirs):
            merge.replies[theirs.id] = theirs.id
        else:
            changed.append((theirs, _merge_reply(merge, theirs, known)))
    # Parents have to be stored before their replies.
    merge.session.flush()
    for theirs, ours in changed:
        _hang(merge, theirs, ours)
    if merge.done.replies:
        next_revision(merge.session)
    merge.session.commit()


# What a reply is compared by, and what it is recognized by.
_COMPARED = ("id", "state", "changed_at", "text", "done_by", "post_id", "parent_id")
_NAMED_BY = ("target_id", "remote_id", "client_id", "receipt")


class _Known:
    """Our replies as far as a merge compares them, read once for all."""

    def __init__(self, session: Session) -> None:
        self._compared: dict[uuid.UUID, tuple[Any, ...]] = {}
        self._remote: set[tuple[uuid.UUID | None, str | None]] = set()
        self._clients: set[str] = set()
        self._receipts: set[str] = set()
        columns = [getattr(Reply, name) for name in (*_COMPARED, *_NAMED_BY)]
        for row in session.execute(select(*columns)):
            self.add(row, _compared(row))

    def add(self, row: Row[Any] | Reply, compared: tuple[Any, ...] = ()) -> None:
        """Note that we have this reply. ``compared``: what is compared, if it is as both sides had it before."""
        self._compared[row.id] = compared
        self._remote.add((row.target_id, row.remote_id))
        self._receipts.add(row.receipt or "")
        if row.client_id:
            self._clients |= {row.client_id, forgotten(row.client_id)}

    def has_same(self, theirs: Reply) -> bool:
        """Whether ours says what theirs does: then there is nothing to merge."""
        return self._compared.get(theirs.id) == _compared(theirs)

    def may_have(self, merge: MergeContext, theirs: Reply) -> bool:
        """Whether theirs may be one of ours; if not, it need not be looked for."""
        remote = merge.targets.get(theirs.target_id) if theirs.target_id else None, theirs.remote_id
        client = theirs.client_id or ""
        return (
            theirs.id in self._compared
            or (bool(theirs.remote_id) and remote in self._remote)
            or (bool(client) and not self._clients.isdisjoint({client, forgotten(client)}))
        )

    def has_receipt(self, receipt: str) -> bool:
        """Whether the receipt is another reply's here."""
        return receipt in self._receipts


def _compared(row: Row[Any] | Reply) -> tuple[Any, ...]:
    return *_order(row), row.post_id, row.parent_id is None


def _has_place(merge: MergeContext, theirs: Reply, alive: set[uuid.UUID]) -> bool:
    """Whether the takeaway or story exists here and is not withdrawn (``alive``), and whether the reply is settled.

    An answer that its laptop has yet to send stays there, or two laptops would send it.
    """
    if theirs.ours and theirs.target_id is not None and theirs.remote_id is None:
        return False
    if theirs.takeaway_id is None:
        return theirs.story_id in merge.stories
    return merge.takeaways.get(theirs.takeaway_id) in alive


def _merge_reply(merge: MergeContext, theirs: Reply, known: _Known) -> Reply:
    """Add or change ours; return it."""
    session = merge.session
    ours = _same(merge, theirs) if known.may_have(merge, theirs) else None
    if ours is None:
        ours = _copy(merge, theirs, known)
        session.add(ours)
        known.add(ours)
        merge.replies[theirs.id] = ours.id
    else:
        merge.replies[theirs.id] = ours.id
        ours.post_id = ours.post_id or theirs.post_id
        if not _take(ours, theirs):
            return ours
        if ours.state == ReplyState.GONE:
            _forget(session, ours)
            if ours.receipt:
                erase_reply_traces(session, ours, merge.now)
    merge.done.replies += 1
    return ours


def _same(merge: MergeContext, theirs: Reply) -> Reply | None:
    """The same reply here, by its id, its id at the target, or the phone's client id."""
    # As it is now: nobody else decides about it before the commit.
    found = merge.session.get(Reply, theirs.id, populate_existing=True, with_for_update=True)
    if found is not None:
        return found
    same: list[ColumnElement[bool]] = []
    if theirs.target_id is not None and theirs.remote_id:
        target = merge.targets.get(theirs.target_id)
        same.append((Reply.target_id == target) & (Reply.remote_id == theirs.remote_id))
    if theirs.client_id:
        same.append(Reply.client_id.in_(_client_ids(merge, theirs, theirs.client_id)))
    query = select(Reply).where(or_(*same)).with_for_update() if same else None
    return merge.session.scalar(query) if query is not None else None


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


def _copy(merge: MergeContext, theirs: Reply, known: _Known) -> Reply:
    row = Reply(**row_values(theirs, "parent_id", "device"))
    row.target_id = merge.targets.get(theirs.target_id) if theirs.target_id else None
    row.takeaway_id = merge.takeaways.get(theirs.takeaway_id) if theirs.takeaway_id else None
    row.story_id = merge.stories.get(theirs.story_id) if theirs.story_id else None
    if row.receipt and known.has_receipt(row.receipt):
        row.receipt = make_receipt(merge.rng)
    return row


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


def _order(row: Row[Any] | Reply) -> tuple[Any, ...]:
    return row.state == ReplyState.GONE, row.changed_at, row.state, row.text, row.done_by


def _hang(merge: MergeContext, theirs: Reply, ours: Reply) -> None:
    """Link to the parent, which may have been merged after it."""
    parent = merge.replies.get(theirs.parent_id) if theirs.parent_id else None
    if parent is not None:
        ours.parent_id = ours.parent_id or parent
