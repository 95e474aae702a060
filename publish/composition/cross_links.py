"""Links between a story's copies at different targets, the canonical one first."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from publish.posts.model import CrossLink
from publish.targets import target_class
from reporter.enums import Audience, ItemKind
from reporter.models import Delivery, Story, Target
from reporter.moderation.visibility import Scope

# Fixed order of canonical targets: blog, site, wiki, social. Unknown kinds come last.
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
# Audiences, widest first: a link must not lead readers to a page they can't open.
_WIDTH = {Audience.PUBLIC.value: 0, Audience.COMMUNITY.value: 1, Audience.ROOM.value: 2}


def rank(target: Target) -> tuple[int, str]:
    """Sort key of a target; the canonical copy has the lowest."""
    return RANK.get(target.kind, _LAST), target.name


def story_rows(session: Session, story_id: uuid.UUID) -> list[Delivery]:
    """A story's ledger rows at all targets, the canonical one first."""
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.item_kind == ItemKind.STORY, Delivery.item_id == story_id)
        .options(joinedload(Delivery.target))
    )
    return sorted(rows, key=lambda row: rank(row.target))


def linked_rows(
    rows: Iterable[Delivery], audience: str, target_id: uuid.UUID | None
) -> list[Delivery]:
    """Those of a story's rows that a post for this audience may link to, without the post itself."""
    return [
        row
        for row in rows
        if row.target_id != target_id
        and is_readable(row)
        and _WIDTH[row.target.audience] <= _WIDTH[audience]
    ]


def is_readable(row: Delivery) -> bool:
    """Whether others can open the row's link, now and after the next round."""
    return (
        bool(row.sent and row.wanted)
        and row.url.startswith(("https://", "http://"))
        and target_class(row.target.kind).linkable(row.target.options)
    )


def online_home(session: Session, place: Scope, opens: Callable[[str], bool] = bool) -> str:
    """Where this audience finds what is published: the front page there, else the place itself,
    else the first story; '' if there is no such place.

    The room's audience gets none: the laptop is nearer. ``opens``: whether an address leads these people anywhere.
    """
    if place is Scope.ROOM:
        return ""
    targets = sorted(session.scalars(select(Target)), key=rank)
    fitting = (one for one in targets if _WIDTH[one.audience] <= _WIDTH[Audience(place)])
    return next(filter(opens, (_home(session, target) for target in fitting)), "")


def _home(session: Session, target: Target) -> str:
    rows = select(Delivery).where(Delivery.target_id == target.id).order_by(Delivery.created_at)
    readable = [row for row in session.scalars(rows) if is_readable(row)]
    url = {row.item_kind: row.url for row in reversed(readable)}
    own = target_class(target.kind)
    home = own.home(target.options) if own.linkable(target.options) and not target.paused else ""
    return url.get(ItemKind.FRONT_PAGE.value, "") or home or url.get(ItemKind.STORY.value, "")


def copies_of(
    session: Session, story: Story, place: Scope, target_id: uuid.UUID | None
) -> tuple[CrossLink, ...]:
    """The story's other copies that this target's readers can open, the canonical one first."""
    rows = linked_rows(story_rows(session, story.id), Audience(place), target_id)
    return tuple(CrossLink(row.target.kind, row.target.name, row.url) for row in rows)
