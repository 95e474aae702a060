"""What was brought in before: told by a few bytes for a full card, by content before anything is kept."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.cards.scan import Found
from capture.cards.shot_groups import ShotFile, group_shots, shot_key
from capture.cards.shot_inspection import MarkerReading
from capture.cards.verified_copy import Ordered
from capture.intake.submission import ReceivedFile
from reporter.clock import new_id
from reporter.enums import TakeawayState
from reporter.messages import Message
from reporter.models import Attachment, EventSession, Media, Takeaway, Tombstone
from reporter.models.camera import Camera, Shot

FINGERPRINT = 8192
TAKEN_BACK = Message("It belongs to a shot that its contributor has taken back.")


def fingerprint(found: Found) -> str:
    """Of the first and last 8 KB: with size and time enough to know again what was read before."""
    digest = hashlib.sha256(found.head)
    with found.pieces[-1].path.open("rb") as file:
        file.seek(max(0, found.pieces[-1].size - FINGERPRINT))
        digest.update(file.read(FINGERPRINT))
    return digest.hexdigest()


def known_at_sight(session: Session, found: Found) -> Shot | None:
    """The shot that a file was read as before, by size, time and the first and last bytes; None for a new file.

    So that a full card is not read whole each time. Raises OSError where the card can't be read.
    """
    query = select(Shot).where(
        Shot.size == found.size, Shot.mtime == int(found.mtime), Shot.head == fingerprint(found)
    )
    return next((shot for shot in session.scalars(query) if not wanted(shot)), None)


def takeaway_of(session: Session, sha256: str) -> Takeaway | None:
    """The takeaway that a card brought these bytes to."""
    shot = select(Takeaway).join(Shot, Shot.takeaway_id == Takeaway.id).where(Shot.sha256 == sha256)
    return session.scalar(shot.limit(1))


def is_taken_back(session: Session, sha256: str) -> bool:
    """Whether their contributor has taken back these bytes."""
    buried = select(Tombstone.sha256).where(Tombstone.sha256 == sha256)
    return session.scalar(buried) is not None


def wanted(shot: Shot) -> bool:
    """Whether a person has said that this marker is none: then it comes in with the next import."""
    return shot.takeaway_id is None and not shot.mark


def asked_for(session: Session, sha256: str) -> Shot | None:
    """The shot of these bytes that a person wants in."""
    found = session.scalars(select(Shot).where(Shot.sha256 == sha256))
    return next((shot for shot in found if wanted(shot)), None)


def known_content(session: Session, sha256: str) -> bool:
    """Whether these bytes were brought in before, by whomever, or were taken back by their contributor."""
    if any(not wanted(shot) for shot in session.scalars(select(Shot).where(Shot.sha256 == sha256))):
        return True
    attached = select(Attachment.media_id).join(Media).where(Media.sha256 == sha256)
    return session.scalar(attached) is not None or is_taken_back(session, sha256)


def fingerprint_of(found: Found, arrival: ReceivedFile) -> str:
    """The same as ``fingerprint``, from the copy: the card may be gone by now. The last span is the copy's end."""
    digest = hashlib.sha256(found.head)
    with arrival.path.open("rb") as file:
        file.seek(max(arrival.size - FINGERPRINT, arrival.size - found.pieces[-1].size))
        digest.update(file.read(FINGERPRINT))
    return digest.hexdigest()


class KnownShots:
    """Files that were brought in before or by this reading: what comes later may belong to their shots."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shots: dict[str, tuple[Found, Shot]] = {}

    def add(self, found: Found, shot: Shot) -> None:
        """Note a file and the row of it."""
        self._shots[found.path.as_posix()] = (found, shot)

    def group(self, ordered: Sequence[Ordered]) -> list[tuple[list[Ordered], str | None]]:
        """What makes one takeaway each, and the client id of the takeaway that its shot has already.

        TAKEN_BACK instead of a client id where that takeaway was withdrawn.
        """
        fresh = {part.found.path.as_posix(): part for part in ordered}
        keys = {shot_key(name) for name in fresh}
        known = {name: one for name, one in self._shots.items() if shot_key(name) in keys}
        files = [*map(_shot_file, ordered), *(self._known_file(*one) for one in known.values())]
        groups = []
        for group in group_shots(files):
            parts = [fresh[one.name] for one in group if one.name in fresh]
            before = next((known[one.name][1] for one in group if one.name in known), None)
            if parts:
                groups.append((parts, self.client_of(before.sha256) if before else None))
        return groups

    def client_of(self, sha256: str) -> str | None:
        """The client id of the takeaway of these bytes; TAKEN_BACK where it was withdrawn."""
        takeaway = takeaway_of(self._session, sha256)
        withdrawn = takeaway is not None and takeaway.state == TakeawayState.WITHDRAWN
        if withdrawn or is_taken_back(self._session, sha256):
            return TAKEN_BACK
        return takeaway.client_id if takeaway else None

    def _known_file(self, found: Found, shot: Shot) -> ShotFile:
        seconds = self._session.scalar(select(Media.duration).where(Media.sha256 == shot.sha256))
        name = found.path.as_posix()
        return ShotFile(name, found.role, found.size, shot.taken, seconds=seconds, stated=True)


def _shot_file(part: Ordered) -> ShotFile:
    found = part.found
    return ShotFile(
        found.path.as_posix(),
        found.role,
        found.size,
        part.taken,
        seconds=part.seconds,
        stated=part.stated,
    )


def find_camera(
    session: Session, key: str, identity: tuple[str, str, str], *, now: datetime, rng: random.Random
) -> Camera:
    """The camera with a key; a new row if there is none. Commits."""
    row = session.scalar(select(Camera).where(Camera.key == key))
    if row is None:
        make, model, serial = identity
        row = Camera(
            id=new_id(now, rng), key=key, make=make, model=model, serial=serial, created_at=now
        )
        session.add(row)
        session.commit()
    return row


def marked_session(session: Session, seen: MarkerReading) -> EventSession | None:
    """The session that a marker names; None where no session here has its code."""
    if not seen.code:
        return None
    return session.scalar(select(EventSession).where(EventSession.code == seen.code))
