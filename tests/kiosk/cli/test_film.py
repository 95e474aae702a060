"""``reporter film``: from a gathering to a file, and who is in none of its frames."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from capture.films import film_maker
from kiosk.cli import main
from reporter.config import Settings
from reporter.media.store import Store
from reporter.models import EventSession
from reporter.moderation import decisions
from tests.support.browsers.pages import make_ready, send
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway
from tests.support.media.films import Rgb, make_small_film, most_of

pytestmark = pytest.mark.slow

# Far from the cards' colours and from one another, so that no fade looks like one of them.
COLOURS: dict[str, Rgb] = {
    "shown": (20, 160, 60),
    "unstarred": (230, 20, 220),
    "unsure": (20, 220, 230),
    "for_room": (30, 30, 235),
    "hidden": (130, 255, 20),
    "withdrawn": (120, 20, 170),
    "unapproved": (240, 240, 20),
}


def run(settings: Settings, *arguments: str | Path) -> Result:
    words = ["--gathering", str(settings.folder), "film", *(str(one) for one in arguments)]
    return CliRunner().invoke(main, words)


@pytest.fixture
def evening(
    tmp_path: Path,
    app: Flask,
    client: FlaskClient,
    session: Session,
    event: EventSession,
    clock: TurnableClock,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """A takeaway of each colour; {name: receipt}. Who is in a film does not depend on its size."""
    monkeypatch.setattr(film_maker, "make_film", make_small_film)
    receipts: dict[str, str] = {}
    for name, colour in COLOURS.items():
        path = tmp_path / f"{name}.jpg"
        Image.new("RGB", (640, 480), colour).save(path, quality=95)
        consent = "unsure" if name == "unsure" else "agreed"
        audience = "room" if name == "for_room" else "public"
        takeaway = send(
            client, event.code, path, text=name, author="Ana", consent=consent, audience=audience
        )
        receipts[name] = takeaway["receipt"]
    make_ready(app)
    for name, receipt in receipts.items():
        row = decisions.by_receipt(session, receipt)
        decisions.change(session, row, actor(clock), {"starred": name != "unstarred"})
        if name != "unapproved":
            decisions.approve(session, row, actor(clock))
        if name == "hidden":
            decisions.hide(session, row, actor(clock))
        if name == "withdrawn":
            decisions.withdraw(session, row, actor(clock), store)
    return receipts


def test_only_what_may_be_shown_is_in_the_film(
    gathering: Settings, evening: dict[str, str], tmp_path: Path
) -> None:
    result = run(gathering, "-o", tmp_path / "film.mp4", "--seconds", "15", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert {one["receipt"] for one in document["pieces"]} == {None, evening["shown"]}
    assert [one["kind"] for one in document["pieces"]] == [
        "title",
        "session",
        "photo",
        "credits",
        "closing",
    ]
    assert document["bytes"] == (tmp_path / "film.mp4").stat().st_size
    found = most_of(tmp_path / "film.mp4", COLOURS)
    assert found.pop("shown") > 0.5
    assert {name: share for name, share in found.items() if share > 0.01} == {}
    assert sorted(path.name for path in tmp_path.glob(".*film*")) == []


def test_the_room_sees_what_is_meant_for_it(
    gathering: Settings,
    evening: dict[str, str],
    tmp_path: Path,
) -> None:
    goal = tmp_path / "film.mp4"
    result = run(
        gathering, "-o", goal, "--seconds", "25", "--audience", "room", "--shape", "square"
    )
    assert result.exit_code == 0, result.output
    assert "takeaways in it: 3" in result.output
    found = most_of(goal, COLOURS)
    assert {name for name, share in found.items() if share > 0.2} == {"shown", "unsure", "for_room"}
    # The census can see what it looks for, and sees nothing of the others.
    assert max(found[name] for name in ("unstarred", "hidden", "withdrawn", "unapproved")) < 0.01


def test_without_stars_it_says_what_to_do(gathering: Settings, tmp_path: Path) -> None:
    result = run(gathering, "-o", tmp_path / "film.mp4")
    assert result.exit_code == 1
    assert "Nothing is starred yet" in result.output
    assert not (tmp_path / "film.mp4").exists()


def test_stars_that_nobody_may_see_say_so(
    gathering: Settings,
    session: Session,
    event: EventSession,
    rng: random.Random,
    tmp_path: Path,
) -> None:
    add_takeaway(session, event, rng, starred=True, state="approved", audience="room")
    result = run(gathering, "-o", tmp_path / "film.mp4")
    assert result.exit_code == 1
    assert "may be shown to this audience" in result.output


def test_a_name_that_is_no_mp4_is_refused(gathering: Settings, tmp_path: Path) -> None:
    assert run(gathering, "-o", tmp_path / "film.avi").exit_code == 2
