"""The pages for phones: capture, receipt, start, mistyped codes, languages."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporter.codes import format_receipt
from reporter.errors import ReporterError
from reporter.media.store import Store
from reporter.models import Attachment, EventSession, Takeaway
from reporter.moderation.decisions import approve, by_receipt, hide
from tests.kiosk.i18n.test_catalogues import PAGES, catalogue
from tests.support.browsers.pages import JSON, PHONE, send
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files


def count(session: Session) -> int:
    return session.scalar(select(func.count(Takeaway.id))) or 0


def test_a_line_of_text_is_enough(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    page = client.get(f"/s/{event.code}", **PHONE)
    assert event.title in page.text
    client_id = re.search(r'name="client_id" value="([^"]+)"', page.text)
    assert client_id is not None
    form = {
        "text": "Share the wheelbarrow",
        "author": "Rosa",
        "audience": "room",
        "intent": "idea",
        "prompt": "What surprised you?",
        "client_id": client_id[1],
    }
    answer = client.post(f"/s/{event.code}/takeaways", data=form, **PHONE)
    row = session.scalars(select(Takeaway)).one()
    assert answer.status_code == 303
    assert answer.location == f"/t/{row.receipt}?kept=1"
    values = (row.text, row.author, row.audience, row.intent, row.prompt, row.client_id)
    assert values == (
        "Share the wheelbarrow",
        "Rosa",
        "room",
        "idea",
        "What surprised you?",
        client_id[1],
    )
    thanks = client.get(answer.location, **PHONE).text
    assert "Safe on the kiosk. You may leave the Wi-Fi." in thanks
    assert format_receipt(row.receipt) in thanks


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "image/jpeg"])
def test_what_is_no_form_is_a_wrong_kind(
    client: FlaskClient, session: Session, event: EventSession, kind: str
) -> None:
    """Not "you wrote nothing": whoever programs against it should learn what to send."""
    answer = client.post(
        f"/s/{event.code}/takeaways",
        data=b'{"text": "Hello"}',
        content_type=kind,
        headers={"Accept": "application/json"},
        **PHONE,
    )
    assert (answer.status_code, answer.content_type) == (415, "application/problem+json")
    assert "multipart/form-data" in answer.get_json()["detail"]
    assert count(session) == 0


def test_a_name_cannot_turn_the_page_around(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    """U+202E makes what follows run from right to left; the marks that real names need stay."""
    form = {"text": "Hello \u202eolleH", "author": "Rosa\u202e\u202d", "prompt": "\u200fליאור"}
    assert client.post(f"/s/{event.code}/takeaways", data=form, **PHONE).status_code == 303
    row = session.scalars(select(Takeaway)).one()
    assert (row.text, row.author, row.prompt) == ("Hello olleH", "Rosa", "\u200fליאור")


def test_a_double_tap_gives_one_takeaway(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    form = {"text": "Once", "client_id": str(uuid.uuid4())}
    answers = [client.post(f"/s/{event.code}/takeaways", data=form, **PHONE) for _ in range(2)]
    assert answers[0].location == answers[1].location
    assert count(session) == 1


def test_every_page_load_brings_a_new_client_id_and_is_not_kept(
    client: FlaskClient, event: EventSession
) -> None:
    pages = [client.get(f"/s/{event.code}", **PHONE) for _ in range(2)]
    ids = {re.findall(r'name="client_id" value="([^"]+)"', page.text)[0] for page in pages}
    assert len(ids) == 2
    assert pages[0].headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("answer", "asked", "stored"),
    [("agreed", "1", "agreed"), ("child", "1", "child"), ("", "1", "unanswered"), ("", "", "")],
)
def test_no_answer_about_the_people_in_a_picture_is_not_a_yes(
    client: FlaskClient, session: Session, event: EventSession, answer: str, asked: str, stored: str
) -> None:
    fields = {"consent": answer, "consent_asked": asked}
    send(client, event.code, files.jpeg(), **fields)
    assert session.scalars(select(Takeaway)).one().consent == stored


def test_text_alone_is_not_asked_about_people(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    send(client, event.code, text="Only words", consent_asked="1")
    assert session.scalars(select(Takeaway)).one().consent == ""


@pytest.mark.parametrize("spelling", [str.lower, str.upper, lambda code: f"{code[:3]}-{code[3:]}"])
def test_a_code_opens_the_page_however_it_is_typed(
    client: FlaskClient, event: EventSession, spelling: object
) -> None:
    code = spelling(event.code)  # type: ignore[operator]
    for path in (f"/s/{code}", f"/S/{code}"):
        answer = client.get(path, **PHONE)
        assert answer.status_code == 200
        assert event.title in answer.text


def test_an_unknown_code_offers_the_sessions(client: FlaskClient, event: EventSession) -> None:
    answer = client.get("/s/ZZZZZZ", **PHONE)
    assert answer.status_code == 404
    assert f"/s/{event.code}" in answer.text
    problem = client.get("/s/ZZZZZZ", headers=JSON, **PHONE)
    assert problem.status_code == 404
    assert problem.content_type == "application/problem+json"


def test_a_session_that_is_not_recorded_takes_words_only(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    event.do_not_record = True
    session.commit()
    page = client.get(f"/s/{event.code}", **PHONE).text
    assert 'type="file"' not in page
    assert "asked not to be recorded" in page
    photo = files.jpeg()
    refused = client.post(
        f"/s/{event.code}/takeaways",
        data={"file": (photo.open("rb"), "a.jpg")},
        headers=JSON,
        **PHONE,
    )
    assert refused.status_code == 403
    assert count(session) == 0


def test_the_receipt_tells_what_became_of_it(
    client: FlaskClient, session: Session, event: EventSession, clock: TurnableClock
) -> None:
    receipt = send(client, event.code, text="Plant garlic")["receipt"]
    assert "An organizer looks at it" in client.get(f"/t/{receipt}", **PHONE).text
    row = by_receipt(session, receipt)
    approve(session, row, actor(clock))
    page = client.get(f"/t/{receipt.lower()}", **PHONE).text
    assert '<li class="done">Approved' in page
    assert client.get(f"/t/{receipt}", headers=JSON, **PHONE).get_json()["state"] == "approved"
    hide(session, row, actor(clock))
    assert "decided not to show" in client.get(f"/t/{receipt}", **PHONE).text


def test_a_wrong_receipt_is_not_found(client: FlaskClient, event: EventSession) -> None:
    assert client.get("/t/0000000000000", **PHONE).status_code == 404
    assert client.get("/t/0000000000000/qr.svg", **PHONE).status_code == 404


def test_own_words_can_be_changed(
    client: FlaskClient, session: Session, event: EventSession
) -> None:
    receipt = send(client, event.code, text="Plant garlc", author="Rosa")["receipt"]
    form = {"text": "Plant garlic", "audience": "community", "author": "", "state": "approved"}
    answer = client.post(f"/t/{receipt}", data=form, **PHONE)
    assert answer.status_code == 303
    row = session.scalars(select(Takeaway)).one()
    # What stands in the form besides is not the contributor's to set.
    assert (row.text, row.audience, row.author, row.state) == (
        "Plant garlic",
        "community",
        "",
        "new",
    )
    wrong = client.post(f"/t/{receipt}", data={"audience": "everybody"}, headers=JSON, **PHONE)
    assert wrong.status_code == 422


def test_withdrawing_asks_once_and_then_removes_words_and_files(
    client: FlaskClient, session: Session, event: EventSession, store: Store
) -> None:
    record = send(client, event.code, files.jpeg(), text="Take me back")
    original = store.original(record["media"][0]["sha256"], ".jpg")
    assert original.exists()
    asked = client.get(f"/t/{record['receipt']}/withdraw", **PHONE)
    assert "can't be undone" in asked.text.replace("&#39;", "'")
    assert client.post(f"/t/{record['receipt']}/withdraw", **PHONE).status_code == 303
    row = session.scalars(select(Takeaway)).one()
    assert (row.state, row.text) == ("withdrawn", "")
    assert session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert not original.exists()
    assert "You took this back" in client.get(f"/t/{record['receipt']}", **PHONE).text


def test_the_start_page_is_another_on_the_laptop(client: FlaskClient, event: EventSession) -> None:
    phone, laptop = client.get("/", **PHONE).text, client.get("/").text
    assert "Running now" in phone
    assert "qr.svg" not in phone
    assert re.search(rf'<img src="[^"]*{event.code}[^"]*"[^>]*alt="QR code', laptop)
    assert "/desk/" in laptop
    assert "/desk/" not in phone


def test_the_session_runs_no_more_after_its_end(
    client: FlaskClient, event: EventSession, clock: TurnableClock
) -> None:
    clock.turn(hours=3)
    page = client.get("/", **PHONE).text
    running, others = page.split('id="day-1"')
    assert event.title not in running
    assert event.title in others


@pytest.mark.parametrize(
    ("lang", "words", "direction"),
    [("de", "Senden", "ltr"), ("uk", "Надіслати", "ltr"), ("ar", "أرسل", "rtl")],
)
def test_pages_speak_the_language_that_is_chosen(
    client: FlaskClient, event: EventSession, lang: str, words: str, direction: str
) -> None:
    page = client.get(f"/s/{event.code}?lang={lang}", **PHONE)
    assert f'<html lang="{lang}" dir="{direction}"' in page.text
    assert words in page.text
    # Remembered for the pages that follow.
    assert words in client.get(f"/s/{event.code}", **PHONE).text


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("ar-EG,ar;q=0.9", "ar"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("uk-UA", "uk"),
        ("fi,zh-CN;q=0.9,en;q=0.8", "zh"),
        ("zh-TW,en;q=0.8", "en"),
        ("hi-IN;q=0.1,fr;q=0", "hi"),
        ("fi", "en"),
    ],
)
def test_the_phones_own_language_is_taken(
    client: FlaskClient, event: EventSession, asked: str, lang: str
) -> None:
    page = client.get(f"/s/{event.code}", headers={"Accept-Language": asked}, **PHONE)
    assert f'<html lang="{lang}" dir="{"rtl" if lang == "ar" else "ltr"}"' in page.text


def test_the_page_is_lean(client: FlaskClient, event: EventSession) -> None:
    """First paint, the sheet within it, under 8 KB (gzip); what all of it weighs, a real browser tells."""
    page = client.get(f"/s/{event.code}", **PHONE).get_data()
    assert b".thumbzone" in page
    assert len(gzip.compress(page)) < 8_000


def test_no_page_needs_what_the_policy_refuses(client: FlaskClient, event: EventSession) -> None:
    receipt = send(client, event.code, text="Hello")["receipt"]
    pages = [
        "/",
        f"/s/{event.code}",
        f"/t/{receipt}",
        f"/t/{receipt}/withdraw",
        "/wall",
        "/search",
        "/desk/review",
        "/desk/publish",
        "/desk/sessions",
        "/desk/kiosk",
        "/desk/posters",
        "/nowhere",
    ]
    for path in pages:
        page = client.get(path)
        text = page.text
        for sheet in re.findall(r"<style>(.*?)</style>", text, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in page.headers["Content-Security-Policy"], path
        assert not re.search(r"<style(?!>)", text), path
        assert not re.search(r'\sstyle="|\son[a-z]+="', text), path
        assert not re.search(r"<script(?![^>]*src=)", text), path


def test_the_title_of_every_error_is_known_to_the_translators(app: Flask) -> None:
    def below(kind: type[ReporterError]) -> set[type[ReporterError]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    listed = {message.id for message in catalogue("de", PAGES)}
    shown = {kind.title for kind in below(ReporterError) if kind.__module__.startswith("reporter.")}
    assert shown <= listed


def test_a_phone_page_is_readable_and_usable_after_its_own_bytes(
    client: FlaskClient, event: EventSession
) -> None:
    """No sheet and no script that paints or sending by the form waits for; one script, kept for good, comes after."""
    page = client.get(f"/s/{event.code}", **PHONE).text
    assert "stylesheet" not in re.sub(r"<noscript>.*?</noscript>", "", page)
    assert "modulepreload" not in page
    (address,) = re.findall(r'<script type="module" src="([^"]+)"', page)
    script = client.get(address, **PHONE)
    assert (script.status_code, script.mimetype) == (200, "text/javascript")
    assert script.cache_control.immutable
    assert not client.get(address.split("?")[0], **PHONE).cache_control.immutable
    assert client.get("/joined/other.js", **PHONE).status_code == 404


def test_a_dialog_is_not_shown_by_browsers_that_know_none(
    client: FlaskClient, event: EventSession
) -> None:
    """Safari before 15.4: every page would say that the kiosk does not answer."""
    page = client.get(f"/s/{event.code}", **PHONE).text
    assert '<dialog id="away"' in page
    assert "dialog:not([open]) { display: none; }" in page


def test_words_are_changed_within_the_limit_they_were_sent_in(
    client: FlaskClient, event: EventSession
) -> None:
    record = send(client, event.code, text="Share the wheelbarrow")
    for path in (f"/s/{event.code}", f"/t/{record['receipt']}"):
        assert re.search(
            r'<textarea id="text"[^>]* maxlength="\d+"', client.get(path, **PHONE).text
        )


def test_phones_get_pages_and_scripts_compressed(client: FlaskClient, event: EventSession) -> None:
    for path in (
        f"/s/{event.code}",
        "/static/css/base.css",
        "/static/js/phone/capture.js",
        "/joined/capture.js",
    ):
        plain = client.get(path, **PHONE)
        packed = client.get(path, headers={"Accept-Encoding": "gzip, br"}, **PHONE)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert len(packed.get_data()) < 0.5 * len(plain.get_data())
        if path.startswith("/static"):
            # All of it but the lines that are comments.
            code = re.sub(rb"(?m)^ *//.*\n", b"", plain.get_data())
            assert gzip.decompress(packed.get_data()) == code
            mark = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"}
            assert client.get(path, headers=mark, **PHONE).status_code == 304
    assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "3:00\u202fPM"), ("de", "15:00"), ("ar", "3:00 م"), ("hi", "3:00 pm")],
)
def test_a_time_is_written_as_the_language_of_the_page_does(
    client: FlaskClient, event: EventSession, language: str, shown: str
) -> None:
    page = client.get(f"/s/{event.code}?lang={language}", **PHONE).text
    assert f">{shown}</time> · <bdi>Room 2</bdi>" in page
    assert (
        client.get(f"/station/sessions?lang={language}").get_json()["sessions"][0]["when"]
        == f"{shown} · Room 2"
    )
