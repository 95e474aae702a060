"""The desk's media editor, used without scripts: buttons, previews, hostile edits, and who is let in."""

from __future__ import annotations

import html
import io
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.services.publishing import add_target, deliver_once, publish_all
from reporter.annotations import edit_history, face_review
from reporter.gathering.sessions import add_session
from reporter.media.edits import Edits
from reporter.models import EventSession, Media
from reporter.moderation.decisions import approve, by_receipt, set_alt
from tests.support.browsers.pages import PHONE, make_ready, press, send, token
from tests.support.kiosk_process import START, TurnableClock, actor
from tests.support.media import files as media_files
from tests.support.media.faces import detail, portrait_jpeg
from tests.support.media.flip_charts import photo as chart_photo
from tests.support.media.scene import made

FACE = (0.36, 0.39, 0.18, 0.29)
BOX = {"kind": "box", "numbers": [0.32, 0.32, 0.26, 0.42]}


@dataclass
class Desk:
    """One file in the editor."""

    app: Flask
    client: FlaskClient
    session: Session
    receipt: str
    media: Media

    @property
    def url(self) -> str:
        return f"/desk/edit/{self.receipt}/{self.media.sha256}"

    def press(self, **fields: str) -> str:
        """Press a button, follow; what the page says then."""
        answer = press(self.client, self.url, **fields)
        assert (answer.status_code, answer.headers["Location"]) == (303, self.url)
        self.session.expire_all()
        return html.unescape(self.client.get(self.url).text)

    def edits(self) -> Edits:
        self.session.expire_all()
        return edit_history.edits_of(self.session, self.media)

    def preview(self, body: Any) -> Any:
        headers = {"X-CSRFToken": token(self.client), "Accept": "application/json"}
        data = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(f"{self.url}/preview", data=data, headers=headers)


def desk(app: Flask, client: FlaskClient, session: Session, code: str, *files: Path) -> Desk:
    receipt = send(client, code, *files, consent="agreed")["receipt"]
    make_ready(app)
    return Desk(app, client, session, receipt, session.scalars(select(Media)).one())


@pytest.fixture
def photo(app: Flask, client: FlaskClient, session: Session, event: EventSession) -> Desk:
    return desk(app, client, session, event.code, portrait_jpeg())


def pixels(data: bytes) -> Any:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def test_the_buttons_work_without_scripts(photo: Desk) -> None:
    assert "Saved." in photo.press(do="right")
    assert "Saved." in photo.press(do="right")
    assert photo.edits() == Edits(turn=180)
    photo.press(do="left")
    assert photo.edits() == Edits(turn=90)
    photo.press(do="undo")
    assert photo.edits() == Edits(turn=180)
    photo.press(do="redo")
    assert photo.edits() == Edits(turn=90)
    photo.press(do="original")
    assert photo.edits() == Edits()
    assert "nothing was changed" in photo.press(do="original")
    make_ready(photo.app)
    assert "being made anew" not in photo.client.get(photo.url).text


def test_proposed_faces_are_shown_and_blurred_by_one_button(photo: Desk) -> None:
    face_review.write_proposals(photo.session, photo.media.id, [FACE])
    page = photo.client.get(photo.url).text
    [mark] = re.findall(r"<rect ([^>]+)/>", page)
    assert 'class="done"' not in mark
    page = photo.press(do="faces")
    assert "nobody sees any of it" in page
    assert re.findall(r'<rect class="done"', page) == ['<rect class="done"']
    assert photo.client.get(f"/m/{photo.media.sha256}/view").status_code == 404
    make_ready(photo.app)
    for name in ("view", "thumb"):
        answer = photo.client.get(f"/m/{photo.media.sha256}/{name}", buffered=True)
        assert detail(pixels(answer.get_data()), FACE) < 6
    photo.session.expire_all()
    assert photo.media.faces == "seen"


def test_what_the_script_sends_is_saved(photo: Desk) -> None:
    photo.press(edits=json.dumps([BOX, {"kind": "tilt", "numbers": [2]}]))
    assert photo.edits().steps() == [BOX, {"kind": "tilt", "numbers": [2]}]
    page = photo.client.get(photo.url).text
    attribute = re.search(r'data-edits="([^"]*)"', page)
    assert attribute is not None
    assert json.loads(html.unescape(attribute[1])) == photo.edits().steps()


HOSTILE = (
    "",
    "{",
    "[1]",
    "null",
    "[" * 5000,
    '[{"kind":"box","numbers":[NaN,0,1,1]}]',
    '[{"kind":"box","numbers":[0.9,0.9,0.5,0.5]}]',
    "x" * 200_000,
    json.dumps([BOX] * 3000),
    '[{"kind":"cut","numbers":[0,1]}]',
    '[{"kind":"turn","numbers":[1e999]}]',
)


def test_hostile_edits_are_refused_and_change_nothing(photo: Desk) -> None:
    for edits in HOSTILE:
        assert press(photo.client, photo.url, edits=edits).status_code == 422, edits[:60]
        assert photo.preview(edits).status_code == 422, edits[:60]
    assert photo.edits() == Edits()
    view = photo.client.get(f"/m/{photo.media.sha256}/view", buffered=True)
    assert view.status_code == 200


def test_a_preview_shows_what_others_would_see_and_saves_nothing(photo: Desk) -> None:
    answer = photo.preview([BOX, {"kind": "turn", "numbers": [90]}])
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"] == "no-store"
    shown = pixels(answer.get_data())
    assert shown.shape[:2] == (900, 600)
    assert detail(shown, (1 - 0.39 - 0.29, 0.36, 0.29, 0.18)) < 6
    assert photo.edits() == Edits()


def test_the_desk_works_on_the_picture_as_it_came(photo: Desk) -> None:
    photo.press(edits=json.dumps([BOX]))
    make_ready(photo.app)
    plain = photo.client.get(f"{photo.url}/plain", buffered=True)
    assert detail(pixels(plain.get_data()), FACE) > 15
    assert plain.headers["Cache-Control"] == "private, no-cache"
    # A copy that is gone is made again.
    with photo.app.app_context():
        path = photo.app.extensions["kiosk"].store.plain(photo.media.sha256, ".jpg")
    path.unlink()
    assert (
        detail(pixels(photo.client.get(f"{photo.url}/plain", buffered=True).get_data()), FACE) > 15
    )
    assert path.is_file()


def test_a_sheet_is_proposed(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    shot = chart_photo(15, 5)
    path = made("chart-15-5.jpg", lambda p: Image.fromarray(shot.pixels).save(p, quality=92))
    chart = desk(app, client, session, event.code, path)
    corners = client.get(f"{chart.url}/sheet").get_json()["corners"]
    assert np.abs(np.array(corners) - shot.corners.ravel()).max() < 0.02
    chart.press(edits=json.dumps([{"kind": "clean-sheet", "numbers": corners}]))
    make_ready(app)
    view = pixels(client.get(f"/m/{chart.media.sha256}/view", buffered=True).get_data())
    assert view.shape[0] > view.shape[1]
    assert view[20:60, 20:-20].mean() > 235


def test_a_film_is_cut_by_numbers_without_scripts(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    film = desk(app, client, session, event.code, media_files.mp4())
    whole = film.media.duration
    assert whole is not None
    page = film.press(do="cut", begin="0,5", end=f"{whole - 0.5:.2f}")
    assert "Saved." in page
    assert film.edits().cut == (0.5, round(whole - 0.5, 2))
    for begin, end in (("0", f"{whole + 5}"), ("nan", "1"), ("x", "1"), ("1", "0.5"), ("-1", "1")):
        assert press(client, film.url, do="cut", begin=begin, end=end).status_code == 422
    make_ready(app)
    session.expire_all()
    play = next(r for r in film.media.renditions if r.name == "play")
    assert play.duration == pytest.approx(whole - 1, abs=0.15)
    # The desk still plays all of it.
    plain = client.get(f"{film.url}/plain", buffered=True)
    assert plain.content_type == "video/mp4"
    assert len(plain.get_data()) > 1000
    assert client.get(f"{film.url}/sheet").status_code == 404


def test_only_files_of_that_takeaway_can_be_edited(
    photo: Desk, client: FlaskClient, event: EventSession
) -> None:
    other = send(client, event.code, media_files.jpeg(300, 200))
    sha256 = other["media"][0]["sha256"]
    for part in (f"{photo.receipt}/{sha256}", f"{photo.receipt}/..", "NO-SUCH/00"):
        assert client.get(f"/desk/edit/{part}").status_code == 404


def test_only_the_desk_gets_in(photo: Desk, client: FlaskClient) -> None:
    for path in ("", "/plain", "/sheet"):
        assert client.get(photo.url + path, **PHONE).status_code == 403
    for path in ("", "/preview"):
        answer = client.post(photo.url + path, data={"do": "right"}, **PHONE)
        assert answer.status_code in (400, 403)
        # At the laptop, but from another site's page: no token.
        assert client.post(photo.url + path, data={"do": "right"}).status_code == 400
    assert photo.edits() == Edits()


def test_a_file_of_two_takeaways_says_so(
    photo: Desk, client: FlaskClient, session: Session, event: EventSession
) -> None:
    page = client.get(photo.url).text
    assert "The same file" not in page
    other = add_session(session, "Another", now=START, rng=random.Random(4))
    send(client, other.code, portrait_jpeg())
    assert "The same file is in 1 other takeaway" in client.get(photo.url).text


def test_the_wall_has_no_card_without_picture_and_words_meanwhile(
    photo: Desk, clock: TurnableClock
) -> None:
    def images() -> list[str]:
        return [card["image"] for card in photo.client.get("/wall/cards").get_json()["cards"]]

    approve(photo.session, by_receipt(photo.session, photo.receipt), actor(clock))
    [before] = images()
    photo.press(edits=json.dumps([BOX]))
    assert images() == []
    make_ready(photo.app)
    [after] = images()
    assert after != before
    shown = photo.client.get(after, buffered=True, **{"environ_base": PHONE["environ_base"]})
    assert detail(pixels(shown.get_data()), FACE) < 6


def test_places_keep_what_they_have_until_the_new_picture_is_made(
    photo: Desk, clock: TurnableClock, tmp_path: Path
) -> None:
    row = by_receipt(photo.session, photo.receipt)
    set_alt(photo.session, row, actor(clock), {photo.media.sha256: "A face before a wall"})
    approve(photo.session, row, actor(clock))
    kiosk, stick = photo.app.extensions["kiosk"], tmp_path / "stick"

    def sent() -> dict[str, float]:
        while deliver_once(kiosk):
            pass
        return {path.name: detail(pixels(path.read_bytes()), FACE) for path in stick.rglob("*.jpg")}

    with photo.app.app_context():
        add_target(kiosk, "folder", "stick", {"url": stick.as_uri()}, ask=lambda _prompt: "")
        publish_all(kiosk)
        before = sent()
        # The view and its two smaller copies.
        assert [value > 15 for value in before.values()] == [True] * 3
        photo.press(edits=json.dumps([BOX]))
        assert sent() == before
        make_ready(photo.app)
        after = sent()
        assert [value < 6 for value in after.values()] == [True] * 3
        assert not after.keys() & before.keys()
        # Where it can't be made, the former one doesn't stay for ever.
        photo.press(do="right")
        assert sent() == after
        clock.turn(minutes=3)
        assert sent() == {}


def test_edits_that_fail_are_said_and_can_be_taken_back(photo: Desk) -> None:
    photo.press(edits=json.dumps([BOX]))
    store = photo.app.extensions["kiosk"].store
    original = store.original(photo.media.sha256, photo.media.ext)
    whole = original.read_bytes()
    original.chmod(0o644)
    # (Of a photo that only breaks off, what is there is shown.)
    original.write_bytes(bytes(len(whole)))
    make_ready(photo.app)
    assert "Nobody sees any of it." in photo.client.get(photo.url).text
    assert photo.client.get(f"/m/{photo.media.sha256}/view").status_code == 404
    original.write_bytes(whole)
    photo.press(do="original")
    make_ready(photo.app)
    view = photo.client.get(f"/m/{photo.media.sha256}/view", buffered=True)
    assert detail(pixels(view.get_data()), FACE) > 15


def _write_half(path: Path) -> None:
    path.write_bytes(media_files.jpeg().read_bytes()[:900])


def test_a_broken_file_is_said_to_be_so(
    app: Flask, client: FlaskClient, session: Session, event: EventSession
) -> None:
    path = made("cut-off.jpg", _write_half)
    broken = desk(app, client, session, event.code, path)
    assert broken.media.state == "failed"
    page = client.get(broken.url)
    assert page.status_code == 200
    assert "damaged" in page.text
    assert press(client, broken.url, do="right").status_code == 409
