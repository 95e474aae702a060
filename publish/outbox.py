"""The outbox: takes one due row after the other and makes it true at its target, exactly once.

The order of a delivery is: claim the row (committed), look for our key at the target unless we know what is there,
send, store the answer and mark the row done in one commit. Whoever dies in between leaves a lease that runs out,
and the next one finds by key what had arrived.
"""

from __future__ import annotations

import logging
import os
import platform
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select, update
from sqlalchemy.orm import Session, aliased

from publish.deliver import NotYet, deliver, touch_others, when_done
from publish.errors import Offline, PauseTarget, PublishError, RetryAfter
from publish.ledger import FACE, MEDIA, OPEN, STORY, Outbox, chosen_targets, ledger_rows, queue
from reporter.models import Delivery, Target
from reporter.states import DeliveryState
from reporter.work import back_off, claim

log = logging.getLogger(__name__)

# A row is ours for at least this long, and longer for a big file on a slow line.
_LEASE = timedelta(minutes=5)
_SLOW_LINE = 50_000  # bytes a second
OFFLINE_PAUSE = timedelta(seconds=20)
# With the waits between them these are about six hours: then a person should look.
MOST_ATTEMPTS = 16


@dataclass(frozen=True)
class Outcome:
    """What became of one row that was worked on."""

    target: str
    kind: str
    key: str
    title: str
    state: str
    url: str
    error: str


def deliver_due(session: Session, outbox: Outbox, *, names: Sequence[str] = ()) -> Outcome | None:
    """Work on the first row that is due and not blocked; None when there is nothing to do right now.

    Never raises for what a target does: that ends in the row. Safe to run in several threads and processes.
    """
    targets = [target.id for target in chosen_targets(session, names)]
    _free_abandoned(session, outbox.clock())
    for row_id in _due(session, outbox.clock(), targets):
        outcome = _work_on(session, outbox, row_id)
        if outcome is not None:
            return outcome
    return None


def _free_abandoned(session: Session, now: datetime) -> None:
    """Take leases from processes of this machine that are no more: a restart need not wait until they run out."""
    held = select(Delivery.id, Delivery.lease).where(Delivery.lease != "", Delivery.due_at > now)
    for row_id, lease in session.execute(held).all():
        host, _, rest = lease.rpartition("/")
        pid = rest.split(":")[0]
        if host == platform.node() and pid.isdigit() and not _alive(int(pid)):
            statement = update(Delivery).where(Delivery.id == row_id, Delivery.lease == lease)
            session.execute(statement.values(lease="", due_at=now))
            session.commit()


def _alive(pid: int) -> bool:
    if os.name == "nt":
        # There signal 0 is no question; its lease simply runs out.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _due(session: Session, now: datetime, targets: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Due rows in the order that makes sense: files, stories, files to take away, front pages."""
    leaving = Delivery.state == DeliveryState.WITHDRAWING
    rank = case(
        (and_(Delivery.item_kind == MEDIA, ~leaving), 0),
        (and_(Delivery.item_kind == STORY, leaving), 1),
        (Delivery.item_kind == STORY, 2),
        (Delivery.item_kind == MEDIA, 3),
        else_=4,
    )
    query = (
        select(Delivery.id)
        .join(Target)
        .where(
            Target.id.in_(targets),
            Target.paused == "",
            Delivery.state.in_(OPEN),
            Delivery.due_at <= now,
        )
        .order_by(rank, Delivery.due_at, Delivery.id)
    )
    return list(session.scalars(query))


def _work_on(session: Session, outbox: Outbox, row_id: uuid.UUID) -> Outcome | None:
    row = session.get(Delivery, row_id, populate_existing=True)
    if row is None or row.state not in OPEN or row.target.paused:
        return None
    now = outbox.clock()
    if (wait := _blocked(session, row, now)) is not None:
        _postpone(session, row, max(wait, now + timedelta(seconds=1)))
        return None
    leaving = row.state == DeliveryState.WITHDRAWING
    mark = f"{platform.node()}/{os.getpid()}:{outbox.rng.getrandbits(64):016x}"
    taken = claim(
        session, Delivery, row_id,
        states=[DeliveryState.WITHDRAWING] if leaving else [DeliveryState.DUE, DeliveryState.SENDING],
        to=DeliveryState.WITHDRAWING if leaving else DeliveryState.SENDING,
        lease=mark, now=now, until=now + _lease_time(row),
    )  # fmt: skip
    if not taken:
        return None
    session.refresh(row)
    if not _carry_out(session, outbox, row, mark):
        return None
    session.refresh(row)
    return Outcome(
        row.target.name, row.item_kind, row.key, row.remote.get("title", ""), row.state, row.url,
        row.error or row.target.paused,
    )  # fmt: skip


def _lease_time(row: Delivery) -> timedelta:
    return _LEASE + timedelta(seconds=int(row.remote.get("bytes", 0)) / _SLOW_LINE)


def _blocked(session: Session, row: Delivery, now: datetime) -> datetime | None:
    """When to look again, if this row has to wait for others of its target; None if it may go."""
    others = select(Delivery).where(Delivery.target_id == row.target_id, Delivery.state.in_(OPEN))
    if row.item_kind == MEDIA and row.state == DeliveryState.WITHDRAWING:
        # A file goes after the stories that show it have been changed; a parked story does not hold it back.
        others = others.where(Delivery.item_kind == STORY, Delivery.sent != "")
    elif row.item_kind == FACE:
        others = others.where(Delivery.item_kind != FACE)
    else:
        return None
    return min((when_done(other, now) for other in session.scalars(others)), default=None)


def _postpone(session: Session, row: Delivery, until: datetime) -> None:
    statement = update(Delivery).where(
        Delivery.id == row.id, Delivery.state == row.state, Delivery.lease == row.lease
    )
    session.execute(statement.values(due_at=until))
    session.commit()


def _carry_out(session: Session, outbox: Outbox, row: Delivery, mark: str) -> bool:
    """Deliver, and write down what came of it under our lease. False: it has to wait for others first."""
    row_id = row.id
    try:
        values = deliver(session, outbox, row)
    except NotYet as wait:
        session.refresh(row)
        until = max(wait.until, outbox.clock() + timedelta(seconds=1))
        _finish(session, row_id, mark, _back(row, until, "", row.attempts - 1))
        return False
    except PublishError as error:
        session.refresh(row)
        values = _answer_to(session, outbox, row, error)
    except Exception:
        # The boundary of the worker: one broken item must not stop the rest.
        log.exception("delivery %s failed", row_id)
        session.rollback()
        session.refresh(row)
        values = _again(
            outbox, row, "Something unexpected went wrong here; the log has the details.", None
        )
    _finish(session, row_id, mark, values)
    return True


def _answer_to(
    session: Session, outbox: Outbox, row: Delivery, error: PublishError
) -> dict[str, Any]:
    """What a failure means for the row, and for the others of its target."""
    now = outbox.clock()
    match error:
        case Offline():
            _hold_target(session, row.target_id, now + OFFLINE_PAUSE)
            return _back(row, now + OFFLINE_PAUSE, error.message, row.attempts - 1)
        case PauseTarget():
            row.target.paused = error.message
            return _back(row, now, "", row.attempts - 1)
        case RetryAfter():
            if error.seconds is not None:
                _hold_target(session, row.target_id, now + timedelta(seconds=error.seconds))
            return _again(outbox, row, error.message, error.seconds)
        case _:
            return {"state": DeliveryState.PARKED.value, "error": error.message, "due_at": now}


def _back(row: Delivery, due: datetime, error: str, attempts: int) -> dict[str, Any]:
    leaving = row.state == DeliveryState.WITHDRAWING
    state = DeliveryState.WITHDRAWING if leaving else DeliveryState.DUE
    return {"state": state.value, "due_at": due, "error": error, "attempts": attempts}


def _again(outbox: Outbox, row: Delivery, error: str, seconds: float | None) -> dict[str, Any]:
    """Back with a due time, or parked when it was tried often enough."""
    if row.attempts >= MOST_ATTEMPTS:
        error = f"{error} It was tried {row.attempts} times."
        return {"state": DeliveryState.PARKED.value, "error": error}
    own = back_off(row.attempts, outbox.rng.random())
    wait = own if seconds is None else timedelta(seconds=seconds)
    return _back(row, outbox.clock() + wait, error, row.attempts)


def _hold_target(session: Session, target_id: uuid.UUID, until: datetime) -> None:
    """Let everything else of this target wait as well: it would only hear the same."""
    statement = update(Delivery).where(
        Delivery.target_id == target_id,
        Delivery.state.in_([DeliveryState.DUE, DeliveryState.WITHDRAWING]),
        Delivery.lease == "",
        Delivery.due_at < until,
    )
    session.execute(statement.values(due_at=until).execution_options(synchronize_session=False))


def _finish(session: Session, row_id: uuid.UUID, mark: str, values: dict[str, Any]) -> None:
    """Store the answer and let go, in one commit; a sleeper whose lease went to another changes nothing."""
    statement = update(Delivery).where(Delivery.id == row_id, Delivery.lease == mark)
    options = {"synchronize_session": False}
    done = session.execute(statement.values(lease="", **values).execution_options(**options))
    if done.rowcount:  # type: ignore[attr-defined]
        touch_others(session, row_id, values)
    session.commit()


def wake(session: Session, outbox: Outbox, *, names: Sequence[str] = ()) -> None:
    """Try now what only waits for a connection: a person asks, or the connection has just come back.

    A target that asked for patience (some row of it has a counted attempt and a later time) keeps it. Commits.
    """
    now = outbox.clock()
    other = aliased(Delivery)
    patient = (
        select(other.id)
        .where(other.target_id == Delivery.target_id, other.attempts > 0, other.due_at > now)
        .where(other.state.in_([DeliveryState.DUE, DeliveryState.WITHDRAWING]))
        .exists()
    )
    statement = update(Delivery).where(
        Delivery.target_id.in_([t.id for t in chosen_targets(session, names)]),
        Delivery.state.in_([DeliveryState.DUE, DeliveryState.WITHDRAWING]),
        Delivery.lease == "",
        Delivery.attempts == 0,
        ~patient,
    )
    session.execute(statement.values(due_at=now).execution_options(synchronize_session=False))
    session.commit()


def publish(
    session: Session, outbox: Outbox, *, names: Sequence[str] = (), wait: bool = False,
    on_progress: Callable[[Outcome, int], None] | None = None, pause: Callable[[float], Any] = time.sleep,
) -> list[dict[str, Any]]:  # fmt: skip
    """Queue what is approved, deliver what is due; with ``wait`` until nothing is open but paused targets.

    ``on_progress`` hears of every row worked on and how many are still open. Returns ``ledger_rows``.
    """
    queue(session, outbox, names=names)
    wake(session, outbox, names=names)
    while True:
        while (outcome := deliver_due(session, outbox, names=names)) is not None:
            if on_progress is not None:
                on_progress(outcome, open_count(session, names))
        if not wait or not open_count(session, names):
            return ledger_rows(session, names)
        pause(_until_next(session, outbox, names))
        queue(session, outbox, names=names)


def open_count(session: Session, names: Sequence[str] = ()) -> int:
    """Rows that still have to be worked on, those of paused targets left out."""
    ids = [target.id for target in chosen_targets(session, names) if not target.paused]
    query = select(func.count()).select_from(Delivery)
    return session.scalar(query.where(Delivery.target_id.in_(ids), Delivery.state.in_(OPEN))) or 0


def _until_next(session: Session, outbox: Outbox, names: Sequence[str]) -> float:
    """Seconds until a row is due, from a tenth to five."""
    ids = [target.id for target in chosen_targets(session, names) if not target.paused]
    query = select(func.min(Delivery.due_at)).where(
        Delivery.state.in_(OPEN), Delivery.target_id.in_(ids)
    )
    first = session.scalar(query)
    left = (first - outbox.clock()).total_seconds() if first else 0.0
    return min(5.0, max(0.1, left))


def retry(session: Session, outbox: Outbox, *, names: Sequence[str] = ()) -> int:
    """Give parked rows another chance, after somebody has mended the cause; how many. Commits."""
    parked = list(
        session.scalars(
            select(Delivery).where(
                Delivery.target_id.in_([t.id for t in chosen_targets(session, names)]),
                Delivery.state == DeliveryState.PARKED,
            )
        )
    )
    for row in parked:
        state = DeliveryState.DUE if row.wanted else DeliveryState.WITHDRAWING
        row.state, row.due_at, row.attempts, row.error = state.value, outbox.clock(), 1, ""
    session.commit()
    return len(parked)


__all__ = [
    "Outbox", "Outcome", "PublishError", "deliver_due", "open_count", "publish", "queue", "retry", "wake",
]  # fmt: skip
