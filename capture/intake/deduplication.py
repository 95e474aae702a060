"""Deduplication before the upload: a file that the kiosk already has is not sent again.

A phone that can hash sends the SHA-256 of its file when it creates an upload. The hash alone does
not prove whose file it is: hashes appear in public URLs, and a receipt gives the right to change
and withdraw. So the answer is a receipt only where the client proves to be the sender: by the same
``client_id`` (random, known to nobody else), or by the same device's signed cookie. Any other
client uploads the bytes, and learns nothing.
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
    """Validate a client's ``sha256`` and return it in lower case, '' where missing; raises BadInput
    for anything else."""
    digest = value.strip().lower()
    if digest and not _SHA256.fullmatch(digest):
        raise BadInput("sha256 must be 64 hexadecimal digits.")
    return digest


def already_here(
    session: Session, store: Store, offer: Submission, *, sha256: str, length: int
) -> Takeaway | None:
    """Find the client's own takeaway with these bytes, intact and readable, and these words; else
    None.

    For a normalized offer. Raises TakenBack where its client id belongs to something withdrawn.
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
    """Whether the client is proved to be the sender: by the client id, or by its own device's
    cookie."""
    by_id = bool(offer.client_id) and client_digest(offer.client_id) == client_digest(
        found.client_id
    )
    return by_id or is_own_device(offer.device)


def _whole(store: Store, media: Media, length: int) -> bool:
    """Whether the original is intact, so the upload can be skipped; a failed or damaged one is
    repaired by a new upload."""
    if media.bytes != length or media.state == MediaState.FAILED:
        return False
    path = store.original(media.sha256, media.ext)
    return path.exists() and path.stat().st_size == length
