"""When to rebuild the index: on request from the desk, for a changed recipe, missing documents or withdrawn words."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reporter.models import Gathering
from reporter.search.protocol import SearchIndex


def ask_rebuild(session: Session, *, now: datetime) -> None:
    """Request a rebuild by the worker. Commits."""
    session.execute(update(Gathering).values(reindex_requested_at=now))
    session.commit()


def rebuild_asked(session: Session) -> datetime | None:
    """When a pending rebuild was requested, or None."""
    return session.scalar(select(Gathering.reindex_requested_at))


def rebuild_if_asked(session: Session, index: SearchIndex) -> int:
    """Rebuild if requested or if the recipe has changed; returns the number of documents, 0 if there was no need.

    A request made during the rebuild causes another one. Commits.
    """
    asked = rebuild_asked(session)
    if asked is None and not index.outdated():
        return 0
    count = index.rebuild(session)
    if asked is not None:
        done = update(Gathering).where(Gathering.reindex_requested_at == asked)
        session.execute(done.values(reindex_requested_at=None))
        session.commit()
    return max(count, 1)


def look_after(session: Session, index: SearchIndex, *, now: datetime) -> None:
    """Request a rebuild if withdrawn words may remain in the index files, if documents are missing, or if there are
    too many segments.

    Withdrawn words disappear from results at once, but from Whoosh's files only when these are
    rewritten. Commits.
    """
    if rebuild_asked(session) is None and (
        index.unclean() or index.scattered() or index.misses(session)
    ):
        ask_rebuild(session, now=now)
