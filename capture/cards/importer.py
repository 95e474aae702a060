"""From a card to takeaways, through the one door: known files are passed over, markers aren't kept, the rest is.

Every file is committed on its own, so a killed or stopped import goes on by running it again. What the shots belong to
is settled at the end (capture.cards.session_assignment), and again whenever a person moves a cut.
"""

from __future__ import annotations

import contextlib
import dataclasses
import random
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from capture.cards.deduplication import (
    TAKEN_BACK,
    KnownShots,
    asked_for,
    find_camera,
    fingerprint_of,
    known_at_sight,
    known_content,
    marked_session,
)
from capture.cards.scan import Found, Skipped, is_gone, scan
from capture.cards.session_assignment import settle, unassigned
from capture.cards.shot_inspection import Inspection, MarkerReading, inspect_shot
from capture.cards.verified_copy import (
    CardTrouble,
    Copied,
    Halted,
    Ordered,
    Stopped,
    copy_in,
    in_camera_order,
)
from capture.decoding.format_names import explain_unreadable
from capture.decoding.process_pool import DecoderPool
from capture.intake.receive import receive
from capture.intake.submission import ReceivedFile, Submission
from reporter.clock import Clock, new_id
from reporter.config import LimitSettings
from reporter.enums import ImportState, Mark, Source
from reporter.errors import (
    BadInput,
    Conflict,
    Forbidden,
    MediaFailed,
    ReporterError,
    TooLarge,
    UnsupportedMedia,
)
from reporter.media.store import Store
from reporter.messages import N_, Message
from reporter.models import EventSession, Takeaway
from reporter.models.camera import Camera, CardImport, Shot

# Files that are copied and wait for a decoder's word.
COPY_AHEAD = 4
LOOK_SECONDS = 60.0
# Desk and shell look at the row: not more often than it is worth a commit.
HEARTBEAT_SECONDS = 1.0
NO_LIMIT_MB, NO_LIMIT_FILES = 1 << 20, 1000
# One takeaway for the same file, whoever imports it and how often at once.
CARD_NAMESPACE = uuid.UUID("3a0f6c0e-6f5b-5d0a-9d0b-7a2f5b1c4e21")
GO_ON = Message("Stopped. Run the import again: it goes on where it was.")
CARD_GONE = Message(
    "The card was taken out before everything was read. Put it in again and repeat the import."
)
UNREADABLE = N_("It can't be read (%(what)s). Put the card in again.")
EMPTY = Message("The file is empty: the camera did not finish it.")


@dataclass(frozen=True)
class ImportContext:
    """What every import needs."""

    session: Session
    store: Store
    pool: DecoderPool
    now: Clock
    rng: random.Random
    limits: LimitSettings
    zone: ZoneInfo


@dataclass
class ImportProgress:
    """How far an import is, for who watches it."""

    files: int = 0
    files_done: int = 0
    bytes: int = 0
    bytes_done: int = 0
    name: str = ""

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1, by bytes."""
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
    """Write down that a card is to be read. Commits."""
    row = CardImport(
        id=new_id(now, rng),
        path=path,
        session_id=event.id if event else None,
        state=ImportState.ASKED.value,
        failures=[],
        created_at=now,
        beat_at=now,
    )
    session.add(row)
    session.commit()
    return row


@dataclass
class _Item:
    """The files of one takeaway on their way in, the one that is shown first in front.

    ``join`` is the client id of the takeaway that another file of the shot was brought in as before.
    """

    parts: list[Ordered]
    join: str | None = None
    arrivals: list[ReceivedFile] = field(default_factory=list)
    # {sha256: fingerprint}, taken while the copy still stands in incoming/.
    prints: dict[str, str] = field(default_factory=dict)
    looking: Future[Inspection] | None = None

    @property
    def ordered(self) -> Ordered:
        """The first of them, whose time and camera count for all."""
        return self.parts[0]

    @property
    def files(self) -> list[Found]:
        """All of them."""
        return [part.found for part in self.parts]


class Importer:
    """One reading of cards or folders."""

    def __init__(
        self, shop: ImportContext, job: CardImport, *, tell: OnProgress, stopped: Stopped
    ) -> None:
        self.shop, self.job = shop, job
        self.tally = ImportProgress()
        # Of a folder that is watched: what can't be opened yet, and whose turn to be told as broken hasn't come.
        self.left: list[Found] = []
        self.patient: set[str] = set()
        self._tell, self._stopped = tell, stopped
        self._cameras: dict[tuple[str, str, str], Camera] = {}
        self._current: dict[uuid.UUID, uuid.UUID | None] = {}
        self._failures: list[dict[str, str]] = list(job.failures)
        self._known = KnownShots(shop.session)
        self._given = shop.session.get(EventSession, job.session_id) if job.session_id else None
        self._beat = shop.now()

    def run(self, paths: Sequence[Path]) -> None:
        """Read everything there. What went wrong with single files stands in the row; Commits."""
        for path in paths:
            lying = scan(path)
            self.take(lying.found, lying.skipped)

    def take(self, found: Sequence[Found], skipped: Sequence[Skipped] = ()) -> None:
        """Read these files, and note those that are left. Raises DiskFull, and what the database raises."""
        self._failures += [{"file": one.name, "skipped": one.reason} for one in skipped]
        self.job.state = ImportState.RUNNING.value
        self.tally.files += len(found)
        self.tally.bytes += sum(one.size for one in found)
        self._save()
        fresh = [one for one in found if not self._passed(one)]
        shop = self.shop
        ordered = in_camera_order(fresh, shop.pool, shop.zone, now=shop.now())
        items = [_Item(parts, join) for parts, join in self._known.group(ordered)]
        todo = deque(item for item in items if not self._is_taken_back(item))
        try:
            self._all(todo)
        finally:
            for camera in self._cameras.values():
                settle(self.shop.session, camera.id, now=self.shop.now(), rng=self.shop.rng)
            self._save()

    def _passed(self, found: Found) -> bool:
        """Known already, or nothing that can be kept: told, and done with."""
        try:
            if found.kind is None and self._waits_for(found):
                pass
            elif found.kind is None:
                self._fail(found, explain_unreadable(found.name) if found.head else EMPTY)
            else:
                shot = known_at_sight(self.shop.session, found)
                if shot is None:
                    return False
                self._known.add(found, shot)
                self.job.known += 1
        except OSError as error:
            self._fail(found, Message(UNREADABLE, what=error.strerror or ""))
        self._step(found, found.size)
        return True

    def _is_taken_back(self, item: _Item) -> bool:
        """Leave the other files of a shot that was taken back, and tell so."""
        if item.join != TAKEN_BACK:
            return False
        for found in item.files:
            self._failures.append({"file": found.name, "skipped": TAKEN_BACK})
            self._step(found, found.size)
        return True

    def _all(self, todo: deque[_Item]) -> None:
        """Copy ahead while decoders look; take in, one after the other, in the camera's order."""
        ahead: deque[_Item] = deque()
        with ThreadPoolExecutor(2) as self._readers:
            try:
                while todo or ahead:
                    if todo and len(ahead) < COPY_AHEAD:
                        self._copy(todo, ahead)
                    else:
                        self._finish(ahead.popleft())
            except Halted as error:
                # What is copied already costs no more than a moment.
                while ahead:
                    self._finish(ahead.popleft())
                self.job.state, self.job.message = ImportState.STOPPED.value, error.message
            finally:
                for item in ahead:
                    _discard(item)

    def _copy(self, todo: deque[_Item], ahead: deque[_Item]) -> None:
        if self._stopped():
            raise Halted(GO_ON)
        item, shop = todo.popleft(), self.shop
        try:
            for found in item.files:
                shop.store.need_room(found.size, keep_free=shop.limits.keep_free_mb << 20)
                arrival = copy_in(
                    found,
                    shop.store,
                    rng=shop.rng,
                    stopped=self._stopped,
                    copied=self._count(found),
                )
                item.arrivals.append(arrival)
                item.prints[arrival.sha256] = fingerprint_of(found, arrival)
        except CardTrouble as error:
            _discard(item)
            self._trouble(item, todo, error)
            return
        except BaseException:
            _discard(item)
            raise
        if self._drop_known(item):
            return
        item.looking = self._look_at(item)
        ahead.append(item)

    def _look_at(self, item: _Item) -> Future[Inspection]:
        """Have a worker look at the first file of an item."""
        first, kind = item.arrivals[0], item.ordered.found.kind
        assert kind is not None
        return self._readers.submit(
            self.shop.pool.run,
            inspect_shot,
            first.path,
            kind.mime,
            timeout=LOOK_SECONDS + first.size / 5_000_000,
        )

    def _count(self, found: Found) -> Copied:
        def copied(count: int) -> None:
            self.tally.bytes_done += count
            self.tally.name = found.name
            self._save(gently=True)

        return copied

    def _trouble(self, item: _Item, todo: deque[_Item], error: CardTrouble) -> None:
        """One file that can't be read; or all that is left, when the card is gone."""
        lost = [item]
        gone = is_gone(item.ordered.found.root)
        if gone:
            lost += todo
            todo.clear()
            self.job.message = CARD_GONE
        for one in lost:
            for found in one.files:
                if not self._waits_for(found):
                    self._fail(found, "" if gone else error.message)
                self._step(found, 0)

    def _drop_known(self, item: _Item) -> bool:
        """Pass over what is known by its content. True when nothing is left of it."""
        for part, arrival in list(zip(item.parts, item.arrivals, strict=True)):
            if not known_content(self.shop.session, arrival.sha256):
                continue
            item.join = item.join or self._known.client_of(arrival.sha256)
            self.job.known += 1
            self._drop(item, part, arrival)
        if item.arrivals and self._is_taken_back(item):
            _discard(item)
            return True
        return not item.arrivals

    def _drop(self, item: _Item, part: Ordered, arrival: ReceivedFile) -> None:
        arrival.path.unlink(missing_ok=True)
        item.parts.remove(part)
        item.arrivals.remove(arrival)
        self._step(part.found, 0)

    def _finish(self, item: _Item) -> None:
        """What the decoder says of a copied file decides; then it is in, or told why not."""
        try:
            told = self._first_whole(item)
            if told is not None:
                self._keep(item, told)
                if told.note:
                    self._failures.append({"file": item.ordered.found.name, "note": told.note})
        except (BadInput, Forbidden, UnsupportedMedia, Conflict, TooLarge) as error:
            self._refuse(item, error)
        finally:
            _discard(item)
        for found in item.files:
            self._step(found, 0)

    def _first_whole(self, item: _Item) -> Inspection | None:
        """The look at the first file that opens; a broken one does not cost the others of its shot. None: none does."""
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

    def _refuse(self, item: _Item, error: ReporterError) -> None:
        for found in item.files:
            if not self._waits_for(found):
                self._fail(found, error.message)

    def _waits_for(self, found: Found) -> bool:
        """In a folder that is watched a file may still be on its way."""
        waits = str(found.path) in self.patient
        if waits:
            self.left.append(found)
        return waits

    def _keep(self, item: _Item, told: Inspection) -> None:
        shop, camera = self.shop, self._camera(item.ordered)
        asked = asked_for(shop.session, item.arrivals[0].sha256)
        seen = MarkerReading() if asked is not None else told.seen
        event = marked_session(shop.session, seen)
        if seen.mark == Mark.SESSION and event is None:
            # A code of our kind that no session here has: another gathering's poster, or an old one.
            seen = dataclasses.replace(seen, mark=Mark.UNREAD)
        if seen.mark:
            self._current[camera.id] = event.id if event and seen.mark == Mark.SESSION else None
        if seen.only:
            rows = self._shots(item, camera, seen, event)
            shop.session.add_all(rows)
            self.job.markers += 1
            shop.session.commit()
            return
        self._receive(item, camera, seen, event, asked)

    def _receive(
        self,
        item: _Item,
        camera: Camera,
        seen: MarkerReading,
        event: EventSession | None,
        asked: Shot | None,
    ) -> None:
        shop = self.shop
        home = self._home(camera)
        brought: list[Shot] = []

        def seal(takeaway: Takeaway) -> None:
            rows = self._shots(item, camera, seen, event)
            if asked is not None:
                # The row of what was taken for a marker; cuts may stand at it.
                rows[0] = asked
            for row in rows:
                row.takeaway_id, row.session_id = takeaway.id, takeaway.session_id
            shop.session.add_all(rows)
            brought[:] = rows

        offset = timedelta(seconds=camera.offset_s or 0)
        client_id = item.join or str(uuid.uuid5(CARD_NAMESPACE, item.arrivals[0].sha256))
        offer = Submission(
            home,
            files=tuple(item.arrivals),
            source=Source.CARD.value,
            client_id=client_id,
            recorded_at=item.ordered.taken + offset,
        )
        # What a card holds comes in, whatever phones may send: films of any length, with all their chapters.
        limits = dataclasses.replace(shop.limits, file_mb=NO_LIMIT_MB, files=NO_LIMIT_FILES)
        receive(
            shop.session, shop.store, offer, now=shop.now(), rng=shop.rng, limits=limits, seal=seal
        )
        self.job.imported += len(item.arrivals)
        for found, row in zip(item.files, brought, strict=True):
            self._known.add(found, row)
        if seen.mark == Mark.SESSION:
            self.job.markers += 1

    def _home(self, camera: Camera) -> EventSession:
        """Where a takeaway goes for now; the roll is settled at the end."""
        if self._given is not None:
            return self._given
        current = self._current.get(camera.id)
        found = self.shop.session.get(EventSession, current) if current else None
        return found or unassigned(self.shop.session, now=self.shop.now(), rng=self.shop.rng)

    def _shots(
        self, item: _Item, camera: Camera, seen: MarkerReading, event: EventSession | None
    ) -> list[Shot]:
        return [
            Shot(
                id=new_id(self.shop.now(), self.shop.rng),
                camera_id=camera.id,
                import_id=self.job.id,
                path=found.name,
                size=found.size,
                mtime=int(found.mtime),
                head=item.prints[arrival.sha256],
                sha256=arrival.sha256,
                taken=item.ordered.taken,
                mark=str(seen.mark),
                mark_session_id=event.id if event else None,
                kiosk_at=seen.kiosk_at,
                given_session_id=self._given.id if self._given else None,
                picture=seen.picture,
            )
            for found, arrival in zip(item.files, item.arrivals, strict=True)
        ]

    def _camera(self, ordered: Ordered) -> Camera:
        """The row of a shot's camera, made when it is met first."""
        if ordered.camera not in self._cameras:
            named = any(ordered.camera)
            key = "|".join(ordered.camera) if named else f"card:{ordered.found.root.name}"
            self._cameras[ordered.camera] = find_camera(
                self.shop.session, key, ordered.camera, now=self.shop.now(), rng=self.shop.rng
            )
        return self._cameras[ordered.camera]

    def _fail(self, found: Found, sentence: str) -> None:
        """Note a file that is not in. No sentence: it was not read before the card was gone."""
        self._failures.append({"file": found.name, **({"error": sentence} if sentence else {})})

    def _step(self, found: Found, count: int) -> None:
        self.tally.files_done += 1
        self.tally.bytes_done += count
        self.tally.name = found.name
        self._save(gently=True)

    def _save(self, *, gently: bool = False) -> None:
        """Show how far it is; ``gently`` not more than once a second."""
        self._tell(self.tally)
        now = self.shop.now()
        if gently and (now - self._beat).total_seconds() < HEARTBEAT_SECONDS:
            return
        self._beat, job = now, self.job
        job.failures = list(self._failures)
        job.files, job.files_done = self.tally.files, self.tally.files_done
        job.bytes, job.bytes_done, job.beat_at = self.tally.bytes, self.tally.bytes_done, now
        self.shop.session.commit()


def _discard(item: _Item) -> None:
    if item.looking is not None:
        item.looking.cancel()
        with contextlib.suppress(Exception, CancelledError):
            item.looking.result()
    for arrival in item.arrivals:
        arrival.path.unlink(missing_ok=True)
