"""A ledger row under our lease: read as a frozen snapshot and updated only while the lease is ours."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from publish.outbox.policy.transition import Claim
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery


def claim_of(row: Delivery, mark: str) -> Claim:
    """Snapshot of the row claimed under this lease."""
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
    """The current state of the same row."""
    return claim_of(session.get_one(Delivery, claim.id, populate_existing=True), claim.mark)


def change(claim: Claim) -> Update:
    """UPDATE a row only while the lease is ours: a stalled worker whose lease was taken over changes nothing."""
    return (
        update(Delivery)
        .where(Delivery.id == claim.id, Delivery.lease == claim.mark)
        .execution_options(synchronize_session=False)
    )


def remember(session: Session, claim: Claim, memory: DeliveryMemory) -> None:
    """Store values in the row's memory while it is being delivered. Does not commit.

    Keeps what another process noted since the claim: that something was withdrawn.
    """
    # Locks the row, so that the note is not made between reading and writing.
    session.execute(change(claim).values(lease=claim.mark))
    urgent = memory.urgent or reread(session, claim).memory.urgent
    session.execute(change(claim).values(remote=replace(memory, urgent=urgent).to_json()))
