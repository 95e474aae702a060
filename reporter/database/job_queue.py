"""Job queue on database rows: query, claim by a conditional UPDATE, lease, then finish or retry at a due time."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


class JobRow(Protocol):
    """A model whose rows are jobs, with the columns needed for claims and leases."""

    id: Any
    state: Any
    lease: Any
    due_at: Any
    attempts: Any


Row = type[JobRow]
T = TypeVar("T")
# Other processes that add the same rows finish sooner or later.
_RIVALS = 10


def claim(
    session: Session,
    model: Row,
    row_id: uuid.UUID,
    *,
    states: Sequence[str],
    to: str,
    lease: str,
    now: datetime,
    until: datetime,
) -> bool:
    """Claim a row if it is still free. Commits.

    Returns True for exactly one caller: the row was in one of ``states`` and due, and the UPDATE
    changed one row. ``lease`` is the caller's own token; nobody else gets the row until ``until``,
    when the lease expires (its owner was killed).
    """
    statement = (
        update(model)
        .where(model.id == row_id, model.state.in_(states), model.due_at <= now)
        .values(state=to, lease=lease, due_at=until, attempts=model.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    taken = session.execute(statement).rowcount == 1  # type: ignore[attr-defined]
    session.commit()
    return taken


def beside_others(session: Session, step: Callable[[], T]) -> T:
    """Run a step that adds missing rows; retry it from the start if another process added the same ones.

    Uncommitted changes are lost with the first try, so this must wrap a whole transaction.
    """
    for _ in range(_RIVALS):
        try:
            return step()
        except IntegrityError:
            session.rollback()
    return step()


def is_shared(session: Session) -> bool:
    """Whether workers of other machines may use this database, too: one file is used by one machine."""
    return session.get_bind().dialect.name != "sqlite"


def holds(session: Session, model: Row, row_id: uuid.UUID, lease: str) -> bool:
    """Whether we still hold the lease: a worker that resumes late must not overwrite its successor's work."""
    return session.scalar(select(model.lease).where(model.id == row_id)) == lease


def due_ids(
    session: Session, model: Row, *, states: Sequence[str], now: datetime, limit: int
) -> list[uuid.UUID]:
    """Ids of due rows, the longest due first."""
    statement = (
        select(model.id)
        .where(model.state.in_(states), model.due_at <= now)
        .order_by(model.due_at, model.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


def back_off(attempts: int, jitter: float, *, base: float = 5.0, most: float = 3600.0) -> timedelta:
    """Delay after the n-th failed attempt: exponential backoff; jitter from 0 to 1 is spread over half of it."""
    delay = min(most, base * 2 ** min(max(attempts - 1, 0), 20))
    return timedelta(seconds=delay * (0.5 + 0.5 * jitter))
