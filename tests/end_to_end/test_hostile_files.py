"""Files made to hurt, through the whole kiosk: each fails alone, in words, and is served to nobody."""

from __future__ import annotations

from io import BytesIO

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import MediaState
from reporter.models import EventSession, Media
from tests.support.browsers.pages import JSON, PHONE, make_ready, send
from tests.support.kiosk_process import TurnableClock
from tests.support.media import files, hostile

REFUSALS = {413, 415, 422}


def test_each_fails_alone_in_words_and_is_served_to_nobody(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    refused, kept = {}, {}
    for name, data in hostile.all_files().items():
        answer = client.post(
            f"/s/{event.code}/takeaways",
            data={"text": name, "file": (BytesIO(data), name)},
            headers=JSON,
            **PHONE,
        )
        if answer.status_code == 201:
            kept[answer.get_json()["media"][0]["sha256"]] = (name, answer.get_json()["receipt"])
        else:
            assert answer.status_code in REFUSALS, (name, answer.text)
            refused[name] = answer.get_json()["detail"]
    good = send(client, event.code, files.jpeg(), text="Mine")["media"][0]["sha256"]
    # A worker that died is given other tries, later.
    for _ in range(4):
        make_ready(app)
        clock.turn(minutes=5)
    session.expire_all()
    media = {row.sha256: row for row in session.scalars(select(Media))}
    assert media[good].state == MediaState.READY
    states = {kept[sha256][0]: row.state for sha256, row in media.items() if sha256 in kept}
    assert set(states.values()) <= {MediaState.READY, MediaState.FAILED}, states
    # What can't be a picture or a recording is refused or fails; a photo with a page behind it is a photo.
    assert {"page.jpg", "script.gif", "drawing.svg", "zeros.jpg"} <= {*refused} | {
        name for name, state in states.items() if state == MediaState.FAILED
    }
    assert states["polyglot.jpg"] == MediaState.READY
    assert all(words.endswith(".") for words in refused.values())
    for sha256, (name, receipt) in kept.items():
        if media[sha256].state == MediaState.FAILED:
            assert media[sha256].error.endswith("."), name
            record = client.get(f"/t/{receipt}", headers=JSON, **PHONE).get_json()["media"][0]
            assert (record["state"], record["error"][-1], record["renditions"]) == (
                "failed",
                ".",
                {},
            )
            # Quarantined: there, and nobody's, not even the desk's.
            assert app.extensions["kiosk"].store.original(sha256, media[sha256].ext).is_file()
            assert client.get(f"/m/{sha256}/original", buffered=True).status_code == 404
        else:
            # What is served says what it is, and runs nothing.
            shown = client.get(f"/m/{sha256}/view", buffered=True)
            assert shown.headers["Content-Type"].startswith(("image/", "audio/", "video/"))
            assert shown.headers["X-Content-Type-Options"] == "nosniff"
            assert b"<script>" not in shown.data
