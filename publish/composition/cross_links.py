"""A story's copies know one another: where else the same story can be read, the canonical place first."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from publish.posts.model import CrossLink
from publish.targets import target_class
from reporter.enums import Audience, ItemKind
from reporter.models import Delivery, Story, Target
from reporter.moderation.visibility import Scope

# The stable rule for what is canonical: blog before site before wiki before social. Unknown kinds come last.
RANK = {
    "wordpress": 0,
    "micropub": 0,
    "folder": 1,
    "git": 1,
    "mediawiki": 2,
    "dokuwiki": 2,
    "mastodon": 3,
    "bluesky": 3,
    "facebook": 3,
    "facebook-group": 3,
    "matrix": 3,
}
_LAST = 4
# Who reads there, widest first: a link must not lead a reader to a door that is closed to them.
_WIDTH = {Audience.PUBLIC.value: 0, Audience.COMMUNITY.value: 1, Audience.ROOM.value: 2}


def rank(target: Target) -> tuple[int, str]:
    """Where a target stands: the canonical copy is the lowest one."""
    return RANK.get(target.kind, _LAST), target.name


def story_rows(session: Session, story_id: uuid.UUID) -> list[Delivery]:
    """The ledger's rows of a story, at every target, canonical first."""
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.item_kind == ItemKind.STORY, Delivery.item_id == story_id)
        .options(joinedload(Delivery.target))
    )
    return sorted(rows, key=lambda row: rank(row.target))


def linked_rows(
    rows: Iterable[Delivery], audience: str, target_id: uuid.UUID | None
) -> list[Delivery]:
    """Those of a story's rows that a post for this audience may point to, but for the post itself."""
    return [
        row
        for row in rows
        if row.target_id != target_id
        and is_readable(row)
        and _WIDTH[row.target.audience] <= _WIDTH[audience]
    ]


def is_readable(row: Delivery) -> bool:
    """Whether others can open it by its link, now and after the next round."""
    return (
        bool(row.sent and row.wanted)
        and row.url.startswith(("https://", "http://"))
        and target_class(row.target.kind).linkable(row.target.options)
    )


def copies_of(
    session: Session, story: Story, place: Scope, target_id: uuid.UUID | None
) -> tuple[CrossLink, ...]:
    """Where else it can be read by everybody who reads here, the canonical place first."""
    rows = linked_rows(story_rows(session, story.id), Audience(place), target_id)
    return tuple(CrossLink(row.target.kind, row.target.name, row.url) for row in rows)
