"""The edits of a media file, saved so that from that moment on nobody sees it without them.

What was made before is dropped in the same transaction; the workers make it again, with the edits baked in. Until then
there is nothing to show, and nothing to publish. The original stays as it is and private.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import new_id
from reporter.enums import Faces, MediaState
from reporter.errors import Conflict
from reporter.media.edits import Edits, read_edits
from reporter.media.store import Store
from reporter.models import Attachment, Decision, Media, Rendition, Takeaway
from reporter.models.edits import Edit
from reporter.moderation.decisions import bump_revision, lock_gathering

# The name of these decisions in the history.
ACTION = "mend"
UNDO, REDO = "undo", "redo"
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True)
class History:
    """What was saved of one media file, as a person goes back and forth in it."""

    undo: Edits | None = None
    redo: Edits | None = None


def edits_of(session: Session, media: Media) -> Edits:
    """The edits that hold now."""
    rows = session.scalars(
        select(Edit).where(Edit.media_id == media.id).order_by(Edit.position)
    ).all()
    # A cut was checked against the duration when it was saved.
    return read_edits(
        [{"kind": row.kind, "numbers": row.numbers} for row in rows],
        media.kind,
        duration=math.inf,
    )


def check(media: Media, steps: object) -> Edits:
    """Edits for this file from what a form sent; raises BadInput."""
    return read_edits(steps, media.kind, duration=media.duration)


def save(
    session: Session,
    store: Store,
    media: Media,
    edits: Edits,
    *,
    hand: Actor,
    way: str = "",
    was: str | None = None,
    noted: bool = True,
) -> bool:
    """Let these edits hold, for every takeaway with this file; False where they do already. Commits.

    ``way`` is UNDO or REDO for a step back or forth in the history, ``was`` the fingerprint of what the person had
    before the eyes. Raises Conflict where somebody else has mended it since, and for a file that can't be opened.
    """
    lock_gathering(session)
    if was is not None and was != media.mended:
        session.rollback()
        raise Conflict("Somebody else has edited this in the meantime. Look at it once more.")
    before = edits_of(session, media)
    if media.state == MediaState.FAILED and not media.mended:
        session.rollback()
        raise Conflict("This file can't be opened, so it can't be edited either.")
    if before == edits:
        session.rollback()
        return False
    # From here on no worker can finish what it makes with the former edits: the lease is no longer its own.
    _make_again(session, media.id, edits, hand)
    session.execute(delete(Rendition).where(Rendition.media_id == media.id))
    session.execute(delete(Edit).where(Edit.media_id == media.id))
    session.add_all(
        Edit(media_id=media.id, position=number, **step)
        for number, step in enumerate(edits.steps())
    )
    if edits.blur and edits.blur != before.blur:
        media.faces = Faces.SEEN.value
    if noted:
        _remember(session, media, hand, [before.steps(), edits.steps()], way=way)
    else:
        for takeaway in takeaways_of(session, media):
            bump_revision(session, takeaway)
    # While the row is ours: afterwards a worker may have made new ones in the same places.
    store.set_aside(media.sha256, plain=not before)
    session.commit()
    session.expire_all()
    return True


def _make_again(session: Session, media_id: uuid.UUID, edits: Edits, hand: Actor) -> None:
    """Due before everything that waits: somebody looks at the page, and a place may still show the former picture."""
    values = {
        "state": MediaState.RECEIVED.value,
        "lease": "",
        "attempts": 0,
        "error": "",
        "mended": edits.fingerprint(),
        "due_at": hand.now - timedelta(days=1),
        # What could be read in the former picture may be what is blurred now.
        "words": "",
        "words_of": "",
    }
    session.execute(update(Media).where(Media.id == media_id).values(**values))


def _remember(
    session: Session, media: Media, hand: Actor, steps: Sequence[Any], *, way: str
) -> None:
    before, after = ({"sha256": media.sha256, "edits": one} for one in steps)
    note(session, media, hand, ACTION, values=(before, {**after, "way": way}))


def note(
    session: Session,
    media: Media,
    hand: Actor,
    action: str,
    *,
    values: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Write a decision on a file down (values before and after) with every takeaway that has it. Does not commit.

    It belongs to no step: it is taken back where it was made, not by the undo of review.
    """
    for takeaway in takeaways_of(session, media):
        bump_revision(session, takeaway)
        session.add(
            Decision(
                id=new_id(hand.now, hand.rng),
                takeaway_id=takeaway.id,
                at=hand.now,
                who=hand.who,
                action=action,
                revision=takeaway.revision,
                before=values[0],
                after=values[1],
            )
        )


def takeaways_of(session: Session, media: Media) -> list[Takeaway]:
    """Every takeaway with this file."""
    query = select(Takeaway).join(Attachment).where(Attachment.media_id == media.id)
    return list(session.scalars(query.order_by(Takeaway.id)))


def being_made(session: Session, now: datetime) -> bool:
    """Whether something that was edited a moment ago is still being made.

    Until then it would be missing everywhere it is published: posts would go and come back. Two minutes at most; what
    takes longer is better missing than shown as it was.
    """
    waiting = (MediaState.RECEIVED, MediaState.PROCESSING)
    query = (
        select(Decision.id)
        .join(Attachment, Attachment.takeaway_id == Decision.takeaway_id)
        .join(Media)
        .where(Decision.action == ACTION, Decision.at > now - PATIENCE, Media.state.in_(waiting))
        .limit(1)
    )
    return session.scalar(query) is not None


def history(session: Session, takeaway: Takeaway, media: Media) -> History:
    """Where undo and redo lead, read off the decisions on this takeaway."""
    query = select(Decision).where(Decision.takeaway_id == takeaway.id, Decision.action == ACTION)
    rows = [
        row
        for row in session.scalars(query.order_by(Decision.at, Decision.id))
        if row.after.get("sha256") == media.sha256
    ]
    past: list[Any] = []
    future: list[Any] = []
    for row in rows:
        if row.after["way"] == UNDO and past:
            future.append(past.pop())
        elif row.after["way"] == REDO and future:
            past.append(future.pop())
        else:
            past.append((row.before["edits"], row.after["edits"]))
            future.clear()
    return History(
        undo=check(media, past[-1][0]) if past else None,
        redo=check(media, future[-1][1]) if future else None,
    )
