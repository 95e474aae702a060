"""The desk: decisions, undo, the organizer's words, publishing, sessions, posters, login."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.runtime.database import db
from kiosk.web.desk.publishing.overview import sentence
from kiosk.web.desk.review.views import PAGE
from kiosk.web.shared.template_context import megabytes
from reporter.models import Decision, EventSession, Takeaway
from tests.support.browsers.pages import JSON, PHONE, press, send
from tests.support.kiosk_process import TurnableClock, add_takeaway
from tests.support.media import files


@pytest.fixture
def waiting(client: FlaskClient, event: EventSession, clock: TurnableClock) -> list[str]:
    """Receipts of three notes that wait, in the order in which they came."""
    receipts = []
    for number in range(3):
        clock.turn(seconds=1)
        receipts.append(send(client, event.code, text=f"Note {number}")["receipt"])
    return receipts


def row(session: Session, receipt: str) -> Takeaway:
    session.expire_all()
    return session.scalars(select(Takeaway).where(Takeaway.receipt == receipt)).one()


def test_what_waits_is_shown_first_come_first(client: FlaskClient, waiting: list[str]) -> None:
    page = client.get("/desk/review").text
    places = [page.index(f"show={receipt}") for receipt in waiting]
    assert places == sorted(places)
    assert "<strong>3</strong>" in page


def test_a_photo_without_words_is_named_in_the_language_of_the_page(
    client: FlaskClient, event: EventSession
) -> None:
    receipt = send(client, event.code, files.jpeg())["receipt"]
    assert ">Foto</span>" in client.get("/desk/review?lang=de").text
    press(client, f"/desk/review/{receipt}/decide", decision="approve")
    assert ">Foto</span>" in client.get("/desk/wall?lang=de").text
    assert not re.search(r">photo<|: photo", client.get("/desk/wall?lang=de").text)


def test_megabytes_are_written_as_the_page_writes_numbers(app: Flask) -> None:
    written = {}
    for language in ("en", "de"):
        with app.test_request_context(f"/?lang={language}"):
            written[language] = megabytes(1_234_567_890), megabytes(56_570, 2)
    assert written == {"en": ("1,234.6", "0.06"), "de": ("1.234,6", "0,06")}


def test_approving_goes_on_to_the_next_and_can_be_undone(
    client: FlaskClient, session: Session, waiting: list[str], clock: TurnableClock
) -> None:
    answer = press(client, f"/desk/review/{waiting[1]}/decide", decision="approve")
    assert row(session, waiting[1]).state == "approved"
    assert f"show={waiting[2]}" in answer.location
    step = answer.location.split("undo=")[1]
    assert f"/desk/review/undo/{step}?" in client.get(answer.location).text
    clock.turn(seconds=1)
    press(client, f"/desk/review/undo/{step}")
    assert row(session, waiting[1]).state == "new"
    history = session.scalars(select(Decision).order_by(Decision.id)).all()
    assert [(step.action, step.who) for step in history] == [("approved", "desk"), ("undo", "desk")]


def test_the_last_one_leads_back_to_the_one_before(client: FlaskClient, waiting: list[str]) -> None:
    answer = press(client, f"/desk/review/{waiting[2]}/decide", decision="hide")
    assert f"show={waiting[1]}" in answer.location


def test_undo_of_hiding_something_approved_approves_it_again(
    client: FlaskClient, session: Session, waiting: list[str]
) -> None:
    press(client, f"/desk/review/{waiting[0]}/decide", decision="approve")
    path = f"/desk/review/{waiting[0]}/decide?state=approved"
    answer = press(client, path, decision="hide")
    press(client, f"/desk/review/undo/{answer.location.split('undo=')[1]}")
    assert row(session, waiting[0]).state == "approved"


def test_star_stays_with_the_same_one(
    client: FlaskClient, session: Session, waiting: list[str]
) -> None:
    answer = press(client, f"/desk/review/{waiting[0]}/decide", decision="star")
    assert row(session, waiting[0]).starred
    assert f"show={waiting[0]}" in answer.location
    press(client, f"/desk/review/{waiting[0]}/decide", decision="unstar")
    assert not row(session, waiting[0]).starred


def test_a_decision_nobody_knows_changes_nothing(
    client: FlaskClient, session: Session, waiting: list[str]
) -> None:
    answer = press(client, f"/desk/review/{waiting[0]}/decide", decision="withdraw")
    assert answer.status_code == 400
    assert row(session, waiting[0]).state == "new"


def test_all_that_are_ticked_get_one_decision(
    client: FlaskClient, session: Session, waiting: list[str]
) -> None:
    press(client, "/desk/review/selected", decision="approve", receipt=waiting[:2])
    assert [row(session, receipt).state for receipt in waiting] == ["approved", "approved", "new"]
    assert "2 takeaways changed." in client.get("/desk/review").text


def test_one_wrong_receipt_among_the_ticked_changes_none(
    client: FlaskClient, session: Session, waiting: list[str]
) -> None:
    answer = press(
        client, "/desk/review/selected", decision="approve", receipt=[waiting[0], "0000"]
    )
    assert answer.status_code == 404
    assert row(session, waiting[0]).state == "new"


def test_the_organizers_words_are_kept(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    lobby = session.scalars(select(EventSession).where(EventSession.title == "Lobby")).one()
    record = send(client, event.code, files.jpeg(), text="As it came")
    sha256 = record["media"][0]["sha256"]
    form = {
        "caption": "Cold frames",
        "tags": "Winter, #glass ,winter",
        "session_code": lobby.code,
        "audience": "community",
        "consent": "agreed",
        f"alt-{sha256}": "Two frames in snow",
    }
    press(client, f"/desk/review/{record['receipt']}", **form)
    kept: dict[str, Any] = client.get(f"/t/{record['receipt']}", headers=JSON).get_json()
    assert (kept["caption"], kept["text"]) == ("Cold frames", "As it came")
    assert kept["tags"] == ["glass", "winter"]
    assert kept["session"]["code"] == lobby.code
    assert (kept["audience"], kept["consent"]) == ("community", "agreed")
    assert kept["media"][0]["alt"] == "Two frames in snow"
    refused = press(client, f"/desk/review/{record['receipt']}", audience="everybody")
    assert refused.status_code == 422


def test_a_form_without_the_desks_token_does_nothing(
    client: FlaskClient, session: Session, waiting: list[str]
) -> None:
    answer = client.post(f"/desk/review/{waiting[0]}/decide", data={"decision": "approve"})
    assert answer.status_code == 400
    assert row(session, waiting[0]).state == "new"


def test_a_long_queue_comes_in_pages(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    receipts = {add_takeaway(session, event, rng, text=f"No {n}").receipt for n in range(PAGE + 5)}
    first = client.get("/desk/review").text
    after = first.split("after=")[1].split('"')[0]
    second = client.get(f"/desk/review?after={after}").text
    seen = [{r for r in receipts if f'value="{r}"' in page} for page in (first, second)]
    assert [len(part) for part in seen] == [PAGE, 5]
    assert seen[0] | seen[1] == receipts
    assert client.get("/desk/review?after=nonsense").status_code == 400


def test_only_one_session_can_be_looked_at(
    client: FlaskClient, session: Session, event: EventSession, waiting: list[str]
) -> None:
    lobby = session.scalars(select(EventSession).where(EventSession.title == "Lobby")).one()
    assert waiting[0] not in client.get(f"/desk/review?session={lobby.code}").text
    assert waiting[0] in client.get(f"/desk/review?session={event.code}").text


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "Nothing has been sent yet."),
        (
            {"sent": 14, "due": 1, "sending": 1, "parked": 1},
            "14 sent, 2 waiting to be sent, 1 needs you",
        ),
        (
            {"withdrawing": 1, "withdrawn": 3, "parked": 2},
            "1 to be taken down, 3 taken down, 2 need you",
        ),
    ],
)
def test_a_targets_state_is_a_plain_sentence(
    app: Flask, counts: dict[str, int], words: str
) -> None:
    with app.test_request_context():
        assert sentence(Counter(counts)) == words


def test_publish_tells_what_to_do_without_a_target(client: FlaskClient) -> None:
    assert "/desk/publish/places/add" in client.get("/desk/publish").text


def test_a_session_can_be_added_by_hand(client: FlaskClient, session: Session) -> None:
    press(client, "/desk/sessions", title="Bonfire", room="Garden")
    added = session.scalars(select(EventSession).where(EventSession.title == "Bonfire")).one()
    page = client.get("/desk/sessions").text
    assert added.code in page
    assert f"/desk/posters?session={added.code}" in page
    assert press(client, "/desk/sessions", title=" ").status_code == 422


def test_posters_hold_the_codes_that_phones_scan(client: FlaskClient, event: EventSession) -> None:
    page = client.get(f"/desk/posters?session={event.code}", base_url="http://127.0.0.1:8000").text
    assert page.count('<article class="poster"') == 1
    assert event.code in page
    pdf = client.get("/desk/posters/pack.pdf")
    assert pdf.content_type == "application/pdf"
    assert pdf.get_data().startswith(b"%PDF-")


def test_posters_speak_the_gatherings_language_whatever_the_desk_speaks(
    client: FlaskClient, event: EventSession
) -> None:
    page = client.get("/desk/posters?lang=ar").text
    poster = page.split('<article class="poster"')[1]
    assert poster.startswith(' lang="en" dir="ltr"')
    assert "Scan, record, keep it." in poster
    assert "Open the page" in poster
    assert "A page for each session." not in page


def test_the_passphrase_is_set_at_the_laptop_and_lets_others_in(
    app: Flask, client: FlaskClient
) -> None:
    press(client, "/desk/kiosk/passphrase", passphrase="warm compost")
    other = app.test_client()
    answer = other.get("/desk/review", **PHONE)
    assert answer.status_code == 302
    assert "/desk/login" in answer.location
    page = other.get(answer.location, **PHONE).text
    mark = page.split('name="csrf_token" value="')[1].split('"')[0]
    for passphrase, target in (("wrong one", "/desk/login"), ("warm compost", "/desk/")):
        form = {"csrf_token": mark, "passphrase": passphrase}
        assert target in other.post("/desk/login", data=form, **PHONE).location
    assert other.get("/desk/review", **PHONE).status_code == 200
    # Only the laptop itself sets a new one.
    mark = (
        other.get("/desk/sessions", **PHONE)
        .text.split('name="csrf_token" value="')[1]
        .split('"')[0]
    )
    form = {"csrf_token": mark, "passphrase": "another one"}
    assert other.post("/desk/kiosk/passphrase", data=form, **PHONE).status_code == 403


def test_without_a_passphrase_a_phone_is_nobody_special(
    app: Flask, client: FlaskClient, event: EventSession
) -> None:
    """No passphrase and no login are both 'None': that must not be taken for a match."""
    send(client, event.code, text="Waiting")
    assert app.test_client().get("/desk/review", **PHONE).status_code == 403
    with app.app_context():
        app.extensions["kiosk"].index.sync(db.session())
    assert (
        app.test_client().get("/search?q=waiting", headers=JSON, **PHONE).get_json()["total"] == 0
    )
