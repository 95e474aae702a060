"""Every page of the kiosk and its states, as html-validate reads them, in English and from right to left."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import add_target, publish_all
from reporter.models import EventSession, Takeaway
from reporter.moderation import decisions
from tests.support.browsers.pages import PHONE, make_ready, send
from tests.support.html_validate import validate

DESK = [
    "review",
    "review?state=approved",
    "review?state=hidden",
    "stories",
    "publish",
    "conversation",
    "sessions",
    "coverage",
    "cards",
    "faces",
    "themes",
    "actions",
    "afterwards",
    "afterwards/digest",
    "film",
    "report",
    "laptops",
    "privacy",
    "support",
    "sessions/new",
    "sessions/schedule",
    "wall",
    "tools",
    "settings",
    "kiosk",
    "setup",
    "setup/sessions",
    "setup/gathering",
    "setup/network",
    "setup/done",
    "erase",
    "publish/preview",
    "publish/by-hand",
    "publish/places/add",
    "publish/places/add/folder",
    "publish/places/add/wordpress",
    "publish/places/here/remove",
]
ANYBODY = (
    "/ /mine /wall /station /outcomes /search /search?q=compost /search?q=nothing-of-it /slides /conduct /privacy "
    "/desk/login /s/XXXXXX /nothing"
)


@pytest.fixture
def filled(app: Flask, client: FlaskClient, event: EventSession, tmp_path: Path) -> dict[str, Any]:
    """A photo that was published and answered, one that waits, and a place."""
    picture = tmp_path / "frost.jpg"
    Image.effect_noise((640, 480), 80).convert("RGB").save(picture)
    sent = send(client, event.code, picture, text="Compost <stays> warm", consent="agreed")
    send(client, event.code, text="Who has a shed?", intent="question")
    make_ready(app)
    with app.app_context():
        kiosk = current_kiosk()
        row = db.session.scalars(select(Takeaway).where(Takeaway.receipt == sent["receipt"])).one()
        decisions.approve(db.session(), row, kiosk.actor("desk"))
        (tmp_path / "site").mkdir()
        address = (tmp_path / "site").as_uri()
        add_target(kiosk, "folder", "here", {"url": address}, ask=lambda _prompt: "")
        publish_all(kiosk, wait=True)
    return sent


def test_every_page_of_a_new_gathering_is_valid(client: FlaskClient, tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    for address in (*ANYBODY.split(), *(f"/desk/{name}" for name in DESK if "here" not in name)):
        text = client.get(address, follow_redirects=True).text
        (folder / f"{re.sub(r'[^a-z]+', '-', address)}.html").write_text(text, "utf-8")
    found = validate(tmp_path, *sorted(folder.glob("*.html")))
    assert (found.stdout.strip().splitlines(), found.returncode) == ([], 0)


def test_every_page_is_valid(
    client: FlaskClient, event: EventSession, filled: dict[str, Any], tmp_path: Path
) -> None:
    receipt = filled["receipt"]
    own = [f"/s/{event.code}", f"/t/{receipt}", f"/t/{receipt}/withdraw"]
    edited = [
        f"/desk/edit/{receipt}/{filled['media'][0]['sha256']}",
        f"/desk/sessions/{event.code}",
    ]
    addresses = [*ANYBODY.split(), *own, *edited, *(f"/desk/{name}" for name in DESK)]
    asked: list[tuple[str, dict[str, Any]]] = [(address, {}) for address in addresses]
    asked += [(address, PHONE) for address in ("/", *own)]
    folder = tmp_path / "pages"
    folder.mkdir()
    for number, (address, how) in enumerate(asked):
        mark = "&" if "?" in address else "?"
        for language in ("en", "ar"):
            answer = client.get(f"{address}{mark}lang={language}", follow_redirects=True, **how)
            assert answer.status_code in (200, 404), address
            assert (answer.status_code == 404) == (address in ("/s/XXXXXX", "/nothing")), address
            name = re.sub(r"\W+", "-", address).strip("-")
            (folder / f"{number}-{name}-{language}.html").write_text(answer.text, "utf-8")
    found = validate(tmp_path, *sorted(folder.glob("*.html")))
    assert found.stdout.strip().splitlines() == []
    assert found.returncode == 0
