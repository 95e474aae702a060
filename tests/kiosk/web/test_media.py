"""Media over HTTP: who may see what, caching, ranges."""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.annotations.edit_history import save
from reporter.config import WallSettings
from reporter.media.edits import Edits
from reporter.media.store import Store
from reporter.models import EventSession, Media
from reporter.moderation.decisions import approve, by_receipt, hide
from tests.support.browsers.pages import JSON, PHONE, make_ready, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files


@pytest.fixture
def photo(app: Flask, client: FlaskClient, event: EventSession) -> dict[str, str]:
    """A photo from a phone with its renditions: ``receipt``, ``sha256`` and the signed address ``view``."""
    receipt = send(client, event.code, files.jpeg(), consent="agreed")["receipt"]
    make_ready(app)
    media = client.get(f"/t/{receipt}", headers=JSON, **PHONE).get_json()["media"][0]
    assert media["state"] == "ready"
    return {"receipt": receipt, "sha256": media["sha256"], "view": media["renditions"]["view"]}


def test_nobody_else_sees_what_is_not_approved(
    client: FlaskClient, session: Session, photo: dict[str, str], clock: TurnableClock
) -> None:
    path = f"/m/{photo['sha256']}/view"
    assert client.get(path, **PHONE).status_code == 404
    approve(session, by_receipt(session, photo["receipt"]), actor(clock))
    shown = client.get(path, **PHONE)
    assert (shown.status_code, shown.content_type) == (200, "image/jpeg")
    hide(session, by_receipt(session, photo["receipt"]), actor(clock))
    assert client.get(path, **PHONE).status_code == 404


def test_holder_of_the_receipt_and_desk_see_it_before(
    client: FlaskClient, photo: dict[str, str]
) -> None:
    assert client.get(photo["view"], **PHONE).status_code == 200
    assert client.get(f"/m/{photo['sha256']}/view", buffered=True).status_code == 200
    assert client.get(photo["view"] + "x", **PHONE).status_code == 404
    key = urlsplit(photo["view"]).query
    assert client.get(f"/m/{'0' * 64}/view?{key}", **PHONE).status_code == 404


def test_an_original_is_only_for_its_holder_and_the_desk(
    client: FlaskClient, session: Session, photo: dict[str, str], clock: TurnableClock
) -> None:
    approve(session, by_receipt(session, photo["receipt"]), actor(clock))
    path = f"/m/{photo['sha256']}/original"
    assert client.get(path, **PHONE).status_code == 404
    whole = client.get(path, buffered=True)
    assert whole.get_data() == files.jpeg().read_bytes()
    key = urlsplit(photo["view"]).query
    assert client.get(f"{path}?{key}", **PHONE).status_code == 200


def test_answers_are_kept_for_good_and_checked_by_etag(
    client: FlaskClient, photo: dict[str, str]
) -> None:
    first = client.get(photo["view"], **PHONE)
    kept = {part.strip() for part in first.headers["Cache-Control"].split(",")}
    assert kept == {"private", "immutable", "max-age=31536000"}
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(photo["view"], headers={"If-None-Match": first.headers["ETag"]}, **PHONE)
    assert again.status_code == 304
    assert again.get_data() == b""


def test_videos_come_in_pieces(app: Flask, client: FlaskClient, event: EventSession) -> None:
    receipt = send(client, event.code, files.mp4())["receipt"]
    make_ready(app)
    media = client.get(f"/t/{receipt}", headers=JSON, **PHONE).get_json()["media"][0]
    whole = client.get(media["renditions"]["play"], **PHONE)
    assert whole.content_type == "video/mp4"
    piece = client.get(media["renditions"]["play"], headers={"Range": "bytes=100-199"}, **PHONE)
    assert piece.status_code == 206
    assert piece.get_data() == whole.get_data()[100:200]
    beyond = client.get(media["renditions"]["play"], headers={"Range": "bytes=999999999-"}, **PHONE)
    assert beyond.status_code == 416
    for others in ("bytes=0-9,20-29", "items=0-9"):
        answer = client.get(media["renditions"]["play"], headers={"Range": others}, **PHONE)
        assert (answer.status_code, answer.get_data()) == (200, whole.get_data())


@pytest.mark.parametrize(
    "path", ["/m/0/view", "/m/%2e%2e/view", f"/m/{'a' * 64}/../../reporter.db"]
)
def test_there_is_no_way_to_other_files(
    client: FlaskClient, event: EventSession, path: str
) -> None:
    assert client.get(path).status_code == 404


def test_unknown_renditions_are_not_found(client: FlaskClient, photo: dict[str, str]) -> None:
    assert client.get(f"/m/{photo['sha256']}/poster").status_code == 404


def test_a_wall_of_all_new_shows_new_media_in_the_room(
    app: Flask, client: FlaskClient, photo: dict[str, str]
) -> None:
    kiosk = app.extensions["kiosk"]
    kiosk.settings = dataclasses.replace(kiosk.settings, wall=WallSettings(shows="new"))
    assert client.get(f"/m/{photo['sha256']}/view", **PHONE).status_code == 200


def test_a_rendition_that_is_gone_is_made_again(
    app: Flask, client: FlaskClient, photo: dict[str, str], store: Store
) -> None:
    whole = client.get(photo["view"], **PHONE).get_data()
    store.drop_renditions(photo["sha256"])
    assert client.get(photo["view"], **PHONE).status_code == 404
    make_ready(app)
    assert client.get(photo["view"], **PHONE).get_data() == whole


def test_other_edits_are_another_address_and_the_former_one_is_not_kept(
    app: Flask,
    client: FlaskClient,
    session: Session,
    store: Store,
    photo: dict[str, str],
    clock: TurnableClock,
) -> None:
    path = f"/m/{photo['sha256']}/view"
    approve(session, by_receipt(session, photo["receipt"]), actor(clock))
    before = client.get(path, **PHONE)
    media = session.scalars(select(Media)).one()
    save(session, store, media, Edits(turn=90), actor=actor(clock))
    # From now on there is nothing at any address, for the desk neither, until the new one is made.
    assert [client.get(path, **who).status_code for who in (PHONE, {})] == [404, 404]
    make_ready(app)
    record = client.get(f"/t/{photo['receipt']}", headers=JSON, **PHONE).get_json()["media"][0]
    address = record["renditions"]["view"]
    assert f"v={media.edits_fingerprint}" in address
    assert (record["width"], record["height"]) == (800, 1200)
    now = client.get(address, **PHONE)
    assert "immutable" in now.headers["Cache-Control"]
    assert now.get_data() != before.get_data()
    # Whoever comes with the old address and what was there then gets the new picture, and may not keep it as the old.
    old = client.get(path, headers={"If-None-Match": before.headers["ETag"]}, **PHONE)
    assert (old.status_code, old.get_data()) == (200, now.get_data())
    assert old.headers["Cache-Control"] == "private, no-cache"


def test_an_edited_original_stays_with_its_holder_and_the_desk(
    app: Flask,
    client: FlaskClient,
    session: Session,
    store: Store,
    photo: dict[str, str],
    clock: TurnableClock,
) -> None:
    approve(session, by_receipt(session, photo["receipt"]), actor(clock))
    save(session, store, session.scalars(select(Media)).one(), Edits(turn=90), actor=actor(clock))
    make_ready(app)
    path = f"/m/{photo['sha256']}/original"
    assert client.get(path, **PHONE).status_code == 404
    assert client.get(path, buffered=True).get_data() == files.jpeg().read_bytes()
    # The copy without edits that the desk works on is no rendition.
    assert client.get(f"/m/{photo['sha256']}/plain", buffered=True).status_code == 404
    assert store.plain(photo["sha256"], ".jpg").is_file()
