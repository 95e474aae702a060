"""A target's front page, which is updated after every change of its posts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.composition.themes import public_themes
from publish.outbox.context import PublishContext
from publish.outbox.items import takedowns
from publish.outbox.items.base import Order
from publish.outbox.policy.row_states import TO_SEND, due_state, is_leased, may_be_there
from publish.outbox.policy.transition import Claim, Transition
from publish.outbox.policy.wanting import Wanted
from publish.outbox.upsert import FrontPageJob, Job
from publish.posts.model import Remote, known_remote
from publish.targets import FrontPageEntry, target_class
from publish.targets.capabilities import HasFrontPage, TellsThemes
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery, Target

KIND = ItemKind.FRONT_PAGE
ORDER = Order(leaving=5, small=5, big=5)
# The size is known only once it is rendered.
_BYTES = 20_000
# Added to ``wanted`` of a row that is just being written, once for each change that the writer may not have read; the
# writer itself never sets that column, so no note is lost.
_AGAIN, _AGAIN_URGENT = "+", "!"


def wanted(
    session: Session, context: PublishContext, target: Target, posts: Sequence[FittedPost]
) -> Iterable[Wanted]:
    """One front page once there are posts; it stays even when empty. Added or removed stories make it due."""
    if not issubclass(target_class(target.kind), HasFrontPage) or not posts:
        return [Wanted(KIND, target.id, stands=True)]
    # Value stored by all versions: changing it would resend every front page once.
    print_ = f"face{context.facts.agenda.fingerprint()}"
    return [Wanted(KIND, target.id, "index", target.name, print_, bytes=_BYTES)]


def waits_for(row: Delivery, now: datetime) -> ColumnElement[bool] | None:
    """Everything except big files; it is rewritten after each of those.

    If it takes words back, only stories that take something back now: files are removed after it.
    """
    if row.memory.urgent:
        return (Delivery.item_kind == ItemKind.STORY) & takedowns.takes_back_soon(now)
    small = or_(Delivery.item_kind != ItemKind.MEDIA, Delivery.big.is_(False))
    return (Delivery.item_kind != KIND) & small


def prepare(session: Session, context: PublishContext, claim: Claim) -> Job:
    """A job with what the target currently has."""
    target = session.get_one(Target, claim.target_id)
    tells = issubclass(target_class(target.kind), TellsThemes)
    themes = public_themes(session, context.facts.language) if tells else ()
    entries = _entries(session, claim.target_id)
    known, cls = known_remote(claim), target_class(target.kind)
    if issubclass(cls, HasFrontPage) and cls.announces:
        known = _with_tries(claim, entries)
    return FrontPageJob(known, entries, themes, _without_notes(claim.wanted), claim.memory)


def _without_notes(wanted: str) -> str:
    return wanted.rstrip(_AGAIN + _AGAIN_URGENT)


def _with_tries(claim: Claim, entries: Sequence[FrontPageEntry]) -> Remote:
    """What is known of the target, with the entries of this try and of those before it that were not answered."""
    extra = claim.memory.extra
    tried = [list(keys) for keys in extra.get("tried", ())]
    before = {key for keys in tried for key in keys}
    new = sorted(entry.key for entry in entries if entry.key not in before)
    return Remote(claim.remote_id, claim.url, {**extra, "tried": [*tried, new] if new else tried})


def _entries(session: Session, target_id: uuid.UUID) -> tuple[FrontPageEntry, ...]:
    """Entries ordered by session, oldest first."""
    rows = session.scalars(
        select(Delivery).where(
            Delivery.target_id == target_id,
            Delivery.item_kind == ItemKind.STORY,
            Delivery.sent != "",
        )
    )
    entries = [
        FrontPageEntry(one.key, one.memory.title, one.url, one.memory.date, one.memory.extra)
        for one in rows
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.date, entry.title, entry.key)))


def change(session: Session, target_id: uuid.UUID, now: datetime, *, urgent: bool) -> None:
    """Make a target's front page due after a story there changed. Does not commit.

    ``urgent``: the story lost what the front page may still tell. It then goes like any takedown. A mail
    takes nothing back: it would only tell of others.

    One that is just being written may have been read before: whoever writes it keeps the row, so that nobody
    else writes beside it, and makes it due once more at the end (see ``settled``).
    """
    cls = target_class(session.get_one(Target, target_id).kind)
    urgent = urgent and not (issubclass(cls, HasFrontPage) and cls.announces)
    states = (DeliveryState.SENT, *(TO_SEND if urgent else (DeliveryState.SENDING,)))
    query = select(Delivery).where(
        Delivery.target_id == target_id, Delivery.item_kind == KIND, Delivery.state.in_(states)
    )
    # Locked: its writer may settle it at this moment.
    query = query.with_for_update().execution_options(populate_existing=True)
    for row in session.scalars(query):
        if not may_be_there(row):
            continue
        memory = replace(row.memory, urgent=row.memory.urgent or urgent)
        values: dict[str, Any] = {"remote": memory.to_json()}
        if is_leased(row, now):
            values["wanted"] = row.wanted + (_AGAIN_URGENT if urgent else _AGAIN)
        else:
            state = due_state(by_hand=False, sent=bool(row.sent))
            values |= {"state": state.value, "lease": "", "due_at": now}
        statement = update(Delivery).where(Delivery.id == row.id).values(values)
        session.execute(statement.execution_options(synchronize_session=False))


def settled(session: Session, claim: Claim, after: Transition, now: datetime) -> None:
    """Make it due once more if a story changed since it was claimed (see ``change``). Does not commit."""
    row = session.get_one(Delivery, claim.id, populate_existing=True)
    if row.wanted != claim.wanted:
        lost = _AGAIN_URGENT in row.wanted[len(claim.wanted) :]
        row.remote = replace(after.memory, urgent=after.memory.urgent or lost).to_json()
        if after.state == DeliveryState.SENT:
            row.state, row.due_at = DeliveryState.CHANGED.value, now
    row.wanted = _without_notes(row.wanted)
