"""Manual changes to a roll: accept a proposal, move a cut, reject a cut, correct a clock."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.cards.session_assignment import read_roll, settle
from reporter.actor import Actor
from reporter.enums import ClockBasis, CutOrigin, Mark
from reporter.errors import BadInput, Forbidden, NotFound
from reporter.models import EventSession
from reporter.models.camera import Camera, Cut, Shot


def begin_at(session: Session, shot: Shot, event: EventSession | None, actor: Actor) -> None:
    """Assign the roll from this shot on to a session (None: to none). Commits. Raises Forbidden for
    text-only sessions."""
    _check(event)
    _say(session, shot.id, shot.camera_id, event.id if event else None, skip=False)
    settle(session, shot.camera_id, now=actor.now, rng=actor.rng, by_hand=True)


def no_cut(session: Session, shot: Shot, actor: Actor) -> None:
    """Remove the cut here, so that the part before it continues. Commits."""
    _say(session, shot.id, shot.camera_id, None, skip=True)
    settle(session, shot.camera_id, now=actor.now, rng=actor.rng, by_hand=True)


def move_cut(session: Session, start: Shot, goal: Shot, actor: Actor) -> None:
    """Move the cut at ``start`` to ``goal``. Commits."""
    roll = read_roll(session, session.get_one(Camera, start.camera_id))
    places = {row.id: place for place, row in enumerate(roll.rows)}
    if (
        start.camera_id != goal.camera_id
        or start.id == goal.id
        or not {start.id, goal.id} <= set(places)
    ):
        raise BadInput("This cut can't be moved there. Look at the strip again.")
    part = roll.parts[places[start.id]]
    _check(session.get(EventSession, part.session) if part.session else None)
    first, last = sorted((places[start.id], places[goal.id]))
    for place in range(first, last + 1):
        _forget(session, roll.rows[place].id)
        # A marker or the time would make this cut again: a person's decision overrides them.
        opens = place in roll.cuts or roll.rows[place].mark
        if opens and place != places[goal.id]:
            _say(session, roll.rows[place].id, start.camera_id, None, skip=True)
    _say(session, goal.id, goal.camera_id, part.session, skip=False)
    settle(session, goal.camera_id, now=actor.now, rng=actor.rng, by_hand=True)


def set_clock(session: Session, camera: Camera, offset_s: int | None, actor: Actor) -> None:
    """Set how many seconds a camera's clock is behind; None returns to what the markers say.
    Commits."""
    camera.basis = (ClockBasis.NONE if offset_s is None else ClockBasis.HAND).value
    camera.offset_s = offset_s
    settle(session, camera.id, now=actor.now, rng=actor.rng, by_hand=True)


def is_photo(session: Session, shot: Shot, actor: Actor) -> None:
    """Mark a supposed marker as a photo: the next import of its card takes it in. Commits."""
    shot.mark, shot.mark_session_id, shot.kiosk_at = Mark.NONE.value, None, None
    settle(session, shot.camera_id, now=actor.now, rng=actor.rng, by_hand=True)


def find_shot(session: Session, text: str) -> Shot:
    """Get a shot by id; raises NotFound."""
    try:
        found = session.get(Shot, uuid.UUID(text))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such picture on the roll. Load the page again.")
    return found


def proposals(session: Session) -> int:
    """Count the cuts, on all rolls, that wait for a person's decision."""
    return len(list(session.scalars(select(Cut.shot_id).where(Cut.settled.is_(False)))))


def _check(event: EventSession | None) -> None:
    if event is not None and event.do_not_record:
        raise Forbidden(
            "The people of this session asked not to be recorded: no picture can be put there."
        )


def _say(
    session: Session,
    shot_id: uuid.UUID,
    camera_id: uuid.UUID,
    session_id: uuid.UUID | None,
    *,
    skip: bool,
) -> None:
    row = session.get(Cut, shot_id)
    if row is None:
        row = Cut(shot_id=shot_id, camera_id=camera_id)
        session.add(row)
    row.session_id, row.skip = session_id, skip
    row.origin, row.settled = CutOrigin.HAND.value, True
    session.flush()


def _forget(session: Session, shot_id: uuid.UUID) -> None:
    row = session.get(Cut, shot_id)
    if row is not None and row.origin == CutOrigin.HAND:
        session.delete(row)
        session.flush()
