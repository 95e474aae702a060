"""Runs OCR on pictures, one at a time, when no other work is waiting."""

from __future__ import annotations

import logging

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from capture.analysis.ocr import read_words
from capture.decoding.process_pool import DecoderPool, PoolBusy
from capture.renditions.worker import WAITING
from reporter.annotations.ocr_text import VIEW, Unread, unread, write_words
from reporter.errors import DiskFull, MediaFailed
from reporter.media.store import Store
from reporter.models import Media

log = logging.getLogger(__name__)

# Few at a time: new arrivals go first.
BATCH = 4
# Timeout in seconds. A full flip chart takes a slow laptop ten.
TIME_LIMIT = 120.0


def read_due(session: Session, store: Store, pool: DecoderPool) -> int:
    """Read the words of pictures without OCR so far; returns how many. Commits.

    A picture that can't be read counts as one without words, until it changes.
    """
    if session.scalar(select(exists().where(Media.state.in_(WAITING)))):
        session.rollback()
        return 0
    done = 0
    for picture in unread(session, BATCH):
        # Hold no database connection while a worker runs.
        session.commit()
        try:
            text = _read(store, pool, picture)
        except (PoolBusy, DiskFull) as error:
            log.info("no words are read now: %s", error)
            break
        write_words(session, picture, text)
        done += 1
    session.rollback()
    return done


def _read(store: Store, pool: DecoderPool, picture: Unread) -> str:
    path = store.rendition(picture.sha256, VIEW, picture.ext)
    try:
        return str(pool.run(read_words, path, timeout=TIME_LIMIT))
    except MediaFailed as error:
        log.info("no words in media %s: %s", picture.media_id, error)
        return ""
