"""Makes renditions of received originals: leases a row, passes it to a worker, stores the
result."""

from __future__ import annotations

import logging
import secrets
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from capture.decoding.mime_sniff import MediaType
from capture.decoding.probe import Probe, probe
from capture.decoding.process_pool import DecoderDied, DecoderPool, PoolBusy
from capture.imaging.rendition_file import RenditionFile
from capture.renditions.image_quality_worker import note_look
from capture.renditions.pipeline import Result, process_file
from reporter.annotations.edit_history import edits_of
from reporter.annotations.ocr_text import VIEW, forget_words
from reporter.annotations.recording_captions import note_brought, renew_spoken
from reporter.clock import Clock
from reporter.config import LimitSettings
from reporter.database.job_queue import back_off, claim, due_ids
from reporter.enums import Kind, MediaState, Source
from reporter.errors import BadInput, Busy, DiskFull, MediaFailed, TooLong
from reporter.films.plan import TITLE_SECONDS
from reporter.media.store import Store
from reporter.messages import Message
from reporter.models import Attachment, EventSession, Media, Rendition, Takeaway
from reporter.moderation.decisions import bump_revision, main_kind

log = logging.getLogger(__name__)

WAITING = (MediaState.RECEIVED, MediaState.PROCESSING)
# The lease is renewed while a worker runs; after a kiosk was killed nobody waits longer than this.
LEASE = timedelta(seconds=60)
TICK = 15.0
MOST_ATTEMPTS = 3
BATCH = 16
PROBE_SECONDS = 5.0
# Encoders round up: a recording stopped at exactly the limit is a little longer.
GRACE_SECONDS = 2.0
MISSING = Message("The original of this recording is missing on the laptop. Please send it again.")
GIVEN_UP = Message(
    "This file stopped the program that opens it several times. Please record or send it again."
)


@dataclass(frozen=True)
class _Job:
    """The data of a leased row; the database session is not needed while a worker runs."""

    media_id: uuid.UUID
    lease: str
    sha256: str
    ext: str
    kind: str
    mime: str
    bytes: int
    attempts: int
    duration: float | None


def process_due(
    session: Session,
    store: Store,
    pool: DecoderPool,
    *,
    now: Clock,
    limits: LimitSettings,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Process received originals, due retries, and jobs left by a killed kiosk. Commits.

    Returns how many originals were processed. Each gets its renditions and becomes ``ready``, or
    ``failed`` with a message. After a worker died there are two retries, later; a full disk and a
    closing kiosk cost none. Safe to run in several threads, each with its own database session.
    ``stop`` is asked after each original: whether to leave the others to the next call.
    """
    taken = 0
    for media_id in due_ids(session, Media, states=WAITING, now=now(), limit=BATCH):
        job = _claim(session, media_id, now())
        if job is None:
            continue
        taken += 1
        if not _process(session, store, pool, job, now=now, limits=limits) or stop():
            break
    return taken


def check_intake(
    pool: DecoderPool, path: Path, media_type: MediaType, limits: LimitSettings
) -> Probe | None:
    """Quickly inspect a video or audio file before its receipt is given; photos pass.

    Raises TooLong over the limit, MediaFailed for a file that can't be read. A file that takes too
    long to inspect, or does not state its duration, passes: None, or a Probe without a duration.
    """
    if media_type.kind == Kind.PHOTO:
        return None
    try:
        found: Probe = pool.run(
            probe, path, media_type.mime, timeout=PROBE_SECONDS, patience=2 * PROBE_SECONDS
        )
    except (DecoderDied, PoolBusy) as error:
        log.warning("no look into %s: %s", path.name, error)
        return None
    if found.duration and found.duration > limits.video_seconds + GRACE_SECONDS:
        raise TooLong(
            "This recording is too long: %(minutes)s min; the longest here is %(most)s. Please cut "
            "it shorter and send it again.",
            minutes=_minutes(found.duration),
            most=_minutes(limits.video_seconds),
        )
    return found


def requeue_if_damaged(session: Session, store: Store, media: Media, *, now: datetime) -> bool:
    """Requeue a ready original if one of its renditions is missing or truncated. Commits.

    True when that was needed. The rows stay: the new renditions are the same.
    """
    if media.state != MediaState.READY or all(_is_whole(store, media, r) for r in media.renditions):
        return False
    media.state, media.attempts, media.lease = MediaState.RECEIVED.value, 0, ""
    media.due_at = now
    session.commit()
    return True


def _is_whole(store: Store, media: Media, rendition: Rendition) -> bool:
    path = store.rendition(media.sha256, rendition.name, rendition.ext)
    return path.is_file() and path.stat().st_size == rendition.bytes


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _claim(session: Session, media_id: uuid.UUID, now: datetime) -> _Job | None:
    lease = secrets.token_hex(8)
    if not claim(
        session,
        Media,
        media_id,
        states=WAITING,
        to=MediaState.PROCESSING,
        lease=lease,
        now=now,
        until=now + LEASE,
    ):
        return None
    media = session.get(Media, media_id, populate_existing=True)
    if media is None:
        return None
    job = _Job(
        media_id,
        lease,
        media.sha256,
        media.ext,
        media.kind,
        media.type,
        media.bytes,
        media.attempts,
        media.duration,
    )
    # Hold no database connection while a worker runs.
    session.commit()
    return job


def _process(
    session: Session,
    store: Store,
    pool: DecoderPool,
    job: _Job,
    *,
    now: Clock,
    limits: LimitSettings,
) -> bool:
    """Process one leased original. False when there is no use in continuing with the next."""
    # A killed worker could not clean up.
    store.clear_workplaces(job.sha256)
    try:
        result = _render(session, store, pool, job, now=now, limits=limits)
    except (PoolBusy, DiskFull, Busy) as error:
        log.warning("media %s waits: %s", job.media_id, error)
        _put_back(session, job, now() + timedelta(seconds=30), attempts=job.attempts - 1)
        return False
    except (MediaFailed, BadInput) as error:
        store.clear_workplaces(job.sha256)
        if isinstance(error, DecoderDied) and job.attempts < MOST_ATTEMPTS:
            _put_back(session, job, now() + back_off(job.attempts, 0.5), attempts=job.attempts)
        else:
            log.info("media %s failed: %s", job.media_id, error)
            _fail(session, job, str(error))
        return True
    try:
        if not _finish(session, store, job, result):
            _forget_withdrawn(session, store, job)
    except (PermissionError, Busy) as error:
        # Windows: the old file is being sent to somebody. Or: the object store does not respond.
        session.rollback()
        log.warning("media %s waits: %s", job.media_id, error)
        _put_back(session, job, now() + timedelta(seconds=5), attempts=job.attempts - 1)
    return True


def _render(
    session: Session,
    store: Store,
    pool: DecoderPool,
    job: _Job,
    *,
    now: Clock,
    limits: LimitSettings,
) -> Result:
    source = store.original(job.sha256, job.ext)
    if not source.is_file() or source.stat().st_size != job.bytes:
        raise MediaFailed(MISSING)
    if job.attempts > MOST_ATTEMPTS:
        raise MediaFailed(GIVEN_UP)
    # The store decides where renditions are kept; the steps only add name and extension.
    edits = edits_of(session, session.get_one(Media, job.media_id))
    still_at, language = _still_at(session, job), _language(session, job)
    session.commit()
    most = limits.photo_megapixels * 1_000_000
    task = partial(process_file, max_pixels=most, edits=edits, still_at=still_at, language=language)
    # In a separate folder: a result from before an edit must not overwrite one from after it.
    result: Result = pool.run(
        task,
        source,
        store.workplace(job.sha256, job.lease),
        job.mime,
        timeout=_time_limit(job),
        every=TICK,
        tick=lambda: _renew(session, job, now()),
    )
    return result


def _still_at(session: Session, job: _Job) -> float | None:
    """The evening's film shows its title as poster: the sharpest frame in it is the code on its
    last card."""
    if job.kind == Kind.PHOTO:
        return None
    query = select(Takeaway.id).join(Attachment).where(Attachment.media_id == job.media_id)
    made_here = session.scalar(query.where(Takeaway.source == Source.FILM).limit(1))
    return TITLE_SECONDS / 2 if made_here is not None else None


def _language(session: Session, job: _Job) -> str:
    """The language that is spoken in the film's session; "" if unknown."""
    query = select(EventSession.language).join(Takeaway).join(Attachment)
    return session.scalar(query.where(Attachment.media_id == job.media_id).limit(1)) or ""


def _time_limit(job: _Job) -> float:
    """Timeout in seconds. A full HD minute is about 100 MB and takes 15 to 30 s to encode; slow
    laptops get many times that."""
    return 60.0 if job.kind == Kind.PHOTO else 120.0 + 3.0 * job.bytes / 1_000_000


def _renew(session: Session, job: _Job, now: datetime) -> None:
    _change(session, job, due_at=now + LEASE)
    session.commit()


def _change(session: Session, job: _Job, **values: Any) -> bool:
    """Update the row, unless another worker has the lease by now or the row is gone. Returns
    whether it was updated."""
    statement = (
        update(Media)
        .where(Media.id == job.media_id, Media.lease == job.lease)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(session.execute(statement).rowcount == 1)  # type: ignore[attr-defined]


def _put_back(session: Session, job: _Job, due: datetime, *, attempts: int) -> None:
    state = MediaState.RECEIVED.value
    _change(session, job, state=state, lease="", due_at=due, attempts=max(attempts, 0))
    session.commit()


def _fail(session: Session, job: _Job, sentence: str) -> None:
    state = MediaState.FAILED.value
    if _change(session, job, state=state, lease="", error=sentence):
        _touch_takeaways(session, job.media_id)
    session.commit()


def _finish(session: Session, store: Store, job: _Job, result: Result) -> bool:
    """Move the renditions into place and store them, in one transaction. False when the lease is
    lost."""
    found = result.probe
    ours = _change(
        session,
        job,
        state=MediaState.READY.value,
        error=result.note,
        lease="",
        attempts=0,
        kind=found.kind,
        type=found.mime,
        width=found.width,
        height=found.height,
        duration=found.duration or job.duration,
        captured_local=_local_time(found),
    )
    if not ours:
        session.rollback()
        return False
    session.execute(delete(Rendition).where(Rendition.media_id == job.media_id))
    session.add_all(_row(job, rendition) for rendition in result.made)
    session.flush()
    _renew_words(session, job, result)
    # The update locks the row: a concurrent edit waits, and then discards these results.
    for rendition in result.made:
        store.keep_rendition(rendition.path, job.sha256, rendition.name, rendition.ext)
    store.clear_workplaces(job.sha256)
    note_look(session, job.media_id, found.kind, result.look)
    _touch_takeaways(session, job.media_id, was=job.kind if found.kind != job.kind else "")
    session.commit()
    return True


def _renew_words(session: Session, job: _Job, result: Result) -> None:
    """Refresh the searchable words: drop those of an outdated view, index the spoken ones again."""
    for rendition in result.made:
        if rendition.name == VIEW:
            forget_words(session, job.media_id, rendition.sha256)
    if result.probe.kind == Kind.PHOTO:
        return
    media = session.get(Media, job.media_id, populate_existing=True)
    if media is not None:
        note_brought(session, media, result.subtitles)
        renew_spoken(session, media)
        session.flush()


def _row(job: _Job, rendition: RenditionFile) -> Rendition:
    return Rendition(
        media_id=job.media_id,
        name=rendition.name,
        type=rendition.mime,
        ext=rendition.ext,
        bytes=rendition.bytes,
        sha256=rendition.sha256,
        width=rendition.width,
        height=rendition.height,
        duration=rendition.duration,
    )


def _local_time(found: Probe) -> str:
    """Local time as the device states it: without an offset, unless the file has one."""
    if found.captured_at is None:
        return ""
    moment = found.captured_at.isoformat(timespec="seconds")
    if found.utc_offset is None:
        return moment
    minutes = round(found.utc_offset.total_seconds() / 60)
    return f"{moment}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _touch_takeaways(session: Session, media_id: uuid.UUID, *, was: str = "") -> None:
    """Notify index, wall and outbox. A video that contains only sound makes a voice note."""
    session.expire_all()
    query = select(Takeaway).join(Attachment).where(Attachment.media_id == media_id)
    for takeaway in session.scalars(query):
        if was and takeaway.kind == was:
            takeaway.kind = main_kind(takeaway).value
        bump_revision(session, takeaway)


def _forget_withdrawn(session: Session, store: Store, job: _Job) -> None:
    """Withdrawn while a worker was running: remove what was made since then."""
    if session.scalar(select(Media.id).where(Media.sha256 == job.sha256)) is None:
        store.drop_renditions(job.sha256)
    shutil.rmtree(store.workplace(job.sha256, job.lease), ignore_errors=True)
    session.rollback()
