"""History of decisions on takeaways: recorded with each change, displayed, and used to detect concurrent edits."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import later, new_id
from reporter.models import Decision, Gathering, Takeaway

# Prefix of a file's hash that forms the field name of its alt text.
ALT = "alt-"
# Action and field name of files and words that its contributor added later.
ADDED = "added"


@dataclass(frozen=True)
class Fields:
    """A decision's fields before and after, alt texts under ``alt-SHA256``."""

    before: dict[str, Any]
    after: dict[str, Any]


def fields_of(decision: Decision) -> Fields:
    """The fields changed by a decision, in one form for all kinds of decisions."""
    if decision.action != "alt":
        return Fields(dict(decision.before), dict(decision.after))
    return Fields(
        *({ALT + k: v for k, v in part.items()} for part in (decision.before, decision.after))
    )


def remember(
    session: Session,
    takeaway: Takeaway,
    actor: Actor,
    action: str,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
) -> Decision:
    """Record a change, after ``bump_revision`` has given the takeaway its new revision. Does not commit."""
    decision_id = new_id(actor.now, actor.rng)
    decision = Decision(
        id=decision_id,
        takeaway_id=takeaway.id,
        at=moment_of_change(session, actor, [takeaway.id]),
        who=actor.who,
        action=action,
        step=actor.step or decision_id,
        revision=takeaway.revision,
        undone=False,
        before=before,
        after=after,
    )
    session.add(decision)
    return decision


def moment_of_change(
    session: Session, actor: Actor, takeaway_ids: Collection[uuid.UUID]
) -> datetime:
    """When a decision is made on these takeaways: after all that were made before, whatever the clocks said."""
    known = select(func.max(Decision.at)).where(Decision.takeaway_id.in_(takeaway_ids))
    return later(actor.now, session.scalar(known))


def seen_by_now(session: Session) -> int:
    """The gathering's current revision: a page loaded now has shown everything up to it."""
    return session.scalar(select(Gathering.revision)) or 0


def history_of(session: Session, takeaway: Takeaway) -> Sequence[Decision]:
    """All decisions on a takeaway, newest first."""
    query = select(Decision).where(Decision.takeaway_id == takeaway.id)
    return session.scalars(query.order_by(Decision.revision.desc(), Decision.id.desc())).all()


def changes_since(
    session: Session, takeaway_ids: Iterable[uuid.UUID], seen: int, names: frozenset[str]
) -> list[Decision]:
    """Decisions after revision ``seen`` that changed one of the fields, oldest first. Reads only."""
    query = (
        select(Decision)
        .where(Decision.takeaway_id.in_(list(takeaway_ids)), Decision.revision > seen)
        .order_by(Decision.revision, Decision.id)
    )
    return [row for row in session.scalars(query) if names & fields_of(row).after.keys()]


def last_step(session: Session, who: str, *, before: uuid.UUID | None = None) -> uuid.UUID | None:
    """An actor's newest step that is not undone, or the newest before another step."""
    query = select(Decision.step).where(
        Decision.who == who,
        # Decisions undone where they were made (see reporter.annotations.edit_history) are no steps.
        Decision.step.is_not(None),
        Decision.undone.is_(False),
        Decision.action.not_in(("undo", "withdrawn")),
    )
    if before is not None:
        query = query.where(Decision.id < before, Decision.step != before)
    return session.scalar(query.order_by(Decision.id.desc()).limit(1))
