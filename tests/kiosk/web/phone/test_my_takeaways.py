"""What one phone asks of the kiosk again and again: what became of its takeaways."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.media.store import Store
from reporter.models import EventSession
from reporter.moderation.decisions import approve, by_receipt, withdraw
from tests.support.browsers.pages import PHONE, make_ready, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files


def test_who_has_the_receipts_learns_what_became_of_them(
    client: FlaskClient, session: Session, event: EventSession, store: Store, clock: TurnableClock
) -> None:
    receipts = [send(client, event.code, text=text)["receipt"] for text in ("One", "Two", "Three")]
    approve(session, by_receipt(session, receipts[1]), actor(clock))
    withdraw(session, by_receipt(session, receipts[2]), actor(clock, "contributor"), store)
    asked = ",".join([*receipts[1:], "0000000000000", ""])
    states = {
        each["receipt"]: each for each in client.get(f"/mine/states?of={asked}", **PHONE).get_json()
    }
    assert set(states) == set(receipts[1:])
    assert (states[receipts[1]]["step"], states[receipts[1]]["text"]) == ("Approved", "Two")
    assert states[receipts[1]]["session"] == event.title
    assert (states[receipts[2]]["step"], states[receipts[2]]["text"]) == ("Taken back", "")


def test_asking_again_costs_no_body_until_something_changes(
    client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    receipt = send(client, event.code, text="One")["receipt"]
    first = client.get(f"/mine/states?of={receipt}", **PHONE)
    assert first.headers["Cache-Control"] == "private, no-cache"
    mark = {"If-None-Match": first.headers["ETag"]}
    again = client.get(f"/mine/states?of={receipt}", headers=mark, **PHONE)
    assert (again.status_code, again.data) == (304, b"")
    approve(session, by_receipt(session, receipt), actor(clock))
    changed = client.get(f"/mine/states?of={receipt}", headers=mark, **PHONE)
    assert (changed.status_code, changed.get_json()[0]["step"]) == (200, "Approved")


def test_without_scripts_a_receipt_can_be_typed(client: FlaskClient, event: EventSession) -> None:
    receipt = send(client, event.code, text="One")["receipt"]
    page = client.get("/mine", **PHONE).text
    assert 'name="receipt"' in page
    typed = f"{receipt[:4]}-{receipt[4:8]}-{receipt[8:]}".lower()
    answer = client.get("/mine", query_string={"receipt": typed}, **PHONE)
    assert (answer.status_code, answer.location) == (303, f"/t/{receipt}")


def test_a_browser_that_can_not_list_them_says_so(client: FlaskClient, event: EventSession) -> None:
    """Also one that runs scripts and is too old for this one: the script takes the sentence away."""
    page = client.get("/mine", **PHONE).text
    assert '<p id="unlisted" class="notice late">This browser can' in page
    assert ".late { animation: late 4s" in client.get("/static/css/base.css", **PHONE).text


def test_no_page_for_phones_holds_a_connection(client: FlaskClient, event: EventSession) -> None:
    """They ask now and then. (A stream of events would keep one of the server's threads for each phone.)"""
    from kiosk.runtime.static_files import static_dir

    scripts = [
        path
        for folder in ("phone", "shared")
        for path in (static_dir() / "js" / folder).glob("*.js")
    ]
    assert len(scripts) > 8
    for path in scripts:
        script = path.read_text()
        assert "EventSource" not in script, path.name
        assert "WebSocket" not in script, path.name


def test_advice_on_a_motion_photo_is_shown_to_its_sender_and_the_desk_alone(
    app: Flask,
    client: FlaskClient,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    tmp_path: Path,
) -> None:
    moving = tmp_path / "PXL_0001.MP.jpg"
    moving.write_bytes(files.jpeg(300, 200).read_bytes() + files.mp4(1.0).read_bytes())
    receipt = send(client, event.code, moving, text="Peas")["receipt"]
    make_ready(app)
    approve(session, by_receipt(session, receipt), actor(clock))
    with app.app_context():
        current_kiosk().index.sync(db.session())
    advice = "This photo has a short film in it."
    assert advice in client.get(f"/t/{receipt}", **PHONE).text
    assert advice in client.get("/desk/review?state=approved").text
    found = client.get("/search?q=peas", **PHONE).text
    assert "/view" in found
    assert advice not in found
