"""Runs card imports: from the shell, from the desk, and from a watched folder."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from capture.cards.scan import Scan, ScannedItem, Skipped, scan
from capture.cards.session_assignment import read_roll
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.clock import rfc3339
from reporter.enums import ImportState, Mark
from reporter.errors import NotFound, ReporterError
from reporter.models import EventSession, Takeaway
from reporter.models.camera import Camera, CardImport, Shot

if TYPE_CHECKING:
    from capture.cards.importer import Importer, OnProgress, Stopped
    from capture.cards.shot_intake import ImportContext

# A file that is unchanged between two scans, this many seconds apart, may be complete.
WATCH_SECONDS = 2.0
# A file that still can't be opened after this many scans without a change is reported as broken.
PATIENCE = 30


def import_context(kiosk: KioskContext) -> ImportContext:
    """The import context of this kiosk."""
    from capture.cards.shot_intake import ImportContext

    return ImportContext(
        session=db.session(),
        store=kiosk.store,
        pool=kiosk.pool,
        now=kiosk.now,
        rng=kiosk.rng,
        limits=kiosk.settings.limits,
        zone=kiosk.settings.zone,
    )


def run_import(
    kiosk: KioskContext,
    job: CardImport,
    paths: Sequence[Path],
    *,
    tell: OnProgress,
    stopped: Stopped,
) -> None:
    """Import cards and folders once; the result is stored in the row. Raises fatal errors (a
    full disk)."""
    from capture.cards.importer import Importer

    importer = Importer(import_context(kiosk), job, tell=tell, stopped=stopped)
    try:
        importer.run(paths)
    except BaseException as error:
        db.session.rollback()
        job.state = ImportState.FAILED.value
        job.message = error.message if isinstance(error, ReporterError) else str(error)
        db.session.commit()
        raise
    finish(job)


def finish(job: CardImport) -> None:
    """Store the final state, unless it was stopped."""
    if job.state in (ImportState.RUNNING, ImportState.STOPPING, ImportState.ASKED):
        job.state = (ImportState.FAILED if job.missing else ImportState.DONE).value
    db.session.commit()


def watch(
    kiosk: KioskContext,
    job: CardImport,
    paths: Sequence[Path],
    *,
    tell: OnProgress,
    stopped: Stopped,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Import what appears in folders, until stopped."""
    from capture.cards.importer import Importer

    importer = Importer(import_context(kiosk), job, tell=tell, stopped=stopped)
    seen = FolderWatch(paths)
    while not stopped():
        seen.look(lambda: importer)
        pause(WATCH_SECONDS)
    finish(job)


class FolderWatch:
    """Tracks the files of watched folders. A file is skipped until it is complete: its size and
    time are unchanged between two scans, and it opens."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._before: dict[str, tuple[int, float]] = {}
        self._tries: dict[tuple[str, int, float], int] = {}
        self._done: set[tuple[str, int, float]] = set()
        self._reported: set[str] = set()
        # For how many scans files and folders could not be read: another program may still hold them.
        self._unread: Counter[str] = Counter()

    def look(self, importer_of: Callable[[], Importer]) -> int:
        """Import what is complete by now; returns how many files. ``importer_of`` is called only
        if there are some."""
        scans = [_present(path) for path in self._paths]
        found = {str(one.path): one for each in scans for one in each.found}
        left_there = [
            one for each in scans for one in each.skipped if one.name not in self._reported
        ]
        ready = [one for name, one in found.items() if self._before.get(name) == _state(one)]
        self._before = {name: _state(one) for name, one in found.items()}
        todo = [one for one in ready if _key(one) not in self._done]
        shut = self._kept_shut([one for each in scans for one in each.unread])
        if todo or left_there or shut:
            self._reported |= {one.name for one in left_there}
            importer = importer_of()
            self._be_patient(importer, todo)
            importer.take(todo, left_there, shut)
            self._note(importer, todo)
        return len(todo)

    def _kept_shut(self, unread: list[Skipped]) -> list[Skipped]:
        """What can't be read for as long as a broken file may stay unreported."""
        self._unread = Counter({one.name: self._unread[one.name] + 1 for one in unread})
        return [one for one in unread if self._unread[one.name] == PATIENCE]

    def _be_patient(self, importer: Importer, todo: list[ScannedItem]) -> None:
        tries = self._tries
        importer.patient = {str(one.path) for one in todo if tries.get(_key(one), 0) < PATIENCE}
        importer.left.clear()

    def _note(self, importer: Importer, todo: list[ScannedItem]) -> None:
        tries = self._tries
        left = {_key(one) for one in importer.left}
        self._done |= {_key(one) for one in todo} - left
        for key in left:
            tries[key] = tries.get(key, 0) + 1


def _present(path: Path) -> Scan:
    try:
        return scan(path)
    except (NotFound, OSError):
        # A removed stick or an unavailable share: retried at the next scan.
        return Scan([], [])


def _state(found: ScannedItem) -> tuple[int, float]:
    return found.size, found.mtime


def _key(found: ScannedItem) -> tuple[str, int, float]:
    return str(found.path), found.size, found.mtime


def import_record(job: CardImport) -> dict[str, Any]:
    """An import as JSON: the API's fields, and what failed, is missing, was skipped or is only
    proposed."""
    return {
        "imported": job.imported,
        "known": job.duplicates,
        "failed": len(job.failed) + len(job.missing),
        "takeaways": _takeaways(job),
        "markers": _markers(job),
        "failures": job.failed,
        "missing": job.missing,
        "skipped": job.skipped,
        "notes": job.notes,
        "state": job.state,
        "message": job.message,
    }


def _takeaways(job: CardImport) -> list[dict[str, Any]]:
    query = (
        select(Shot.path, Takeaway.receipt, EventSession.code, Shot.id, Takeaway.recorded_at)
        .join(Takeaway, Takeaway.id == Shot.takeaway_id)
        .join(EventSession, EventSession.id == Takeaway.session_id)
        .where(Shot.import_id == job.id)
        .order_by(Shot.taken_at, Shot.path)
    )
    proposed = _proposals(job)
    return [
        {
            "file": path,
            "receipt": receipt,
            "session": code,
            "proposed": proposed.get(shot),
            "recorded_at": rfc3339(recorded),
        }
        for path, receipt, code, shot, recorded in db.session.execute(query)
    ]


def _proposals(job: CardImport) -> dict[Any, str]:
    """{shot: code of the session that is proposed for it}."""
    cameras = select(Camera).join(Shot).where(Shot.import_id == job.id).distinct()
    codes = {row.id: row.code for row in db.session.scalars(select(EventSession))}
    found = {}
    for camera in db.session.scalars(cameras):
        roll = read_roll(db.session(), camera)
        for row, part in zip(roll.rows, roll.parts, strict=True):
            if not part.settled and part.session is not None:
                found[row.id] = codes[part.session]
    return found


def _markers(job: CardImport) -> list[dict[str, Any]]:
    query = (
        select(
            Shot.path, EventSession.code, Shot.taken_at, Shot.kiosk_at, Shot.mark, Camera.offset_s
        )
        .join(Camera, Camera.id == Shot.camera_id)
        .outerjoin(EventSession, EventSession.id == Shot.mark_session_id)
        .where(Shot.import_id == job.id, Shot.mark.in_((Mark.SESSION, Mark.END)))
        .order_by(Shot.taken_at, Shot.path)
    )
    return [
        {
            "file": path,
            "session": code,
            "offset_s": int((at - taken).total_seconds()) if at else offset,
        }
        for path, code, taken, at, _mark, offset in db.session.execute(query)
    ]


def import_next(kiosk: KioskContext) -> int:
    """One worker turn: run the oldest import requested at the desk. Commits."""
    query = select(CardImport.id).where(CardImport.state == ImportState.ASKED)
    job_id = db.session.scalar(query.order_by(CardImport.created_at).limit(1))
    if job_id is None:
        return 0
    claim = (
        update(CardImport)
        .where(CardImport.id == job_id, CardImport.state == ImportState.ASKED)
        .values(state=ImportState.RUNNING.value, heartbeat_at=kiosk.now())
    )
    taken = db.session.execute(claim).rowcount == 1  # type: ignore[attr-defined]
    db.session.commit()
    job = db.session.get(CardImport, job_id, populate_existing=True)
    if not taken or job is None:
        return 0
    try:
        run_import(kiosk, job, [Path(job.path)], tell=_silent, stopped=lambda: _stopping(job_id))
    except (ReporterError, OSError):
        # The error is in the row, which the desk displays.
        return 1
    return 1


def _silent(_tally: Any) -> None:
    """No progress callback: the desk reads the row."""


def _stopping(job_id: uuid.UUID) -> bool:
    state = select(CardImport.state).where(CardImport.id == job_id)
    return db.session.scalar(state) == ImportState.STOPPING
