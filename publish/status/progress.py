"""Publishing status as JSON and numbers: ledger rows, what is waiting and why, progress with remaining time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from publish.errors import Reachability
from publish.outbox.context import PublishContext
from publish.outbox.ledger import chosen_targets
from publish.outbox.policy.row_states import OPEN, SETTLED
from publish.outbox.target_status import budget_left, outbox_state
from publish.targets import target_class
from reporter.delivery_memory import story_sql
from reporter.enums import DeliveryState, ItemKind
from reporter.messages import Message
from reporter.models import Delivery, Target
from reporter.models.outbox import OutboxState, TargetStatus

PAUSED = Message("Sending is paused.")
HELD = Message("This place is paused.")
BUDGET = Message("The budget of bytes is used up. Raise it, and it goes on.")
# Default speed if none was measured: a slow mobile connection, in bytes per second.
_GUESSED_SPEED = 100_000
# Overhead of a delivery in seconds.
_EACH = 0.7


@dataclass(frozen=True)
class PublishProgress:
    """Progress of open work: items and bytes done and in total, and the estimated remaining time."""

    done: int
    items: int
    bytes_done: int
    bytes: int
    seconds_left: int
    # What is being delivered at the moment.
    now: str = ""

    @property
    def share(self) -> float:
        """Fraction done by bytes, from 0 to 1."""
        return self.bytes_done / self.bytes if self.bytes else float(self.done >= self.items)


class Standing:
    """Reasons that hold rows back, queried once for all rows."""

    def __init__(self, session: Session, budget: int = 0) -> None:
        self._paused = session.scalar(select(OutboxState.paused_at)) is not None
        self._held = set(
            session.scalars(
                select(TargetStatus.target_id).where(TargetStatus.paused_at.is_not(None))
            )
        )
        self._left = budget_left(session, budget)
        open_rows = session.execute(
            select(
                Delivery.target_id,
                Delivery.item_kind,
                Delivery.big,
                story_sql(Delivery.remote),
            ).where(Delivery.state.in_(OPEN))
        ).all()
        self._busy = {(target, kind) for target, kind, big, _story in open_rows if not big}
        self._files = {
            (row[0], row[3]) for row in open_rows if row[1] == ItemKind.MEDIA and not row[2]
        }

    def held_back(self, row: Delivery) -> str:
        """Why a row may not be sent, or empty."""
        if row.target.paused:
            return row.target.paused
        if self._paused:
            return PAUSED
        if row.target_id in self._held:
            return HELD
        free = target_class(row.target.kind).free(row.target.options)
        leaving = row.state == DeliveryState.WITHDRAWING or row.memory.urgent
        if self._left is not None and not free and not leaving and row.bytes >= self._left:
            return BUDGET
        return ""

    def waits(self, row: Delivery) -> bool:
        """Whether other rows of its target go first."""
        if row.item_kind == ItemKind.FRONT_PAGE:
            return bool(
                {(row.target_id, ItemKind.MEDIA), (row.target_id, ItemKind.STORY)} & self._busy
            )
        if row.item_kind == ItemKind.STORY:
            story = row.memory.story
            return (row.target_id, story.hex if story else None) in self._files
        return (
            row.state == DeliveryState.WITHDRAWING and (row.target_id, ItemKind.STORY) in self._busy
        )

    def state(self, row: Delivery) -> str:
        """The state shown to clients: ``waiting`` for due rows that are held back or behind others."""
        due = row.state in (DeliveryState.DUE, DeliveryState.CHANGED)
        if due and (self.held_back(row) or self.waits(row)):
            return DeliveryState.WAITING.value
        return row.state


def ledger_rows(
    session: Session, context: PublishContext, names: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """The ledger as JSON: ``target``, ``item``, ``kind``, ``title``, ``state``, ``url``, ``error``, bytes."""
    wanted = [target.id for target in chosen_targets(session, names)]
    standing = Standing(session, context.budget)
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.target_id.in_(wanted))
        .order_by(Delivery.created_at, Delivery.item_kind, Delivery.key)
    )
    return [row_json(row, standing) for row in rows]


def row_json(row: Delivery, standing: Standing) -> dict[str, Any]:
    """One row as JSON (see ``ledger_rows``)."""
    is_open = row.state in OPEN
    return {
        "target": row.target.name,
        "item": row.key,
        "kind": row.item_kind,
        "title": row.memory.title,
        "state": standing.state(row),
        "url": row.url,
        "error": row.error or (standing.held_back(row) if is_open else ""),
        "bytes": row.bytes,
        "moved": row.bytes_sent,
    }


def counts(session: Session, budget: int = 0) -> dict[uuid.UUID, dict[str, int]]:
    """Number of rows per target and shown state."""
    standing = Standing(session, budget)
    found: dict[uuid.UUID, dict[str, int]] = {}
    for row in session.scalars(select(Delivery)):
        by_state = found.setdefault(row.target_id, {})
        state = standing.state(row)
        by_state[state] = by_state.get(state, 0) + 1
    return found


def progress(
    session: Session, context: PublishContext, target: Target | None = None
) -> PublishProgress:
    """Progress of open work, for one target or all."""
    began = outbox_state(session, context.clock()).began_at or context.clock()
    is_open = Delivery.state.in_(OPEN)
    done = Delivery.state.in_(SETTLED)
    # The time until a target is reachable again is unknown.
    goes = is_open & Delivery.target_id.in_(
        select(TargetStatus.target_id).where(
            TargetStatus.reachability.in_(("", Reachability.OK)), TargetStatus.paused_at.is_(None)
        )
    )
    query = select(
        func.count(case((is_open, 1))),
        func.count(),
        func.coalesce(func.sum(case((is_open, Delivery.bytes_sent), else_=Delivery.bytes)), 0),
        func.coalesce(func.sum(Delivery.bytes), 0),
        func.count(case((goes, 1))),
        func.coalesce(func.sum(case((goes, Delivery.bytes - Delivery.bytes_sent))), 0),
    ).where(or_(is_open, done & (Delivery.due_at >= began)))
    here = [Delivery.target_id == target.id] if target else []
    left, items, bytes_done, total, going, to_go = session.execute(query.where(*here)).one()
    under_way = session.scalar(
        select(Delivery).where(*here, Delivery.lease != "", is_open).order_by(Delivery.bytes.desc())
    )
    speed = session.scalar(select(func.avg(TargetStatus.speed))) or _GUESSED_SPEED
    # PostgreSQL returns sums as Decimal.
    seconds = int(to_go) / speed + going * _EACH
    now = under_way.memory.title if under_way else ""
    return PublishProgress(items - left, items, int(bytes_done), int(total), round(seconds), now)


def progress_json(figures: PublishProgress) -> Mapping[str, Any]:
    """Progress as JSON, for polling pages."""
    return {**vars(figures), "share": round(figures.share, 4)}
