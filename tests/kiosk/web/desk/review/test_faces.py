"""The desk's page on faces: the switch, who waits, and the decisions with their way back."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.annotations import edit_history, face_review
from reporter.config import load_settings
from reporter.models import EventSession, Media, Takeaway
from reporter.moderation.decisions import approve, by_receipt, set_alt
from reporter.moderation.visibility import Scope, may_show
from tests.support.browsers.pages import JSON, PHONE, make_ready, press, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files
from tests.support.media.faces import portrait_jpeg

FACE = (0.36, 0.39, 0.18, 0.29)


@pytest.fixture
def photo(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> Takeaway:
    """An approved photo with one proposed face."""
    receipt = send(client, event.code, portrait_jpeg(), consent="agreed")["receipt"]
    make_ready(app)
    row = by_receipt(session, receipt)
    set_alt(session, row, actor(clock), {row.attachments[0].media.sha256: "A face before a wall"})
    approve(session, row, actor(clock))
    face_review.write_proposals(session, row.attachments[0].media.id, [FACE])
    return row


def media_of(row: Takeaway) -> Media:
    return row.attachments[0].media


def leaves(session: Session, row: Takeaway) -> bool:
    session.expire_all()
    return may_show(row, Scope.PUBLIC)


def decide(client: FlaskClient, row: Takeaway, what: str) -> str:
    answer = press(client, f"/desk/faces/{row.receipt}/{media_of(row).sha256}", do=what)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_the_switch_is_a_setting_and_holds_at_once(
    app: Flask, client: FlaskClient, session: Session, photo: Takeaway
) -> None:
    folder = app.extensions["kiosk"].settings.folder
    assert leaves(session, photo)
    assert "Faces are not checked." in client.get("/desk/faces").text
    press(client, "/desk/faces/check", on="1")
    assert load_settings(folder).publish.check_faces is True
    assert app.extensions["kiosk"].settings.publish.check_faces is True
    assert not leaves(session, photo)
    # The wall in the room is not affected, and the page says so.
    page = client.get("/desk/faces").text
    assert "The wall in the room shows what you approved" in page
    assert len(client.get("/wall/cards", headers=JSON).get_json()["cards"]) == 1
    assert re.search(r"Faces</span><strong[^>]*>1<", page)
    assert "1 approved takeaway stays here until" in client.get("/desk/publish").text
    press(client, "/desk/faces/check")
    assert load_settings(folder).publish.check_faces is False
    assert leaves(session, photo)
    assert "until one of you has looked" not in client.get("/desk/publish").text


def test_the_setting_of_the_file_holds_from_the_start(app: Flask, session: Session) -> None:
    import dataclasses

    from kiosk.app import create_app

    settings = app.extensions["kiosk"].settings
    publish = dataclasses.replace(settings.publish, check_faces=True)
    again = create_app(dataclasses.replace(settings, publish=publish))
    assert face_review.is_checked(session)
    again.extensions["kiosk"].stop()


@pytest.mark.parametrize("way", ["agreed", "blur", "hide"])
def test_each_decision_ends_the_wait_and_can_be_taken_back(
    client: FlaskClient, session: Session, photo: Takeaway, clock: TurnableClock, way: str
) -> None:
    press(client, "/desk/faces/check", on="1")
    where = decide(client, photo, way)
    page = client.get(where).text
    assert "No picture waits for your look." in page
    assert leaves(session, photo) is (way != "hide")
    assert bool(edit_history.edits_of(session, media_of(photo)).blur) is (way == "blur")
    undo = re.search(r'name="do" value="(undo-[^"]+)"', page)
    assert undo is not None
    clock.turn(seconds=5)
    decide(client, photo, undo[1])
    assert not leaves(session, photo)
    assert photo.state == "approved"
    assert not edit_history.edits_of(session, media_of(photo)).blur
    assert "1 picture waits for your look." in client.get("/desk/faces").text


def test_the_picture_is_shown_as_it_came_with_its_faces_marked(
    client: FlaskClient, session: Session, photo: Takeaway
) -> None:
    page = client.get("/desk/faces").text
    assert f'<img src="/desk/edit/{photo.receipt}/{media_of(photo).sha256}/plain"' in page
    marks = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', page)
    assert [tuple(map(float, mark)) for mark in marks] == [FACE]


def test_without_a_proposal_there_is_nothing_to_blur_by_a_button(
    client: FlaskClient, session: Session, photo: Takeaway
) -> None:
    face_review.write_proposals(session, media_of(photo).id, None)
    page = client.get("/desk/faces").text
    assert "could not look into this one" in page
    assert 'value="blur"' not in page
    path = f"/desk/faces/{photo.receipt}/{media_of(photo).sha256}"
    assert press(client, path, do="blur").status_code == 422
    assert press(client, path, do="nothing").status_code == 400
    session.expire_all()
    assert media_of(photo).faces == "failed"


def test_only_the_desk_decides(client: FlaskClient, session: Session, photo: Takeaway) -> None:
    assert client.get("/desk/faces", **PHONE).status_code == 403
    assert client.post("/desk/faces/check", data={"on": "1"}).status_code == 400
    assert not face_review.is_checked(session)


def test_the_worker_looks_when_nobody_waits_for_renditions(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    from kiosk.workers import look

    send(client, event.code, portrait_jpeg())
    make_ready(app)
    send(client, event.code, files.jpeg(640, 480))
    with app.app_context():
        kiosk = app.extensions["kiosk"]
        assert look(kiosk) == 0
        make_ready(app)
        assert look(kiosk) == 2
    known = session.scalars(select(Media.faces).order_by(Media.received_at, Media.id)).all()
    assert sorted(known) == ["found", "none"]
