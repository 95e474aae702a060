"""Adapt a story to a target: compose it for its readers, link its copies, and fit it to the target's limits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.composition.builder import build_post
from publish.composition.constraints import FittedPost, fit_post
from publish.composition.cross_links import linked_rows, story_rows
from publish.outbox.context import PublishContext
from publish.outbox.policy.row_states import REFUSED
from publish.outbox.target_status import limits_of
from publish.posts.model import Post
from publish.targets import target_class
from publish.targets.capabilities import MediaLibrary
from reporter.enums import DeliveryState, ItemKind
from reporter.messages import Message
from reporter.models import Delivery, Story, Target
from reporter.moderation.visibility import Scope


def shape_post(
    session: Session, context: PublishContext, target: Target, story: Story, *, drafts: bool = False
) -> FittedPost | None:
    """The story's post for this target, or None if nothing of it may be shown there.

    ``drafts``: also shape unpublished drafts, for a preview.
    """
    cls = target_class(target.kind)
    post = build_post(
        session,
        story,
        Scope(target.audience),
        store=context.store,
        facts=context.facts,
        elsewhere=cls.tells_replies,
        target_id=target.id,
        drafts=drafts,
    )
    if post is None:
        return None
    post = replace(post, copies=post.copies[: cls.copies_shown])
    rows = story_rows(session, story.id)
    linked = linked_rows(rows, target.audience, target.id)
    # Files embedded in a post: those too large for the connection are left out like those the target refuses.
    own_row = next((row for row in rows if row.target_id == target.id), None)
    most = (
        own_row.memory.most if own_row is not None and not issubclass(cls, MediaLibrary) else None
    )
    ids = [media.id for media in post.media()]
    files = list(
        session.scalars(
            select(Delivery).where(Delivery.item_kind == ItemKind.MEDIA, Delivery.item_id.in_(ids))
        )
    )
    own = {row.item_id: row for row in files if row.target_id == target.id}
    return fit_post(
        post,
        limits_of(session, target.id).narrowed(most),
        place=target.name,
        whole=_whole(post, linked, files),
        parked=_parked(post, own),
        kept=frozenset(m.key for m in post.media() if _is_there(own.get(m.id))),
        threads=cls.threads,
        way=f"the line to {target.name}" if most is not None else "",
    )


def _whole(post: Post, linked: Sequence[Delivery], files: Sequence[Delivery]) -> dict[str, str]:
    """Map each media key to the first copy whose target has the file."""
    there = {(row.target_id, row.item_id) for row in files if row.sent and row.wanted}
    found = {}
    for media in post.media():
        url = next((row.url for row in linked if (row.target_id, media.id) in there), "")
        if url:
            found[media.key] = url
    return found


def _parked(post: Post, own: Mapping[uuid.UUID, Delivery]) -> dict[str, str]:
    """Media keys this target refused, with its reason."""
    return {
        media.key: row.error or Message("It could not go there.")
        for media in post.media()
        if (row := own.get(media.id)) is not None
        and row.state == DeliveryState.PARKED
        and row.wanted
        and not row.sent
        and not row.wanted.startswith(REFUSED)
    }


def _is_there(row: Delivery | None) -> bool:
    return row is not None and bool(row.sent and row.remote_id)
