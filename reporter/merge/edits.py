"""A face that was blurred on another kiosk must not look out of here: edits come along with a merge.

The same bytes are the same picture on both. Where both edited it, ours holds, and what is blurred there is blurred too.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.annotations.edit_history import edits_of, save
from reporter.errors import BadInput, Conflict
from reporter.media.edits import Edits, read_edits
from reporter.media.store import Store
from reporter.models import Media
from reporter.models.edits import Edit, Face


def copy_edits(session: Session, other: Session, ours: Media, theirs: Media) -> None:
    """The edits and proposed faces of a file that is new here, as they are there. Does not commit."""
    for step in other.scalars(select(Edit).where(Edit.media_id == theirs.id)):
        session.add(
            Edit(media_id=ours.id, position=step.position, kind=step.kind, numbers=step.numbers)
        )
    for face in other.scalars(select(Face).where(Face.media_id == theirs.id)):
        session.add(
            Face(
                media_id=ours.id,
                position=face.position,
                x=face.x,
                y=face.y,
                width=face.width,
                height=face.height,
            )
        )


def merge_edits(session: Session, other: Session, store: Store, hand: Actor) -> list[str]:
    """For every file that was edited there and is here too; sentences on what could not be taken. Commits."""
    left = []
    for theirs in other.scalars(select(Media).where(Media.mended != "")):
        ours = session.scalar(select(Media).where(Media.sha256 == theirs.sha256))
        if ours is None:
            continue
        try:
            wanted = _both(ours.kind, edits_of(session, ours), edits_of(other, theirs))
            save(session, store, ours, wanted, hand)
        except (BadInput, Conflict) as error:
            left.append(f"{theirs.sha256[:12]}: {error.message}")
    return left


def _both(kind: str, ours: Edits, theirs: Edits) -> Edits:
    if not ours:
        return theirs
    together = replace(ours, blur=tuple({*ours.blur, *theirs.blur}))
    return read_edits(together.steps(), kind, duration=float("inf"))
