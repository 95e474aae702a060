"""Where else a story can be read: from the ledger, for the readers of one place."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.post import Copy
from reporter.gate import Place
from reporter.models import Delivery, Story, Target
from reporter.states import Audience, DeliveryState

# Whose targets the readers of a place can open.
_OPEN = {
    Place.PUBLIC: frozenset({Audience.PUBLIC}),
    Place.COMMUNITY: frozenset({Audience.PUBLIC, Audience.COMMUNITY}),
    Place.ROOM: frozenset(Audience),
}


def copies_of(
    session: Session, story: Story, place: Place, target_id: uuid.UUID | None
) -> tuple[Copy, ...]:
    """Where else it can be read by everybody who reads here, the place that was added first before others."""
    query = (
        select(Target.kind, Target.name, Delivery.url)
        .join(Target, Target.id == Delivery.target_id)
        .where(
            Delivery.item_kind == "story",
            Delivery.item_id == story.id,
            Delivery.state == DeliveryState.SENT,
            Delivery.target_id != target_id if target_id else Delivery.url != "",
            # A file's address leads nowhere from elsewhere.
            Delivery.url.startswith("http"),
            Target.audience.in_(_OPEN[place]),
        )
        .order_by(Target.created_at, Target.name)
    )
    return tuple(Copy(kind, name, url) for kind, name, url in session.execute(query))
