"""What was brought in before: told by a few bytes for a full card, by content before anything is kept."""

from __future__ import annotations

import hashlib
import random
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.cards.scan import Found
from capture.intake.submission import ReceivedFile
from reporter.clock import new_id
from reporter.models import Attachment, Media, Takeaway, Tombstone
from reporter.models.camera import Camera, Shot

FINGERPRINT = 8192


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


def length_of(session: Session, sha256: str) -> float | None:
    """Seconds of a recording that was brought in before, None for what has or tells none."""
    return session.scalar(select(Media.duration).where(Media.sha256 == sha256))


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
