"""Takedown status at every target, as shown to the contributor and at the desk."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from reporter.enums import DeliveryState
from reporter.models import Delivery
from reporter.models.outbox import Takedown

# States in which a target has refused, or a person has to act: the worst of its rows counts.
_ORDER = ("refused", "withdrawing", "withdrawn")


def takedowns(session: Session, takeaway_id: uuid.UUID) -> list[dict[str, Any]]:
    """For each target that showed it: ``target``, ``url``, ``state`` (withdrawing, withdrawn, refused), ``note``.

    ``note`` is why it was refused, or what a takedown there does not reach.
    """
    rows = session.scalars(
        select(Takedown)
        .where(Takedown.takeaway_id == takeaway_id)
        .options(joinedload(Takedown.delivery).joinedload(Delivery.target))
    )
    by_target: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = _takedown_json(row)
        known = by_target.get(one["target"])
        if known is None or _ORDER.index(one["state"]) < _ORDER.index(known["state"]):
            by_target[one["target"]] = one
    return sorted(by_target.values(), key=lambda one: str(one["target"]))


def _takedown_json(row: Takedown) -> dict[str, Any]:
    delivery = row.delivery
    state, note = "withdrawing", delivery.target.paused
    if row.done_at is not None:
        state, note = "withdrawn", row.remaining_copies
    elif delivery.state == DeliveryState.PARKED:
        state, note = "refused", delivery.error
    url = "" if state == "withdrawn" else delivery.url
    return {"target": delivery.target.name, "url": url, "state": state, "note": note}
