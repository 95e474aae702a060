"""Save the edits of a media file; from then on only the edited version is shown.

Renditions with the former edits are deleted in the same transaction, and the workers render them
again with the new edits. Until then there is nothing to show or publish. The original stays
unchanged and private.
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
from reporter.moderation.history import moment_of_change

# Name of these decisions in stored histories: the first version's, which a migration must not change (docs/hub.md).
ACTION = "mend"
UNDO, REDO = "undo", "redo"
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True)
class History:
    """Saved edits of one media file, for undo and redo."""

    undo: Edits | None = None
    redo: Edits | None = None


def edits_of(session: Session, media: Media) -> Edits:
    """The edits in force."""
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
    """Check and return the edits submitted in a form; raises BadInput."""
    return read_edits(steps, media.kind, duration=media.duration)


def save(
    session: Session,
    store: Store,
    media: Media,
    edits: Edits,
    *,
    actor: Actor,
    way: str = "",
    was: str | None = None,
    noted: bool = True,
) -> bool:
    """Save these edits for every takeaway with this file. Commits.

    Returns False if they are in force already. ``way`` is UNDO or REDO for a step in the history,
    ``was`` the fingerprint of the edits that the person saw. Raises Conflict if somebody else has
    edited the file since, or if it can't be opened.
    """
    lock_gathering(session)
    if was is not None and was != media.edits_fingerprint:
        session.rollback()
        raise Conflict("Somebody else has edited this in the meantime. Look at it once more.")
    before = edits_of(session, media)
    if media.state == MediaState.FAILED and not media.edits_fingerprint:
        session.rollback()
        raise Conflict("This file can't be opened, so it can't be edited either.")
    if before == edits:
        session.rollback()
        return False
    # Voids the lease, so that no worker can finish a rendition with the former edits.
    _make_again(session, media.id, edits, actor)
    session.execute(delete(Rendition).where(Rendition.media_id == media.id))
    session.execute(delete(Edit).where(Edit.media_id == media.id))
    session.add_all(
        Edit(media_id=media.id, position=number, **step)
        for number, step in enumerate(edits.steps())
    )
    if edits.blur and edits.blur != before.blur:
        media.faces = Faces.SEEN.value
    if noted:
        _remember(session, media, actor, [before.steps(), edits.steps()], way=way)
    else:
        for takeaway in takeaways_of(session, media):
            bump_revision(session, takeaway)
    # While we hold the row: afterwards a worker may have written new renditions to the same paths.
    store.set_aside(media.sha256, plain=not before)
    session.commit()
    session.expire_all()
    return True


def _make_again(session: Session, media_id: uuid.UUID, edits: Edits, actor: Actor) -> None:
    """Queue the file first: somebody is looking at the page, and a target may still show the former picture."""
    values = {
        "state": MediaState.RECEIVED.value,
        "lease": "",
        "attempts": 0,
        "error": "",
        "edits_fingerprint": edits.fingerprint(),
        "due_at": actor.now - timedelta(days=1),
        # Text recognized in the former picture may be what is blurred now.
        "recognized_text": "",
        "recognized_in": "",
    }
    session.execute(update(Media).where(Media.id == media_id).values(**values))


def _remember(
    session: Session, media: Media, actor: Actor, steps: Sequence[Any], *, way: str
) -> None:
    before, after = ({"sha256": media.sha256, "edits": one} for one in steps)
    note(session, media, actor, ACTION, values=(before, {**after, "way": way}))


def note(
    session: Session,
    media: Media,
    actor: Actor,
    action: str,
    *,
    values: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Record a decision on a file (values before and after) for every takeaway that has it. Does not commit.

    It belongs to no step: it is undone in the editor, not by the undo of review.
    """
    takeaways = takeaways_of(session, media)
    moment = moment_of_change(session, actor, [one.id for one in takeaways])
    for takeaway in takeaways:
        bump_revision(session, takeaway)
        session.add(
            Decision(
                id=new_id(actor.now, actor.rng),
                takeaway_id=takeaway.id,
                at=moment,
                who=actor.who,
                action=action,
                revision=takeaway.revision,
                before=values[0],
                after=values[1],
            )
        )


def takeaways_of(session: Session, media: Media) -> list[Takeaway]:
    """All takeaways with this file."""
    query = select(Takeaway).join(Attachment).where(Attachment.media_id == media.id)
    return list(session.scalars(query.order_by(Takeaway.id)))


def being_made(session: Session, now: datetime) -> bool:
    """Whether a file edited a moment ago is still being rendered.

    Meanwhile the file would be missing everywhere it is published: posts would be removed and sent
    again. True for two minutes at most; if rendering takes longer, a missing file is better than
    the former version.
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
    """The edits that undo and redo lead to, derived from the decisions on this takeaway."""
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
