"""Dry run: what publishing would do now, with the same comparisons and drafts, but nothing sent or stored."""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.errors import PublishError
from publish.outbox.adapt import shape_post
from publish.outbox.context import PublishContext
from publish.outbox.ledger import chosen_targets, compare
from publish.outbox.policy.row_states import OPEN
from publish.posts.model import Post, PostMedia, Remote, known_remote
from publish.site.pages import media_name
from publish.status.progress import Standing, row_json
from publish.targets import Draft, target_class
from publish.targets import Target as OpenTarget
from publish.targets.capabilities import MediaLibrary
from reporter.database.job_queue import beside_others
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery, Story, Target
from reporter.models.outbox import SentDraft
from reporter.stories.queries import all_stories


def preview(
    session: Session, context: PublishContext, *, names: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """What would be sent, in the form of ``ledger_rows`` with an ``action`` (create, update, withdraw).

    All but files also have ``draft`` (title, body, mime), ``changes`` (unified diff lines against what
    was last sent), ``files`` and ``notes`` (changes due to the target's limits), which say something of
    stories that are sent. The ledger is left unchanged.
    """
    session.commit()
    return beside_others(session, lambda: _preview(session, context, names))


def _preview(
    session: Session, context: PublishContext, names: Sequence[str]
) -> list[dict[str, Any]]:
    before = {row.id: bool(row.remote_id) for row in session.scalars(select(Delivery))}
    stories = all_stories(session, now=context.clock(), rng=context.rng)
    previews: list[dict[str, Any]] = []
    for target in chosen_targets(session, names):
        compare(session, context, target, stories, only_known=False)
        session.flush()
        session.expire_all()
        previews += _at_target(session, context, target, before)
    session.rollback()
    return previews


def _at_target(
    session: Session, context: PublishContext, target: Target, before: Mapping[uuid.UUID, bool]
) -> list[dict[str, Any]]:
    standing = Standing(session, context.budget)
    rows = session.scalars(select(Delivery).where(Delivery.target_id == target.id))
    opened = _open_target(context, target)
    previews = []
    try:
        for row in sorted(rows, key=lambda r: (r.created_at, r.item_kind, r.key)):
            by_hand = row.state == DeliveryState.MANUAL
            if row.state not in OPEN and not by_hand:
                continue
            leaving = row.state == DeliveryState.WITHDRAWING or (by_hand and not row.wanted)
            action = "withdraw" if leaving else "update" if before.get(row.id) else "create"
            one = {**row_json(row, standing), "action": action}
            if row.item_kind != ItemKind.MEDIA:
                one |= {"notes": [], "files": [], "draft": None, "changes": []}
            if row.item_kind == ItemKind.STORY and not leaving:
                one |= _story(session, context, row, opened)
            previews.append(one)
    finally:
        if opened is not None:
            opened.close()
    return previews


def _open_target(context: PublishContext, target: Target) -> OpenTarget | None:
    try:
        return context.connect(target)
    except PublishError:
        # The target can't be opened (say, a stick not plugged in): what would be sent can still be counted.
        return None


def _story(
    session: Session, context: PublishContext, row: Delivery, opened: OpenTarget | None
) -> dict[str, Any]:
    story = session.get(Story, row.memory.story)
    fitted = shape_post(session, context, row.target, story) if story else None
    if fitted is None:
        return {}
    files = [
        {"key": m.key, "kind": m.kind, "bytes": m.bytes, "alt": m.alt} for m in fitted.post.media()
    ]
    details: dict[str, Any] = {
        "notes": list(fitted.notes),
        "files": files,
        "draft": None,
        "changes": [],
    }
    if opened is not None:
        draft = draft_of(session, row, fitted, opened)
        details["draft"] = vars(draft)
        details["changes"] = changes(session.get(SentDraft, row.id), draft)
    return details


def story_draft(
    session: Session,
    context: PublishContext,
    target: Target,
    story: Story,
    *,
    seen_at: Callable[[Post], Mapping[str, str]],
) -> tuple[Draft, tuple[str, ...]] | None:
    """A story as the target would get it now, and the changes due to its limits; None if nothing of it is sent there.

    ``seen_at``: where the post's files can be previewed. Uses no network. Raises publish.errors if
    the target can't be opened.
    """
    fitted = shape_post(session, context, target, story, drafts=True)
    if fitted is None:
        return None
    links, opened = seen_at(fitted.post), context.connect(target)
    try:
        there = {key: Remote("0", url, {"name": url}) for key, url in links.items()}
        return opened.draft(
            fitted.post, there if isinstance(opened, MediaLibrary) else {}
        ), fitted.notes
    finally:
        opened.close()


def draft_of(session: Session, row: Delivery, fitted: FittedPost, opened: OpenTarget) -> Draft:
    """The text as it would be sent; files not yet uploaded appear under their future names."""
    query = select(Delivery).where(
        Delivery.target_id == row.target_id,
        Delivery.item_kind == ItemKind.MEDIA,
        Delivery.remote_id != "",
    )
    there = {
        one.key: remote
        for one in session.scalars(query)
        if (remote := known_remote(one)) is not None
    }
    if not issubclass(target_class(row.target.kind), MediaLibrary):
        there = {}
    else:
        there = {m.key: there.get(m.key) or _to_come(m) for m in fitted.post.media()}
    return opened.draft(fitted.post, there)


def _to_come(media: PostMedia) -> Remote:
    return Remote("0", media.filename, {"name": media_name(media.filename)})


def changes(was: SentDraft | None, draft: Draft) -> list[str]:
    """Unified diff lines against what was last sent; empty if nothing was sent yet."""
    if was is None:
        return []
    old, new = [was.title, *was.body.splitlines()], [draft.title, *draft.body.splitlines()]
    lines = list(difflib.unified_diff(old, new, "sent", "now", n=1, lineterm=""))
    return lines[2:]
