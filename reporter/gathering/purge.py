"""Withdrawn content leaves the laptop's files too: pages of the database, its write-ahead log, segments of the index.

A deleted row's bytes stay in free pages until these are written anew (https://www.sqlite.org/lang_vacuum.html), and in
the log until that is cut off (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, exists, select, text, update
from sqlalchemy.orm import Session

from reporter.files import try_remove
from reporter.media.store import Store
from reporter.models import Gathering, Media, Tombstone
from reporter.moderation.decisions import lock_gathering
from reporter.moderation.traces import scrub_ledger
from reporter.search.protocol import SearchIndex


def purge_due(session: Session) -> datetime | None:
    """Since when withdrawn content may still stand in the files; None: it doesn't."""
    return session.scalar(select(Gathering.purge_due_since))


def purge(session: Session, engine: Engine, index: SearchIndex, folder: Path) -> bool:
    """Write anew whatever may hold withdrawn content, if anything may; True when all of it is clean now.

    False also while somebody reads an older state of the database, or (on Windows) a file that was withdrawn under
    their hands: try again in a moment. Commits.
    """
    since = purge_due(session)
    if since is None:
        return False
    scrub_ledger(session)
    session.commit()
    index.sync(session)
    if index.unclean():
        index.rebuild(session)
    session.rollback()
    # Copies from before an upgrade hold it as well; the upgrade has long proved itself.
    copies = [one for one in folder.glob("*.before-upgrade-of-*") if not try_remove(one)]
    if not _remove_files(session, Store(folder)) or copies or not _rewrite(engine):
        return False
    done = update(Gathering).where(Gathering.purge_due_since == since).values(purge_due_since=None)
    session.execute(done)
    session.commit()
    return purge_due(session) is None


def _remove_files(session: Session, store: Store) -> bool:
    """Remove withdrawn originals and renditions that the system had kept for a reader; False while it still does.

    What stands in the rows is the queue: a tombstone whose bytes no takeaway has any more, as after a kill too.
    """
    in_use = exists().where(Media.sha256 == Tombstone.sha256)
    query = select(Tombstone.sha256).where(Tombstone.sha256 != "", ~in_use).distinct()
    lock_gathering(session)
    kept = [sha256 for sha256 in session.scalars(query) if not store.drop_all(sha256)]
    session.commit()
    return not kept


def _rewrite(engine: Engine) -> bool:
    """SQLite only: a PostgreSQL server has its own vacuum and its own administrator."""
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM"))
        busy, *_pages = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        return not busy
