"""A target's front page, which is updated after every change of its posts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.composition.themes import public_themes
from publish.outbox.context import PublishContext
from publish.outbox.items.base import Order
from publish.outbox.policy.transition import Claim, Transition
from publish.outbox.policy.wanting import Wanted
from publish.outbox.upsert import FrontPageJob, Job
from publish.posts.model import known_remote
from publish.targets import FrontPageEntry, target_class
from publish.targets.capabilities import HasFrontPage, TellsThemes
from reporter.enums import ItemKind
from reporter.models import Delivery, Target

KIND = ItemKind.FRONT_PAGE
ORDER = Order(leaving=5, small=5, big=5)
# The size is known only once it is rendered.
_BYTES = 20_000


def wanted(
    session: Session, context: PublishContext, target: Target, posts: Sequence[FittedPost]
) -> Iterable[Wanted]:
    """One front page once there are posts; it stays even when empty. Added or removed stories make it due."""
    if not issubclass(target_class(target.kind), HasFrontPage) or not posts:
        return [Wanted(KIND, target.id, stands=True)]
    # Value stored by all versions: changing it would resend every front page once.
    print_ = f"face{context.facts.agenda.fingerprint()}"
    return [Wanted(KIND, target.id, "index", target.name, print_, bytes=_BYTES)]


def waits_for(leaving: bool) -> ColumnElement[bool] | None:
    """Everything except big files; it is rewritten after each of those."""
    small = or_(Delivery.item_kind != ItemKind.MEDIA, Delivery.big.is_(False))
    return (Delivery.item_kind != KIND) & small


def prepare(session: Session, context: PublishContext, claim: Claim) -> Job:
    """A job with what the target currently has."""
    target = session.get_one(Target, claim.target_id)
    tells = issubclass(target_class(target.kind), TellsThemes)
    themes = public_themes(session, context.facts.language) if tells else ()
    entries = _entries(session, claim.target_id)
    return FrontPageJob(known_remote(claim), entries, themes, claim.wanted, claim.memory)


def _entries(session: Session, target_id: uuid.UUID) -> tuple[FrontPageEntry, ...]:
    """Entries ordered by session, oldest first."""
    rows = session.scalars(
        select(Delivery).where(
            Delivery.target_id == target_id,
            Delivery.item_kind == ItemKind.STORY,
            Delivery.sent != "",
        )
    )
    entries = [
        FrontPageEntry(one.key, one.memory.title, one.url, one.memory.date, one.memory.extra)
        for one in rows
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.date, entry.title, entry.key)))


def settled(session: Session, claim: Claim, after: Transition, now: datetime) -> None:
    """Nothing depends on a front page."""
