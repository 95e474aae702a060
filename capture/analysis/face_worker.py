"""Detects faces in finished files, one at a time, after their renditions: those are what people
wait for."""

from __future__ import annotations

import logging
import uuid
from functools import partial

from sqlalchemy.orm import Session

from capture.analysis.face_detection import Box, find_faces
from capture.decoding.process_pool import DecoderPool, PoolBusy
from reporter.annotations.face_review import unlooked, write_proposals
from reporter.config import LimitSettings
from reporter.errors import DiskFull, MediaFailed
from reporter.media.store import Store
from reporter.models import Media

log = logging.getLogger(__name__)

BATCH = 16
# Timeout in seconds. A photo takes a third of one; a film's key frames are spread over the whole
# file.
TIME_LIMIT = 120.0


def look_for_faces(
    session: Session, store: Store, pool: DecoderPool, *, limits: LimitSettings
) -> int:
    """Store possible faces of pictures that no detector has seen yet; returns how many were
    inspected. Commits.

    A file that can't be inspected counts as one with faces: a person decides.
    """
    done = 0
    for media_id in unlooked(session, BATCH):
        try:
            boxes = _look(session, store, pool, media_id, limits=limits)
        except (PoolBusy, DiskFull) as error:
            log.info("no look for faces now: %s", error)
            break
        write_proposals(session, media_id, boxes)
        done += 1
    return done


def _look(
    session: Session, store: Store, pool: DecoderPool, media_id: uuid.UUID, *, limits: LimitSettings
) -> list[Box] | None:
    media = session.get(Media, media_id)
    if media is None:
        return None
    path, mime = store.original(media.sha256, media.ext), media.type
    # Hold no database connection while a worker runs.
    session.commit()
    task = partial(find_faces, max_pixels=limits.photo_megapixels * 1_000_000)
    try:
        boxes: list[Box] = pool.run(task, path, mime, timeout=TIME_LIMIT)
    except MediaFailed as error:
        log.info("no look for faces in media %s: %s", media_id, error)
        return None
    return boxes
