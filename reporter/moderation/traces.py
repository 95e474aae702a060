"""Delete traces of a withdrawn takeaway or reply outside its own row: uploads, items, drafts, titles in the ledger."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from reporter.enums import DeliveryState
from reporter.files import try_remove
from reporter.media.store import Store
from reporter.models import Delivery, Gathering, Takeaway, Upload
from reporter.models.camera import Shot
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem
from reporter.models.outbox import SentDraft


def erase_traces(
    session: Session, takeaway: Takeaway, store: Store, *, client_id: str | None, now: datetime
) -> None:
    """Delete a takeaway's words and its sender's data from other rows. Does not commit.

    A delivery keeps what is needed to take it down (address, key, and for wikis our last text of
    that page): that is deleted when the target has answered, see ``scrub_ledger``.
    """
    _erase_uploads(session, takeaway, store, client_id)
    session.execute(update(Shot).where(Shot.takeaway_id == takeaway.id).values(picture=None))
    own = str(takeaway.id)
    replies = set(session.scalars(select(Reply.id).where(Reply.takeaway_id == takeaway.id)))
    for row in session.scalars(select(Delivery)):
        if _shows(row, own) or row.item_id in replies:
            session.execute(delete(SentDraft).where(SentDraft.delivery_id == row.id))
            row.error = ""
        if row.remote.get("takeaway") in (own, takeaway.id.hex) or row.item_id in replies:
            row.remote = {**row.remote, "title": ""}
    scrub_ledger(session)
    ask_purge(session, now)


def erase_reply_traces(session: Session, reply: Reply, now: datetime) -> None:
    """Delete what quotes a reply that is gone from other rows: items that came of it, drafts of what was sent with it.
    Does not commit."""
    session.execute(delete(ActionItem).where(ActionItem.reply_id == reply.id))
    about = str(reply.takeaway_id) if reply.takeaway_id else ""
    for row in session.scalars(select(Delivery)):
        if row.item_id in (reply.id, reply.story_id) or (about and _shows(row, about)):
            session.execute(delete(SentDraft).where(SentDraft.delivery_id == row.id))
        if row.item_id == reply.id:
            row.error, row.remote = "", {**row.remote, "title": ""}
    ask_purge(session, now)


def ask_purge(session: Session, now: datetime) -> None:
    """Schedule a rewrite of the database's free pages and of old index segments. Does not commit."""
    session.execute(
        update(Gathering).where(Gathering.purge_due_since.is_(None)).values(purge_due_since=now)
    )


def scrub_ledger(session: Session) -> int:
    """Empty the ledger rows of content that is published nowhere any more; returns how many. Does not commit."""
    scrubbed = 0
    gone = Delivery.state == DeliveryState.WITHDRAWN
    for row in session.scalars(select(Delivery).where(gone)):
        extra = {k: v for k, v in row.remote.get("extra", {}).items() if k != "sent"}
        bare = {**row.remote, "title": "", **({"extra": extra} if "extra" in row.remote else {})}
        if bare != row.remote:
            row.remote, scrubbed = bare, scrubbed + 1
            session.execute(delete(SentDraft).where(SentDraft.delivery_id == row.id))
    return scrubbed


def _shows(row: Delivery, takeaway: str) -> bool:
    named: Collection[str] = (
        *row.remote.get("takeaways", ()),
        *row.remote.get("trying", ()),
        str(row.remote.get("takeaway", "")),
    )
    return takeaway in named or takeaway.replace("-", "") in named


def _erase_uploads(
    session: Session, takeaway: Takeaway, store: Store, client_id: str | None
) -> None:
    """Delete finished uploads, whose fields hold its words, and those of its phone still in progress."""
    same = [Upload.receipt == takeaway.receipt]
    if client_id:
        same.append(Upload.fields["client_id"].as_string() == client_id)
    for upload in session.scalars(select(Upload).where(or_(*same))):
        try_remove(store.incoming / f"{upload.id}.part")
        session.delete(upload)
