"""A ledger row under our lease: read in frozen values, and changed only as long as it is ours."""

from __future__ import annotations

from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from publish.outbox.policy.transition import Claim
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery


def claim_of(row: Delivery, mark: str) -> Claim:
    """A row under this mark, in frozen values."""
    return Claim.of(
        row,
        id=row.id,
        target_id=row.target_id,
        kind=ItemKind(row.item_kind),
        item_id=row.item_id,
        leaving=row.state == DeliveryState.WITHDRAWING,
        mark=mark,
    )


def reread(session: Session, claim: Claim) -> Claim:
    """The same row as it is by now."""
    return claim_of(session.get_one(Delivery, claim.id, populate_existing=True), claim.mark)


def change(claim: Claim) -> Update:
    """An UPDATE of a row as long as it is ours; a sleeper whose lease went to another changes nothing of it."""
    return (
        update(Delivery)
        .where(Delivery.id == claim.id, Delivery.lease == claim.mark)
        .execution_options(synchronize_session=False)
    )


def remember(session: Session, claim: Claim, memory: DeliveryMemory) -> None:
    """Keep what counts while the row is under way. Does not commit."""
    session.execute(change(claim).values(remote=memory.to_json()))
