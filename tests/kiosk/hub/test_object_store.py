"""A hub whose media lie in an object store: pages on one machine, workers on another, search in the database."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import URL, select

from kiosk.peers.client import PeerClient
from kiosk.peers.pairing import token_of
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from publish.drives.s3_objects import open_objects
from reporter.media.objects import ObjectStore, StoreUnreachable
from reporter.media.store import Store, hash_file
from reporter.models import Peer
from tests.kiosk.hub.test_whole_path import fill, pair, pushed, work
from tests.support.browsers.pages import JSON, PHONE
from tests.support.hub import HubKit, gathering_of, wire
from tests.support.kiosk_process import TurnableClock
from tests.support.servers.objects import media_address


@pytest.fixture
def media_url(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    return media_address("s3", request, monkeypatch, tmp_path)


@pytest.fixture
def hub(
    hub_database_url: URL, tmp_path: Path, clock: TurnableClock, media_url: str
) -> Iterator[HubKit]:
    kit = HubKit(hub_database_url, tmp_path / "hub", clock, media_url)
    yield kit
    kit.close()


@pytest.fixture(autouse=True)
def requests(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    return wire(hub, monkeypatch)


def keys(objects: ObjectStore, kind: str) -> list[str]:
    return [key for key in objects.keys("") if f"/{kind}/" in key]


def test_it_is_ready_while_database_store_and_disk_answer(
    hub: HubKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = hub.app.test_client()
    # As a container's own health check asks, past the proxy.
    asked = {"base_url": "http://127.0.0.1:8080"}
    assert browser.get("/readyz", **asked).status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(Store, "is_writable", lambda _store: False)
        assert browser.get("/readyz", **asked).status_code == 503

    def fail(_key: str) -> None:
        raise StoreUnreachable("The store does not answer.")

    monkeypatch.setattr(hub.app.extensions["hub"].objects, "stat", fail)
    assert browser.get("/readyz", **asked).status_code == 503
    assert browser.get("/healthz", **asked).status_code == 200


@pytest.mark.sqlite("a laptop pushes the database of its folder")
def test_a_machine_drops_copies_that_it_has_not_used_for_long(
    app: Flask, hub: HubKit, media_url: str, tmp_path: Path
) -> None:
    fill(app)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    machine = hub.app.extensions["hub"]
    kept = list((hub.folder / "pages").glob("*/media/??/*"))
    assert machine.trim() == 0
    machine.settings = dataclasses.replace(machine.settings, cache_mb=0)
    assert machine.trim() == 0, "used a moment ago"
    for path in kept:
        os.utime(path, (1_700_000_000,) * 2)
    assert (machine.trim(), len(kept)) == (2, 2)
    assert len(keys(open_objects(media_url), "media")) == 2
    # Whoever asks for one gets it all the same: it is brought again.
    with app.app_context():
        peer = db.session.scalars(select(Peer)).one()
        client = PeerClient(peer.url, token_of(current_kiosk(), peer))
        db.session.remove()
    came = tmp_path / "came.jpg"
    with client:
        client.fetch(f"/hub/push/media/{kept[0].stem}", came, lambda _count: None)
    assert hash_file(came) == kept[0].stem
    assert kept[0].exists()


def test_a_hub_with_a_folder_keeps_its_only_copies(
    app: Flask, hub_database_url: URL, tmp_path: Path, clock: TurnableClock
) -> None:
    kit = HubKit(hub_database_url, tmp_path / "other", clock)
    machine = kit.app.extensions["hub"]
    machine.settings = dataclasses.replace(machine.settings, cache_mb=0)
    original = kit.folder / "g" / "media" / "ab" / "abc.jpg"
    original.parent.mkdir(parents=True)
    original.write_bytes(b"words")
    os.utime(original, (1_700_000_000,) * 2)
    assert machine.trim() == 0
    assert original.exists()
    kit.close()


@pytest.mark.sqlite("a laptop pushes the database of its folder")
def test_machines_share_media_and_words(app: Flask, hub: HubKit, media_url: str) -> None:
    objects = open_objects(media_url)
    fill(app)
    pair(app, hub.organization("Gardens"))
    assert pushed(app)["media"] == 2
    assert len(keys(objects, "media")) == 2
    work(hub)
    # The worker's machine has made them; the pages' machine has none of its own.
    assert keys(objects, "renditions")
    assert list((hub.folder / "pages").glob("*/renditions/??/*")) == []

    owner = hub.member("Gardens", "ann@example.org")
    base = gathering_of(owner)
    found = owner.get(f"{base}/search?q=leek", headers=JSON).get_json()
    assert [one["text"] for one in found["results"]] == ["Leeks stand the frost"]
    assert found["facets"]["state"] == {"approved": 1}
    assert owner.get(f"{base}/search?q=leakes", headers=JSON).get_json()["suggestion"] == "leeks"

    picture = found["results"][0]["media"][0]["renditions"]["view"]
    with owner.get(picture) as sent:
        assert (sent.status_code, sent.content_type) == (200, "image/jpeg")
    # A stranger has to sign in first, whatever the object store would give.
    led = hub.app.test_client().get(picture, **PHONE)
    assert (led.status_code, led.location.split("?")[0]) == (302, "/hub/sign-in")
    policy = owner.get(f"{base}/").headers["Content-Security-Policy"]
    assert (
        f"img-src 'self' data: blob: {objects.origin}; media-src 'self' blob: {objects.origin};"
        in policy
    )
    # What was pushed once is known, whichever machine is asked.
    assert pushed(app) == {"takeaways": 0, "media": 0, "bytes": 0, "already": 3}
