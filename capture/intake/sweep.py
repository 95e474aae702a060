"""Removes files that aborted requests or a killed kiosk left in the store."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.files import try_remove
from reporter.media.store import Store, hash_file
from reporter.models import Media, Tombstone, Upload
from reporter.moderation.decisions import lock_gathering

# Younger files may belong to a request or an import in progress.
GRACE = timedelta(hours=1)


@dataclass(frozen=True)
class Swept:
    """The result of a sweep: files removed, and originals without a row (left in place, for a
    person to decide)."""

    removed: int
    orphans: tuple[Path, ...]


def sweep(session: Session, store: Store, now: datetime, *, grace: timedelta = GRACE) -> Swept:
    """Remove files that requests and a killed kiosk left behind. Safe while the kiosk runs;
    repeatable.

    Removed: files and folders in ``incoming/`` that belong to no upload in progress, with the originals that
    were made of the files and never got a row, and originals whose withdrawal was interrupted between
    its commit and the removal. Any other original without a row was never acknowledged, but it may
    also be newer than a database restored from a backup: it is reported, never removed, and reused
    if the same bytes arrive again. Nothing younger than ``grace`` is touched. Ends the session's
    transaction.
    """
    live = set(session.scalars(select(Upload.id).where(Upload.receipt == "")))
    known = set(session.scalars(select(Media.sha256)))
    strays = [p for p in _older(store.media.glob("??/*"), now - grace) if p.stem not in known]
    removed = 0
    gone: set[Path] = set()
    for path in _older(store.incoming.glob("*"), now - grace):
        if path.name.split(".")[0] not in live:
            gone |= {
                one for one in strays if _is_copy(one, path) and drop_unused(session, store, one)
            }
            removed += try_remove(path)
    for folder in left_folders(store, now - grace):
        shutil.rmtree(folder, ignore_errors=True)
        removed += not folder.exists()
    gone |= {path for path in set(strays) - gone if _finish_removal(session, store, path)}
    return Swept(removed + len(gone), tuple(sorted(set(strays) - gone)))


def left_folders(store: Store, than: datetime) -> list[Path]:
    """Folders in ``incoming/`` in which nothing has changed since: of a film, or of a merge with another laptop, that
    was interrupted and never taken up again."""
    return [
        path
        for path in store.incoming.glob("*")
        if path.is_dir() and _last_change(path) < than.timestamp()
    ]


def _last_change(folder: Path) -> float:
    newest = 0.0
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            newest = max(newest, path.lstat().st_mtime)
    return newest


def _older(paths: Iterable[Path], than: datetime) -> Iterator[Path]:
    for path in paths:
        # Another request removed the file meanwhile: nothing to do.
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < than.timestamp():
                yield path


def _is_copy(original: Path, incoming: Path) -> bool:
    """Whether a killed request had linked this incoming file into the originals, and got no
    further."""
    with contextlib.suppress(FileNotFoundError):
        same_size = original.stat().st_size == incoming.stat().st_size
        return same_size and hash_file(incoming) == original.stem
    return False


def _finish_removal(session: Session, store: Store, path: Path) -> bool:
    """Remove a withdrawn original, unless the same bytes were sent to another session meanwhile."""
    buried = select(Tombstone.sha256).where(Tombstone.sha256 == path.stem)
    return session.scalar(buried) is not None and drop_unused(session, store, path)


def drop_unused(session: Session, store: Store, path: Path) -> bool:
    """Remove an original that has no row; returns whether it is gone. Ends the session's
    transaction."""
    lock_gathering(session)
    unused = session.scalar(select(Media.id).where(Media.sha256 == path.stem)) is None
    if unused:
        unused = store.drop(path.stem, path.suffix)
    session.rollback()
    return unused
