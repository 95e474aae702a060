"""Resumable uploads: the rules of tus 1.0.0, without HTTP.

An ``Upload`` row holds the total length; a file in ``incoming/`` holds the received bytes, and its
length is the offset. ``capture.intake.partial_file`` decides which request may write to that file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.decoding.mime_sniff import HEAD_BYTES
from capture.intake import concurrency, upload_rows
from capture.intake.concurrency import holding
from capture.intake.deduplication import already_here, read_sha256
from capture.intake.fresh import BeforeCommit, RecordedTakeaway
from capture.intake.partial_file import (
    Chunk,
    ReadableBody,
    UploadLock,
    Writer,
    sync_or_drop,
    verified_copy,
)
from capture.intake.receive import Check, take_in
from capture.intake.submission import (
    ReceivedFile,
    Submission,
    check_recordable,
    check_words,
    normalized,
    offer_of_fields,
    with_source,
)
from capture.intake.tus_protocol import BrokenOff, ChecksumMismatch, OffsetConflict, UploadExpired
from capture.intake.upload_rows import UploadProgress
from reporter.clock import Clock
from reporter.codes import normalize
from reporter.config import LimitSettings
from reporter.database.engine import wait_until_safe
from reporter.enums import Source
from reporter.errors import BadInput, Busy, NotFound, ReporterError, TooLarge
from reporter.files import sync_folder, try_remove
from reporter.media.store import Store, disk_errors, hash_file
from reporter.models import EventSession, Upload
from reporter.moderation.decisions import find_session

# A complete file that stays longer in incoming/ was left by a kiosk that was killed.
LEFT_SECONDS = 10.0


class ResumableUploads:
    """The uploads of one gathering; one instance per process, shared by its threads."""

    def __init__(
        self,
        store: Store,
        limits: LimitSettings,
        *,
        clock: Clock,
        rng: random.Random,
        check: Check | None = None,
    ) -> None:
        self._store = store
        self._limits = limits
        self._clock = clock
        self._rng = rng
        self._check = check
        self._guard = threading.Lock()
        self._live: dict[str, UploadLock] = {}

    @property
    def max_size(self) -> int:
        """The largest upload in bytes: ``Tus-Max-Size``."""
        return self._limits.file_mb << 20

    def create(
        self,
        session: Session,
        *,
        length: int,
        fields: Mapping[str, str],
        piece: Chunk | None = None,
        source: Source = Source.PHONE,
        device: str = "",
    ) -> UploadProgress:
        """Create an upload, with its first bytes if the request brought some. Commits.

        A file that the client has sent already is complete at once: see
        capture.intake.deduplication. ``source`` says who asks; a ``source`` among the client's own
        fields is ignored.

        Raises what the intake would raise for these fields, so that nobody sends 40 MB in vain:
        NotFound for an unknown session, Forbidden where nothing may be recorded, BadInput,
        TooLarge, DiskFull.
        """
        begun = self._begin(session, length, with_source(fields, source), device)
        if piece is None or begun.receipt:
            return begun
        try:
            return self.append(session, begun.id, 0, piece=piece)
        except BrokenOff:
            # The upload exists all the same: the client can resume at its address.
            return self.head(session, begun.id)

    def _begin(
        self, session: Session, length: int, fields: dict[str, str], device: str
    ) -> UploadProgress:
        code = normalize(fields.get("session", ""))
        if not code:
            raise BadInput("An upload needs the code of its session.")
        event = find_session(session, code)
        check_recordable(event)
        offer = normalized(dataclasses.replace(offer_of_fields(event, fields), device=device))
        check_words(offer, self._limits)
        if offer.client_id:
            # As in the takeaway's row: a withdrawal finds what its phone has under way by it.
            fields = {**fields, "client_id": offer.client_id}
        sha256 = read_sha256(fields.get("sha256", ""))
        known = already_here(session, self._store, offer, sha256=sha256, length=length)
        upload_id = f"{self._rng.getrandbits(160):040x}"
        if known is None:
            self._check_length(length)
            # Its name need not be durable yet: no byte of it has been acknowledged.
            with disk_errors():
                self._path(upload_id).open("xb").close()
        receipt, now = known.receipt if known else "", self._clock()
        until = now + timedelta(hours=self._limits.upload_hours)
        begun = UploadProgress(
            upload_id, length if receipt else 0, length, receipt, until, fields, event.id, device
        )
        upload_rows.add(session, begun, now=now)
        session.commit()
        return begun

    def head(self, session: Session, upload_id: str) -> UploadProgress:
        """Return the durable offset: an older request on this upload can't add to it any more.

        Completes an upload whose last byte arrived before the kiosk was killed. Raises NotFound,
        Gone, Busy (another request finishes it, for long) and, on completion, what the intake
        raises.
        """
        with self._using(upload_id) as live:
            # Not while another request moves the file through the intake: it would seem to be gone.
            with holding(live.finishing):
                found = self._look(session, upload_id)
                if found.receipt:
                    return found
                with live.lock:
                    live.take_over()
                    offset = self._synced_size(upload_id)
            return self._after(session, live, found, offset=offset)

    def append(
        self, session: Session, upload_id: str, offset: int, *, piece: Chunk
    ) -> UploadProgress:
        """Append the body of a request at ``offset``; the last byte makes the takeaway. Commits.

        Raises OffsetConflict, TooLarge (more than the rest), ChecksumMismatch (nothing kept),
        BrokenOff (what arrived is kept), Conflict (a newer request took over), Busy (another one
        finishes it, for long), DiskFull, and on completion what the intake raises.
        """
        with self._using(upload_id) as live:
            with holding(live.finishing):
                found = self._look(session, upload_id)
                if found.receipt and offset != found.length:
                    raise OffsetConflict("This upload is complete.", receipt=found.receipt)
                if found.receipt:
                    return found
                writer = self._take_over(live, found, offset, piece)
            with concurrency.outside():
                self._pour(writer, found, piece)
            if not writer.is_synced:
                # A newer request has the file, and may not have come to its own sync.
                with live.lock, contextlib.suppress(NotFound):
                    self._synced_size(found.id)
            return self._after(session, live, found, offset=writer.position, sha256=writer.sha256())

    def _pour(self, writer: Writer, found: UploadProgress, piece: Chunk) -> None:
        try:
            self._store.need_room(found.length - writer.position, keep_free=self._keep_free)
            with self._body(found.id, piece) as body:
                writer.pour(body, piece.size)
        finally:
            writer.sync()
            writer.let_go()

    def terminate(self, session: Session, upload_id: str) -> None:
        """Cancel an upload; a takeaway made of it stays. Commits. Raises NotFound, Gone,
        Busy."""
        with self._using(upload_id) as live, holding(live.finishing):
            self._look(session, upload_id)
            self._remove(session, live, upload_id)

    def sweep_expired(self, session: Session, *, now: datetime) -> int:
        """Remove expired uploads, finished or not; returns how many. Commits."""
        expired = session.scalars(select(Upload.id).where(Upload.expires_at <= now)).all()
        removed = 0
        for upload_id in expired:
            # One that is being finished for long goes with the next sweep.
            with contextlib.suppress(Busy), self._using(upload_id) as live, holding(live.finishing):
                self._remove(session, live, upload_id)
                removed += 1
        return removed

    def complete_interrupted(self, session: Session, *, now: datetime) -> int:
        """Complete uploads whose last byte arrived before the kiosk was killed; how many. Commits.

        Their phones may never ask again. What the intake refuses is removed, as it would have been
        then.
        """
        open_ones = select(Upload.id, Upload.length).where(Upload.receipt == "")
        rows = session.execute(open_ones).all()
        session.rollback()
        done = 0
        for upload_id, length in rows:
            if self._is_left(upload_id, length, now):
                with contextlib.suppress(ReporterError):
                    done += bool(self.head(session, upload_id).receipt)
        return done

    def _is_left(self, upload_id: str, length: int, now: datetime) -> bool:
        """Whether an upload is complete and no request is handling it."""
        with contextlib.suppress(FileNotFoundError):
            found = self._path(upload_id).stat()
            return found.st_size == length and found.st_mtime < now.timestamp() - LEFT_SECONDS
        return False

    @property
    def _keep_free(self) -> int:
        return self._limits.keep_free_mb << 20

    def _path(self, upload_id: str) -> Path:
        return self._store.incoming / f"{upload_id}.part"

    def _check_length(self, length: int) -> None:
        if not length:
            raise BadInput("This file is empty. Choose it once more.")
        if length > self.max_size:
            raise TooLarge(
                "Files up to %(mb)s MB fit here. Please send a smaller one.",
                mb=self._limits.file_mb,
            )
        self._store.need_room(length, keep_free=self._keep_free)

    @contextmanager
    def _using(self, upload_id: str) -> Iterator[UploadLock]:
        with self._guard:
            live = self._live.setdefault(upload_id, UploadLock())
            live.users += 1
        try:
            yield live
        finally:
            with self._guard:
                live.users -= 1
                if not live.users:
                    del self._live[upload_id]

    def _look(self, session: Session, upload_id: str) -> UploadProgress:
        """Read the row; holds no connection while bytes flow. ``offset``: only if complete."""
        found = upload_rows.find(session, upload_id)
        if found is None:
            raise NotFound("There is no such upload. Send the file again.")
        if found.expires_at <= self._clock():
            raise UploadExpired("This upload waited too long for its rest. Send the file again.")
        session.rollback()
        if found.receipt:
            # It may be seen before its commit is on the disk.
            wait_until_safe(session)
        return found

    def _synced_size(self, upload_id: str) -> int:
        try:
            with disk_errors(), self._path(upload_id).open("r+b") as file:
                sync_or_drop(file, self._path(upload_id))
                sync_folder(self._store.incoming)
                return file.seek(0, os.SEEK_END)
        except FileNotFoundError as error:
            raise NotFound("This upload is gone. Send the file again.") from error

    def _take_over(
        self, live: UploadLock, found: UploadProgress, offset: int, piece: Chunk
    ) -> Writer:
        with live.lock:
            path = self._path(found.id)
            # Acknowledged only together with what follows, or by HEAD: no fsync before.
            if not path.exists() or offset != path.stat().st_size:
                ours = self._synced_size(found.id)
                raise OffsetConflict(
                    "This upload is at %(ours)s, not at %(offset)s.", ours=ours, offset=offset
                )
            if piece.size is not None and offset + piece.size > found.length:
                raise TooLarge(
                    "Only %(what)s bytes of this upload are missing.", what=found.length - offset
                )
            return Writer(live, path, position=offset, length=found.length)

    def _body(self, upload_id: str, piece: Chunk) -> AbstractContextManager[ReadableBody]:
        if piece.checksum is None:
            return contextlib.nullcontext(piece.body)
        name = f"{upload_id}.{self._rng.getrandbits(64):016x}"
        return verified_copy(self._store, name, piece, piece.checksum, most=self.max_size)

    def _after(
        self,
        session: Session,
        live: UploadLock,
        found: UploadProgress,
        *,
        offset: int,
        sha256: str = "",
    ) -> UploadProgress:
        if offset < found.length:
            return dataclasses.replace(found, offset=offset)
        return self._finish(session, live, found.id, sha256=sha256)

    def _finish(
        self, session: Session, live: UploadLock, upload_id: str, *, sha256: str
    ) -> UploadProgress:
        """Pass the file through the intake. A refusal is final: the file is removed."""
        with holding(live.finishing):
            with live.lock:
                live.take_over()
            found = self._look(session, upload_id)
            if found.receipt:
                return found

            def seal(taken: RecordedTakeaway) -> None:
                upload_rows.note_receipt(session, upload_id, taken.receipt)

            try:
                offer = self._finished_offer(session, found, sha256)
                taken = self._take_in(session, offer, seal)
            except ReporterError as error:
                session.rollback()
                if error.status < 500:
                    self._remove(session, live, upload_id)
                raise
            return dataclasses.replace(found, offset=found.length, receipt=taken.receipt)

    def _take_in(self, session: Session, offer: Submission, seal: BeforeCommit) -> RecordedTakeaway:
        options: dict[str, Any] = {"now": self._clock(), "rng": self._rng, "limits": self._limits}
        return take_in(session, self._store, offer, check=self._check, seal=seal, **options)

    def _finished_offer(self, session: Session, found: UploadProgress, sha256: str) -> Submission:
        path = self._path(found.id)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            size = os.fstat(file.fileno()).st_size
        name = found.fields.get("filename", "")
        arrival = ReceivedFile(path, size, sha256 or hash_file(path), head, name)
        event = session.get_one(EventSession, found.session_id)
        expected = read_sha256(found.fields.get("sha256", ""))
        if expected and expected != arrival.sha256:
            raise ChecksumMismatch("This file was damaged on the way. Send it again.")
        offer = offer_of_fields(event, found.fields, arrival)
        return dataclasses.replace(offer, device=found.device)

    def _remove(self, session: Session, live: UploadLock, upload_id: str) -> None:
        with live.lock:
            live.take_over()
            row = session.get(Upload, upload_id)
            if row is not None:
                session.delete(row)
                session.commit()
            # Files that Windows could not remove go with the next sweep.
            try_remove(self._path(upload_id))
