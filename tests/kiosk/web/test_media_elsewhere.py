"""Media that lie in an object store, over HTTP: public ones by an address of the store, all others through us."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from publish.drives.s3_objects import open_objects
from reporter.media.mirror import MirroredStore
from reporter.models import EventSession
from reporter.moderation.decisions import approve, by_receipt, hide, withdraw
from tests.support.browsers.pages import JSON, PHONE, make_ready, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files
from tests.support.servers.objects import KINDS, media_address


@pytest.fixture(params=KINDS)
def elsewhere(
    app: Flask, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> MirroredStore:
    """The application's store, with an object store behind it; ``made()`` is what another machine has."""
    objects = open_objects(media_address(request.param, request, monkeypatch, tmp_path))
    kiosk = app.extensions["kiosk"]
    kiosk.store = store = MirroredStore(kiosk.store.folder, objects, "g1")
    return store


@pytest.fixture
def photo(app: Flask, client: FlaskClient, event: EventSession, elsewhere: MirroredStore) -> str:
    """The receipt of a photo that lies in the object store alone."""
    receipt = send(client, event.code, files.jpeg(), consent="agreed")["receipt"]
    make_ready(app)
    for path in [*elsewhere.media.glob("??/*"), *elsewhere.renditions.glob("??/*")]:
        path.unlink()
    return receipt


def address_of(client: FlaskClient, receipt: str, name: str) -> str:
    media = client.get(f"/t/{receipt}", headers=JSON, **PHONE).get_json()["media"][0]
    return str(media["renditions"][name])


def test_its_holder_gets_it_through_us_in_parts(
    client: FlaskClient, photo: str, elsewhere: MirroredStore
) -> None:
    path = address_of(client, photo, "view")
    whole = client.get(path, **PHONE)
    assert (whole.status_code, whole.content_type) == (200, "image/jpeg")
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = client.get(path, headers={"Range": "bytes=100-199"}, **PHONE)
    assert (part.status_code, part.data) == (206, whole.data[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.data)}"
    tail = client.get(path, headers={"Range": "bytes=-7"}, **PHONE)
    assert tail.data == whole.data[-7:]
    known = client.get(path, headers={"If-None-Match": whole.headers["ETag"]}, **PHONE)
    assert (known.status_code, known.data) == (304, b"")
    beyond = client.get(path, headers={"Range": "bytes=9999999-"}, **PHONE)
    assert beyond.status_code == 416
    # Whatever was sent, nothing was put on this machine's disk.
    assert list(elsewhere.renditions.glob("??/*")) == []


def test_the_room_is_led_to_the_store_while_it_is_shown(
    client: FlaskClient,
    session: Session,
    photo: str,
    clock: TurnableClock,
    elsewhere: MirroredStore,
) -> None:
    signed = address_of(client, photo, "view")
    path = signed.split("?")[0]
    assert client.get(path, **PHONE).status_code == 404
    approve(session, by_receipt(session, photo), actor(clock))
    whole = client.get(signed, **PHONE).data
    shown = client.get(path, **PHONE)
    if shown.status_code == 302:
        assert shown.headers["Cache-Control"] == "private, no-store"
        with urllib.request.urlopen(shown.location, timeout=30) as answer:
            assert (answer.read(), answer.headers["Content-Type"]) == (whole, "image/jpeg")
    else:
        # A folder has no addresses.
        assert (shown.status_code, shown.data) == (200, whole)
    # The desk draws on pictures, which browsers allow for our own alone.
    with client.get(path) as drawn:
        assert drawn.status_code == 200
    hide(session, by_receipt(session, photo), actor(clock))
    assert client.get(path, **PHONE).status_code == 404
    withdraw(session, by_receipt(session, photo), actor(clock), elsewhere)
    assert client.get(signed, **PHONE).status_code == 404
    assert list(elsewhere._objects.keys("g1/")) == []
