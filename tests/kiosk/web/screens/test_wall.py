"""The wall's cards and the search page: only what passes the gate."""

from __future__ import annotations

import dataclasses
import random
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.codes.qr_writer import qr_svg
from kiosk.web.screens.wall import CARDS, shorten
from reporter.config import WallSettings
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession
from reporter.moderation.decisions import approve, by_receipt, hide, set_alt, withdraw
from tests.support.browsers.pages import JSON, PHONE, make_ready, send
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway
from tests.support.media import files


def texts(client: FlaskClient) -> list[str]:
    return [card["text"] for card in client.get("/wall/cards", **PHONE).get_json()["cards"]]


def test_a_takeaway_is_on_the_wall_from_its_approval_to_its_withdrawal(
    client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock, store: Store
) -> None:
    receipt = send(client, event.code, text="Plant garlic", author="Miriam Okafor")["receipt"]
    assert texts(client) == []
    row = by_receipt(session, receipt)
    approve(session, row, actor(clock))
    (card,) = client.get("/wall/cards", **PHONE).get_json()["cards"]
    assert (card["text"], card["author"], card["session"]) == (
        "Plant garlic",
        "Miriam",
        event.title,
    )
    hide(session, row, actor(clock))
    assert texts(client) == []
    approve(session, row, actor(clock))
    withdraw(session, row, actor(clock), store)
    assert texts(client) == []


def test_nothing_new_costs_no_answer(
    client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    first = client.get("/wall/cards", **PHONE)
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/wall/cards", headers=known, **PHONE).status_code == 304
    receipt = send(client, event.code, text="New")["receipt"]
    approve(session, by_receipt(session, receipt), actor(clock))
    assert client.get("/wall/cards", headers=known, **PHONE).status_code == 200


def test_the_wall_can_show_all_that_is_new(
    app: Flask, client: FlaskClient, event: EventSession
) -> None:
    send(client, event.code, text="Fresh")
    kiosk = app.extensions["kiosk"]
    kiosk.settings = dataclasses.replace(kiosk.settings, wall=WallSettings(shows="new"))
    assert texts(client) == ["Fresh"]


@pytest.mark.parametrize(("hours", "first"), [(0, 0), (5, 23), (11, 57)])
def test_of_a_long_day_the_map_shows_the_sessions_around_now(
    client: FlaskClient,
    session: Session,
    clock: TurnableClock,
    rng: random.Random,
    hours: int,
    first: int,
) -> None:
    """Eighty sessions, each ten minutes after the other; a third of what is shown has ended."""
    clock.turn(hours=-10)
    for number in range(80):
        begins = clock() + timedelta(minutes=10 * number)
        ends = begins + timedelta(minutes=10)
        add_session(
            session, f"Session {number:02}", now=clock(), rng=rng, starts_at=begins, ends_at=ends
        )
    clock.turn(hours=hours, minutes=5)
    shown = client.get("/wall/cards?mode=map", **PHONE).get_json()["map"]
    titles = [f"Session {n:02}" for n in range(first, first + 23)]
    assert [row["title"] for row in shown] == ["Lobby", *titles]


def test_a_picture_appears_when_it_is_ready(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    receipt = send(client, event.code, files.mp4(), text="Look")["receipt"]
    approve(session, by_receipt(session, receipt), actor(clock))
    (card,) = client.get("/wall/cards", **PHONE).get_json()["cards"]
    assert card["image"] == ""
    make_ready(app)
    (card,) = client.get("/wall/cards", **PHONE).get_json()["cards"]
    shown = client.get(card["image"], **PHONE)
    assert (shown.status_code, shown.content_type) == (200, "image/jpeg")


def test_what_a_card_says_is_not_its_pictures_alt_text_too(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    """A screen reader would read it twice."""
    for photo, words, alt in (
        (files.jpeg(), "Two frames", "Two frames"),
        (files.jpeg(800, 1200), "Two frames", "Straw on a bed"),
        (files.jpeg(600, 400), "", ""),
        (files.mp4(), "Look", ""),
    ):
        sent = send(client, event.code, photo, text=words, consent="agreed")
        row = by_receipt(session, sent["receipt"])
        approve(session, row, actor(clock))
        set_alt(session, row, actor(clock), {sent["media"][0]["sha256"]: alt})
        clock.turn(minutes=1)
    make_ready(app)
    cards = client.get("/wall/cards", **PHONE).get_json()["cards"]
    alts = [card["alt"] for card in reversed(cards)]
    assert alts == ["", "Straw on a bed", "A photo from the session", "Video note"]


def test_a_wide_photo_has_a_small_copy_for_phones(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    for photo in (files.jpeg(), files.jpeg(800, 1200), files.jpeg(600, 400)):
        receipt = send(client, event.code, photo, text="Look", consent="agreed")["receipt"]
        approve(session, by_receipt(session, receipt), actor(clock))
        clock.turn(minutes=1)
    make_ready(app)
    cards = client.get("/wall/cards", **PHONE).get_json()["cards"]
    assert [bool(card["small"]) for card in cards] == [False, False, True]
    small, whole = (client.get(cards[-1][name], **PHONE).data for name in ("small", "image"))
    assert len(small) < len(whole) / 2


def test_a_wall_that_runs_for_days_stays_small(
    client: FlaskClient,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    rng: random.Random,
) -> None:
    for number in range(CARDS + 5):
        clock.turn(minutes=1)
        row = add_takeaway(session, event, rng, text=f"Number {number}", recorded_at=clock())
        approve(session, row, actor(clock))
    shown = texts(client)
    assert len(shown) == CARDS
    assert shown[0] == f"Number {CARDS + 4}"


def test_where_the_room_said_too_little_for_themes_its_wall_is_not_called_empty(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    add_takeaway(session, event, rng, text="Compost stays warm", state="approved")
    wall = client.get("/wall/cards?mode=themes", headers=JSON).get_json()
    assert [card["text"] for card in wall["cards"]] == ["Compost stays warm"]
    assert (wall["mode"], wall["map"]) == ("latest", [])


@pytest.mark.parametrize("text", ["word " * 100, "x" * 1000, "كلمة " * 100])
def test_no_card_is_longer_than_240_characters(text: str) -> None:
    short = shorten(text)
    assert len(short) <= 240
    assert short.endswith("…")
    assert short[:-1] in " ".join(text.split())
    assert shorten("Short.") == "Short."


def test_the_strip_names_what_runs_now(
    client: FlaskClient, event: EventSession, clock: TurnableClock
) -> None:
    now = client.get("/wall/cards", **PHONE).get_json()["now"]
    assert now["code"] == event.code
    assert client.get(now["qr"], **PHONE).content_type.startswith("image/svg+xml")
    clock.turn(hours=5)
    # Only the lobby, which was there first, is open all day.
    assert client.get("/wall/cards", **PHONE).get_json()["now"]["title"] == "Lobby"


def test_between_sessions_the_code_leads_to_the_start_page(
    app: Flask, client: FlaskClient, event: EventSession, session: Session, clock: TurnableClock
) -> None:
    for row in session.scalars(select(EventSession).where(EventSession.id != event.id)):
        row.retired = True
    session.commit()
    clock.turn(hours=5)
    now = client.get("/wall/cards", **PHONE).get_json()["now"]
    assert (now["title"], now["code"]) == ("", "")
    assert now["qr"] in client.get("/wall", **PHONE).text
    code = client.get(now["qr"], **PHONE)
    assert code.content_type.startswith("image/svg+xml")
    assert code.data == qr_svg(f"http://{now['address']}/").encode()


def index(app: Flask, session: Session) -> None:
    app.extensions["kiosk"].index.sync(session)


def test_search_shows_a_phone_only_what_is_approved(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    shown = send(client, event.code, text="Compost for roses")["receipt"]
    send(client, event.code, text="Compost for the dahlias")
    approve(session, by_receipt(session, shown), actor(clock))
    index(app, session)
    found = client.get("/search?q=compost", headers=JSON, **PHONE).get_json()
    assert [result["text"] for result in found["results"]] == ["Compost for roses"]
    assert "<mark>Compost</mark>" in found["results"][0]["highlight"]
    page = client.get("/search?q=compost", **PHONE).text
    assert "<mark>Compost</mark>" in page
    assert "dahlias" not in page
    # The desk sees all.
    assert client.get("/search?q=compost", headers=JSON).get_json()["total"] == 2


def test_what_people_write_stays_text_in_the_page(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    receipt = send(client, event.code, text="<script>alert(1)</script> compost")["receipt"]
    approve(session, by_receipt(session, receipt), actor(clock))
    index(app, session)
    pages = ("/search?q=compost", "/search?q=<script>", "/desk/review?state=approved")
    for path in (*pages, f"/t/{receipt}"):
        assert "<script>alert" not in client.get(path).text


def test_receipts_are_not_given_away_by_search(
    app: Flask, client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    """Whoever holds a receipt may withdraw: nobody may read other people's receipts off the pages."""
    receipt = send(client, event.code, text="Mine alone")["receipt"]
    approve(session, by_receipt(session, receipt), actor(clock))
    index(app, session)
    assert receipt not in client.get("/search?q=alone", **PHONE).text
    assert receipt not in client.get("/wall/cards", **PHONE).text
    assert receipt not in client.get("/search?q=alone", headers=JSON, **PHONE).text


def test_a_browser_too_old_for_the_wall_says_so_and_not_that_there_is_nothing(
    client: FlaskClient, event: EventSession
) -> None:
    """As on television sets: their browsers run scripts, but not these."""
    for path in ("/wall", "/slides"):
        page = client.get(path, **PHONE).text
        assert '<p id="unshown" class="notice late">' in page
        assert '<a href="/search">' in page
    assert '<div id="empty" class="empty" hidden>' in client.get("/wall", **PHONE).text
