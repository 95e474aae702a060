"""What the contact sheet says of a takeaway's pictures."""

from __future__ import annotations

import random

import pytest
from sqlalchemy.orm import Session

from reporter.models import Attachment, EventSession
from reporter.models.image_quality import ImageQuality
from reporter.review.picture_findings import PictureFindings, looks_of
from tests.support.kiosk_process import add_takeaway, new_media


@pytest.mark.parametrize("kind", ["video", "audio", "photo"])
@pytest.mark.parametrize("state", ["new", "approved", "hidden"])
def test_a_file_in_no_group_looks_like_no_other(
    session: Session, event: EventSession, rng: random.Random, kind: str, state: str
) -> None:
    row = add_takeaway(session, event, rng, kind=kind, state=state)
    media = new_media(rng)
    session.add_all([media, Attachment(takeaway=row, media=media)])
    session.flush()
    session.add(ImageQuality(media_id=media.id, sharpness=None, brightness=None))
    session.commit()
    assert looks_of(session, [row]) == {row.id: PictureFindings()}
