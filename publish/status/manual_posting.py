"""Manual posting where no program may post: provides text, files and address, and records completion."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.errors import PublishError
from publish.net.remote_values import url_parts
from publish.outbox.adapt import shape_post
from publish.outbox.apply import apply
from publish.outbox.context import PublishContext
from publish.outbox.items.story import fingerprint
from publish.outbox.lease import claim_of
from publish.outbox.ledger import recheck
from publish.outbox.policy.decide import Sent, Withdrawn, decide
from publish.outbox.policy.transition import Snapshot
from publish.posts.model import Remote
from publish.rendering.thread import ThreadPost
from publish.status.dry_run import draft_of
from publish.targets import KINDS, target_class
from publish.targets.capabilities import ManualPosting
from reporter.enums import DeliveryState, ItemKind
from reporter.errors import BadInput, Conflict, NotFound
from reporter.models import Delivery, Story, Target


@dataclass(frozen=True)
class ManualPost:
    """One post for a person to create, change or remove."""

    id: uuid.UUID
    target: str
    title: str
    # 'post', 'change' or 'remove'.
    what: str
    # Where to post it, and where it is already, if known.
    posting_url: str
    url: str
    # Messages to post, each with its files.
    parts: tuple[ThreadPost, ...] = ()
    notes: tuple[str, ...] = ()


def manual_posts(session: Session, context: PublishContext) -> list[ManualPost]:
    """All posts waiting for a person, oldest first."""
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.state == DeliveryState.MANUAL, Delivery.item_kind == ItemKind.STORY)
        .order_by(Delivery.created_at)
    )
    return [_manual_post(session, context, row) for row in rows]


def _manual_post(session: Session, context: PublishContext, row: Delivery) -> ManualPost:
    what = "remove" if not row.wanted else "change" if row.sent else "post"
    cls = target_class(row.target.kind)
    posting_url = cls.posting_url(row.target.options) if issubclass(cls, ManualPosting) else ""
    title = row.memory.title
    bare = ManualPost(row.id, row.target.name, title, what, posting_url, row.url)
    story = session.get(Story, row.item_id)
    fitted = shape_post(session, context, row.target, story) if story and row.wanted else None
    if fitted is None:
        return bare
    try:
        opened = context.connect(row.target)
    except PublishError:
        return bare
    try:
        parts = opened.parts(fitted.post) if isinstance(opened, ManualPosting) else []
    finally:
        opened.close()
    return replace(bare, parts=tuple(parts), notes=fitted.notes)


def posted_by_hand(session: Session) -> list[Delivery]:
    """Posts a person has made, newest first: possible sources of pasted replies."""
    kinds = [kind for kind, cls in KINDS.items() if issubclass(cls, ManualPosting)]
    query = (
        select(Delivery)
        .join(Delivery.target)
        .where(
            Target.kind.in_(kinds), Delivery.item_kind == ItemKind.STORY, Delivery.remote_id != ""
        )
        .order_by(Delivery.sent_at.desc().nulls_last())
    )
    return list(session.scalars(query))


def done_by_hand(
    session: Session, context: PublishContext, row_id: uuid.UUID, url: str, *, now: datetime
) -> str:
    """Record that a person has done it; ``url``: where it is, or empty. Return the new state. Commits.

    Raise NotFound, Conflict if the row is not waiting for a person, BadInput if it is not a web address.
    """
    row = session.get(Delivery, row_id)
    if row is None:
        raise NotFound("There is no such post in the ledger.")
    if row.state != DeliveryState.MANUAL:
        raise Conflict("This one does not wait for you any more.")
    link = url.strip() or row.url
    if link and url_parts(link).scheme not in ("http", "https"):
        raise BadInput(
            "Copy the whole address of the post, with https:// in front, or leave it empty."
        )
    result = _there(session, context, row, link) if row.wanted else Withdrawn()
    claim = claim_of(row, row.lease)
    snapshot = Snapshot.of(
        claim, kind=claim.kind, target=row.target.name, by_hand=True, now=now, chance=0.0
    )
    for what in apply(session, claim, decide(snapshot, result), now):
        recheck(session, context, what)
    return row.state


def _there(session: Session, context: PublishContext, row: Delivery, link: str) -> Sent:
    """Record that the handed-out version is posted; if it has changed since, it is handed out again."""
    story = session.get(Story, row.item_id)
    fitted = shape_post(session, context, row.target, story) if story else None
    if story is None or fitted is None:
        raise Conflict(
            "Nothing of this may be shown there any more. Take it down if you posted it."
        )
    memory = replace(row.memory, takeaways=tuple(map(uuid.UUID, fitted.post.shown)))
    opened = context.connect(row.target)
    try:
        draft = draft_of(session, row, fitted, opened)
    finally:
        opened.close()
    remote = Remote(link or "by hand", link, row.memory.extra)
    return Sent(remote, fingerprint(row.target, fitted.post), memory, draft=draft)
