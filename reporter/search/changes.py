"""Find rows to index: every change gives a row a higher revision."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from reporter.enums import TakeawayState
from reporter.models import Attachment, Takeaway

BATCH = 500


def newest(session: Session) -> int:
    """The revision of the latest change."""
    return session.scalar(select(func.max(Takeaway.revision))) or 0


def count_live(session: Session) -> int:
    """Number of takeaways that an index should have."""
    there = (
        select(func.count()).select_from(Takeaway).where(Takeaway.state != TakeawayState.WITHDRAWN)
    )
    return session.scalar(there) or 0


def count_changed(session: Session, after: int) -> int:
    """Number of rows changed since a revision."""
    query = select(func.count()).select_from(Takeaway).where(Takeaway.revision > after)
    return session.scalar(query) or 0


def in_batches(session: Session, upto: int) -> Iterator[list[Takeaway]]:
    """All rows up to a revision, in batches; rows changed meanwhile get a higher revision and come later."""
    after = 0
    while rows := changed(session, after, upto):
        after = rows[-1].revision
        yield rows
        session.rollback()


def changed(session: Session, after: int, upto: int | None = None) -> list[Takeaway]:
    """The next rows changed since a revision, with everything that a document needs."""
    query = _whole(after).order_by(Takeaway.revision).limit(BATCH)
    return list(session.scalars(query if upto is None else query.where(Takeaway.revision <= upto)))


def latest(session: Session, after: int, most: int) -> list[Takeaway]:
    """The last rows changed since a revision, the latest first, as ``changed`` gives them."""
    return list(session.scalars(_whole(after).order_by(Takeaway.revision.desc()).limit(most)))


def _whole(after: int) -> Select[Takeaway]:
    return (
        select(Takeaway)
        .where(Takeaway.revision > after)
        .options(
            selectinload(Takeaway.tags),
            selectinload(Takeaway.session),
            selectinload(Takeaway.attachments).selectinload(Attachment.media),
        )
    )
