"""Connection state per target, stored in the database: reachability, pauses, byte budget, limits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from publish.composition.constraints import merge_limits
from publish.errors import Reachability
from publish.net.reachability import say_ahead
from publish.net.transfer_meter import TransferMeter
from publish.targets.base import Limits
from reporter.messages import Message
from reporter.models import Target
from reporter.models.outbox import OutboxState, TargetStatus

# Limits are queried again after this long: the target's admin may have changed them.
_FRESH = timedelta(hours=24)
# The speed of smaller deliveries reflects the server more than the connection.
_TELLING = 200_000


def outbox_state(session: Session, now: datetime) -> OutboxState:
    """The outbox's single row, created if needed. Does not commit."""
    row = session.get(OutboxState, 1)
    if row is None:
        known = select(OutboxState.id).where(OutboxState.id == 1)
        values = select(literal(1), literal(0), literal(now, OutboxState.counted_since.type))
        session.execute(
            insert(OutboxState).from_select(
                ["id", "spent", "counted_since"], values.where(~known.exists())
            )
        )
        row = session.get_one(OutboxState, 1)
    return row


def status_of(session: Session, target_id: uuid.UUID) -> TargetStatus:
    """The stored connection state of a target. Does not commit."""
    row = session.get(TargetStatus, target_id)
    if row is None:
        known = select(TargetStatus.target_id).where(TargetStatus.target_id == target_id)
        kind = TargetStatus.target_id.type
        values = select(
            literal(target_id, kind),
            literal(""),
            literal(""),
            literal({}, TargetStatus.reported_limits.type),
            literal({}, TargetStatus.reported_limits.type),
        )
        names = ["target_id", "reachability", "message", "reported_limits", "learned_limits"]
        session.execute(insert(TargetStatus).from_select(names, values.where(~known.exists())))
        row = session.get_one(TargetStatus, target_id)
    return row


def record_reachability(
    session: Session, target_id: uuid.UUID, way: Reachability, message: str, *, now: datetime
) -> None:
    """Store the reachability just observed. Does not commit."""
    status = status_of(session, target_id)
    if status.reachability != way:
        status.since = now
    status.reachability, status.message, status.tried_at = way.value, message, now
    if way is Reachability.OK:
        status.reached_at = now


def record_transfer(
    session: Session,
    target_id: uuid.UUID,
    meter: TransferMeter,
    took: timedelta,
    *,
    now: datetime,
    free: bool,
) -> None:
    """Count a delivery's traffic, also against the budget unless it is ``free``. Does not commit."""
    status = status_of(session, target_id)
    if meter.clock_skew_s is not None:
        status.clock_skew_s = meter.clock_skew_s
    seconds = took.total_seconds()
    if meter.sent >= _TELLING and seconds > 0:
        speed = meter.sent / seconds
        status.speed = speed if status.speed is None else 0.6 * status.speed + 0.4 * speed
    if not free and (meter.sent or meter.received):
        outbox_state(session, now)
        moved = meter.sent + meter.received
        session.execute(
            update(OutboxState)
            .values(bytes_spent=OutboxState.bytes_spent + moved)
            .execution_options(synchronize_session=False)
        )


def status_text(status: TargetStatus | None) -> str:
    """What a person should know about the connection, in a sentence or two; empty if all is well."""
    if status is None:
        return ""
    ahead = say_ahead(status.clock_skew_s) if status.clock_skew_s is not None else ""
    if status.reachability in ("", Reachability.OK):
        return Message("%(why)s Set date and time.", why=ahead) if ahead else ""
    return status.message


def pause_all(session: Session, now: datetime, *, on: bool) -> None:
    """Pause or resume all sending. Commits."""
    outbox_state(session, now).paused_at = now if on else None
    session.commit()


def pause_target(session: Session, target: Target, now: datetime, *, on: bool) -> None:
    """Pause or resume one target. Commits."""
    status_of(session, target.id).paused_at = now if on else None
    session.commit()


def is_stopped(session: Session, target_id: uuid.UUID) -> bool:
    """Whether a person has paused this target or all sending; queries the database, not cached state."""
    paused = session.scalar(select(OutboxState.paused_at))
    return (
        paused is not None
        or session.scalar(select(TargetStatus.paused_at).where(TargetStatus.target_id == target_id))
        is not None
    )


def budget_left(session: Session, budget: int) -> int | None:
    """Bytes left in the budget; None if unlimited."""
    if not budget:
        return None
    return max(0, budget - (session.scalar(select(OutboxState.bytes_spent)) or 0))


def reset_budget(session: Session, now: datetime) -> None:
    """Reset the budget's byte count, for a new month or another SIM card. Commits."""
    state = outbox_state(session, now)
    state.bytes_spent, state.counted_since = 0, now
    session.commit()


def limits_of(session: Session, target_id: uuid.UUID) -> Limits:
    """A target's limits as known so far."""
    status = session.get(TargetStatus, target_id)
    if status is None:
        return Limits()
    return merge_limits(_from_json(status.reported_limits), status.learned_limits)


def learned_limits(session: Session, target_id: uuid.UUID) -> Mapping[str, Any]:
    """Limits learnt from refusals, as fields of ``Limits``."""
    status = session.get(TargetStatus, target_id)
    return status.learned_limits if status is not None else {}


def limits_are_fresh(session: Session, target_id: uuid.UUID, now: datetime) -> bool:
    """Whether the target was asked for its limits recently."""
    status = session.get(TargetStatus, target_id)
    return (
        status is not None
        and status.limits_reported_at is not None
        and now - status.limits_reported_at < _FRESH
    )


def keep_limits(session: Session, target_id: uuid.UUID, limits: Limits, now: datetime) -> bool:
    """Store the limits reported by the target; return whether they changed. Does not commit."""
    status, reported = status_of(session, target_id), _to_json(limits)
    new = status.reported_limits != reported and bool(
        status.reported_limits or reported != _to_json(Limits())
    )
    status.reported_limits, status.limits_reported_at = reported, now
    return new


def forget_limits(session: Session, target_id: uuid.UUID) -> None:
    """Discard known limits, so that they are queried anew and refused items retried. Does not commit."""
    status = status_of(session, target_id)
    status.reported_limits, status.limits_reported_at, status.learned_limits = {}, None, {}


def _to_json(limits: Limits) -> dict[str, Any]:
    values = asdict(limits)
    return {**values, "types": sorted(limits.types) if limits.types is not None else None}


def _from_json(stored: Mapping[str, Any]) -> Limits:
    known = {name: stored[name] for name in asdict(Limits()) if name in stored}
    types = known.get("types")
    return Limits(**{**known, "types": frozenset(types) if types is not None else None})
