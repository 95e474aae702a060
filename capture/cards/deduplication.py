"""Recognizes files that were imported before: by a few bytes on a full card, by their content
before anything is stored."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.cards.scan import ScannedItem
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


def fingerprint(found: ScannedItem) -> str:
    """Hash the first and last 8 KB: with size and time, enough to recognize a file that was read
    before."""
    digest = hashlib.sha256(found.head)
    with found.pieces[-1].path.open("rb") as file:
        file.seek(max(0, found.pieces[-1].size - FINGERPRINT))
        digest.update(file.read(FINGERPRINT))
    return digest.hexdigest()


def known_at_sight(session: Session, found: ScannedItem) -> Shot | None:
    """Find the shot of a file by its size, time and first and last bytes; None for a new file.

    Saves reading a full card completely on each import. Raises OSError where the card can't be
    read.
    """
    query = select(Shot).where(
        Shot.size == found.size,
        Shot.mtime == int(found.mtime),
        Shot.head_digest == fingerprint(found),
    )
    return next((shot for shot in session.scalars(query) if not wanted(shot)), None)


def takeaway_of(session: Session, sha256: str) -> Takeaway | None:
    """Find the takeaway that these bytes were imported as."""
    shot = select(Takeaway).join(Shot, Shot.takeaway_id == Takeaway.id).where(Shot.sha256 == sha256)
    return session.scalar(shot.limit(1))


def shot_joined(session: Session, client_id: str) -> Shot | None:
    """Find the first shot that was imported as the takeaway with this client id."""
    shots = select(Shot).join(Takeaway, Shot.takeaway_id == Takeaway.id)
    return session.scalar(
        shots.where(Takeaway.client_id == client_id).order_by(Shot.taken_at, Shot.path, Shot.id)
    )


def is_taken_back(session: Session, sha256: str) -> bool:
    """Whether these bytes were withdrawn by their contributor."""
    buried = select(Tombstone.sha256).where(Tombstone.sha256 == sha256)
    return session.scalar(buried) is not None


def wanted(shot: Shot) -> bool:
    """Whether a person has said that this is no marker: the next import then takes it in."""
    return shot.takeaway_id is None and not shot.mark


def asked_for(session: Session, sha256: str) -> Shot | None:
    """Find the shot of these bytes if a person wants it imported."""
    found = session.scalars(select(Shot).where(Shot.sha256 == sha256))
    return next((shot for shot in found if wanted(shot)), None)


def known_content(session: Session, sha256: str) -> bool:
    """Whether these bytes were imported before, by anyone, or withdrawn by their contributor."""
    if any(not wanted(shot) for shot in session.scalars(select(Shot).where(Shot.sha256 == sha256))):
        return True
    attached = select(Attachment.media_id).join(Media).where(Media.sha256 == sha256)
    return session.scalar(attached) is not None or is_taken_back(session, sha256)


def fingerprint_of(found: ScannedItem, arrival: ReceivedFile) -> str:
    """Compute ``fingerprint`` from the copy, as the card may be gone. The last span is the end of
    the copy."""
    digest = hashlib.sha256(found.head)
    with arrival.path.open("rb") as file:
        file.seek(max(arrival.size - FINGERPRINT, arrival.size - found.pieces[-1].size))
        digest.update(file.read(FINGERPRINT))
    return digest.hexdigest()


class KnownShots:
    """Files imported earlier or by this import: later files may belong to the same shots."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shots: dict[str, tuple[ScannedItem, Shot]] = {}

    def add(self, found: ScannedItem, shot: Shot) -> None:
        """Add a file and its row."""
        self._shots[found.path.as_posix()] = (found, shot)

    def group(self, ordered: Sequence[Ordered]) -> list[tuple[list[Ordered], str | None]]:
        """Group files into takeaways, each with the client id of the takeaway that its shot already
        has.

        TAKEN_BACK replaces the client id where that takeaway was withdrawn.
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

    def _known_file(self, found: ScannedItem, shot: Shot) -> ShotFile:
        seconds = self._session.scalar(select(Media.duration).where(Media.sha256 == shot.sha256))
        name = found.path.as_posix()
        return ShotFile(name, found.role, found.size, shot.taken_at, seconds=seconds, stated=True)


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
    """Get the camera with this key, or create it. Commits."""
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
    """Find the session that a marker names; None where no session here has its code."""
    if not seen.code:
        return None
    return session.scalar(select(EventSession).where(EventSession.code == seen.code))
