"""Takes in a copied and inspected shot: as a takeaway, or as a marker that cuts the roll."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import uuid
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from capture.cards.deduplication import (
    KnownShots,
    asked_for,
    find_camera,
    marked_session,
    shot_joined,
)
from capture.cards.scan import ScannedItem
from capture.cards.session_assignment import unassigned
from capture.cards.shot_inspection import Inspection, MarkerReading
from capture.cards.verified_copy import Ordered
from capture.decoding.process_pool import DecoderPool
from capture.intake.fresh import RecordedTakeaway
from capture.intake.receive import take_in
from capture.intake.submission import ReceivedFile, Submission
from reporter.clock import Clock, new_id
from reporter.config import LimitSettings
from reporter.enums import Mark, Source
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from reporter.models.camera import Camera, CardImport, Shot

NO_LIMIT_MB, NO_LIMIT_FILES = 1 << 20, 1000
# Namespace for client ids, so that one file gives one takeaway, whoever imports it and however
# often at once.
CARD_NAMESPACE = uuid.UUID("3a0f6c0e-6f5b-5d0a-9d0b-7a2f5b1c4e21")


@dataclass(frozen=True)
class ImportContext:
    """The context of an import: what every step needs."""

    session: Session
    store: Store
    pool: DecoderPool
    now: Clock
    rng: random.Random
    limits: LimitSettings
    zone: ZoneInfo


@dataclass
class CardItem:
    """The files of one takeaway during the import, the one to show first in front.

    ``join`` is the client id of the takeaway that another file of the shot was imported as before.
    """

    parts: list[Ordered]
    join: str | None = None
    arrivals: list[ReceivedFile] = field(default_factory=list)
    # {sha256: fingerprint}, computed while the copy is still in incoming/.
    prints: dict[str, str] = field(default_factory=dict)
    looking: Future[Inspection] | None = None
    # The moment of the takeaway that it joins; else that of its first file.
    joined_at: datetime | None = None

    @property
    def taken(self) -> datetime:
        """The camera's time of the whole item."""
        return self.joined_at or self.ordered.taken

    @property
    def ordered(self) -> Ordered:
        """The first file, whose time and camera apply to all."""
        return self.parts[0]

    @property
    def files(self) -> list[ScannedItem]:
        """The files of the item."""
        return [part.found for part in self.parts]


class ShotIntake:
    """The intake of one import: the camera of an item, the session of its roll, and its rows."""

    def __init__(self, context: ImportContext, job: CardImport, known: KnownShots) -> None:
        self.context, self.job = context, job
        # Cameras whose rolls have new shots.
        self.rolls: set[uuid.UUID] = set()
        self._cameras: dict[tuple[str, str, str], Camera] = {}
        self._known = known
        self._current: dict[uuid.UUID, uuid.UUID | None] = {}
        self._given = context.session.get(EventSession, job.session_id) if job.session_id else None

    def keep(self, item: CardItem, inspection: Inspection) -> None:
        """Take an item in; commits. Raises what ``capture.intake.receive.receive`` raises."""
        context = self.context
        before = shot_joined(context.session, item.join) if item.join else None
        if before is None:
            camera = self._camera(item.ordered)
        else:
            # What comes later is of the same camera and moment, whatever its own headers leave out.
            camera = context.session.get_one(Camera, before.camera_id)
            item.joined_at = before.taken_at
        self.rolls.add(camera.id)
        unmarked = asked_for(context.session, item.arrivals[0].sha256)
        seen = MarkerReading() if unmarked is not None else inspection.seen
        event = marked_session(context.session, seen)
        if seen.mark == Mark.SESSION and event is None:
            # A code of ours that no session here has: a poster of another gathering, or an old one.
            seen = dataclasses.replace(seen, mark=Mark.UNREAD)
        if seen.mark:
            self._current[camera.id] = event.id if event and seen.mark == Mark.SESSION else None
        if seen.only:
            rows = self._shots(item, camera, seen, event)
            context.session.add_all(rows)
            self.job.markers += 1
            context.session.commit()
            return
        self._receive(item, camera, seen, event, unmarked=unmarked, before=before)

    def _receive(
        self,
        item: CardItem,
        camera: Camera,
        seen: MarkerReading,
        event: EventSession | None,
        *,
        unmarked: Shot | None,
        before: Shot | None,
    ) -> None:
        context = self.context
        home = self._home(camera)
        stands = context.session.get(Takeaway, before.takeaway_id) if before else None
        if stands is not None:
            # Where the takeaway is by now; in another session it would not be continued.
            home = context.session.get_one(EventSession, stands.session_id)
        brought: list[Shot] = []

        def seal(takeaway: RecordedTakeaway) -> None:
            rows = self._shots(item, camera, seen, event)
            if unmarked is not None:
                # The row of a supposed marker; cuts may refer to it.
                rows[0] = unmarked
            for row in rows:
                row.takeaway_id = takeaway.id
                # A takeaway that a person moved is not the roll's any more, by none of its files.
                row.session_id = before.session_id if before else takeaway.session_id
            context.session.add_all(rows)
            brought[:] = rows

        offset = timedelta(seconds=camera.offset_s or 0)
        client_id = item.join or str(uuid.uuid5(CARD_NAMESPACE, item.arrivals[0].sha256))
        offer = Submission(
            home,
            files=tuple(item.arrivals),
            source=Source.CARD.value,
            client_id=client_id,
            recorded_at=item.taken + offset,
        )
        # Limits for phones do not apply to cards: films of any length come in, with all their
        # chapters.
        limits = dataclasses.replace(context.limits, file_mb=NO_LIMIT_MB, files=NO_LIMIT_FILES)
        take_in(
            context.session,
            context.store,
            offer,
            now=context.now(),
            rng=context.rng,
            limits=limits,
            seal=seal,
        )
        self.job.imported += len(item.arrivals)
        for found, row in zip(item.files, brought, strict=True):
            self._known.add(found, row)
        if seen.mark == Mark.SESSION:
            self.job.markers += 1

    def _home(self, camera: Camera) -> EventSession:
        """The preliminary session of a takeaway; the roll is cut at the end."""
        if self._given is not None:
            return self._given
        current = self._current.get(camera.id)
        found = self.context.session.get(EventSession, current) if current else None
        return found or unassigned(
            self.context.session, now=self.context.now(), rng=self.context.rng
        )

    def _shots(
        self, item: CardItem, camera: Camera, seen: MarkerReading, event: EventSession | None
    ) -> list[Shot]:
        return [
            Shot(
                id=new_id(self.context.now(), self.context.rng),
                camera_id=camera.id,
                import_id=self.job.id,
                path=found.name,
                size=found.size,
                mtime=int(found.mtime),
                head_digest=item.prints[arrival.sha256],
                sha256=arrival.sha256,
                taken_at=item.taken,
                mark=str(seen.mark),
                mark_session_id=event.id if event else None,
                kiosk_at=seen.kiosk_at,
                given_session_id=self._given.id if self._given else None,
                picture=seen.picture,
            )
            for found, arrival in zip(item.files, item.arrivals, strict=True)
        ]

    def _camera(self, ordered: Ordered) -> Camera:
        """Get the row of a shot's camera, created when first needed."""
        if ordered.camera not in self._cameras:
            named = any(ordered.camera)
            key = "|".join(ordered.camera) if named else f"card:{ordered.found.root.name}"
            self._cameras[ordered.camera] = find_camera(
                self.context.session,
                key,
                ordered.camera,
                now=self.context.now(),
                rng=self.context.rng,
            )
        return self._cameras[ordered.camera]


def discard(item: CardItem) -> None:
    """Cancel the inspection of an item and remove its copies from incoming/."""
    if item.looking is not None:
        item.looking.cancel()
        with contextlib.suppress(Exception, CancelledError):
            item.looking.result()
    for arrival in item.arrivals:
        arrival.path.unlink(missing_ok=True)
