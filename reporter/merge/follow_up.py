"""Merge captions of recordings, open and finished items, and the next gathering.

Addresses that contributors left stay on the kiosk where they were left.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from reporter.annotations.edit_history import takeaways_of
from reporter.annotations.ocr_text import MOST_CHARS
from reporter.annotations.recording_captions import captions_row, shown_part
from reporter.enums import ReplyState
from reporter.media.webvtt import spoken_text
from reporter.merge.context import MergeContext, alive_takeaways, row_values
from reporter.models import Media
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem, NextGathering
from reporter.models.recording_captions import Captions
from reporter.moderation.decisions import bump_revision, next_revision
from reporter.moderation.deletions import ONLY, Deleted, deletion_of

# Fields of an item that may have changed since both sides had it.
_CHANGES = ("what", "who", "who_agreed", "due_on", "state", "outcome", "changed_at", "closed_at")


def merge_open(merge: MergeContext) -> None:
    """Merge the other side's captions, items and next gathering. Commits."""
    here = {row.sha256: row for row in merge.session.execute(_CAPTIONS)}
    for theirs in merge.other.execute(_CAPTIONS).all():
        if _are_new(theirs, here.get(theirs.sha256)):
            _merge_captions(merge, theirs)
    _merge_items(merge)
    _merge_following(merge)
    merge.session.commit()


# The hash of an original, and version, words and draft of its captions.
_Captions = Row[str, int, str, str]
# All captions that a merge compares, with the hash of their original.
_CAPTIONS = (
    select(Media.sha256, Captions.version, Captions.saved, Captions.draft)
    .join(Media, Media.id == Captions.media_id)
    .order_by(Captions.media_id)
)


def _are_new(theirs: _Captions, ours: _Captions | None) -> bool:
    if ours is None or (theirs.version, theirs.saved) > (ours.version, ours.saved):
        return True
    return bool(theirs.draft) and not (ours.draft or ours.saved)


def _merge_captions(merge: MergeContext, theirs: _Captions) -> None:
    """Captions of the same bytes: those with more changes win; if equal, the greater text."""
    session, sha256 = merge.session, theirs.sha256
    media = session.scalar(select(Media).where(Media.sha256 == sha256))
    if media is None:
        return
    known = session.get(Captions, media.id)
    newer = known is None or (theirs.version, theirs.saved) > (known.version, known.saved)
    if known is None or not (known.draft or known.saved):
        captions_row(session, media).draft = theirs.draft
    if not newer or theirs.saved == (known.saved if known else ""):
        return
    row = captions_row(session, media)
    row.saved, row.version = theirs.saved, theirs.version
    media.recognized_text = spoken_text(shown_part(session, media, row.saved))[:MOST_CHARS]
    for takeaway in takeaways_of(session, media):
        bump_revision(session, takeaway)
    merge.done.captions += 1


def _merge_items(merge: MergeContext) -> None:
    items = merge.other.scalars(select(ActionItem).order_by(ActionItem.created_at, ActionItem.id))
    theirs_all = items.all()
    known = _Items(merge.session, theirs_all)
    for item in theirs_all:
        if not known.has_same(item):
            _merge_item(merge, item, known)
    if merge.done.items:
        next_revision(merge.session)


class _Items:
    """What a merge of the items needs of our side, read once for all of them."""

    def __init__(self, session: Session, theirs: Sequence[ActionItem]) -> None:
        self.alive = alive_takeaways(session)
        taken_back = (Reply.receipt.is_not(None), Reply.state == ReplyState.GONE)
        self.taken_back = set(session.scalars(select(Reply.id).where(*taken_back)))
        # Of ours those that they know as such, and then those that we have found under another id: one each.
        self.taken = {item.id for item in theirs}
        self._compared: dict[uuid.UUID, tuple[Any, ...]] = {}
        self._about: set[tuple[Any, ...]] = set()
        columns = ("id", "kind", "takeaway_id", "what", "changed_at", "state", "outcome", "who")
        for row in session.execute(select(*(getattr(ActionItem, name) for name in columns))):
            self._compared[row.id] = _order(row)
            self._about.add(_about(row, row.takeaway_id))

    def has_same(self, theirs: ActionItem) -> bool:
        """Whether ours says what theirs does: then there is nothing to merge."""
        return self._compared.get(theirs.id) == _order(theirs)

    def may_have(self, theirs: ActionItem, takeaway: uuid.UUID | None) -> bool:
        """Whether theirs may be one of ours; if not, it need not be looked for."""
        return theirs.id in self._compared or _about(theirs, takeaway) in self._about

    def add(self, row: ActionItem) -> None:
        """Note that we have this item."""
        self._about.add(_about(row, row.takeaway_id))


def _about(item: Row[Any] | ActionItem, takeaway: uuid.UUID | None) -> tuple[Any, ...]:
    """What ``same_item`` looks for."""
    return item.kind, takeaway or item.what


def _merge_item(merge: MergeContext, theirs: ActionItem, known: _Items) -> None:
    """Add an item, or keep the last change; none for takeaways that are missing or withdrawn here, or of replies that
    were taken back."""
    session, takeaway = merge.session, None
    if theirs.takeaway_id is not None:
        takeaway = merge.takeaways.get(theirs.takeaway_id)
        if takeaway not in known.alive:
            return
    reply = merge.replies.get(theirs.reply_id) if theirs.reply_id else None
    if reply in known.taken_back:
        return
    ours = None
    if known.may_have(theirs, takeaway):
        origin = [ActionItem.reply_id == reply] if takeaway or reply else []
        ours = session.get(ActionItem, theirs.id, populate_existing=True, with_for_update=True)
        ours = ours or same_item(session, theirs, takeaway, *origin, taken=known.taken)
    if ours is None:
        values = row_values(theirs, "takeaway_id", "reply_id")
        ours = ActionItem(**values, takeaway_id=takeaway, reply_id=reply)
        session.add(ours)
        known.add(ours)
    elif _order(theirs) > _order(ours):
        for name in _CHANGES:
            setattr(ours, name, getattr(theirs, name))
    else:
        return
    merge.done.items += 1


def _order(item: Row[Any] | ActionItem) -> tuple[Any, ...]:
    """Sort key: the last change is greatest; the text breaks ties."""
    return item.changed_at, item.state, item.what, item.outcome, item.who


def same_item(
    session: Session,
    theirs: ActionItem,
    takeaway: uuid.UUID | None,
    *about: ColumnElement[bool],
    taken: set[uuid.UUID],
) -> ActionItem | None:
    """The same item here under another id: from the same takeaway, or with the same text.

    None of those in ``taken``, to which it is added: several may be about one takeaway, as of several replies to it.
    """
    query = select(ActionItem).where(ActionItem.kind == theirs.kind, *about)
    if takeaway is not None:
        query = query.where(ActionItem.takeaway_id == takeaway)
    else:
        query = query.where(ActionItem.takeaway_id.is_(None), ActionItem.what == theirs.what)
    rows = session.scalars(query.order_by(ActionItem.created_at, ActionItem.id))
    found = next((row for row in rows if row.id not in taken), None)
    if found is not None:
        taken.add(found.id)
    return found


def _moment(row: NextGathering) -> tuple[Any, ...]:
    return row.changed_at, row.starts_at, row.title, row.place


def _merge_following(merge: MergeContext) -> None:
    """The next gathering as last edited, or none if it was deleted later."""
    gone = deletion_of(merge.session, Deleted.NEXT, ONLY)
    theirs = merge.other.scalar(select(NextGathering))
    ours = merge.session.scalar(select(NextGathering))
    if gone is not None and ours is not None and ours.changed_at <= gone.deleted_at:
        merge.session.delete(ours)
        next_revision(merge.session)
        ours = None
    if gone is not None and theirs is not None and theirs.changed_at <= gone.deleted_at:
        return
    if theirs is None or (ours is not None and _moment(ours) >= _moment(theirs)):
        return
    if ours is None:
        merge.session.add(NextGathering(**row_values(theirs)))
    else:
        for name, value in row_values(theirs, "id").items():
            setattr(ours, name, value)
    next_revision(merge.session)
