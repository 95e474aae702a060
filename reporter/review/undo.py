"""Undo: restore the former values, for every kind of decision, unless somebody has changed them since."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.enums import TakeawayState
from reporter.errors import NotFound
from reporter.models import Decision, Takeaway
from reporter.moderation.decisions import get_field, lock_gathering, set_fields, set_state
from reporter.moderation.history import fields_of, history_of
from reporter.review.conflicts import BulkResult, EditConflict

ACTION = "undo"


def undo_step(session: Session, step: uuid.UUID, actor: Actor) -> BulkResult:
    """Undo a step, on however many takeaways; raises NotFound if there is none. Commits.

    Fields changed again since then stay and are returned as conflicts; withdrawn takeaways are left
    alone. Undoing is a step of its own, and can be undone.
    """
    lock_gathering(session)
    query = select(Decision).where(Decision.step == step, Decision.undone.is_(False))
    decisions = session.scalars(query.order_by(Decision.revision.desc())).all()
    if not decisions:
        raise NotFound("There is nothing left to undo here.")
    outcome, by = BulkResult(), actor.one_step()
    for decision in decisions:
        row = session.get_one(Takeaway, decision.takeaway_id)
        if row.state == TakeawayState.WITHDRAWN:
            continue
        clash = _changed_since(session, row, decision)
        if clash is not None:
            outcome.clashes.append(clash)
            continue
        _put_back(session, row, fields_of(decision).before, by)
        decision.undone = True
        outcome.changed.append(row)
    session.commit()
    return outcome


def _put_back(session: Session, row: Takeaway, before: Mapping[str, Any], actor: Actor) -> None:
    fields = dict(before)
    state = fields.pop("state", None)
    if state is None:
        set_fields(session, row, actor, fields, action=ACTION)
    else:
        set_state(session, row, actor, TakeawayState(state), action=ACTION, more=fields)


def _changed_since(session: Session, row: Takeaway, decision: Decision) -> EditConflict | None:
    """The first field that differs from what the decision set, and who changed it."""
    for name, left in fields_of(decision).after.items():
        now = row.state if name == "state" else get_field(row, name)
        if now != left:
            later = (d for d in history_of(session, row) if name in fields_of(d).after)
            last = next(later, decision)
            return EditConflict(row, name, last.who, last.at, now)
    return None
