"""Assigns a camera's shots to sessions: derives its clock offset, cuts its roll, moves the
takeaways."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from capture.cards.clock_offset import Clock, Witness, learn
from capture.cards.roll import Frame, ManualCut, ShotAssignment, cut, cuts, in_order
from reporter.clock import new_id
from reporter.codes import make_code
from reporter.enums import Audience, ClockBasis, CutOrigin, Mark, TakeawayState
from reporter.gathering.sessions import GRACE, end_of
from reporter.models import EventSession, Takeaway
from reporter.models.camera import Camera, Cut, Shot
from reporter.moderation.decisions import bump_revision, lock_gathering

# The session for shots that are not assigned yet. Retired from the start, so that no page or poster
# offers it; restricted to the room, so that nothing is published from it.
UNASSIGNED, UNASSIGNED_TITLE = "reporter:not-yet-assigned", "Not yet assigned"


def unassigned(session: Session, *, now: datetime, rng: random.Random) -> EventSession:
    """Get the session for unassigned shots, created when first needed. Flushes."""
    row = session.scalar(select(EventSession).where(EventSession.guid == UNASSIGNED))
    if row is None:
        code = make_code(rng)
        while session.scalar(select(EventSession.id).where(EventSession.code == code)):
            code = make_code(rng)
        row = EventSession(
            id=new_id(now, rng),
            code=code,
            guid=UNASSIGNED,
            title=UNASSIGNED_TITLE,
            retired=True,
            audience=Audience.ROOM.value,
            created_at=now,
        )
        session.add(row)
        session.flush()
    return row


class Timetable:
    """The schedule, with the queries that cutting needs."""

    def __init__(self, rows: Sequence[EventSession]) -> None:
        self.rows = {row.id: row for row in rows}
        open_ones = [row for row in rows if not row.retired and not row.do_not_record]
        self._timed = [
            (row.starts_at, ends, row.id)
            for row in open_ones
            if row.starts_at and (ends := end_of(row))
        ]
        # With a single session that is always open there is no other choice.
        self._only = open_ones[0].id if len(open_ones) == 1 and not self._timed else None

    def at_time(self, moment: datetime) -> uuid.UUID | None:
        """The one session at this time or, between sessions, close to it; None for none or
        several."""
        for grace in (timedelta(0), GRACE):
            found = [id for start, end, id in self._timed if start - grace <= moment < end + grace]
            if found:
                return found[0] if len(found) == 1 else None
        return self._only

    def end_of(self, session_id: uuid.UUID) -> datetime | None:
        """The scheduled end of a session; None without a time."""
        row = self.rows.get(session_id)
        return end_of(row) if row else None

    def witness(self, row: Row[Any]) -> Witness | None:
        """What a marker shot says about its camera's clock; None if nothing."""
        if row.kiosk_at is not None:
            return Witness(row.taken_at, row.kiosk_at, row.kiosk_at, exact=True)
        event = self.rows.get(row.mark_session_id)
        ends = end_of(event) if event else None
        if event is None or event.starts_at is None or ends is None:
            return None
        return Witness(row.taken_at, event.starts_at, ends)


@dataclass(frozen=True)
class Roll:
    """A camera's shots in order, the part of each, and the cuts."""

    camera: Camera
    rows: list[Row[Any]]
    parts: list[ShotAssignment]
    # {shot: whether its marker agrees with the camera's clock}
    agrees: Mapping[uuid.UUID, bool]

    @property
    def cuts(self) -> list[int]:
        """The indexes at which a new part begins."""
        return cuts(self.parts)


def settle(
    session: Session,
    camera_id: uuid.UUID,
    *,
    now: datetime,
    rng: random.Random,
    by_hand: bool = False,
) -> Roll:
    """Derive the clock offset, cut the roll, store the cuts and move the takeaways. Commits.
    Idempotent.

    Takeaways that a person has moved to another session stay there; approved or hidden ones move
    only with ``by_hand``, when a person has just moved a cut.
    """
    lock_gathering(session)
    camera = session.get_one(Camera, camera_id)
    agenda = Timetable(list(session.scalars(select(EventSession))))
    rows = _shots(session, camera_id)
    clock, agrees = _learn(camera, rows, agenda)
    _note_clock(camera, clock)
    roll = _cut(session, camera, rows, agenda, agrees=agrees)
    _write_cuts(session, roll)
    drawer = unassigned(session, now=now, rng=rng)
    for row, part in zip(roll.rows, roll.parts, strict=True):
        if row.takeaway_id is not None:
            home = agenda.rows.get(part.home, drawer) if part.home else drawer
            # Recording is not allowed in this session: such shots wait in the unassigned one for a
            # person.
            home = drawer if home.do_not_record else home
            _move(
                session, row, home, _true_time(camera, row.taken_at), by_hand=by_hand, agenda=agenda
            )
    session.commit()
    return roll


def read_roll(session: Session, camera: Camera) -> Roll:
    """Compute the roll's current cuts; changes nothing."""
    agenda = Timetable(list(session.scalars(select(EventSession))))
    rows = _shots(session, camera.id)
    _clock, agrees = _learn(camera, rows, agenda)
    return _cut(session, camera, rows, agenda, agrees=agrees)


def _shots(session: Session, camera_id: uuid.UUID) -> list[Row[Any]]:
    """Select columns, not objects: a card may hold thousands of shots, each with a picture."""
    columns = (
        Shot.id,
        Shot.taken_at,
        Shot.path,
        Shot.import_id,
        Shot.mark,
        Shot.mark_session_id,
        Shot.kiosk_at,
        Shot.given_session_id,
        Shot.session_id,
        Shot.takeaway_id,
        Takeaway.state,
        Takeaway.session_id.label("stands"),
        Takeaway.recorded_at,
    )
    query = select(*columns).outerjoin(Takeaway, Takeaway.id == Shot.takeaway_id)
    return list(session.execute(query.where(Shot.camera_id == camera_id)))


def _learn(
    camera: Camera, rows: list[Row[Any]], agenda: Timetable
) -> tuple[Clock, dict[uuid.UUID, bool]]:
    marked = [row for row in rows if row.mark == Mark.SESSION]
    witnesses = [(row.id, w) for row in marked if (w := agenda.witness(row)) is not None]
    clock = learn([witness for _, witness in witnesses])
    if camera.basis != ClockBasis.HAND:
        return clock, dict(zip((id for id, _ in witnesses), clock.agrees, strict=True))
    offset = timedelta(seconds=camera.offset_s or 0)
    agrees = {id: w.least <= offset <= w.most or w.exact for id, w in witnesses}
    return Clock(offset, ClockBasis.HAND, tuple(agrees.values())), agrees


def _note_clock(camera: Camera, clock: Clock) -> None:
    camera.basis = clock.basis.value
    camera.offset_s = None if clock.offset is None else int(clock.offset.total_seconds())


def _true_time(camera: Camera, taken: datetime) -> datetime:
    return taken + timedelta(seconds=camera.offset_s or 0)


def _cut(
    session: Session,
    camera: Camera,
    rows: list[Row[Any]],
    agenda: Timetable,
    *,
    agrees: Mapping[uuid.UUID, bool],
) -> Roll:
    frames = in_order(
        [
            Frame(
                row.id,
                _true_time(camera, row.taken_at),
                row.path,
                card=row.import_id,
                mark=row.mark,
                session=row.mark_session_id,
                doubted=not agrees.get(row.id, True),
            )
            for row in rows
        ]
    )
    by_id = {row.id: row for row in rows}
    by_hand = select(Cut).where(Cut.camera_id == camera.id, Cut.origin == CutOrigin.HAND)
    manual = {row.shot_id: ManualCut(row.session_id, row.skip) for row in session.scalars(by_hand)}
    parts = cut(frames, manual=manual, at_time=agenda.at_time, end_of=agenda.end_of)
    ordered = [by_id[frame.key] for frame in frames]
    return Roll(
        camera,
        ordered,
        [_chosen_at_import(r, p) for r, p in zip(ordered, parts, strict=True)],
        agrees,
    )


def _chosen_at_import(row: Row[Any], part: ShotAssignment) -> ShotAssignment:
    """A session that a person chose at the import needs no cut."""
    return (
        ShotAssignment(row.given_session_id, True, CutOrigin.HAND) if row.given_session_id else part
    )


def _write_cuts(session: Session, roll: Roll) -> None:
    camera_id = roll.camera.id
    session.execute(delete(Cut).where(Cut.camera_id == camera_id, Cut.origin != CutOrigin.HAND))
    by_hand = set(session.scalars(select(Cut.shot_id).where(Cut.camera_id == camera_id)))
    for place in roll.cuts:
        row, part = roll.rows[place], roll.parts[place]
        if row.id not in by_hand:
            session.add(
                Cut(
                    shot_id=row.id,
                    camera_id=camera_id,
                    session_id=part.session,
                    origin=part.origin.value,
                    settled=part.settled,
                )
            )


def _move(
    session: Session,
    row: Row[Any],
    home: EventSession,
    taken: datetime,
    *,
    by_hand: bool,
    agenda: Timetable,
) -> None:
    free = by_hand or row.state == TakeawayState.NEW
    moves = row.stands == row.session_id != home.id and free
    if row.state == TakeawayState.WITHDRAWN or not (moves or row.recorded_at != taken):
        return
    takeaway = session.get_one(Takeaway, row.takeaway_id)
    takeaway.recorded_at = taken
    if moves:
        _rehome(takeaway, agenda.rows.get(takeaway.session_id), home)
        session.get_one(Shot, row.id).session_id = home.id
    bump_revision(session, takeaway)


def _rehome(takeaway: Takeaway, old: EventSession | None, new: EventSession) -> None:
    """Replace values inherited from the old session by the new one's; values that a person set
    stay."""
    if old is None or takeaway.audience == old.audience:
        takeaway.audience = new.audience
    if old is None or takeaway.licence == old.licence:
        takeaway.licence = new.licence
    takeaway.session_id = new.id
