"""When an index is built again: the desk asks (a row), it was made for other settings, lacks something, is unclean."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reporter.models import Gathering
from reporter.search.protocol import SearchIndex


def ask_rebuild(session: Session, *, now: datetime) -> None:
    """Have the index built again by the worker. Commits."""
    session.execute(update(Gathering).values(reindex_asked_at=now))
    session.commit()


def rebuild_asked(session: Session) -> datetime | None:
    """When it was asked for, if that is still to be done."""
    return session.scalar(select(Gathering.reindex_asked_at))


def rebuild_if_asked(session: Session, index: SearchIndex) -> int:
    """Build it again if somebody asked for it or its settings are no longer ours; how many documents, 0: no need.

    Asked for once more while it is at it: it is done once more. Commits.
    """
    asked = rebuild_asked(session)
    if asked is None and not index.outdated():
        return 0
    count = index.rebuild(session)
    if asked is not None:
        done = update(Gathering).where(Gathering.reindex_asked_at == asked)
        session.execute(done.values(reindex_asked_at=None))
        session.commit()
    return max(count, 1)


def look_after(session: Session, index: SearchIndex, *, now: datetime) -> None:
    """Ask for a rebuild where words that were taken back may still stand in its files, or where documents are missing.

    Words go out of the answers at once, but out of Whoosh's files only when these are written anew. Commits.
    """
    if rebuild_asked(session) is None and (index.unclean() or index.misses(session)):
        ask_rebuild(session, now=now)
