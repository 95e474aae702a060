"""Looks for faces in what is ready, one file after the other, after its renditions: those are what people wait for."""

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
# Seconds. A photo takes a third of one; a film's key frames have to be found in all of it.
TIME_LIMIT = 120.0


def look_for_faces(
    session: Session, store: Store, pool: DecoderPool, *, limits: LimitSettings
) -> int:
    """Note where faces may be in pictures that no detector has seen yet; how many were looked into. Commits.

    What can't be looked into counts as if there were faces: a person decides.
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
    # No connection is held while a worker takes its time.
    session.commit()
    task = partial(find_faces, max_pixels=limits.photo_megapixels * 1_000_000)
    try:
        boxes: list[Box] = pool.run(task, path, mime, timeout=TIME_LIMIT)
    except MediaFailed as error:
        log.info("no look for faces in media %s: %s", media_id, error)
        return None
    return boxes
