"""Drafts requested captions, one recording at a time."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session

from capture.analysis.speech_to_text import can_hear, hear
from capture.decoding.process_pool import DecoderPool, PoolBusy
from reporter.annotations.recording_captions import asked_draft, write_draft
from reporter.errors import DiskFull, MediaFailed
from reporter.media.store import Store
from reporter.models import Media

log = logging.getLogger(__name__)

# Timeout in seconds, and its increase per second of the recording: a slow laptop with a large
# model.
LEAST, FOR_EACH = 120.0, 20.0
USUAL = 90.0


def draft_due(session: Session, store: Store, pool: DecoderPool, folder: str) -> int:
    """Draft the captions of the oldest request; returns 1 if there was one. Commits."""
    media = asked_draft(session) if can_hear(folder) else None
    if media is None:
        session.rollback()
        return 0
    try:
        draft: str | None = _hear(session, store, pool, media, folder=folder)
    except (PoolBusy, DiskFull) as error:
        log.info("no captions are drafted now: %s", error)
        return 0
    except MediaFailed as error:
        log.info("no captions for media %s: %s", media.id, error)
        draft = None
    write_draft(session, media.id, draft)
    return 1


def _hear(session: Session, store: Store, pool: DecoderPool, media: Media, *, folder: str) -> str:
    path, mime = store.original(media.sha256, media.ext), media.type
    seconds = LEAST + FOR_EACH * (media.duration or USUAL)
    # Hold no database connection while a worker runs.
    session.commit()
    return str(pool.run(hear, path, mime, folder, timeout=seconds))
