"""Ask first: what the kiosk has already is not sent once more.

A phone that can hash names the SHA-256 of its file when it begins an upload. That alone says nothing about whose file
it is: hashes stand in public addresses, and a receipt gives the right to change and withdraw. So the answer is a
receipt only where the asker proves to be the sender: by the same ``client_id`` (random, told to nobody else), or by
the same device's signed cookie. Anybody else sends the bytes, and learns nothing.
"""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from capture.intake.submission import Submission
from reporter.enums import MediaState
from reporter.errors import BadInput
from reporter.gathering.admission import is_own_device
from reporter.media.store import Store
from reporter.models import Attachment, Media, Takeaway

_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_sha256(value: str) -> str:
    """A client's ``sha256`` in lower case, '' where it named none; raises BadInput for anything else."""
    told = value.strip().lower()
    if told and not _SHA256.fullmatch(told):
        raise BadInput("sha256 must be 64 hexadecimal digits.")
    return told


def already_here(
    session: Session, store: Store, offer: Submission, *, sha256: str, length: int
) -> Takeaway | None:
    """The asker's own takeaway that holds these bytes, whole and readable, or None. For a cleaned offer."""
    proof = _proof(session, offer) if sha256 else None
    if proof is None:
        return None
    query = (
        select(Takeaway, Media)
        .join(Attachment, Attachment.takeaway_id == Takeaway.id)
        .join(Media, Media.id == Attachment.media_id)
        .where(Takeaway.session_id == offer.event.id, Media.sha256 == sha256, proof)
        .order_by(Takeaway.received_at, Takeaway.id)
    )
    for takeaway, media in session.execute(query):
        if _whole(store, media, length):
            found: Takeaway = takeaway
            return found
    return None


def _proof(session: Session, offer: Submission) -> ColumnElement[bool] | None:
    """What a takeaway must be for the asker to be its sender; ``receive`` decides alike."""
    if offer.client_id:
        own = Takeaway.client_id == offer.client_id
        if session.scalar(select(Takeaway.id).where(own)) is not None:
            return own
    if not is_own_device(offer.device):
        return None
    same = Takeaway.device == offer.device
    # Other words with the same photo are another takeaway.
    return same & (Takeaway.text == offer.text) if offer.text else same


def _whole(store: Store, media: Media, length: int) -> bool:
    """Whether the original can spare the phone the way: a failed or damaged one is mended by the bytes that come."""
    if media.bytes != length or media.state == MediaState.FAILED:
        return False
    path = store.original(media.sha256, media.ext)
    return path.exists() and path.stat().st_size == length
