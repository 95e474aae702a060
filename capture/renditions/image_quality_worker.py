"""Stores quality measurements, and measures pictures that have none yet (from an older kiosk)."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.decoding.process_pool import DecoderPool, PoolBusy
from capture.renditions.image_quality import QualityMeasurement, measure_quality
from reporter.enums import Kind, MediaState
from reporter.errors import MediaFailed
from reporter.media.near_duplicates import keep_look
from reporter.media.store import Store
from reporter.models import Media
from reporter.models.image_quality import ImageQuality

log = logging.getLogger(__name__)

BATCH = 50
SECONDS = 20.0
_PICTURE = {Kind.PHOTO.value: "view", Kind.VIDEO.value: "poster"}


def note_look(
    session: Session, media_id: uuid.UUID, kind: str, seen: QualityMeasurement | None
) -> None:
    """Store a measurement. Of a film only its brightness: its first picture is no deliberate
    shot. Does not commit."""
    photo = kind == Kind.PHOTO and seen is not None
    keep_look(
        session,
        media_id,
        sharpness=seen.sharpness if photo and seen else None,
        brightness=seen.brightness if seen else None,
        likeness=seen.likeness if photo and seen else "",
    )


def glance_due(session: Session, store: Store, pool: DecoderPool) -> int:
    """Measure finished pictures that have no measurement; returns how many. Commits each."""
    query = (
        select(Media)
        .outerjoin(ImageQuality, ImageQuality.media_id == Media.id)
        .where(
            ImageQuality.media_id.is_(None),
            Media.state == MediaState.READY,
            Media.kind.in_(_PICTURE),
        )
        .order_by(Media.id)
        .limit(BATCH)
    )
    paths = {media.id: (media.kind, _picture(store, media)) for media in session.scalars(query)}
    session.commit()
    for done, (media_id, (kind, path)) in enumerate(paths.items()):
        try:
            seen = pool.run(measure_quality, path, timeout=SECONDS) if path else None
        except PoolBusy:
            return done
        except MediaFailed as error:
            log.warning("no glance at %s: %s", path, error)
            seen = None
        # It may have been withdrawn meanwhile.
        if session.get(Media, media_id) is not None:
            note_look(session, media_id, kind, seen)
        session.commit()
    return len(paths)


def _picture(store: Store, media: Media) -> Path | None:
    picture = next((r for r in media.renditions if r.name == _PICTURE[media.kind]), None)
    return store.rendition(media.sha256, picture.name, picture.ext) if picture else None
