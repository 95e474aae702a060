"""Merge fields: the last decision on each field wins, whichever laptop made it.

The merged history is the union of both, and decisions are totally ordered (by time, then id). So
the result does not depend on which laptop merges which, or how often. A field without decisions can
differ only if a phone sent the same takeaway to two laptops: then the longer value wins, which
contains the other's words.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import TakeawayState
from reporter.merge.context import MergeContext
from reporter.models import (
    Attachment,
    Decision,
    EventSession,
    Media,
    ReceiptAlias,
    Tag,
    Takeaway,
)
from reporter.moderation.history import ALT, fields_of

# Fields that a decision can change; dependent fields follow the state.
_PLAIN = (
    "text",
    "caption",
    "author",
    "prompt",
    "intent",
    "audience",
    "consent",
    "licence",
    "starred",
    "held",
)
_STATE, _TAGS, _SESSION = "state", "tags", "session_code"


@dataclass(frozen=True, order=True)
class _Stamp:
    at: datetime
    id: uuid.UUID


@dataclass
class _Side:
    """A takeaway on one side: its values, and the last decision on each."""

    row: Takeaway
    stamps: dict[str, _Stamp] = field(default_factory=dict)
    decisions: set[uuid.UUID] = field(default_factory=set)

    def value(self, name: str) -> Any:
        """A field's value, in a form that both sides share."""
        if name == _TAGS:
            return sorted(tag.name for tag in self.row.tags)
        if name == _SESSION:
            return self.row.session.code
        if name.startswith(ALT):
            return self.alts[name]
        return getattr(self.row, name)

    @property
    def alts(self) -> dict[str, str]:
        """Alt texts by field name."""
        return {ALT + one.media.sha256: one.alt for one in self.row.attachments}


def same_on_both(session: Session, other: Session) -> set[uuid.UUID]:
    """Takeaways that a merge would not change: fields, files, receipts and decisions are the same.

    Found with a few queries for all of them, so that unchanged takeaways cost a merge no lock and
    no queries of their own.
    """
    here = _compared_data(session)
    return {number for number, data in _compared_data(other).items() if here.get(number) == data}


def _compared_data(session: Session) -> dict[uuid.UUID, set[tuple[Any, ...]]]:
    """All data that a merge compares, by takeaway; tuples begin with the number of the query."""
    fields = [getattr(Takeaway, name) for name in (*_PLAIN, _STATE, "approved_at", "receipt")]
    statements = (
        select(Takeaway.id, EventSession.code, *fields).join(Takeaway.session),
        select(Tag.takeaway_id, Tag.name),
        select(Decision.takeaway_id, Decision.id, Decision.undone),
        select(Attachment.takeaway_id, Media.sha256, Attachment.alt).join(Attachment.media),
        select(ReceiptAlias.takeaway_id, ReceiptAlias.receipt),
    )
    data: dict[uuid.UUID, set[tuple[Any, ...]]] = {}
    for number, statement in enumerate(statements):
        for takeaway, *values in session.execute(statement):
            data.setdefault(takeaway, set()).add((number, *values))
    return data


def merge_fields(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> bool:
    """Set our takeaway's fields to the merged values; returns whether anything changed. Records
    conflicting decisions."""
    here, there = _side(merge.session, ours), _side(merge.other, theirs)
    shared = [name for name in here.alts if name in there.alts]
    taken = [
        name
        for name in (*_PLAIN, _STATE, _TAGS, _SESSION, *shared)
        if _differs(here, there, name) and _wins(there, here, name)
    ]
    if _clash(here, there) and ours.receipt not in merge.done.look:
        merge.done.look.append(ours.receipt)
    for name in taken:
        _take(merge, here, there, name)
    return bool(taken)


def _differs(here: _Side, there: _Side, name: str) -> bool:
    # Both may have approved it, at different times: the last one counts, as for every field.
    late = name == _STATE and here.row.approved_at != there.row.approved_at
    return late or here.value(name) != there.value(name)


def _side(session: Session, row: Takeaway) -> _Side:
    side = _Side(row)
    for decision in session.scalars(select(Decision).where(Decision.takeaway_id == row.id)):
        side.decisions.add(decision.id)
        stamp = _Stamp(decision.at, decision.id)
        for name in fields_of(decision).after:
            side.stamps[name] = max(stamp, side.stamps.get(name, stamp))
    return side


def _wins(there: _Side, here: _Side, name: str) -> bool:
    theirs, ours = there.stamps.get(name), here.stamps.get(name)
    if theirs is None and ours is None:
        # A phone's retry has another session only if a decision moved it.
        return name != _SESSION and _weight(there.value(name)) > _weight(here.value(name))
    return ours is None or (theirs is not None and theirs > ours)


def _weight(value: Any) -> tuple[int, str]:
    return len(str(value)) if not isinstance(value, bool) else int(value), str(value)


def _clash(here: _Side, there: _Side) -> bool:
    """Whether both sides changed a field differently and independently."""
    return any(
        stamp.id not in here.decisions
        and name in here.stamps
        and here.stamps[name].id not in there.decisions
        and (name in here.alts) == (name in there.alts)
        and _is_field(name)
        and here.value(name) != there.value(name)
        for name, stamp in there.stamps.items()
    )


def _is_field(name: str) -> bool:
    return name in _PLAIN or name in (_STATE, _TAGS, _SESSION) or name.startswith(ALT)


def _take(merge: MergeContext, here: _Side, there: _Side, name: str) -> None:
    ours, theirs = here.row, there.row
    if name == _TAGS:
        names = set(there.value(name))
        # Kept rows stay: deleting and adding the same key in one flush would collide.
        kept = [tag for tag in ours.tags if tag.name in names]
        ours.tags = kept + [Tag(name=n) for n in sorted(names - {tag.name for tag in kept})]
    elif name == _SESSION:
        ours.session = merge.session.get_one(EventSession, merge.events[theirs.session_id])
    elif name.startswith(ALT):
        attachment = next(a for a in ours.attachments if ALT + a.media.sha256 == name)
        attachment.alt = there.value(name)
    else:
        setattr(ours, name, there.value(name))
    if name == _STATE:
        approved = ours.state == TakeawayState.APPROVED
        ours.approved_at = theirs.approved_at if approved else None
