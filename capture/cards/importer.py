"""Imports a card: files become takeaways through the intake; known files and markers are skipped.

Every file is committed on its own, so a killed or stopped import continues when it is run again.
The sessions of the shots are determined at the end (capture.cards.session_assignment), and again
whenever a person moves a cut.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from capture.cards.deduplication import (
    TAKEN_BACK,
    KnownShots,
    fingerprint_of,
    known_at_sight,
    known_content,
)
from capture.cards.scan import ScannedItem, Skipped, is_gone, scan
from capture.cards.session_assignment import settle
from capture.cards.shot_inspection import Inspection, inspect_shot
from capture.cards.shot_intake import CardItem, ImportContext, ShotIntake, discard
from capture.cards.sidecars import UNREADABLE
from capture.cards.verified_copy import (
    UNREADABLE_ON_CARD,
    CardTrouble,
    Copied,
    Halted,
    Ordered,
    Stopped,
    copy_in,
    in_camera_order,
)
from capture.decoding.format_names import explain_unreadable
from capture.intake.submission import ReceivedFile
from reporter.clock import new_id
from reporter.enums import ImportState
from reporter.errors import (
    BadInput,
    Conflict,
    Forbidden,
    MediaFailed,
    ReporterError,
    TooLarge,
    UnsupportedMedia,
)
from reporter.messages import Message
from reporter.models import EventSession
from reporter.models.camera import CardImport

# How many files are copied ahead while the decoders inspect them.
COPY_AHEAD = 4
LOOK_SECONDS = 60.0
# Desk and shell poll the row; it is committed no more often than this.
HEARTBEAT_SECONDS = 1.0
GO_ON = Message("Stopped. Run the import again: it goes on where it was.")
CARD_GONE = Message(
    "The card was taken out before everything was read. Put it in again and repeat the import."
)
EMPTY = Message("The file is empty: the camera did not finish it.")


@dataclass
class ImportProgress:
    """Progress of an import."""

    files: int = 0
    files_done: int = 0
    bytes: int = 0
    bytes_done: int = 0
    name: str = ""

    @property
    def share(self) -> float:
        """The share of bytes done, from 0 to 1."""
        return min(1.0, self.bytes_done / self.bytes) if self.bytes else 1.0


OnProgress = Callable[[ImportProgress], None]


def begin_import(
    session: Session,
    path: str,
    *,
    now: datetime,
    rng: random.Random,
    event: EventSession | None = None,
) -> CardImport:
    """Create the row of a card import. Commits."""
    row = CardImport(
        id=new_id(now, rng),
        path=path,
        session_id=event.id if event else None,
        state=ImportState.ASKED.value,
        failures=[],
        created_at=now,
        heartbeat_at=now,
    )
    session.add(row)
    session.commit()
    return row


class Importer:
    """One import of cards or folders."""

    def __init__(
        self, context: ImportContext, job: CardImport, *, tell: OnProgress, stopped: Stopped
    ) -> None:
        self.context, self.job = context, job
        self.tally = ImportProgress()
        # In a watched folder: what can't be opened yet and is not yet due to be reported as broken.
        self.left: list[ScannedItem] = []
        self.patient: set[str] = set()
        self._tell, self._stopped = tell, stopped
        self._failures: list[dict[str, str]] = list(job.failures)
        self._known = KnownShots(context.session)
        self._intake = ShotIntake(context, job, self._known)
        self._beat = context.now()

    def run(self, paths: Sequence[Path]) -> None:
        """Import everything at these paths. Errors of single files are recorded in the row.
        Commits. Raises CardTrouble for a card that can't be read at all."""
        for path in paths:
            try:
                scanned = scan(path)
            except OSError as error:
                what = error.strerror or "no reason given"
                raise CardTrouble(UNREADABLE_ON_CARD, name=path, what=what) from error
            self.take(scanned.found, scanned.skipped, scanned.unread)

    def take(
        self,
        found: Sequence[ScannedItem],
        skipped: Sequence[Skipped] = (),
        unread: Sequence[Skipped] = (),
    ) -> None:
        """Import these files and record the skipped and the unreadable ones. Raises DiskFull and database errors."""
        self._failures += [{"file": one.name, "skipped": one.reason} for one in skipped]
        self._failures += [{"file": one.name, "error": one.reason} for one in unread]
        self.job.state = ImportState.RUNNING.value
        self.tally.files += len(found)
        self.tally.bytes += sum(one.size for one in found)
        self._save()
        fresh = [one for one in found if not self._passed(one)]
        context = self.context
        ordered = in_camera_order(fresh, context.pool, context.zone, now=context.now())
        items = [CardItem(parts, join) for parts, join in self._known.group(ordered)]
        todo = deque(item for item in items if not self._is_taken_back(item))
        try:
            self._all(todo)
        finally:
            for camera_id in sorted(self._intake.rolls):
                settle(
                    self.context.session, camera_id, now=self.context.now(), rng=self.context.rng
                )
            self._save()

    def _passed(self, found: ScannedItem) -> bool:
        """Whether a file needs no import: it is known already or can't be kept; records which."""
        try:
            if found.kind is None and self._waits_for(found):
                pass
            elif found.kind is None:
                self._fail(found, explain_unreadable(found.name) if found.head else EMPTY)
            else:
                shot = known_at_sight(self.context.session, found)
                if shot is None:
                    return False
                self._known.add(found, shot)
                self.job.duplicates += 1
        except OSError as error:
            self._fail(found, Message(UNREADABLE, what=error.strerror or ""))
        self._step(found, found.size)
        return True

    def _is_taken_back(self, item: CardItem) -> bool:
        """Skip and record the other files of a shot that was withdrawn."""
        if item.join != TAKEN_BACK:
            return False
        for found in item.files:
            self._failures.append({"file": found.name, "skipped": TAKEN_BACK})
            self._step(found, found.size)
        return True

    def _all(self, todo: deque[CardItem]) -> None:
        """Copy ahead while the decoders inspect; take items in one by one, in the camera's
        order."""
        ahead: deque[CardItem] = deque()
        with ThreadPoolExecutor(2) as self._readers:
            try:
                while todo or ahead:
                    if todo and len(ahead) < COPY_AHEAD:
                        self._copy(todo, ahead)
                    else:
                        self._finish(ahead.popleft())
            except Halted as error:
                # What is copied already takes only a moment to finish.
                while ahead:
                    self._finish(ahead.popleft())
                self.job.state, self.job.message = ImportState.STOPPED.value, error.message
            finally:
                for item in ahead:
                    discard(item)

    def _copy(self, todo: deque[CardItem], ahead: deque[CardItem]) -> None:
        if self._stopped():
            raise Halted(GO_ON)
        item = todo.popleft()
        try:
            for part in list(item.parts):
                self._copy_part(item, part)
        except CardTrouble:
            discard(item)
            self._lose([item, *todo])
            todo.clear()
            return
        except BaseException:
            discard(item)
            raise
        if self._drop_known(item):
            return
        item.looking = self._look_at(item)
        ahead.append(item)

    def _copy_part(self, item: CardItem, part: Ordered) -> None:
        """Copy one file of a shot. One that can't be read does not cost the others; raises CardTrouble if the card is
        gone."""
        context, found = self.context, part.found
        context.store.need_room(found.size, keep_free=context.limits.keep_free_mb << 20)
        try:
            arrival = copy_in(
                found,
                context.store,
                rng=context.rng,
                stopped=self._stopped,
                copied=self._count(found),
            )
        except CardTrouble as error:
            if is_gone(found.root):
                raise
            item.parts.remove(part)
            if not self._waits_for(found):
                self._fail(found, error.message)
            self._step(found, 0)
            return
        item.arrivals.append(arrival)
        item.prints[arrival.sha256] = fingerprint_of(found, arrival)

    def _look_at(self, item: CardItem) -> Future[Inspection]:
        """Have a worker inspect the first file of an item."""
        first, kind = item.arrivals[0], item.ordered.found.kind
        assert kind is not None
        return self._readers.submit(
            self.context.pool.run,
            inspect_shot,
            first.path,
            kind.mime,
            timeout=LOOK_SECONDS + first.size / 5_000_000,
        )

    def _count(self, found: ScannedItem) -> Copied:
        def copied(count: int) -> None:
            self.tally.bytes_done += count
            self.tally.name = found.name
            self._save(gently=True)

        return copied

    def _lose(self, items: Sequence[CardItem]) -> None:
        """Record all that remains when the card is gone."""
        self.job.message = CARD_GONE
        for found in (found for item in items for found in item.files):
            if not self._waits_for(found):
                self._fail(found, "")
            self._step(found, 0)

    def _drop_known(self, item: CardItem) -> bool:
        """Drop the files whose content is known. True when none is left."""
        for part, arrival in list(zip(item.parts, item.arrivals, strict=True)):
            if not known_content(self.context.session, arrival.sha256):
                continue
            item.join = item.join or self._known.client_of(arrival.sha256)
            self.job.duplicates += 1
            self._drop(item, part, arrival)
        if item.arrivals and self._is_taken_back(item):
            discard(item)
            return True
        return not item.arrivals

    def _drop(self, item: CardItem, part: Ordered, arrival: ReceivedFile) -> None:
        arrival.path.unlink(missing_ok=True)
        item.parts.remove(part)
        item.arrivals.remove(arrival)
        self._step(part.found, 0)

    def _finish(self, item: CardItem) -> None:
        """Take a copied file in, or record why not, depending on the decoder's result."""
        try:
            inspection = self._first_whole(item)
            if inspection is not None:
                self._intake.keep(item, inspection)
                if inspection.note:
                    self._failures.append(
                        {"file": item.ordered.found.name, "note": inspection.note}
                    )
        except (BadInput, Forbidden, UnsupportedMedia, Conflict, TooLarge) as error:
            self._refuse(item, error)
        finally:
            discard(item)
        for found in item.files:
            self._step(found, 0)

    def _first_whole(self, item: CardItem) -> Inspection | None:
        """Inspect the files until one opens, so a broken file does not cost the others of its shot;
        None if none opens."""
        while item.parts:
            assert item.looking is not None
            waits = any(str(found.path) in self.patient for found in item.files)
            try:
                seen = item.looking.result()
                if seen.whole or not waits:
                    return seen
                self.left += item.files
                return None
            except MediaFailed as error:
                if waits:
                    self.left += item.files
                    return None
                self._fail(item.ordered.found, error.message)
                self._drop(item, item.ordered, item.arrivals[0])
            if item.parts:
                item.looking = self._look_at(item)
        return None

    def _refuse(self, item: CardItem, error: ReporterError) -> None:
        for found in item.files:
            if not self._waits_for(found):
                self._fail(found, error.message)

    def _waits_for(self, found: ScannedItem) -> bool:
        """Whether a file in a watched folder may still be being written."""
        waits = str(found.path) in self.patient
        if waits:
            self.left.append(found)
        return waits

    def _fail(self, found: ScannedItem, sentence: str) -> None:
        """Record a file that was not imported. No sentence: the card was gone before it was
        read."""
        self._failures.append({"file": found.name, **({"error": sentence} if sentence else {})})

    def _step(self, found: ScannedItem, count: int) -> None:
        self.tally.files_done += 1
        self.tally.bytes_done += count
        self.tally.name = found.name
        self._save(gently=True)

    def _save(self, *, gently: bool = False) -> None:
        """Save the progress; with ``gently`` no more than once a second."""
        self._tell(self.tally)
        now = self.context.now()
        if gently and (now - self._beat).total_seconds() < HEARTBEAT_SECONDS:
            return
        self._beat, job = now, self.job
        job.failures = list(self._failures)
        job.files, job.files_done = self.tally.files, self.tally.files_done
        job.bytes, job.bytes_done, job.heartbeat_at = self.tally.bytes, self.tally.bytes_done, now
        self.context.session.commit()
