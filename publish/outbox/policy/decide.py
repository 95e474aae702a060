"""Decide what the outcome of one try means for its row and its target. Pure: no database, network or clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from publish.composition import constraints
from publish.errors import (
    ConnectionLost,
    LimitsChanged,
    Offline,
    PausedByUser,
    PauseTarget,
    PayloadTooLarge,
    PublishError,
    Reachability,
    RetryAfter,
    WaitForDependency,
)
from publish.outbox.policy import interruptions
from publish.outbox.policy.row_states import SOON, due_state, may_be_there
from publish.outbox.policy.transition import Snapshot, TargetNews, Transition
from publish.posts.model import Remote
from publish.targets.base import Draft
from reporter.database.job_queue import back_off
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind
from reporter.messages import Message

# After so many attempts a pause is this long at least.
_PATIENT, _LEAST_PAUSE = 4, timedelta(minutes=1)
OFFLINE_PAUSE = timedelta(seconds=20)
# With the waits in between this is about six hours; then a person should look.
MOST_ATTEMPTS = 16


@dataclass(frozen=True)
class Sent:
    """The item is at the target. ``memory``: what the row stores about this delivery; ``note``: a
    sentence on what was changed.
    """

    remote: Remote
    fingerprint: str
    memory: DeliveryMemory
    note: str = ""
    draft: Draft | None = None
    # Files that the post shows in place of what the ledger knew: its id at the target -> the one that stays.
    files: Mapping[str, Remote] = field(default_factory=dict)


@dataclass(frozen=True)
class Withdrawn:
    """The item is no longer at the target. ``stays``: it was sent and can't be recalled (a mail),
    but nothing more is sent.
    """

    stays: bool = False


@dataclass(frozen=True)
class NotTried:
    """Not sent because the target's known limits rule it out; ``why`` is a sentence."""

    wanted: str
    why: str


@dataclass(frozen=True)
class NotWanted:
    """The item may no longer be shown since it was queued."""


@dataclass(frozen=True)
class Failed:
    """The try failed with an error of ``publish.errors``; ``message`` is its sentence without secrets."""

    error: PublishError
    message: str


@dataclass(frozen=True)
class Crashed:
    """The try failed with an unexpected exception; ``message`` is a sentence."""

    message: str


Result = Sent | Withdrawn | NotTried | NotWanted | Failed | Crashed


def decide(row: Snapshot, result: Result) -> Transition:
    """The new state of the row and its target after a try with this outcome."""
    match result:
        case Sent():
            return _reached(row, _sent(row, result))
        case Withdrawn():
            return _reached(row, _withdrawn(row, result))
        case NotTried():
            return _reached(row, _not_tried(row, result))
        case NotWanted():
            return _reached(row, _not_wanted(row))
        case Crashed():
            return _again(row, result.message, None)
        case Failed():
            return _failed(row, result.error, result.message)


def _reached(row: Snapshot, after: Transition) -> Transition:
    news = TargetNews(Reachability.OK) if row.traffic.reached else TargetNews()
    return replace(after, news=news)


def _sent(row: Snapshot, result: Sent) -> Transition:
    return replace(
        row.unchanged(),
        state=DeliveryState.SENT,
        sent=result.fingerprint,
        wanted=result.fingerprint,
        remote_id=result.remote.id,
        url=result.remote.url,
        memory=result.memory.once_sent(result.remote.extra),
        attempts=0,
        bytes_sent=0,
        error=result.note,
        due_at=row.now,
        sent_at=row.now,
        draft=result.draft,
        files=result.files,
    )


def _withdrawn(row: Snapshot, result: Withdrawn) -> Transition:
    over = replace(
        row.unchanged(),
        state=DeliveryState.WITHDRAWN,
        wanted="",
        attempts=0,
        bytes_sent=0,
        error="",
        due_at=row.now,
    )
    if result.stays:
        return over
    return replace(over, sent="", remote_id="", url="", memory=row.memory.once_withdrawn())


def _not_tried(row: Snapshot, result: NotTried) -> Transition:
    return replace(
        row.unchanged(),
        state=DeliveryState.PARKED,
        wanted=result.wanted,
        error=result.why,
        due_at=row.now,
        attempts=row.attempts - 1,
    )


def _not_wanted(row: Snapshot) -> Transition:
    # The claim itself counted one attempt.
    there = may_be_there(replace(row, attempts=row.attempts - 1))
    return replace(
        row.unchanged(),
        state=DeliveryState.WITHDRAWING if there else DeliveryState.WITHDRAWN,
        wanted="",
        error="",
        due_at=row.now,
        attempts=row.attempts - 1,
    )


def _failed(row: Snapshot, error: PublishError, message: str) -> Transition:
    uncounted = row.attempts - 1
    match error:
        case WaitForDependency():
            return replace(
                _back(row, max(error.until, row.now + SOON), row.error, uncounted), done=False
            )
        case LimitsChanged():
            back = _back(row, row.now, row.error, uncounted)
            return replace(back, news=TargetNews(limits_changed=True))
        case Offline():
            return _offline(row, error, message)
        case PausedByUser():
            return _back(row, row.now, "", row.attempts)
        case PauseTarget():
            news = TargetNews(Reachability.REFUSED, message, paused=message)
            return replace(_back(row, row.now, "", uncounted), news=news)
        case ConnectionLost() if row.traffic.resumable:
            # The upload resumes, so it finishes however often the connection breaks.
            return _back(row, row.now + back_off(1, row.chance), message, uncounted)
        case ConnectionLost() if interruptions.is_costly(row.traffic):
            return _cut(row, message)
        case RetryAfter():
            return _later(row, error, message)
        case PayloadTooLarge() if error.learns and row.kind == ItemKind.MEDIA:
            return _learn(row, message)
        case _:
            return _parked(row, message)


def _offline(row: Snapshot, error: Offline, message: str) -> Transition:
    until = row.now + OFFLINE_PAUSE
    costly = interruptions.is_costly(row.traffic)
    after = _cut(row, message) if costly else _back(row, until, message, row.attempts - 1)
    return replace(after, news=TargetNews(error.way, message, hold_until=until))


def _later(row: Snapshot, error: RetryAfter, message: str) -> Transition:
    after = _again(row, message, error.seconds)
    if error.seconds is None:
        return after
    return replace(after, news=TargetNews(hold_until=row.now + timedelta(seconds=error.seconds)))


def _cut(row: Snapshot, message: str) -> Transition:
    """The connection broke after a costly try: send a smaller file next time, or leave the file out
    and send the rest.
    """
    memory, file = interruptions.count_cut(row.memory, row.traffic), row.file
    if file is None or file.mime.startswith("image/"):
        memory = interruptions.smaller(memory, file.bytes if file else row.traffic.sent)
    elif memory.cuts >= interruptions.FILE_CUTS:
        why = constraints.cut_note(file, memory.cuts, row.target)
        return replace(_parked(row, why), bytes_sent=0, memory=memory)
    return replace(_again(row, message, None), memory=memory)


def _learn(row: Snapshot, message: str) -> Transition:
    """Too large: store the limit and take the next smaller step, for a photo at once."""
    file, learned = row.file, row.learned_limits
    if file is None:
        return _parked(row, message)
    if not file.mime.startswith("image/"):
        news = TargetNews(learned_limits=constraints.learn(learned, file))
        return replace(_parked(row, message), news=news)
    before = learned.get("image_bytes", file.bytes)
    if before * constraints.LESS < interruptions.LEAST_PHOTO:
        return _parked(row, message)
    less: dict[str, Any] = {"image_bytes": int(min(before, file.bytes) * constraints.LESS)}
    back = _back(row, row.now, message, row.attempts)
    return replace(back, news=TargetNews(learned_limits={**learned, **less}))


def _parked(row: Snapshot, message: str) -> Transition:
    return replace(row.unchanged(), state=DeliveryState.PARKED, error=message, due_at=row.now)


def _back(row: Snapshot, due: datetime, error: str, attempts: int) -> Transition:
    leaving = row.state == DeliveryState.WITHDRAWING
    return replace(
        row.unchanged(),
        state=row.state if leaving else due_state(by_hand=row.by_hand, sent=bool(row.sent)),
        due_at=due,
        error=error,
        attempts=max(0, attempts),
        bytes_sent=0,
    )


def _again(row: Snapshot, error: str, seconds: float | None) -> Transition:
    """Requeue with a due time, or park the row after too many attempts."""
    if row.attempts >= MOST_ATTEMPTS:
        why = Message("%(why)s Attempts: %(count)s.", why=error, count=row.attempts)
        return replace(_parked(row, why), bytes_sent=0)
    wait = back_off(row.attempts, row.chance) if seconds is None else timedelta(seconds=seconds)
    if row.attempts >= _PATIENT:
        # A place that asks for a second again and again would use up all attempts in half a minute.
        wait = max(wait, _LEAST_PAUSE)
    return _back(row, row.now + wait, error, row.attempts)


def release(row: Snapshot) -> Transition:
    """Return a row to single delivery after its batch failed. A started try counts, since part of
    it may have arrived.
    """
    return replace(
        row.unchanged(),
        state=due_state(by_hand=row.by_hand, sent=bool(row.sent)),
        due_at=row.now,
        attempts=row.attempts if row.memory.alone else row.attempts - 1,
    )
