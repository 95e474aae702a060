"""The station's server part: codes in frames, sessions, and that only the station's takeaways say they are its."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from capture.codes.qr_writer import session_url
from kiosk.web.middleware.auth import set_passphrase
from kiosk.web.screens.station import FRAME_BYTES
from reporter.codes import ALPHABET, is_valid
from reporter.models import EventSession, Takeaway
from tests.support.browsers.pages import JSON, PHONE
from tests.support.kiosk_process import TurnableClock
from tests.support.media import files
from tests.support.media.webcam_film import frame

V1 = {"Tus-Resumable": "1.0.0"}


def token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/station").text)
    assert found is not None
    return found[1]


def scan(client: FlaskClient, data: bytes) -> TestResponse:
    headers = {"X-CSRFToken": token(client), "Content-Type": "image/jpeg", **JSON}
    return client.post("/station/scan", data=data, headers=headers)


def metadata(**words: str) -> str:
    pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in words.items())
    return ",".join(pairs)


def upload(client: FlaskClient, address: str, data: bytes, words: str, **options: Any) -> str:
    """Send a file by tus in one piece; the receipt."""
    headers = {**V1, "Upload-Length": str(len(data)), "Upload-Metadata": words}
    begun = client.post(address, headers=headers, **options)
    assert begun.status_code == 201, begun.text
    assert begun.headers["Tus-Resumable"] == "1.0.0"
    ended = client.patch(
        begun.headers["Location"],
        data=data,
        **options,
        headers={**V1, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    )
    assert ended.status_code == 204, ended.text
    return ended.headers["Reporter-Receipt"]


def source(session: Session, receipt: str) -> str:
    session.expire_all()
    return session.scalars(select(Takeaway).where(Takeaway.receipt == receipt)).one().source


@pytest.mark.parametrize("share", [0.1, 0.2, 0.45])
def test_a_poster_is_recognized_whatever_address_it_was_printed_with(
    client: FlaskClient, event: EventSession, share: float
) -> None:
    address = session_url("http://10.42.0.1:8000", event.code)
    answer = scan(client, frame(address, share=share)).get_json()
    assert answer["session"] == {
        "code": event.code,
        "title": event.title,
        "when": "3:00\u202fPM · Room 2",
        "audience": "public",
        "do_not_record": False,
        "running": False,
    }
    assert answer["other"] is False


@pytest.mark.parametrize(
    "shape",
    ["{code}", "{lower}", "http://laptop.example/s/{lower}", "HTTPS://A.EXAMPLE/K/S/{code}/?x=1"],
)
def test_address_or_bare_code_in_capitals_or_not(
    client: FlaskClient, event: EventSession, shape: str
) -> None:
    text = shape.format(code=event.code, lower=event.code.lower())
    assert scan(client, frame(text)).get_json()["session"]["code"] == event.code


@pytest.mark.parametrize(
    "shape",
    [
        "https://example.org/",
        "WIFI:T:WPA;S:x;P:{code};;",
        "see {code}",
        "000000",
        "http://laptop.example/t/{code}",
        "https://example.org/?next=/s/{code}",
    ],
)
def test_other_codes_count_for_nothing(
    client: FlaskClient, event: EventSession, shape: str
) -> None:
    answer = scan(client, frame(shape.format(code=event.code))).get_json()
    assert answer == {"session": None, "other": True}


def test_a_valid_code_of_another_gathering_is_not_ours(
    client: FlaskClient, event: EventSession, session: Session
) -> None:
    # Its check symbol is right, but no row has it.
    foreign = next(
        code
        for a in ALPHABET
        for b in ALPHABET
        if is_valid(code := f"00ZZ{a}{b}") and code != event.code
    )
    assert scan(client, frame(foreign)).get_json() == {"session": None, "other": True}


def test_a_frame_without_a_code(client: FlaskClient, event: EventSession) -> None:
    assert scan(client, frame("")).get_json() == {"session": None, "other": False}


def test_what_is_no_frame_is_refused(client: FlaskClient) -> None:
    good = frame("")
    # The answer for each is a sentence, never a trace.
    for data, status in (
        (b"", 422),
        (b"hello", 422),
        (files.png_grey16().read_bytes(), 422),
        (good[:300], 422),
        (files.jpeg(4000, 3000).read_bytes(), 413),
        (b"\xff\xd8\xff\xe0" + bytes(FRAME_BYTES), 413),
    ):
        answer = scan(client, data)
        assert answer.status_code == status, (data[:20], answer.text)
        assert answer.content_type == "application/problem+json"


def test_sessions_are_listed_with_those_that_run_first(
    client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    def listed() -> list[tuple[str, bool, bool]]:
        sessions = client.get("/station/sessions").get_json()["sessions"]
        return [(row["title"], row["running"], row["do_not_record"]) for row in sessions]

    assert listed() == [(event.title, True, False), ("Lobby", True, False)]
    event.do_not_record = True
    session.commit()
    clock.turn(hours=3)
    assert listed() == [("Lobby", True, False), (event.title, False, True)]


def test_recordings_say_that_they_come_from_the_station(
    client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    words = metadata(session=event.code, client_id=str(uuid.uuid4()), consent="agreed")
    # The session ended while somebody was recording: that is kept all the same.
    clock.turn(hours=5)
    receipt = upload(client, "/station/uploads", files.jpeg().read_bytes(), words)
    assert source(session, receipt) == "station"


def test_no_phone_can_claim_to_be_the_station(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    words = metadata(session=event.code, client_id=str(uuid.uuid4()), source="station")
    data = files.jpeg().read_bytes()
    assert source(session, upload(client, "/uploads", data, words, **PHONE)) == "phone"
    headers = {**V1, "Upload-Length": "9", "Upload-Metadata": words}
    assert client.post("/station/uploads", headers=headers, **PHONE).status_code == 403
    form = {"text": "Me too", "source": "station"}
    kept = client.post(f"/s/{event.code}/takeaways", data=form, headers=JSON, **PHONE)
    assert source(session, kept.get_json()["receipt"]) == "phone"
    # Not even with a token.
    app.config["WTF_CSRF_ENABLED"] = False
    address = f"/station/s/{event.code}/takeaways"
    assert client.post(address, data=form, headers=JSON, **PHONE).status_code == 403
    assert client.post("/station/scan", data=frame(""), headers=JSON, **PHONE).status_code == 403


def test_words_alone_need_the_pages_token(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    address = f"/station/s/{event.code}/takeaways"
    assert client.post(address, data={"text": "Hi"}, headers=JSON).status_code == 400
    form = {"text": "Plant garlic", "csrf_token": token(client), "client_id": str(uuid.uuid4())}
    kept = client.post(address, data=form, headers=JSON)
    assert kept.status_code == 201
    assert source(session, kept.get_json()["receipt"]) == "station"
    again = client.post(address, data=form, headers=JSON)
    assert again.get_json()["receipt"] == kept.get_json()["receipt"]


def test_foreign_pages_can_neither_scan_nor_upload(
    client: FlaskClient, event: EventSession
) -> None:
    """What a form or an image of another site can send to the laptop's own address."""
    assert client.post("/station/scan", data=frame(""), headers=JSON).status_code == 400
    headers = {"Upload-Length": "9", "Upload-Metadata": metadata(session=event.code)}
    assert client.post("/station/uploads", headers=headers).status_code == 412


def test_only_words_are_kept_where_nobody_wants_to_be_recorded(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    event.do_not_record = True
    session.commit()
    words = metadata(session=event.code, client_id=str(uuid.uuid4()))
    headers = {**V1, "Upload-Length": "9", "Upload-Metadata": words}
    assert client.post("/station/uploads", headers=headers).status_code == 403
    form = {"text": "Grief needs time", "csrf_token": token(client)}
    address = f"/station/s/{event.code}/takeaways"
    assert client.post(address, data=form, headers=JSON).status_code == 201


def test_it_is_open_like_the_desk(client: FlaskClient, app: Flask, event: EventSession) -> None:
    assert client.get("/station").status_code == 200
    assert client.get("/station", **PHONE).status_code == 403
    assert client.get("/station/sessions", **PHONE).status_code == 403
    with app.app_context():
        set_passphrase("open sesame")
    assert client.get("/station", **PHONE).status_code == 302
    answer = client.get("/station", headers={"Host": "evil.example"})
    assert answer.status_code == 403


def test_there_is_a_code_for_phones_and_a_way_to_the_station(client: FlaskClient) -> None:
    shown = client.get("/station/phone.svg")
    assert shown.mimetype == "image/svg+xml"
    assert shown.text.startswith("<svg")
    assert 'href="/station"' in client.get("/").text
