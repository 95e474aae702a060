"""Pause, blocked phones, a fair share a minute, and volunteers who try what is others'."""

from __future__ import annotations

import dataclasses
import uuid
from base64 import b64encode
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from kiosk.web.middleware.device_cookie import is_established
from kiosk.web.middleware.rate_limits import WRONG_RECEIPTS
from reporter.config import LimitSettings, WallSettings
from reporter.models import BlockedDevice, EventSession, Takeaway, Upload
from reporter.moderation.blocked_words import FILE_NAME
from reporter.moderation.decisions import by_receipt
from tests.support.browsers.pages import JSON, PHONE, make_ready, press, send
from tests.support.kiosk_process import TurnableClock
from tests.support.media import files
from tests.support.submissions import jpeg

V1 = {"Tus-Resumable": "1.0.0"}
PIECE = {"Content-Type": "application/offset+octet-stream"}
OTHER: dict[str, Any] = {**PHONE, "environ_base": {"REMOTE_ADDR": "192.168.4.99"}}


def note(
    client: FlaskClient, code: str, who: dict[str, Any] = PHONE, **fields: str
) -> TestResponse:
    form = {"text": "Hello", "client_id": str(uuid.uuid4()), **fields}
    return client.post(f"/s/{code}/takeaways", data=form, headers=JSON, **who)


def begin(
    client: FlaskClient, code: str, length: int = 2000, who: dict[str, Any] = PHONE
) -> TestResponse:
    headers = {
        **V1,
        "Upload-Length": str(length),
        "Upload-Metadata": f"session {b64encode(code.encode()).decode()}",
    }
    return client.post("/uploads", headers=headers, **who)


def patch(client: FlaskClient, url: str, who: dict[str, Any] = PHONE) -> TestResponse:
    headers = {**V1, **PIECE, "Upload-Offset": "0"}
    return client.patch(url, data=jpeg(1), headers=headers, **who)


def limit(app: Flask, **values: int) -> None:
    kiosk = app.extensions["kiosk"]
    limits = dataclasses.replace(LimitSettings(), **values)
    kiosk.settings = dataclasses.replace(kiosk.settings, limits=limits)


def phone(app: Flask, code: str) -> FlaskClient:
    """A phone of its own that has opened the page."""
    client = app.test_client()
    client.get(f"/s/{code}", **PHONE)
    return client


def test_a_phone_gets_one_cookie_that_cannot_be_made_up(
    app: Flask, session: Session, event: EventSession
) -> None:
    client, other = phone(app, event.code), phone(app, event.code)
    cookie = client.get_cookie("device", "192.168.4.1")
    assert cookie is not None
    assert cookie.http_only
    assert "device" not in client.get(f"/s/{event.code}", **PHONE).headers.get("Set-Cookie", "")
    forger = app.test_client()
    # Not the last character: two of its bits say nothing.
    made_up = cookie.value[:-9] + ("x" if cookie.value[-9] != "x" else "y") + cookie.value[-8:]
    forger.set_cookie("device", made_up, domain="192.168.4.1")
    own, own_again, others, forged = (
        by_receipt(session, note(sender, event.code).get_json()["receipt"]).device
        for sender in (client, client, other, forger)
    )
    assert own == own_again
    assert own.startswith("phone-")
    assert others.startswith("phone-")
    assert own != others
    assert forged.startswith("address-")
    assert "192" not in forged


def test_a_device_is_told_to_nobody(client: FlaskClient, event: EventSession) -> None:
    client.get(f"/s/{event.code}", **PHONE)
    record = send(client, event.code, text="Hello")
    assert "device" not in record
    assert "held" not in record


@pytest.mark.parametrize("begin_by", ["form", "tus"])
def test_more_than_its_share_is_told_to_wait(
    app: Flask, session: Session, event: EventSession, clock: TurnableClock, begin_by: str
) -> None:
    limit(app, files_per_minute=3)
    code = event.code
    client, other = phone(app, code), phone(app, code)

    def ask(who: FlaskClient) -> TestResponse:
        return note(who, code) if begin_by == "form" else begin(who, code)

    for _ in range(3):
        assert ask(client).status_code == 201
        clock.turn(seconds=10)
    refused = ask(client)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "30"
    assert refused.content_type == "application/problem+json"
    assert "last minute" in refused.get_json()["detail"]
    assert ask(other).status_code == 201
    clock.turn(seconds=30)
    assert ask(client).status_code == 201
    table = Takeaway if begin_by == "form" else Upload
    assert session.scalar(select(func.count()).select_from(table)) == 5


@pytest.mark.parametrize("how", ["words", "address"])
def test_changes_by_receipt_take_from_the_share_and_taking_back_never_waits(
    app: Flask, session: Session, event: EventSession, clock: TurnableClock, how: str
) -> None:
    limit(app, files_per_minute=3)
    client, other = phone(app, event.code), phone(app, event.code)
    receipt = note(client, event.code).get_json()["receipt"]

    def change(who: FlaskClient, number: int) -> int:
        if how == "words":
            return who.post(f"/t/{receipt}", data={"text": f"No. {number}"}, **PHONE).status_code
        form = {"address": f"ada{number}@example.org", "answer": "1"}
        return who.post(f"/t/{receipt}/mail", data=form, **PHONE).status_code

    assert [change(client, number) for number in range(3)] == [303, 303, 429]
    assert change(other, 4) == 303
    clock.turn(seconds=60)
    assert change(client, 5) == 303
    for number in range(3):
        change(client, number)
    taken = client.post(f"/t/{receipt}/withdraw", data={"sure": "1"}, **PHONE)
    assert taken.status_code in (200, 303)
    assert by_receipt(session, receipt).state == "withdrawn"


def test_a_clock_that_is_set_back_makes_no_phone_a_new_one(
    app: Flask, event: EventSession, clock: TurnableClock
) -> None:
    client = phone(app, event.code)
    clock.turn(seconds=-3 * 3600)
    with client:
        note(client, event.code)
        assert is_established()
    fresh = phone(app, event.code)
    with fresh:
        note(fresh, event.code)
        assert not is_established()


@pytest.mark.parametrize("size", [5000 << 20, 0])
def test_a_file_that_is_refused_takes_no_share_of_bytes(
    app: Flask, event: EventSession, size: int
) -> None:
    """A volunteer chose a film that is too large: the next photo must not wait for a minute because of it."""
    limit(app, mb_per_minute=2)
    client = phone(app, event.code)
    assert begin(client, event.code, size).status_code in (413, 422)
    assert begin(client, event.code, 1 << 20).status_code == 201


def test_bytes_count_and_a_large_file_is_possible(app: Flask, event: EventSession) -> None:
    limit(app, mb_per_minute=2)
    client = phone(app, event.code)
    assert begin(client, event.code, 100 << 20).status_code == 201
    assert begin(client, event.code, 10).status_code == 429
    assert note(client, event.code).status_code == 429
    # The laptop itself (station, rehearsal) is nobody's phone.
    assert begin(app.test_client(), event.code, 300 << 20, who={}).status_code == 201
    assert begin(app.test_client(), event.code, 10, who={}).status_code == 201


def test_pieces_of_a_begun_upload_are_not_counted_again(app: Flask, event: EventSession) -> None:
    limit(app, files_per_minute=1)
    client = phone(app, event.code)
    url = begin(client, event.code).headers["Location"]
    assert begin(client, event.code).status_code == 429
    assert patch(client, url).status_code == 204


def test_a_break_refuses_all_and_forgets_nothing(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    receipt = send(client, event.code, text="Before")["receipt"]
    url = begin(client, event.code).headers["Location"]
    assert press(client, "/desk/kiosk/pause", on="1").status_code == 303
    for refused in (note(client, event.code), begin(client, event.code), patch(client, url)):
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "15"
        assert "waits on your phone" in refused.get_json()["detail"]
    page = client.post(f"/s/{event.code}/takeaways", data={"text": "x"}, **PHONE)
    assert page.status_code == 503
    assert "waits on your phone" in page.text
    # Reading, asking and withdrawing go on; the break is no trouble of the kiosk's.
    assert client.head(url, headers=V1, **PHONE).headers["Upload-Offset"] == "0"
    assert client.get(f"/t/{receipt}", **PHONE).status_code == 200
    assert client.post(f"/t/{receipt}/withdraw", **PHONE).status_code == 303
    assert client.get("/healthz").get_json()["last_error"] == ""
    assert "takes nothing in now" in client.get("/desk/kiosk").text
    assert press(client, "/desk/kiosk/pause").status_code == 303
    assert patch(client, url).headers["Reporter-Receipt"]
    assert session.scalar(select(func.count(Takeaway.id))) == 2


def test_a_blocked_phone(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    bad, good = phone(app, event.code), phone(app, event.code)
    receipt = note(bad, event.code, author="Mallory").get_json()["receipt"]
    url = begin(bad, event.code).headers["Location"]
    assert "Block this phone" in client.get(f"/desk/review?show={receipt}").text
    assert press(client, f"/desk/review/{receipt}/block").status_code == 303
    for refused in (note(bad, event.code), begin(bad, event.code), patch(bad, url)):
        assert refused.status_code == 403
        assert "talk to the person at the kiosk" in refused.get_json()["detail"]
    assert note(good, event.code).status_code == 201
    # What it sent stays its own.
    assert bad.post(f"/t/{receipt}/withdraw", **PHONE).status_code == 303
    page = client.get("/desk/kiosk").text
    device = session.scalars(select(BlockedDevice.device)).one()
    assert device in page
    assert press(client, "/desk/kiosk/unblock", device=device).status_code == 303
    assert note(bad, event.code).status_code == 201


def test_what_came_from_the_laptop_blocks_nobody(client: FlaskClient, event: EventSession) -> None:
    receipt = note(client, event.code, who={}).get_json()["receipt"]
    assert "Block this phone" not in client.get(f"/desk/review?show={receipt}").text
    assert press(client, f"/desk/review/{receipt}/block").status_code == 422


@pytest.mark.parametrize(
    "path", ["/desk/kiosk/pause", "/desk/kiosk/unblock", "/desk/review/0000000000000/block"]
)
def test_phones_do_not_decide(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, path: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    assert client.post(path, data={"on": "1"}, **PHONE).status_code == 403
    assert note(client, event.code).status_code == 201


def test_a_wall_of_all_new_waits_for_a_look_at_listed_words(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    kiosk = app.extensions["kiosk"]
    kiosk.settings = dataclasses.replace(kiosk.settings, wall=WallSettings(shows="new"))
    (kiosk.settings.folder / FILE_NAME).write_text("damn\n", encoding="utf-8")
    held = send(client, event.code, files.jpeg(), text="Damn cold")
    fine = send(client, event.code, text="Fine and warm")
    make_ready(app)
    with app.app_context():
        kiosk.index.sync(session)

    def cards() -> list[str]:
        return [card["text"] for card in client.get("/wall/cards", **OTHER).get_json()["cards"]]

    def found() -> int:
        return int(client.get("/search?q=cold", headers=JSON, **OTHER).get_json()["total"])

    picture = f"/m/{held['media'][0]['sha256']}/view"
    assert (cards(), found()) == (["Fine and warm"], 0)
    assert client.get(picture, **OTHER).status_code == 404
    client.post(f"/t/{fine['receipt']}", data={"text": "Damn warm"}, **PHONE)
    assert cards() == []
    press(client, f"/desk/review/{held['receipt']}/decide", decision="approve")
    with app.app_context():
        kiosk.index.sync(session)
    assert (cards(), found()) == (["Damn cold"], 1)
    assert client.get(picture, **OTHER).status_code == 200


# --- A volunteer who tries what is others' ------------------------------------------------------------


def test_receipts_cannot_be_guessed_in_bulk(
    client: FlaskClient, event: EventSession, clock: TurnableClock
) -> None:
    receipt = send(client, event.code, text="Mine")["receipt"]
    for number in range(WRONG_RECEIPTS):
        assert client.get(f"/t/{number:013d}", headers=JSON, **OTHER).status_code == 404
    for path in ("/t/9999999999999", "/r/9999999999999", "/t/9999999999999/qr.svg"):
        refused = client.get(path, **OTHER)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["Retry-After"]) <= 60
    # Who sits behind the same access point as the guesser and has a right one is not locked out.
    assert client.get(f"/t/{receipt}", **OTHER).status_code == 200
    assert client.get("/t/9999999999999", **PHONE).status_code == 404
    clock.turn(seconds=61)
    assert client.get("/t/9999999999999", **OTHER).status_code == 404


def test_guesses_through_the_list_of_ones_own_count(
    client: FlaskClient, event: EventSession
) -> None:
    receipt = send(client, event.code, text="Mine")["receipt"]

    def states(*receipts: str) -> TestResponse:
        return client.get(f"/mine/states?of={','.join(receipts)}", **OTHER)

    # A phone that has been at another gathering asks for the same stale ones again and again.
    stale = [f"{number:013d}" for number in range(30)]
    assert [len(states(receipt, *stale).get_json()) for _ in range(30)] == [1] * 30
    assert states("8888888888888").status_code == 429
    assert client.get("/t/9999999999999", **OTHER).status_code == 429
    assert states(receipt).status_code == 200


def test_a_fresh_cookie_with_each_request_passes_no_limit(
    app: Flask, event: EventSession, clock: TurnableClock
) -> None:
    limit(app, files_per_minute=3)
    codes = [note(phone(app, event.code), event.code).status_code for _ in range(8)]
    assert codes == [201] * 6 + [429] * 2
    # Phones that have been here for a while, behind one access point, have each their own share.
    clock.turn(minutes=2)
    crowd = [phone(app, event.code) for _ in range(8)]
    clock.turn(minutes=5)
    codes = [note(sender, event.code).status_code for _ in range(4) for sender in crowd]
    assert codes == [201] * 24 + [429] * 8


def test_others_takeaways_stay_as_they_are(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    record = send(client, event.code, files.jpeg(), text="Mine", audience="room")
    make_ready(app)
    thief = app.test_client()
    sha256, own = record["media"][0]["sha256"], record["id"]
    for name in ("thumb", "view", "original"):
        assert thief.get(f"/m/{sha256}/{name}", **OTHER).status_code == 404
        assert thief.get(f"/m/{sha256}/{name}?k=abc", **OTHER).status_code == 404
    for path in (f"/t/{own}", f"/t/{sha256}", f"/t/{own.replace('-', '')[:13]}"):
        assert thief.get(path, **OTHER).status_code == 404
        assert thief.post(path, data={"text": "Yours"}, **OTHER).status_code in (404, 405)
        assert thief.post(f"{path}/withdraw", **OTHER).status_code == 404
    for path in ("/desk/review", f"/desk/review/{record['receipt']}/decide", "/station"):
        assert thief.open(path, method="POST", **OTHER).status_code in (400, 403, 405)
    stored = by_receipt(session, record["receipt"])
    assert (stored.text, stored.state) == ("Mine", "new")


def test_others_uploads_cannot_be_touched_by_trying_ids(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    url = begin(client, event.code).headers["Location"]
    thief = app.test_client()
    known = url.rsplit("/", 1)[1]
    for near in (
        known[:-1],
        known[:-1] + ("0" if known[-1] != "0" else "1"),
        "%",
        "../" + known,
        "*",
    ):
        for method in ("HEAD", "PATCH", "DELETE"):
            headers = {**V1, **PIECE, "Upload-Offset": "0"}
            answer = thief.open(f"/uploads/{near}", method=method, headers=headers, **OTHER)
            assert answer.status_code == 404
    assert client.head(url, headers=V1, **PHONE).headers["Upload-Offset"] == "0"
    assert len(known) * 4 == 160


def test_a_new_takeaway_cannot_be_slipped_under_anothers_receipt(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    """Only the client id joins; it is in no page and no answer that others see."""
    client_id = str(uuid.uuid4())
    first = note(client, event.code, client_id=client_id)
    assert client_id not in first.text
    receipt = first.get_json()["receipt"]
    assert client_id not in client.get(f"/t/{receipt}", **OTHER).text
    assert client_id not in client.get("/wall/cards", **OTHER).text
    assert client_id not in client.get("/search?q=", headers=JSON, **OTHER).text
