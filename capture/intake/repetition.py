"""Detects what an offer repeats: docs/same-again.md as code.

A receipt gives the right to change and withdraw, so an offer matches a known takeaway only where it
surely comes from the same contributor; anything else becomes a takeaway of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from capture.intake.submission import Submission
from reporter.actor import is_own_device
from reporter.enums import Audience, Source, TakeawayState
from reporter.errors import TakenBack
from reporter.messages import Message
from reporter.models import Attachment, EventSession, Media, Takeaway, Tombstone
from reporter.moderation.same_again import (
    by_client_id,
    former_values,
    holds_text,
    is_other_device,
    is_withdrawn_client,
    was_in,
)
from reporter.moderation.visibility import words_stay

TAKEN_BACK = Message(
    "This was taken back. To send it once more, open the page of its session again and "
    "send it from there."
)
# Namespace for a second takeaway under a client id that another contributor has already used; see
# `own_client_id`.
_DERIVED = uuid.UUID("6c9a8c3e-2f0b-4b56-9d2f-51d1f0a7f1c4")
_CHOICES = ("author", "prompt", "intent", "audience", "consent")


def find_repetition(
    session: Session, offer: Submission, hashes: Collection[str]
) -> Takeaway | None:
    """Find the contributor's own takeaway that an offer repeats or continues, or None. For a
    normalized offer.

    ``hashes``: SHA-256 of its files. Raises TakenBack where its client id belongs to something
    withdrawn.
    """
    if offer.client_id:
        if is_withdrawn_client(session, offer.client_id):
            raise TakenBack(TAKEN_BACK)
        known = by_client_id(session, offer.client_id)
        if known is not None and continues(session, known, offer, hashes):
            return known
        if known is not None:
            # Another contributor's id: the client's own takeaway under it has an id derived from
            # it.
            return _own_derived(session, offer)
    return _same_bytes(session, offer, hashes) if hashes else None


def own_client_id(session: Session, offer: Submission, hashes: Collection[str]) -> str | None:
    """The client id for a new takeaway: the offer's, or one derived from it where another
    contributor has that.

    Where the client's own takeaway has it, that was written just now: returns the offer's id, so
    that the database refuses the row.
    """
    known = by_client_id(session, offer.client_id) if offer.client_id else None
    if known is None or continues(session, known, offer, hashes):
        return offer.client_id
    return _derived(offer)


def continues(
    session: Session, known: Takeaway, offer: Submission, hashes: Collection[str]
) -> bool:
    """Whether an offer with the client id of a known takeaway repeats or continues it."""
    if is_other_device(known.device, offer.device):
        return False
    repeats = adds_nothing(session, known, offer)
    is_moved = known.session_id != offer.event.id
    if is_moved and not was_in(session, known, offer.event.code):
        # Other content was meant for the other session. (That of a move is continued where it is now.)
        return repeats and set(hashes) <= attached_hashes(known)
    other_author = known.author and not _had(session, known, "author", offer.author)
    return repeats or (known.device == offer.device and not other_author)


def adds_nothing(session: Session, known: Takeaway, offer: Submission) -> bool:
    """Whether the words of an offer are in the takeaway, or were before somebody changed them."""
    if not holds_text([known.text], offer.text) and not holds_text(
        former_values(session, known, "text"), offer.text
    ):
        return False
    offered = {name: str(getattr(offer, name)) for name in _CHOICES}
    offered["audience"] = audience_of(offer) if offer.audience else ""
    return all(_had(session, known, name, value) for name, value in offered.items())


def audience_of(offer: Submission, event: EventSession | Row[Any] | None = None) -> str:
    """The audience of a new takeaway: the offer's, else the session's; the words of a session that
    must not be recorded stay in the room, unless the session allows them out. ``event``: its columns as
    they are now, if they were read again."""
    event = offer.event if event is None else event
    if words_stay(event):
        return Audience.ROOM.value
    return offer.audience or str(event.audience)


def _had(session: Session, known: Takeaway, name: str, value: str) -> bool:
    """Whether a field holds a value, or held it before a decision; an empty value always counts."""
    if not value or value == getattr(known, name):
        return True
    return value in former_values(session, known, name)


def attached_hashes(takeaway: Takeaway) -> set[str]:
    """SHA-256 of a takeaway's files."""
    return {attachment.media.sha256 for attachment in takeaway.attachments}


def withdrawn_hashes(session: Session, offer: Submission, hashes: Collection[str]) -> set[str]:
    """Files of a card that were withdrawn from this session: a card is read repeatedly, without any
    intent to send again.

    A person who sends the same bytes again means to, and gets a takeaway of their own.
    """
    if offer.source != Source.CARD or not hashes:
        return set()
    query = select(Tombstone.sha256).where(
        Tombstone.session_code == offer.event.code, Tombstone.sha256.in_(hashes)
    )
    return set(session.scalars(query))


def _own_derived(session: Session, offer: Submission) -> Takeaway | None:
    derived = _derived(offer)
    if is_withdrawn_client(session, derived):
        raise TakenBack(TAKEN_BACK)
    return by_client_id(session, derived)


def _derived(offer: Submission) -> str:
    name = "\n".join((offer.client_id or "", offer.device, offer.event.code, offer.author))
    return str(uuid.uuid5(_DERIVED, name))


def _same_bytes(session: Session, offer: Submission, hashes: Collection[str]) -> Takeaway | None:
    """Find the same device's takeaway of these bytes. An IP address is no proof: many phones may
    share it."""
    if offer.device and not is_own_device(offer.device):
        return None
    candidates = session.scalars(
        select(Takeaway)
        .join(Attachment)
        .join(Media)
        .where(
            Takeaway.session_id == offer.event.id,
            Takeaway.device == offer.device,
            Takeaway.state != TakeawayState.WITHDRAWN,
            Media.sha256 == next(iter(hashes)),
        )
        .order_by(Takeaway.received_at, Takeaway.id)
    )
    fits = (one for one in candidates if set(hashes) <= attached_hashes(one))
    return next((one for one in fits if adds_nothing(session, one, offer)), None)
