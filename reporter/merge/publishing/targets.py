"""Merge the places to publish to."""

from __future__ import annotations

from sqlalchemy import select

from reporter.merge.context import MergeContext, row_values
from reporter.messages import Message
from reporter.models import Target
from reporter.moderation.deletions import Deleted, deletion_of, place_number

_ASK = Message(
    "This place came with another kiosk. Give its password and test it, before anything is sent there."
)


def merge_targets(merge: MergeContext) -> None:
    """Merge the other side's targets. Does not commit."""
    for theirs in merge.other.scalars(select(Target)).all():
        ours = _target(merge, theirs)
        if ours is not None:
            merge.targets[theirs.id] = ours.id
    merge.session.flush()


def _target(merge: MergeContext, theirs: Target) -> Target | None:
    """The same target here: by its id, else by kind and address; else it is added, and waits for
    approval by a person. None if a person has removed it here."""
    session = merge.session
    rows = list(session.scalars(select(Target).where(Target.kind == theirs.kind)))
    same = [ours for ours in rows if ours.place == theirs.place]
    # Two accounts may have one address: that with the same name is meant.
    same.sort(key=lambda ours: (ours.id != theirs.id, ours.name != theirs.name))
    for ours in (*(row for row in rows if row.id == theirs.id), *same):
        return ours
    numbers = (theirs.id, place_number(theirs))
    if any(deletion_of(session, Deleted.TARGET, one) is not None for one in numbers):
        return None
    name, number = theirs.name, 2
    while session.scalar(select(Target.id).where(Target.name == name)) is not None:
        name, number = f"{theirs.name} {number}", number + 1
    ours = Target(**row_values(theirs, "name", "paused"), name=name, paused=_ASK)
    session.add(ours)
    session.flush()
    merge.done.targets += 1
    return ours
