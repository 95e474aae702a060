"""Remove withdrawn content from database pages, the write-ahead log and index segments on disk.

A deleted row's bytes stay in free pages until a VACUUM (https://www.sqlite.org/lang_vacuum.html),
and in the WAL until it is truncated (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, exists, select, text, update
from sqlalchemy.orm import Session

from reporter.files import try_remove
from reporter.gathering.lock import Locked, hold_lock
from reporter.media.store import Store
from reporter.models import Gathering, Media, Tombstone
from reporter.moderation.decisions import lock_gathering
from reporter.moderation.traces import scrub_ledger
from reporter.search.protocol import SearchIndex

# Beginning of the names of folders in ``incoming/`` in which a merge collects what it fetches, each with a lock beside.
FETCHED = "peer-"


def purge_due(session: Session) -> datetime | None:
    """Since when the files may hold withdrawn content; None if they hold none."""
    return session.scalar(select(Gathering.purge_due_since))


def purge(session: Session, engine: Engine, index: SearchIndex, folder: Path) -> bool:
    """Rewrite whatever may hold withdrawn content, if anything does; True if all of it is clean now.

    Returns False if nothing was due, and while somebody reads an older state of the database, or (on
    Windows) a withdrawn file: retry soon. Commits.
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
    # Safety copies from before an upgrade hold it as well; by now they are no longer needed.
    copies = [one for one in folder.glob("*.before-upgrade-of-*") if not try_remove(one)]
    store = Store(folder)
    if not (_remove_files(session, store) and _drop_fetched(store)) or copies:
        return False
    if not _rewrite(engine):
        return False
    done = update(Gathering).where(Gathering.purge_due_since == since).values(purge_due_since=None)
    session.execute(done)
    session.commit()
    return purge_due(session) is None


def _remove_files(session: Session, store: Store) -> bool:
    """Remove withdrawn files that a reader had kept open; False if some still are.

    The rows are the queue, after a kill too: a tombstone whose bytes no takeaway has any more.
    """
    in_use = exists().where(Media.sha256 == Tombstone.sha256)
    query = select(Tombstone.sha256).where(Tombstone.sha256 != "", ~in_use).distinct()
    lock_gathering(session)
    kept = [sha256 for sha256 in session.scalars(query) if not store.drop_all(sha256)]
    session.commit()
    return not kept


def _drop_fetched(store: Store) -> bool:
    """Remove what interrupted merges have fetched from other laptops: their rows may hold it, and so may their
    originals. False while one goes on; interrupted ones begin anew."""
    for place in store.incoming.glob(f"{FETCHED}*"):
        if place.is_dir():
            try:
                with hold_lock(place.with_suffix(".lock")):
                    shutil.rmtree(place, ignore_errors=True)
            except Locked:
                return False
    return True


def _rewrite(engine: Engine) -> bool:
    """SQLite only: a PostgreSQL server has its own vacuum and its own administrator."""
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM"))
        busy, *_pages = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).one()
        return not busy
