"""The next gathering: when and where, who wants an invitation, and what it takes over from the previous one."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import later, new_id
from reporter.config import Settings
from reporter.enums import Audience, ItemState, TakeawayState
from reporter.errors import BadInput, Conflict
from reporter.follow_up.action_items import proposed, replied_for
from reporter.gathering.sessions import add_session
from reporter.models import EventSession, Takeaway
from reporter.models.follow_up import ActionItem, Contact, NextGathering
from reporter.moderation.decisions import alone, next_revision
from reporter.moderation.deletions import ONLY, Deleted, bury, deletion_of
from reporter.moderation.visibility import Scope

_ONLY = 1
# Deliverability is up to mail servers; this catches typos and header injection (RFC 5321, 4.5.3.1: 254 octets).
_ADDRESS = re.compile(
    r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\]{1,189}\.[^@\s.<>,;]{2,63}"
)


def next_gathering(session: Session) -> NextGathering | None:
    """Time and place of the next gathering, if known."""
    return session.get(NextGathering, _ONLY)


def set_next(
    session: Session,
    actor: Actor,
    *,
    title: str,
    starts_at: datetime,
    ends_at: datetime | None = None,
    place: str = "",
    url: str = "",
    words: str = "",
) -> NextGathering:
    """Set time and place. Raises BadInput for an invalid time or address. Commits."""
    if not title.strip():
        raise BadInput("Say what the next gathering is called.")
    if ends_at is not None and ends_at <= starts_at:
        raise BadInput("It ends before it begins. Check both times.")
    if url and not re.match(r"https?://[^\s]+$", url.strip()):
        raise BadInput("Write the address as https://example.org/spring.")
    row = next_gathering(session) or NextGathering(id=_ONLY)
    row.title, row.starts_at, row.ends_at = title.strip(), starts_at, ends_at
    row.place, row.url, row.description = place.strip(), url.strip(), words.strip()
    gone = deletion_of(session, Deleted.NEXT, ONLY)
    row.changed_at = later(actor.now, row.changed_at, gone.deleted_at if gone else None)
    session.add(row)
    next_revision(session)
    session.commit()
    return row


def forget_next(session: Session, *, now: datetime) -> None:
    """Delete the next gathering's time and place, here and by merging on all laptops. Commits."""
    row = next_gathering(session)
    bury(session, Deleted.NEXT, ONLY, now=later(now, row.changed_at if row else None))
    session.execute(delete(NextGathering))
    next_revision(session)
    session.commit()


# --- Addresses ------------------------------------------------------------------------------------


def leave_address(
    session: Session,
    takeaway: Takeaway,
    address: str,
    *,
    answer: bool,
    invite: bool,
    now: datetime,
    rng: random.Random,
) -> Contact:
    """Store an address that wants an answer notification or an invitation, one row per takeaway and address. Commits.

    Raises BadInput if it is not an email address, or if neither was requested; Conflict for a withdrawn takeaway.
    """
    address = address.strip()
    if not _ADDRESS.fullmatch(address):
        raise BadInput("That doesn't look like an e-mail address. Check it once more.")
    if not (answer or invite):
        raise BadInput("Tick what you would like to get.")
    with alone(session):
        if takeaway.state == TakeawayState.WITHDRAWN:
            raise Conflict("This was taken back; there is nothing left to change.")
        row = session.scalar(
            select(Contact).where(Contact.takeaway_id == takeaway.id, Contact.address == address)
        )
        if row is None:
            row = Contact(
                id=new_id(now, rng),
                address=address,
                takeaway_id=takeaway.id,
                token=f"{rng.getrandbits(128):032x}",
                created_at=now,
            )
            session.add(row)
        row.answer, row.invite, row.stopped_at = answer, invite, None
        return row


def stop_mail(session: Session, takeaway: Takeaway, now: datetime) -> int:
    """Delete the addresses left with a takeaway; returns how many. Commits."""
    rows = session.scalars(select(Contact).where(Contact.takeaway_id == takeaway.id)).all()
    for row in rows:
        session.delete(row)
    session.commit()
    return len(rows)


def stop_by_token(session: Session, tokens: Sequence[str], now: datetime) -> None:
    """Unsubscribe the addresses of these tokens, whatever takeaway they were left with. Does not commit."""
    if not tokens:
        return
    addresses = select(Contact.address).where(Contact.token.in_(tokens))
    session.execute(
        update(Contact)
        .where(Contact.address.in_(addresses), Contact.stopped_at.is_(None))
        .values(stopped_at=now)
    )


def contacts_of(session: Session, takeaway: Takeaway) -> list[Contact]:
    """The addresses left with a takeaway."""
    return list(session.scalars(select(Contact).where(Contact.takeaway_id == takeaway.id)))


def invited(session: Session) -> list[str]:
    """Addresses that agreed to be invited and did not unsubscribe, each once."""
    query = select(Contact.address).where(Contact.invite, Contact.stopped_at.is_(None))
    return sorted(set(session.scalars(query)), key=str.casefold)


# --- From one gathering to the next ---------------------------------------------------------------


@dataclass(frozen=True)
class Carried:
    """What was taken over into a new gathering."""

    questions: int
    actions: int
    sessions: int
    invited: int


def carry_over(session: Session, previous: Session, settings: Settings, actor: Actor) -> Carried:
    """Take over open questions and action items, sessions of a series and people who agreed to be invited.

    ``previous`` is a session on the previous gathering's database, ``settings`` are its settings.
    Nothing else is taken over: no words of takeaways that were neither made an item nor approved as
    a question, and no names that may not be published. Commits.
    """
    items = [_copy(row, settings, actor) for row in _open_items(previous)]
    items += [_from_takeaway(row, settings, actor) for row in proposed(previous) if _may_go_on(row)]
    session.add_all(items)
    series = _series(previous)
    for row in series:
        made = add_session(session, row.title, now=actor.now, rng=actor.rng, room=row.room)
        made.series, made.description, made.speakers = True, row.description, row.speakers
    addresses = invited(previous)
    for address in addresses:
        session.add(
            Contact(
                id=new_id(actor.now, actor.rng),
                address=address,
                answer=False,
                invite=True,
                token=f"{actor.rng.getrandbits(128):032x}",
                created_at=actor.now,
            )
        )
    session.commit()
    counts = [sum(item.kind == kind for item in items) for kind in ("question", "action")]
    return Carried(counts[0], counts[1], len(series), len(addresses))


def _open_items(previous: Session) -> list[ActionItem]:
    query = select(ActionItem).where(ActionItem.state == ItemState.OPEN)
    rows = previous.scalars(query.order_by(ActionItem.created_at, ActionItem.id))
    return [
        row
        for row in rows
        if (row.takeaway is None or _may_go_on(row.takeaway)) and replied_for(row, Scope.COMMUNITY)
    ]


def _may_go_on(row: Takeaway) -> bool:
    """Whether it may be carried over: "only here today" ends with the day."""
    return row.audience != Audience.ROOM


def _series(previous: Session) -> list[EventSession]:
    query = select(EventSession).where(EventSession.series, EventSession.retired.is_(False))
    return list(
        previous.scalars(query.order_by(EventSession.starts_at.nulls_first(), EventSession.title))
    )


def _copy(row: ActionItem, settings: Settings, actor: Actor) -> ActionItem:
    return _item(
        actor,
        kind=row.kind,
        what=row.what,
        who=row.who if row.who_agreed else "",
        who_agreed=row.who_agreed,
        due_on=row.due_on,
        carried_from=row.carried_from or settings.gathering.title,
    )


def _from_takeaway(row: Takeaway, settings: Settings, actor: Actor) -> ActionItem:
    words = " ".join((row.caption or row.text).split())
    return _item(
        actor,
        kind=row.intent,
        what=words[:500] or row.session.title,
        who="",
        who_agreed=False,
        due_on=None,
        carried_from=settings.gathering.title,
    )


def _item(actor: Actor, **values: object) -> ActionItem:
    return ActionItem(
        id=new_id(actor.now, actor.rng),
        state=ItemState.OPEN.value,
        outcome="",
        created_at=actor.now,
        changed_at=actor.now,
        **values,
    )
