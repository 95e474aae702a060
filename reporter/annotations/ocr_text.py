"""Text recognized in pictures (OCR): searchable, never published.

The text belongs to the ``view`` rendition, edits included, and is deleted when that changes, so
that what was cut out or blurred can't be found any more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reporter.annotations.edit_history import takeaways_of
from reporter.enums import Kind, MediaState
from reporter.models import Media, Rendition
from reporter.moderation.decisions import bump_revision, lock_gathering

VIEW = "view"
MOST_CHARS = 5000


@dataclass(frozen=True)
class Unread:
    """A picture without OCR yet: its media and the hash of its view."""

    media_id: uuid.UUID
    sha256: str
    ext: str
    # SHA-256 of the picture itself.
    view: str


def unread(session: Session, limit: int) -> list[Unread]:
    """Ready photos without OCR of their current view, oldest first."""
    query = (
        select(Media.id, Media.sha256, Rendition.ext, Rendition.sha256)
        .join(Rendition, Rendition.media_id == Media.id)
        .where(
            Media.kind == Kind.PHOTO,
            Media.state == MediaState.READY,
            Rendition.name == VIEW,
            Media.recognized_in != Rendition.sha256,
        )
        .order_by(Media.received_at, Media.id)
        .limit(limit)
    )
    return [Unread(*row) for row in session.execute(query)]


def write_words(session: Session, picture: Unread, text: str) -> None:
    """Store the recognized text unless the picture has changed meanwhile. Commits."""
    lock_gathering(session)
    media = session.get(Media, picture.media_id)
    view = session.get(Rendition, (picture.media_id, VIEW))
    if media is None or view is None or view.sha256 != picture.view:
        session.rollback()
        return
    changed = media.recognized_text != text[:MOST_CHARS]
    media.recognized_text, media.recognized_in = text[:MOST_CHARS], picture.view
    if changed:
        for takeaway in takeaways_of(session, media):
            bump_revision(session, takeaway)
    session.commit()


def forget_words(session: Session, media_id: uuid.UUID, view: str) -> None:
    """Delete text recognized in a former view of the picture. Does not commit."""
    statement = update(Media).where(
        Media.id == media_id,
        Media.kind == Kind.PHOTO,
        Media.recognized_text != "",
        Media.recognized_in != view,
    )
    session.execute(
        statement.values(recognized_text="").execution_options(synchronize_session=False)
    )
