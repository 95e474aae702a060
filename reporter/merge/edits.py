"""Merge edits, so that a face blurred on another kiosk is blurred here too.

Media with the same bytes are the same on both sides. If both edited a file independently, the later
edits win, and whatever is blurred on either side is blurred.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.annotations.edit_history import ACTION, edits_of, save
from reporter.clock import later
from reporter.errors import BadInput, Conflict
from reporter.media.edits import Edits, read_edits
from reporter.media.store import Store
from reporter.models import Decision, Media
from reporter.models.edits import Edit, Face


def copy_edits(session: Session, other: Session, ours: Media, theirs: Media) -> None:
    """Copy the edits and detected faces of a file that is new here. Does not commit."""
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


def merge_edits(session: Session, other: Session, store: Store, actor: Actor) -> list[str]:
    """Merge the edits of every file edited there that exists here; returns messages about failures. Commits.

    Has to run before the histories are merged: they show which side knew of the other's edits.
    """
    left = []
    here = _moments(session)
    for sha256, theirs in sorted(_moments(other).items()):
        ours = here.get(sha256, [])
        if theirs[-1] in ours:
            continue
        mine, its = _by_hash(session, sha256), _by_hash(other, sha256)
        if mine is None or its is None:
            continue
        try:
            _merge_file(session, other, store, actor, pair=(mine, its), saves=(ours, theirs))
        except (BadInput, Conflict) as error:
            left.append(f"{sha256[:12]}: {error.message}")
    return left


# When edits were saved, and the id of that decision. One save is a decision on every takeaway with the file.
_Moment = tuple[datetime, uuid.UUID]


def _moments(session: Session) -> dict[str, list[_Moment]]:
    """The saves of every file's edits, oldest first, with one query for all."""
    found: dict[str, list[_Moment]] = {}
    saves = select(Decision.after, Decision.at, Decision.id).where(Decision.action == ACTION)
    for after, at, number in session.execute(saves):
        found.setdefault(str(after["sha256"]), []).append((at, number))
    return {sha256: sorted(moments) for sha256, moments in found.items()}


def _by_hash(session: Session, sha256: str) -> Media | None:
    return session.scalar(select(Media).where(Media.sha256 == sha256))


def _merge_file(
    session: Session,
    other: Session,
    store: Store,
    actor: Actor,
    *,
    pair: tuple[Media, Media],
    saves: tuple[list[_Moment], list[_Moment]],
) -> None:
    """The edits of the side that knew the other's; if neither did, the later ones plus all blurs of both."""
    (ours, theirs), (here, there) = pair, saves
    wanted = edits_of(other, theirs)
    if not here or here[-1] in there:
        save(session, store, ours, wanted, actor=actor, noted=False)
        return
    mine = edits_of(session, ours)
    last, earlier = (wanted, mine) if there[-1] > here[-1] else (mine, wanted)
    after = replace(actor, now=later(actor.now, there[-1][0]))
    save(session, store, ours, _with_blurs(ours.kind, last, earlier), actor=after)


def saves_of(session: Session, sha256: str) -> list[Decision]:
    """Each save of a file's edits, oldest first."""
    rows = session.scalars(select(Decision).where(Decision.action == ACTION))
    return sorted((row for row in rows if row.after["sha256"] == sha256), key=_moment)


def _moment(decision: Decision) -> _Moment:
    return decision.at, decision.id


def _with_blurs(kind: str, edits: Edits, more: Edits) -> Edits:
    together = replace(edits, blur=tuple({*edits.blur, *more.blur}))
    return read_edits(together.steps(), kind, duration=float("inf"))
