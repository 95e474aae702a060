"""The film at the desk: arranged by forms, made by the worker, gone and made anew once something is taken back."""

from __future__ import annotations

import io
import random
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from capture.printing.canvas import ACCENT
from capture.transcoding.loudness import measure
from kiosk.services.films import make_due
from kiosk.services.publishing import write_bundle
from reporter.films.arrangement import film_of, film_takeaway, films_folder
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from reporter.moderation import decisions
from reporter.moderation.decisions import withdraw
from tests.support.browsers.pages import PHONE, make_ready, press, token
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway
from tests.support.media.films import share_of
from tests.support.media.recordings import record

pytestmark = pytest.mark.slow

PAGE = "/desk/film"


@pytest.fixture
def starred(session: Session, event: EventSession, rng: random.Random) -> list[Takeaway]:
    words = ("Leeks stand the frost", "Straw keeps dahlias", "Free coffee helps")
    return [
        add_takeaway(session, event, rng, text=text, state="approved", starred=True, author="Ana")
        for text in words
    ]


def order(client: FlaskClient) -> list[str]:
    page = client.get(PAGE).text
    return [part.split('"')[0] for part in page.split('id="p-')[1:]]


def test_pieces_are_moved_left_out_and_given_a_length(
    client: FlaskClient, session: Session, starred: list[Takeaway]
) -> None:
    first, second, third = order(client)
    press(client, f"{PAGE}/pieces/{third}", do="up")
    assert order(client) == [first, third, second]
    press(client, f"{PAGE}/pieces/{first}", do="drop")
    assert order(client) == [third, second]
    press(client, f"{PAGE}/pieces/{first}", do="keep")
    assert set(order(client)) == {first, second, third}
    press(client, f"{PAGE}/pieces/{third}", do="length", seconds="7,5")
    session.expire_all()
    assert film_of(session).lengths == {third: 7.5}
    assert 'value="7.5"' in client.get(PAGE).text
    assert press(client, f"{PAGE}/pieces/{third}", do="length", seconds="99").status_code == 422
    assert press(client, PAGE, audience="all", shape="round", seconds="60").status_code == 422
    assert client.get(PAGE, **PHONE).status_code == 403


def test_it_is_made_with_what_is_chosen_on_the_page(
    client: FlaskClient, session: Session, starred: list[Takeaway]
) -> None:
    """Whoever chose who will see it has not pressed "Set it" before."""
    page = client.get(PAGE).text
    assert f'<button form="options" formaction="{PAGE}/make"' in page
    press(client, f"{PAGE}/make", audience="room", shape="upright", seconds="30")
    session.expire_all()
    film = film_of(session)
    assert (film.requested, film.audience, film.shape, film.seconds) == (
        True,
        "room",
        "upright",
        30.0,
    )
    refused = press(client, f"{PAGE}/make", audience="room", shape="upright", seconds="999")
    assert refused.status_code == 422


def shown(client: FlaskClient) -> bytes:
    with closing(client.get(f"{PAGE}/film.mp4")) as answer:
        return answer.data


def slide_of_film(client: FlaskClient) -> str:
    """Where the slideshow has the film, the last but one; '' for nowhere."""
    *_others, last, end = client.get("/slides/list").get_json()["slides"]
    assert end["kind"] == "end"
    return str(last.get("film", ""))


def turn(app: Flask) -> int:
    """What the worker does, in a context of its own as there."""
    with app.app_context():
        return make_due(app.extensions["kiosk"])


def finished(session: Session) -> Takeaway:
    """The takeaway that the finished film is."""
    row = film_takeaway(session)
    assert row is not None
    return row


def original(session: Session, store: Store) -> Path:
    """Its file."""
    (attachment,) = finished(session).attachments
    return store.original(attachment.media.sha256, attachment.media.ext)


def test_what_is_taken_back_leaves_the_film_and_it_is_made_anew(
    app: Flask,
    client: FlaskClient,
    session: Session,
    starred: list[Takeaway],
    clock: TurnableClock,
) -> None:
    kiosk = app.extensions["kiosk"]
    press(client, PAGE, audience="public", shape="square", seconds="15")
    assert turn(app) == 0
    press(client, f"{PAGE}/make")
    assert [turn(app), turn(app)] == [1, 0]
    film = shown(client)
    assert film[4:8] == b"ftyp"
    closing_show = slide_of_film(client)
    with closing(client.get(closing_show, **PHONE)) as answer:
        assert answer.data == film
    withdraw(session, starred[0], actor(clock, "contributor"), kiosk.store)
    # Before any worker has seen it.
    assert client.get(f"{PAGE}/film.mp4").status_code == 404
    assert client.get(closing_show).status_code == 404
    assert slide_of_film(client) == ""
    assert turn(app) == 1
    session.expire_all()
    parts = {part.part_id for part in finished(session).parts}
    assert parts
    assert starred[0].id not in parts
    assert shown(client) != film
    for row in starred[1:]:
        withdraw(session, row, actor(clock, "contributor"), kiosk.store)
    assert turn(app) == 1
    session.expire_all()
    assert not finished(session).attachments
    assert not finished(session).parts
    assert not list(kiosk.store.media.rglob("*.mp4"))
    assert "is starred" in client.get(PAGE).text


def test_whatever_changes_a_part_takes_the_film_away(
    app: Flask,
    client: FlaskClient,
    session: Session,
    starred: list[Takeaway],
    clock: TurnableClock,
) -> None:
    press(client, PAGE, audience="public", shape="square", seconds="15")
    press(client, f"{PAGE}/make")
    assert turn(app) == 1
    changes: list[dict[str, object]] = [
        {"consent": "unsure"},
        {"audience": "room"},
        {"starred": False},
        {"author": ""},
        {"caption": "Other words"},
    ]
    for change in changes:
        before = {name: decisions.get_field(starred[0], name) for name in change}
        decisions.change(session, starred[0], actor(clock), change)
        assert client.get(f"{PAGE}/film.mp4").status_code == 404, change
        # Nothing was made anew so far: as it was, it may be seen again.
        decisions.change(session, starred[0], actor(clock), before)
        assert shown(client)[4:8] == b"ftyp", change
    assert slide_of_film(client)
    press(client, f"{PAGE}/publish", do="no")
    assert slide_of_film(client) == ""
    assert "Publish the film" in client.get(PAGE).text
    # What was decided of it holds for the next one.
    press(client, f"{PAGE}/pieces/{starred[0].receipt}", do="drop")
    press(client, f"{PAGE}/make")
    assert turn(app) == 1
    session.expire_all()
    assert finished(session).state == "hidden"
    press(client, f"{PAGE}/publish", do="yes")
    assert slide_of_film(client)


def test_a_film_of_an_earlier_version_is_made_anew(
    app: Flask, client: FlaskClient, session: Session, starred: list[Takeaway]
) -> None:
    store = app.extensions["kiosk"].store
    former = films_folder(store) / "film.mp4"
    former.parent.mkdir()
    former.write_bytes(b"its parts are in no table")
    film = film_of(session)
    film.fingerprint, film.shape, film.seconds = "as it was then", "square", 15.0
    session.add(film)
    session.commit()
    assert client.get(f"{PAGE}/film.mp4").status_code == 404
    assert turn(app) == 1
    assert not former.exists()
    assert shown(client)[4:8] == b"ftyp"


def test_a_film_that_an_organizer_erases_is_not_made_again(
    app: Flask, client: FlaskClient, session: Session, starred: list[Takeaway], clock: TurnableClock
) -> None:
    press(client, PAGE, audience="public", shape="square", seconds="15")
    press(client, f"{PAGE}/make")
    assert turn(app) == 1
    withdraw(session, finished(session), actor(clock), app.extensions["kiosk"].store)
    assert [turn(app), turn(app)] == [0, 0]
    assert slide_of_film(client) == ""
    press(client, f"{PAGE}/make")
    assert turn(app) == 1
    session.expire_all()
    assert finished(session).state == "new"


def test_the_poster_is_the_title(
    app: Flask, client: FlaskClient, session: Session, starred: list[Takeaway]
) -> None:
    press(client, PAGE, audience="public", shape="square", seconds="15")
    press(client, f"{PAGE}/make")
    assert turn(app) == 1
    assert 'poster="' not in client.get(PAGE).text
    make_ready(app)
    session.expire_all()
    (attachment,) = finished(session).attachments
    store = app.extensions["kiosk"].store
    with Image.open(store.rendition(attachment.media.sha256, "poster", ".jpg")) as poster:
        assert share_of(np.asarray(poster), ACCENT) > 0.5
    assert 'poster="/m/' in client.get(PAGE).text


def test_a_film_with_a_name_that_was_taken_back_is_in_no_bundle(
    app: Flask,
    client: FlaskClient,
    session: Session,
    starred: list[Takeaway],
    clock: TurnableClock,
    tmp_path: Path,
) -> None:
    press(client, PAGE, audience="public", shape="square", seconds="15")
    press(client, f"{PAGE}/make")
    assert turn(app) == 1
    press(client, f"{PAGE}/publish", do="yes")
    make_ready(app)
    session.expire_all()
    seen = finished(session).parts[0].takeaway
    decisions.change(session, seen, actor(clock), {"author": ""})
    # No worker has turned since.
    with app.app_context():
        made = write_bundle(app.extensions["kiosk"], tmp_path / "bundle")
    assert list(made.path.rglob("*.mp4")) == []


def test_a_preview_is_a_few_seconds_of_one_piece(
    client: FlaskClient, starred: list[Takeaway]
) -> None:
    made = client.get(f"{PAGE}/preview/{starred[1].receipt}.mp4")
    assert made.data[4:8] == b"ftyp"
    assert client.get(f"{PAGE}/preview/NOPE.mp4").status_code == 404


def bring(client: FlaskClient, data: bytes, name: str) -> TestResponse:
    fields = {"csrf_token": token(client), "file": (io.BytesIO(data), name)}
    return client.post(f"{PAGE}/music", data=fields, content_type="multipart/form-data")


def test_music_is_heard_under_the_film_until_it_is_removed(
    app: Flask, client: FlaskClient, session: Session, starred: list[Takeaway], tmp_path: Path
) -> None:
    store = app.extensions["kiosk"].store
    tune = tmp_path / "tune.m4a"
    record(tune, format="mp4", audio="aac", seconds=2)
    assert bring(client, b"la la la", "song.txt").status_code == 415
    assert bring(client, b"", "").status_code == 422
    assert film_of(session).music == ""
    assert bring(client, tune.read_bytes(), "Our tune.m4a").status_code == 303
    assert "Our tune.m4a" in client.get(PAGE).text
    press(client, PAGE, audience="public", shape="square", seconds="15")
    press(client, f"{PAGE}/make")
    assert turn(app) == 1
    assert measure(original(session, store), "video/mp4").integrated > -20
    press(client, f"{PAGE}/music/remove")
    # Nobody hears it any more, before the next one is made.
    assert client.get(f"{PAGE}/film.mp4").status_code == 404
    assert [path.name for path in films_folder(store).iterdir()] == []
    session.expire_all()
    assert film_of(session).requested
    assert "Our tune" not in client.get(PAGE).text
    assert client.post(f"{PAGE}/music", **PHONE).status_code in (400, 403)
