"""Every picture of Pillow's own tests, as a phone would send it: taken and shown, or refused with a reason.

They are not in this repository: `REPORTER_PILLOW_IMAGES` names the folder `Tests/images` of Pillow's source archive.
"""

from __future__ import annotations

import collections
import io
import os
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from capture.decoding.process_pool import DecoderPool
from capture.renditions.worker import process_due
from reporter.config import LimitSettings
from reporter.enums import MediaState
from reporter.media.store import Store
from reporter.models import Attachment, EventSession, Media
from tests.support.browsers.pages import JSON, PHONE
from tests.support.kiosk_process import TurnableClock

FOLDER = Path(os.environ.get("REPORTER_PILLOW_IMAGES", ""))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3000),
    pytest.mark.skipif(
        not os.environ.get("REPORTER_PILLOW_IMAGES"),
        reason="REPORTER_PILLOW_IMAGES does not name Pillow's Tests/images",
    ),
]


def send(client: FlaskClient, code: str, path: Path) -> TestResponse:
    file = FileStorage(io.BytesIO(path.read_bytes()), filename=path.name)
    boundary, body = encode_multipart({"file": file})
    kind = f"multipart/form-data; boundary={boundary}"
    url = f"/s/{code}/takeaways"
    return client.post(url, data=body, content_type=kind, headers=JSON, **PHONE)


def test_every_picture_of_pillows_tests_is_shown_or_refused_with_a_reason(
    client: FlaskClient, session: Session, event: EventSession, store: Store, clock: TurnableClock
) -> None:
    code = event.code
    files = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    assert len(files) > 1000
    answers: collections.Counter[int] = collections.Counter()
    for path in files:
        # So that nobody has to be asked to wait.
        clock.turn(seconds=90)
        answer = send(client, code, path)
        answers[answer.status_code] += 1
        assert answer.status_code in (201, 400, 413, 415, 422), (path, answer.text)
        if answer.status_code != 201:
            print(answer.status_code, path.name, answer.get_json()["detail"])
    with DecoderPool(2, 3000) as pool:
        for _ in range(4 * len(files)):
            taken = process_due(session, store, pool, now=clock, limits=LimitSettings())
            clock.turn(seconds=60)
            waiting = (MediaState.RECEIVED, MediaState.PROCESSING)
            if not taken and not session.scalar(
                select(Media.id).where(Media.state.in_(waiting)).limit(1)
            ):
                break
    states: collections.Counter[str] = collections.Counter()
    for media in session.scalars(select(Media)):
        states[media.state] += 1
        if media.state == MediaState.FAILED:
            names = {
                a.filename
                for a in session.scalars(select(Attachment).where(Attachment.media_id == media.id))
            }
            print(media.state, media.type, sorted(names), media.error)
            assert media.error.endswith(".")
    print(dict(answers), dict(states))
    assert set(states) <= {MediaState.READY, MediaState.FAILED}
    # Broken and hostile ones are among them on purpose.
    assert states[MediaState.READY] > 450
