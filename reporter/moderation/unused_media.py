"""Delete files that no takeaway uses any more: first their rows, then, after the commit, the files."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.media.near_duplicates import drop_empty
from reporter.media.store import Store
from reporter.models import Attachment, Media
from reporter.models.image_quality import ImageQuality

# SHA-256 and extension of an original.
Original = tuple[str, str]


def delete_unused(session: Session, media: Iterable[Media]) -> list[Original]:
    """Delete the media rows that no takeaway uses; returns their originals for ``drop_files``. Does not commit."""
    session.flush()
    locked = _locked(session, [one.id for one in media])
    unused = [one for one in locked if not _is_used(session, one.id)]
    originals = [(one.sha256, one.ext) for one in unused]
    groups = _groups_of(session, [one.id for one in unused])
    for one in unused:
        session.delete(one)
    session.flush()
    drop_empty(session, groups)
    return originals


def drop_files(session: Session, store: Store, originals: Iterable[Original]) -> None:
    """Delete the files whose rows are gone, unless they are in use again. Call under ``lock_gathering``."""
    for sha256, ext in originals:
        if session.scalar(select(Media.id).where(Media.sha256 == sha256)) is None:
            store.drop(sha256, ext)


def _locked(session: Session, media_ids: Sequence[uuid.UUID]) -> Sequence[Media]:
    """The rows, locked: PostgreSQL waits for workers that are adding a rendition to one, so that it
    is deleted, too. (SQLite has a single writer.)"""
    query = select(Media).where(Media.id.in_(media_ids)).order_by(Media.id).with_for_update()
    rows = session.scalars(query).all()
    for row in rows:
        session.expire(row, ["renditions"])
    return rows


def _is_used(session: Session, media_id: uuid.UUID) -> bool:
    found = session.scalar(select(Attachment.media_id).where(Attachment.media_id == media_id))
    return found is not None


def _groups_of(session: Session, media_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    query = select(ImageQuality.group_id).where(
        ImageQuality.media_id.in_(media_ids), ImageQuality.group_id.is_not(None)
    )
    return [group_id for group_id in session.scalars(query) if group_id is not None]
