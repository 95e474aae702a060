"""What organizers deleted. Merges transfer it, so that what was deleted on one laptop is deleted on all."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from reporter.clock import later
from reporter.models import Deletion, Story, Target

# For what there is only one of.
ONLY = uuid.UUID(int=0)


class Deleted(StrEnum):
    """Kinds of rows. A target is deleted on one laptop only: others may still have to take something down there."""

    STORY = "story"
    THEME = "theme"
    NEXT = "next gathering"
    TARGET = "target"


def bury(
    session: Session, kind: Deleted, number: uuid.UUID, *, now: datetime, edits: int = 0
) -> None:
    """Note a deletion. ``edits``: of a story, its number of changes. Does not commit."""
    row = session.get(Deletion, (kind.value, number))
    if row is None:
        row = Deletion(kind=kind.value, id=number, edits=0)
        session.add(row)
    row.deleted_at = later(now, row.deleted_at, row.restored_at)
    row.edits = max(row.edits, edits)


def unbury(session: Session, kind: Deleted, number: uuid.UUID, *, now: datetime) -> None:
    """Note that a deletion was undone. Does not commit."""
    row = session.get(Deletion, (kind.value, number))
    if row is not None:
        row.restored_at = later(now, row.deleted_at, row.restored_at)


def place_number(target: Target) -> uuid.UUID:
    """An id for the place of a target, to note that it was deleted: other laptops may know it under an id of theirs."""
    return uuid.uuid5(ONLY, json.dumps(target.place))


def deletion_of(session: Session, kind: Deleted, number: uuid.UUID) -> Deletion | None:
    """The deletion of a row, unless it was undone."""
    row = session.get(Deletion, (kind.value, number))
    undone = row is not None and row.restored_at is not None and row.restored_at >= row.deleted_at
    return None if undone else row


def is_story_deleted(session: Session, story: Story) -> bool:
    """Whether a story was deleted, and not changed more often than it had been when it was deleted."""
    row = deletion_of(session, Deleted.STORY, story.id)
    return row is not None and row.edits >= story.edits
