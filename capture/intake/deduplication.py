"""Ask first: what the kiosk has already is not sent once more.

A phone that can hash names the SHA-256 of its file when it begins an upload. That alone says nothing about whose file
it is: hashes stand in public addresses, and a receipt gives the right to change and withdraw. So the answer is a
receipt only where the asker proves to be the sender: by the same ``client_id`` (random, told to nobody else), or by
the same device's signed cookie. Anybody else sends the bytes, and learns nothing.
"""

from __future__ import annotations

import re

from sqlalchemy.orm import Session

from capture.intake.repetition import adds_nothing, find_repetition
from capture.intake.submission import Submission
from reporter.actor import is_own_device
from reporter.enums import MediaState
from reporter.errors import BadInput
from reporter.media.store import Store
from reporter.models import Media, Takeaway
from reporter.moderation.same_again import client_digest

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
    """The asker's own takeaway that holds these bytes, whole and readable, and these words; else None.

    For a cleaned offer. Raises TakenBack where its client id belongs to something withdrawn.
    """
    found = find_repetition(session, offer, (sha256,) if sha256 else ())
    if found is None or not sha256 or not _is_proved(offer, found):
        return None
    if not adds_nothing(session, found, offer):
        return None
    media = (attachment.media for attachment in found.attachments)
    same = next((one for one in media if one.sha256 == sha256), None)
    return found if same is not None and _whole(store, same, length) else None


def _is_proved(offer: Submission, found: Takeaway) -> bool:
    """Whether the asker is the sender: by the client id, or by its own device's cookie."""
    by_id = bool(offer.client_id) and client_digest(offer.client_id) == client_digest(
        found.client_id
    )
    return by_id or is_own_device(offer.device)


def _whole(store: Store, media: Media, length: int) -> bool:
    """Whether the original can spare the phone the way: a failed or damaged one is mended by the bytes that come."""
    if media.bytes != length or media.state == MediaState.FAILED:
        return False
    path = store.original(media.sha256, media.ext)
    return path.exists() and path.stat().st_size == length
