"""Takes the finished film in: as an original like any other, replacing the previous film."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from capture.intake.fresh import IntakeContext
from capture.intake.receive import kept_media, new_takeaway
from capture.intake.submission import Submission, media_type_of
from reporter.enums import Faces, Kind
from reporter.files import try_remove
from reporter.films.arrangement import film_takeaway
from reporter.media.store import Store
from reporter.models import Attachment, Media, Takeaway
from reporter.moderation.decisions import bump_revision, lock_gathering
from reporter.moderation.unused_media import delete_unused, drop_files

# Called with the takeaway and its file just before the commit.
Seal = Callable[[Takeaway, Media], None]


def take_film_in(context: IntakeContext, offer: Submission, *, alt: str, seal: Seal) -> Takeaway:
    """Store the one file of an offer as the gathering's film and remove the previous film's file.
    Commits.

    A new film waits for an organizer's decision; one that replaces a previous film keeps that
    film's decision. Raises DiskFull.
    """
    session, store = context.session, context.store
    (file,) = offer.files
    kind = media_type_of(file)
    try:
        lock_gathering(session)
        row = film_takeaway(session) or new_takeaway(context, offer)
        former = [one.media for one in row.attachments if one.media.sha256 != file.sha256]
        media = kept_media(context, file, kind, offer)
        # The people in it were detected in its parts already.
        media.faces = Faces.SEEN.value
        row.kind = Kind.VIDEO.value
        row.attachments = [_attachment(row, media, alt, file.filename)]
        seal(row, media)
        bump_revision(session, row)
        originals = delete_unused(session, former)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    _tidy(session, store, originals)
    try_remove(file.path)
    store.protect(file.sha256, kind.ext)
    return row


def _attachment(row: Takeaway, media: Media, alt: str, name: str) -> Attachment:
    """The existing attachment, where the same film was made again."""
    known = next((one for one in row.attachments if one.media is media), None)
    found = known or Attachment(media=media, filename=name)
    found.alt = alt
    return found


def _tidy(session: Session, store: Store, originals: list[tuple[str, str]]) -> None:
    lock_gathering(session)
    drop_files(session, store, originals)
    session.commit()
