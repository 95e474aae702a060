"""One row: claim it, deliver it, and write down what came of it, all under one lease."""

from __future__ import annotations

import logging
import os
import platform
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publish.composition import constraints
from publish.errors import (
    ConnectionLost,
    Offline,
    PausedByUser,
    PauseTarget,
    PayloadTooLarge,
    PublishError,
    Reachability,
    RetryAfter,
    redact,
)
from publish.net.transfer_meter import TransferMeter, counted
from publish.outbox import takedowns
from publish.outbox.batch import claim_others, deliver_together, release
from publish.outbox.context import PublishContext, secrets_of
from publish.outbox.delivery import (
    LimitsChanged,
    WaitForDependency,
    deliver,
    media_of,
    touch_others,
    wake_stories,
)
from publish.outbox.ledger import FACE, MEDIA, OPEN, STORY, compare, due_state, refresh_story
from publish.outbox.policy import interruptions
from publish.outbox.queue import blocked_until, is_allowed
from publish.outbox.target_status import is_stopped, line_of, record_reachability, record_transfer
from publish.targets import Draft, target_class
from reporter.database.job_queue import back_off, claim
from reporter.enums import DeliveryState
from reporter.models import Delivery, Story
from reporter.models.outbox import SentDraft

log = logging.getLogger(__name__)

# A row is ours for this long after its last byte moved.
_LEASE = timedelta(minutes=5)
OFFLINE_PAUSE = timedelta(seconds=20)
# With the waits between them these are about six hours: then a person should look.
MOST_ATTEMPTS = 16
_TELL_EVERY = timedelta(seconds=1)


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


def deliver_row(session: Session, outbox: PublishContext, row_id: uuid.UUID) -> Outcome | None:
    """Claim and deliver one row; None if it has to wait, or somebody else has it."""
    row = session.get(Delivery, row_id, populate_existing=True)
    if row is None or row.state not in OPEN or not is_allowed(session, row):
        return None
    now = outbox.clock()
    if (wait := blocked_until(session, row, now)) is not None:
        _postpone(session, row, max(wait, now + timedelta(seconds=1)))
        return None
    leaving = row.state == DeliveryState.WITHDRAWING
    mark = f"{platform.node()}/{os.getpid()}:{outbox.rng.getrandbits(64):016x}"
    waiting = [DeliveryState.DUE, DeliveryState.CHANGED, DeliveryState.SENDING]
    taken = claim(
        session,
        Delivery,
        row_id,
        states=[DeliveryState.WITHDRAWING] if leaving else waiting,
        to=DeliveryState.WITHDRAWING if leaving else DeliveryState.SENDING,
        lease=mark,
        now=now,
        until=now + _LEASE,
    )
    if not taken:
        return None
    session.refresh(row)
    if not _deliver_batch(session, outbox, row, mark) and not _deliver_one(
        session, outbox, row, mark
    ):
        return None
    session.refresh(row)
    return Outcome(
        row.target.name,
        row.item_kind,
        row.key,
        row.remote.get("title", ""),
        row.state,
        row.url,
        row.error or row.target.paused,
    )


def _postpone(session: Session, row: Delivery, until: datetime) -> None:
    statement = update(Delivery).where(
        Delivery.id == row.id, Delivery.state == row.state, Delivery.lease == row.lease
    )
    session.execute(statement.values(due_at=until))
    session.commit()


def _deliver_batch(session: Session, outbox: PublishContext, row: Delivery, mark: str) -> bool:
    """Deliver a row together with others of its target, where that is possible; False: it goes by itself."""
    others = claim_others(session, outbox, row, mark, outbox.clock() + _LEASE)
    if not others:
        return False
    began, rows = outbox.clock(), [row, *others]
    wire = TransferMeter(_heartbeat(session, outbox, row, mark), outbox.clock)
    with counted(wire):
        told = deliver_together(session, outbox, rows)
    _note_wire(session, outbox, row, wire, began)
    if told is None:
        release(session, others, mark, outbox.clock())
        session.refresh(row)
        return False
    record_reachability(session, row.target_id, Reachability.OK, "", outbox.clock())
    for one, values in zip(rows, told, strict=True):
        _store(session, outbox, one, mark, values)
    return True


def _deliver_one(session: Session, outbox: PublishContext, row: Delivery, mark: str) -> bool:
    """Deliver, and write down what came of it under our lease. False: it has to wait for others first."""
    began = outbox.clock()
    wire = TransferMeter(_heartbeat(session, outbox, row, mark), outbox.clock)
    values, done = _attempt(session, outbox, row, wire)
    _note_wire(session, outbox, row, wire, began)
    _store(session, outbox, row, mark, values)
    return done


def _note_wire(
    session: Session, outbox: PublishContext, row: Delivery, wire: TransferMeter, began: datetime
) -> None:
    free = target_class(row.target.kind).free(row.target.options)
    record_transfer(session, row.target_id, wire, outbox.clock() - began, began, free=free)


def _store(
    session: Session, outbox: PublishContext, row: Delivery, mark: str, values: dict[str, Any]
) -> None:
    row_id, target_id, url = row.id, row.target_id, row.url
    story_id = row.item_id if row.item_kind == STORY else None
    draft = values.pop("draft", None)
    stored = _finish(session, row_id, mark, values, outbox.clock())
    if stored and draft is not None:
        _keep_draft(session, row_id, draft)
    if stored and story_id is not None and values.get("url", url) != url:
        refresh_story(session, outbox, story_id, target_id)


def _keep_draft(session: Session, row_id: uuid.UUID, draft: Draft) -> None:
    session.merge(
        SentDraft(delivery_id=row_id, title=draft.title, body=draft.body, mime=draft.mime)
    )
    session.commit()


def _attempt(
    session: Session, outbox: PublishContext, row: Delivery, wire: TransferMeter
) -> tuple[dict[str, Any], bool]:
    """The columns to store, and whether this counts as worked on."""
    try:
        with counted(wire):
            values = deliver(session, outbox, row)
    except WaitForDependency as wait:
        session.refresh(row)
        until = max(wait.until, outbox.clock() + timedelta(seconds=1))
        return _back(row, until, row.error, row.attempts - 1), False
    except LimitsChanged:
        session.refresh(row)
        return _relearnt(session, outbox, row), True
    except PublishError as error:
        session.refresh(row)
        return outcome_of_failure(session, outbox, row, error, wire), True
    except Exception as error:  # noqa: BLE001 - the boundary of the worker
        # The boundary of the worker: one broken item must not stop the rest. A trace may quote an address.
        session.rollback()
        session.refresh(row)
        trace = "".join(traceback.format_exception(error))
        log.error("delivery %s failed\n%s", row.id, redact(trace, secrets_of(outbox, row.target)))
        said = "Something unexpected went wrong here; the log has the details."
        return _again(outbox, row, said, None), True
    if wire.answers or wire.sent:
        record_reachability(session, row.target_id, Reachability.OK, "", outbox.clock())
    return values, True


def _heartbeat(
    session: Session, outbox: PublishContext, row: Delivery, mark: str
) -> Callable[[int], None]:
    """Notes how far a delivery is, renews its lease, and breaks it off when a person has paused it."""
    row_id, target_id = row.id, row.target_id
    told = outbox.clock()

    def tell(moved: int) -> None:
        nonlocal told
        now = outbox.clock()
        if now - told < _TELL_EVERY:
            return
        told = now
        statement = update(Delivery).where(Delivery.id == row_id, Delivery.lease == mark)
        statement = statement.values(moved=moved, due_at=now + _LEASE)
        ours = session.execute(statement.execution_options(synchronize_session=False))
        stopped = is_stopped(session, target_id)
        session.commit()
        if stopped or not ours.rowcount:  # type: ignore[attr-defined]
            raise PausedByUser("Paused.")

    return tell


def outcome_of_failure(
    session: Session,
    outbox: PublishContext,
    row: Delivery,
    error: PublishError,
    wire: TransferMeter,
) -> dict[str, Any]:
    """What a failure means for the row, for the others of its target, and for the way there."""
    now = outbox.clock()
    said = redact(error.message, secrets_of(outbox, row.target))
    match error:
        case Offline():
            record_reachability(session, row.target_id, error.way, said, now)
            _hold_target(session, row.target_id, now + OFFLINE_PAUSE)
            if interruptions.is_costly(wire):
                return _cut(session, outbox, row, said, wire)
            return _back(row, now + OFFLINE_PAUSE, said, row.attempts - 1)
        case PausedByUser():
            return _back(row, now, "", row.attempts)
        case PauseTarget():
            record_reachability(session, row.target_id, Reachability.REFUSED, said, now)
            row.target.paused = said
            return _back(row, now, "", row.attempts - 1)
        case ConnectionLost() if wire.kept:
            # It goes on from where it was: that ends, however often the line breaks.
            return _back(row, now + back_off(1, outbox.rng.random()), said, row.attempts - 1)
        case ConnectionLost() if interruptions.is_costly(wire):
            return _cut(session, outbox, row, said, wire)
        case RetryAfter():
            if error.seconds is not None:
                _hold_target(session, row.target_id, now + timedelta(seconds=error.seconds))
            return _again(outbox, row, said, error.seconds)
        case PayloadTooLarge() if error.learns and row.item_kind == MEDIA:
            return _learn(session, outbox, row, said)
        case _:
            return {"state": DeliveryState.PARKED.value, "error": said, "due_at": now}


def _cut(
    session: Session, outbox: PublishContext, row: Delivery, said: str, wire: TransferMeter
) -> dict[str, Any]:
    """The line broke, and much was sent in vain: smaller the next time, or it stays here and the rest goes on."""
    remote = interruptions.count_cut(row.remote, wire)
    media = media_of(session, outbox, row) if row.item_kind == MEDIA else None
    if media is None or media.mime.startswith("image/"):
        remote = interruptions.smaller(remote, media.bytes if media else wire.sent)
    elif remote["cuts"] >= interruptions.FILE_CUTS:
        why = constraints.said_cut(media, remote["cuts"], row.target.name)
        parked = DeliveryState.PARKED.value
        return {
            "state": parked,
            "error": why,
            "due_at": outbox.clock(),
            "moved": 0,
            "remote": remote,
        }
    return {**_again(outbox, row, said, None), "remote": remote}


def _learn(session: Session, outbox: PublishContext, row: Delivery, said: str) -> dict[str, Any]:
    """Too big: remember it, and take the next step down, for a photo at once."""
    media = media_of(session, outbox, row)
    parked = {"state": DeliveryState.PARKED.value, "error": said, "due_at": outbox.clock()}
    if media is None:
        return parked
    line = line_of(session, row.target_id)
    before = line.learnt.get("image_bytes", media.bytes)
    if not media.mime.startswith("image/"):
        line.learnt = constraints.learn(line.learnt, media)
        return parked
    if before * constraints.LESS < interruptions.LEAST_PHOTO:
        return parked
    line.learnt = {**line.learnt, "image_bytes": int(min(before, media.bytes) * constraints.LESS)}
    return _back(row, outbox.clock(), said, row.attempts)


def _relearnt(session: Session, outbox: PublishContext, row: Delivery) -> dict[str, Any]:
    """The target says something new of what it takes: look at everything that goes there once more."""
    back = _back(row, outbox.clock(), row.error, row.attempts - 1)
    stories = list(session.scalars(select(Story)))
    compare(session, outbox, row.target, stories, only_known=True)
    # Ours is under our lease: it was left alone, and is looked at by whoever takes it up next.
    return back


def _back(row: Delivery, due: datetime, error: str, attempts: int) -> dict[str, Any]:
    leaving = row.state == DeliveryState.WITHDRAWING
    state = DeliveryState.WITHDRAWING if leaving else due_state(row.target, sent=bool(row.sent))
    return {
        "state": state.value,
        "due_at": due,
        "error": error,
        "attempts": max(0, attempts),
        "moved": 0,
    }


def _again(
    outbox: PublishContext, row: Delivery, error: str, seconds: float | None
) -> dict[str, Any]:
    """Back with a due time, or parked when it was tried often enough."""
    if row.attempts >= MOST_ATTEMPTS:
        error = f"{error} It was tried {row.attempts} times."
        return {"state": DeliveryState.PARKED.value, "error": error, "moved": 0}
    own = back_off(row.attempts, outbox.rng.random())
    wait = own if seconds is None else timedelta(seconds=seconds)
    return _back(row, outbox.clock() + wait, error, row.attempts)


def _hold_target(session: Session, target_id: uuid.UUID, until: datetime) -> None:
    """Let everything else of this target wait as well: it would only hear the same."""
    statement = update(Delivery).where(
        Delivery.target_id == target_id,
        Delivery.state.in_([DeliveryState.DUE, DeliveryState.CHANGED, DeliveryState.WITHDRAWING]),
        Delivery.lease == "",
        Delivery.due_at < until,
    )
    session.execute(statement.values(due_at=until).execution_options(synchronize_session=False))


def _finish(
    session: Session, row_id: uuid.UUID, mark: str, values: dict[str, Any], now: datetime
) -> bool:
    """Store the answer and let go, in one commit; a sleeper whose lease went to another changes nothing."""
    statement = update(Delivery).where(Delivery.id == row_id, Delivery.lease == mark)
    options = {"synchronize_session": False}
    done = session.execute(statement.values(lease="", **values).execution_options(**options))
    stored = bool(done.rowcount)  # type: ignore[attr-defined]
    if stored:
        row = session.get_one(Delivery, row_id, populate_existing=True)
        if row.item_kind == MEDIA and row.state not in OPEN:
            wake_stories(session, row, now)
        if row.item_kind != FACE and row.state in (DeliveryState.SENT, DeliveryState.WITHDRAWN):
            takedowns.settle(session, row, now)
            touch_others(session, row)
    session.commit()
    return stored
