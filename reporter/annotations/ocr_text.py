"""Words that can be read in a picture: found by whoever searches, never published.

They belong to the ``view`` that others see, edits and all, and go when that picture is another: what was cut out or
blurred can't be found any more.
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
    """A picture whose words nobody has looked for: whose, and which one."""

    media_id: uuid.UUID
    sha256: str
    ext: str
    # Of the picture itself.
    view: str


def unread(session: Session, limit: int) -> list[Unread]:
    """Ready photos that have not been read as they are now, the oldest first."""
    query = (
        select(Media.id, Media.sha256, Rendition.ext, Rendition.sha256)
        .join(Rendition, Rendition.media_id == Media.id)
        .where(
            Media.kind == Kind.PHOTO,
            Media.state == MediaState.READY,
            Rendition.name == VIEW,
            Media.words_of != Rendition.sha256,
        )
        .order_by(Media.received_at, Media.id)
        .limit(limit)
    )
    return [Unread(*row) for row in session.execute(query)]


def write_words(session: Session, picture: Unread, text: str) -> None:
    """Note what was read in a picture, unless it is another one by now. Commits."""
    lock_gathering(session)
    media = session.get(Media, picture.media_id)
    view = session.get(Rendition, (picture.media_id, VIEW))
    if media is None or view is None or view.sha256 != picture.view:
        session.rollback()
        return
    changed = media.words != text[:MOST_CHARS]
    media.words, media.words_of = text[:MOST_CHARS], picture.view
    if changed:
        for takeaway in takeaways_of(session, media):
            bump_revision(session, takeaway)
    session.commit()


def forget_words(session: Session, media_id: uuid.UUID, view: str) -> None:
    """The picture that others see is this one now: words of another are gone. For the caller to commit."""
    statement = update(Media).where(
        Media.id == media_id, Media.kind == Kind.PHOTO, Media.words != "", Media.words_of != view
    )
    session.execute(statement.values(words="").execution_options(synchronize_session=False))
