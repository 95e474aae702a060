"""Questions and action items: what is open, who is responsible, and the outcome."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, joinedload

from reporter.actor import Actor
from reporter.clock import later, new_id, rfc3339
from reporter.conversation.replies import may_show_reply
from reporter.enums import Intent, ItemState, ReplyState, TakeawayState
from reporter.errors import BadInput, NotFound
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem
from reporter.moderation.decisions import next_revision
from reporter.moderation.visibility import Scope, may_show

KINDS = (Intent.QUESTION.value, Intent.ACTION.value)
WHAT_CHARS = 500
_TEXTS = {"what": WHAT_CHARS, "who": 120, "outcome": 1000}


def begin_item(
    session: Session,
    actor: Actor,
    kind: str,
    values: Mapping[str, Any],
    *,
    takeaway: Takeaway | None = None,
    reply: Reply | None = None,
) -> ActionItem:
    """Create an open item, optionally from a takeaway or a reply. ``values``: as ``change_item``.
    Raises BadInput. Commits."""
    if kind not in KINDS:
        raise BadInput("It is either a question or something to do.")
    item = ActionItem(
        id=_number(session, actor, kind, takeaway or reply),
        kind=kind,
        what="",
        who="",
        who_agreed=False,
        outcome="",
        state=ItemState.OPEN.value,
        takeaway_id=_about(takeaway, reply),
        reply_id=reply.id if reply else None,
        carried_from="",
        created_at=actor.now,
        changed_at=actor.now,
    )
    _apply(item, actor, values)
    if not item.what:
        raise BadInput("Say in a line what is open.")
    session.add(item)
    next_revision(session)
    session.commit()
    return item


def _number(
    session: Session, actor: Actor, kind: str, source: Takeaway | Reply | None
) -> uuid.UUID:
    """An id for a new item. Two laptops that begin one from the same source give it the same id, for a merge."""
    if source is None:
        return new_id(actor.now, actor.rng)
    numbers = (uuid.uuid5(source.id, f"{kind} {count}") for count in itertools.count())
    return next(one for one in numbers if session.get(ActionItem, one) is None)


def _about(takeaway: Takeaway | None, reply: Reply | None) -> uuid.UUID | None:
    return takeaway.id if takeaway else reply.takeaway_id if reply else None


def change_item(
    session: Session, item: ActionItem, actor: Actor, values: Mapping[str, Any]
) -> None:
    """Set ``what``, ``who``, ``who_agreed``, ``due_on`` (ISO date or ''), ``state``, ``outcome``. Commits.

    Raises BadInput for invalid values; then nothing is changed.
    """
    _apply(item, actor, values)
    if not item.what:
        session.rollback()
        raise BadInput("Say in a line what is open.")
    next_revision(session)
    session.commit()


def _apply(item: ActionItem, actor: Actor, values: Mapping[str, Any]) -> None:
    for name, most in _TEXTS.items():
        if name in values:
            setattr(item, name, " ".join(str(values[name]).split())[:most])
    if "who_agreed" in values:
        item.who_agreed = bool(values["who_agreed"])
    if "due_on" in values:
        item.due_on = read_date(str(values["due_on"]))
    if "state" in values:
        _set_state(item, actor, str(values["state"]))
    item.changed_at = later(actor.now, item.changed_at)


def read_date(text: str) -> date | None:
    """Parse an ISO date, None for empty text; raises BadInput."""
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise BadInput(
            "%(day)s is not a date. Write it like 2026-05-09.", day=f"{text[:20]!r}"
        ) from error


def _set_state(item: ActionItem, actor: Actor, state: str) -> None:
    if state not in set(ItemState):
        raise BadInput("It is open, done or dropped.")
    if state != item.state:
        item.closed_at = None if state == ItemState.OPEN else actor.now
    item.state = state


def find_item(session: Session, number: str) -> ActionItem:
    """The item with an id in hex; raises NotFound."""
    try:
        found = session.get(ActionItem, uuid.UUID(number))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such item any more. Load the page again.")
    return found


def all_items(session: Session, *, state: str = "") -> list[ActionItem]:
    """Items of one state or of all; by due date, then oldest first."""
    query = select(ActionItem).options(
        joinedload(ActionItem.takeaway).joinedload(Takeaway.session), joinedload(ActionItem.reply)
    )
    if state:
        query = query.where(ActionItem.state == state)
    order = (ActionItem.due_on.asc().nulls_last(), ActionItem.created_at, ActionItem.id)
    return list(session.scalars(query.order_by(*order)))


def is_overdue(item: ActionItem, today: date) -> bool:
    """Whether it is open and past its due date."""
    return item.state == ItemState.OPEN and item.due_on is not None and item.due_on < today


def proposed(session: Session, *, most: int | None = None) -> list[Takeaway]:
    """Approved questions and intentions without an item yet, oldest first; at most ``most``."""
    return _oldest_first(session, _is_proposed(), most)


def count_proposed(session: Session) -> int:
    """The number of all that ``proposed`` returns without a limit."""
    return session.scalar(select(func.count()).select_from(Takeaway).where(_is_proposed())) or 0


def unanswered(session: Session, *, most: int | None = None) -> list[Takeaway]:
    """Approved questions without a visible reply, oldest first; at most ``most``."""
    return _oldest_first(session, _is_unanswered(), most)


def unanswered_among(session: Session, rows: Iterable[Takeaway]) -> set[uuid.UUID]:
    """The ids of the ``unanswered`` among takeaways."""
    ids = [row.id for row in rows]
    return set(session.scalars(select(Takeaway.id).where(Takeaway.id.in_(ids), _is_unanswered())))


def count_unanswered(session: Session) -> int:
    """The number of all that are ``unanswered``."""
    return session.scalar(select(func.count()).select_from(Takeaway).where(_is_unanswered())) or 0


def _oldest_first(session: Session, rule: ColumnElement[bool], most: int | None) -> list[Takeaway]:
    query = select(Takeaway).where(rule).options(joinedload(Takeaway.session))
    return list(session.scalars(query.order_by(Takeaway.recorded_at, Takeaway.id).limit(most)))


def _is_proposed() -> ColumnElement[bool]:
    taken = exists().where(ActionItem.takeaway_id == Takeaway.id)
    return and_(Takeaway.intent.in_(KINDS), Takeaway.state == TakeawayState.APPROVED, ~taken)


def _is_unanswered() -> ColumnElement[bool]:
    has_reply = exists().where(
        and_(
            Reply.takeaway_id == Takeaway.id,
            Reply.state == ReplyState.SHOWN,
            Reply.text != "",
        )
    )
    settled = exists().where(
        and_(ActionItem.takeaway_id == Takeaway.id, ActionItem.state != ItemState.OPEN)
    )
    return and_(
        Takeaway.intent == Intent.QUESTION,
        Takeaway.state == TakeawayState.APPROVED,
        ~has_reply,
        ~settled,
    )


def for_place(items: list[ActionItem], place: Scope) -> list[ActionItem]:
    """Items that may be shown at a place: an item from a takeaway or a reply only where that may be shown."""
    return [
        item
        for item in items
        if (item.takeaway is None or may_show(item.takeaway, place)) and replied_for(item, place)
    ]


def replied_for(item: ActionItem, place: Scope) -> bool:
    """Whether the reply that it came of, if any, may be shown at a place."""
    return item.reply is None or may_show_reply(item.reply, place)


def publishable_name(item: ActionItem) -> str:
    """The responsible person, if the name may be published."""
    return item.who if item.who_agreed else ""


def item_record(item: ActionItem) -> dict[str, Any]:
    """An item as JSON, for the app shell and the bundle."""
    return {
        "id": str(item.id),
        "kind": item.kind,
        "what": item.what,
        "who": item.who,
        "who_agreed": item.who_agreed,
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "state": item.state,
        "outcome": item.outcome,
        "receipt": item.takeaway.receipt if item.takeaway else "",
        "carried_from": item.carried_from,
        "created_at": rfc3339(item.created_at),
        "closed_at": rfc3339(item.closed_at),
    }
