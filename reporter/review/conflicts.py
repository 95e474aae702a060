"""Concurrent decisions: changes that others made since a page was loaded are never silently overwritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from reporter.enums import TakeawayState
from reporter.models import Decision, Takeaway
from reporter.moderation.decisions import (
    Actor,
    checked_field,
    get_field,
    lock_gathering,
    set_fields,
    set_state,
)
from reporter.moderation.history import ADDED, changes_since, fields_of

# Fields that an approver has looked at; hiding only requires that nobody decided otherwise.
_LOOKED_AT = frozenset({"state", "text", "author", "audience", "consent", ADDED})
_STATE = frozenset({"state"})


@dataclass(frozen=True)
class EditConflict:
    """Somebody else's change that the page did not show."""

    takeaway: Takeaway
    name: str
    who: str
    at: datetime
    theirs: Any
    mine: Any = None
    base: Any = None


@dataclass
class BulkResult:
    """Result of a decision on many takeaways."""

    changed: list[Takeaway] = field(default_factory=list)
    clashes: list[EditConflict] = field(default_factory=list)


def decide_many(
    session: Session, rows: Sequence[Takeaway], actor: Actor, state: TakeawayState, *, seen: int
) -> BulkResult:
    """Approve, hide or reopen as one step; takeaways that others changed after revision ``seen`` are skipped. Commits.

    The same decision by somebody else is no conflict. Raises Conflict if one of them was withdrawn.
    """
    watched = _LOOKED_AT if state is TakeawayState.APPROVED else _STATE

    def act(row: Takeaway, by: Actor) -> bool:
        return set_state(session, row, by, state)

    return _each(
        session, rows, actor, act, watched=watched, seen=seen, wanted={"state": state.value}
    )


def set_fields_many(
    session: Session,
    rows: Sequence[Takeaway],
    actor: Actor,
    values: Callable[[Takeaway], Mapping[str, Any]],
) -> BulkResult:
    """Set fields of many takeaways as one step (star, add a tag, move to another session). Commits."""

    def act(row: Takeaway, by: Actor) -> bool:
        return set_fields(session, row, by, values(row))

    return _each(session, rows, actor, act)


def _each(
    session: Session,
    rows: Sequence[Takeaway],
    actor: Actor,
    act: Callable[[Takeaway, Actor], bool],
    *,
    watched: frozenset[str] = frozenset(),
    seen: int = 0,
    wanted: Mapping[str, Any] | None = None,
) -> BulkResult:
    lock_gathering(session)
    outcome, step = BulkResult(), actor.one_step()
    theirs: dict[Any, Decision] = {}
    if watched:
        found = changes_since(session, [row.id for row in rows], seen, watched)
        theirs = {decision.takeaway_id: decision for decision in found}
    for row in rows:
        decision = theirs.get(row.id)
        if decision is None:
            if act(row, step):
                outcome.changed.append(row)
        elif fields_of(decision).after != wanted:
            outcome.clashes.append(_clash(row, decision, watched))
    session.commit()
    return outcome


def _clash(row: Takeaway, decision: Decision, watched: frozenset[str]) -> EditConflict:
    after = fields_of(decision).after
    name = next(name for name in after if name in watched)
    return EditConflict(row, name, decision.who, decision.at, after[name])


def merge_fields(
    session: Session, takeaway: Takeaway, actor: Actor, values: Mapping[str, Any], *, seen: int
) -> list[EditConflict]:
    """Set fields on top of others' changes since revision ``seen``. Commits what doesn't conflict.

    A field changed on one side only takes that change; one changed differently on both stays as it
    is and is returned as an EditConflict. Raises as ``decisions.change`` does.
    """
    lock_gathering(session)
    found = changes_since(session, [takeaway.id], seen, frozenset(values))
    clashes, mine = [], {}
    for name, value in values.items():
        wanted, now = checked_field(name, value), get_field(takeaway, name)
        touching = [decision for decision in found if name in fields_of(decision).after]
        base = fields_of(touching[0]).before.get(name) if touching else now
        if wanted in (base, now):
            continue
        if now == base:
            mine[name] = wanted
        else:
            last = touching[-1]
            clashes.append(EditConflict(takeaway, name, last.who, last.at, now, wanted, base))
    if mine:
        set_fields(session, takeaway, actor, mine)
    session.commit()
    return clashes
