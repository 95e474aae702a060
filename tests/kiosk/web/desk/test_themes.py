"""The desk's page of themes: forms that work without scripts, and the command that tells the same."""

from __future__ import annotations

import json
import random
import re

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from kiosk.cli import main
from reporter.actor import Actor
from reporter.config import Settings
from reporter.gathering.sessions import add_session
from reporter.models import EventSession, Story, Takeaway
from reporter.moderation.decisions import hide
from reporter.themes.board import ThemeBoard, theme_board
from tests.support.browsers.pages import PHONE, place_of, press
from tests.support.kiosk_process import TurnableClock, add_takeaway
from tests.support.themes.labelled import labelled

PAGE = "/desk/themes"
JSON = {"Accept": "application/json"}


@pytest.fixture
def said(session: Session, event: EventSession, rng: random.Random) -> list[Takeaway]:
    return [
        add_takeaway(session, event, rng, text=one.text, state="approved")
        for one in labelled()
        if one.label in ("bicycles", "shared food")
    ]


def board(client: FlaskClient, session: Session) -> ThemeBoard:
    """Themes after the page was opened, which brings them up to date."""
    assert client.get(PAGE).status_code == 200
    session.expire_all()
    return theme_board(session, "en")


def test_too_little_is_told(client: FlaskClient) -> None:
    page = client.get(PAGE).text
    assert "There are too few takeaways for themes" in page
    assert "Undo the last change" not in page


def test_only_the_desk_opens_it(client: FlaskClient, said: list[Takeaway]) -> None:
    answer = client.get(PAGE, **PHONE)
    assert answer.status_code == 403
    assert said[0].text not in answer.text


def test_the_page_shows_themes_and_the_rail_leads_to_it(
    client: FlaskClient, session: Session, said: list[Takeaway]
) -> None:
    themes = board(client, session).themes
    page = client.get(PAGE).text
    assert len(themes) >= 2
    assert re.findall(r'<h2 id="name-(\w+)"', page) == [theme.id.hex for theme in themes]
    assert 'href="/desk/themes"' in client.get("/desk/sessions").text


def test_of_many_sessions_of_a_theme_the_others_are_counted(
    client: FlaskClient,
    session: Session,
    said: list[Takeaway],
    clock: TurnableClock,
    rng: random.Random,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kiosk.web.desk.themes.SESSIONS_NAMED", 2)
    for number, row in enumerate(said):
        row.session = add_session(session, f"Session {number}", now=clock(), rng=rng)
    session.commit()
    count = len(board(client, session).themes[0].sessions)
    page = client.get(PAGE).text
    first = page.split('<p class="soft">')[1].split("</p>")[0]
    assert first.count("<bdi>") == 2
    assert first.endswith(f"and {count - 2} more")


def test_forms_rename_merge_drop_move_split_and_undo(
    client: FlaskClient, session: Session, said: list[Takeaway]
) -> None:
    first, second = board(client, session).themes[:2]
    press(client, f"{PAGE}/{first.id.hex}", do="rename", name="What <we> said")
    assert "What &lt;we&gt; said" in client.get(PAGE).text

    receipt = first.takeaways[0].receipt
    answer = press(client, f"{PAGE}/takeaways", receipt=[receipt], into=second.id.hex)
    assert place_of(client, answer) == f"theme-{second.id.hex}"
    now = {theme.id: theme for theme in board(client, session).themes}
    assert receipt in {row.receipt for row in now[second.id].takeaways}
    press(client, f"{PAGE}/undo")
    now = {theme.id: theme for theme in board(client, session).themes}
    assert receipt in {row.receipt for row in now[first.id].takeaways}

    count = len(now)
    press(client, f"{PAGE}/takeaways", receipt=[receipt], into="new")
    assert len(board(client, session).themes) == count + 1
    press(client, f"{PAGE}/takeaways", receipt=[receipt], into="")
    assert [row.receipt for row in board(client, session).loose.takeaways] == [receipt]

    press(client, f"{PAGE}/{second.id.hex}", do="drop")
    assert [theme.id for theme in board(client, session).dropped] == [second.id]
    assert "Show it again" in client.get(PAGE).text
    press(client, f"{PAGE}/{second.id.hex}", do="show")
    press(client, f"{PAGE}/{second.id.hex}", do="merge", into=first.id.hex)
    assert second.id not in {theme.id for theme in board(client, session).themes}


def test_wrong_forms_get_a_clear_answer(
    client: FlaskClient, session: Session, said: list[Takeaway]
) -> None:
    first = board(client, session).themes[0].id.hex
    assert press(client, f"{PAGE}/{first}", do="dance").status_code == 422
    assert press(client, f"{PAGE}/{first}", do="merge", into=first).status_code == 422
    assert press(client, f"{PAGE}/takeaways", into="new").status_code == 422
    assert press(client, f"{PAGE}/undo").status_code == 422
    assert press(client, f"{PAGE}/nothing", do="drop").status_code == 404
    assert client.post(f"{PAGE}/undo").status_code == 400


def test_the_command_tells_themes_sessions_and_questions(
    gathering: Settings, event: EventSession, said: list[Takeaway]
) -> None:
    run = ["--gathering", str(gathering.folder), "themes"]
    answer = CliRunner().invoke(main, [*run, "--json"], catch_exceptions=False)
    document = json.loads(answer.stdout)
    assert set(document) == {"themes", "unassigned"}
    assert all(
        set(theme) == {"name", "takeaways", "sessions", "questions"} for theme in document["themes"]
    )
    found = [receipt for theme in document["themes"] for receipt in theme["takeaways"]]
    assert len(found) + document["unassigned"] == len(said)
    assert set(found) <= {row.receipt for row in said}
    assert {code for theme in document["themes"] for code in theme["sessions"]} == {event.code}
    asked = {row.receipt for row in said if row.text.endswith(("?", "؟"))}
    assert {receipt for theme in document["themes"] for receipt in theme["questions"]} <= asked
    plain = CliRunner().invoke(main, run, catch_exceptions=False).output
    assert document["themes"][0]["name"] in plain


def test_the_command_says_when_there_is_too_little(
    gathering: Settings, event: EventSession
) -> None:
    run = ["--gathering", str(gathering.folder), "themes"]
    answer = CliRunner().invoke(main, run, catch_exceptions=False)
    assert "too few takeaways" in answer.output
    document = json.loads(CliRunner().invoke(main, [*run, "--json"]).stdout)
    assert document == {"themes": [], "unassigned": 0}


def test_a_story_begins_with_a_theme(
    client: FlaskClient, session: Session, said: list[Takeaway]
) -> None:
    theme = board(client, session).themes[0]
    answer = press(client, f"{PAGE}/{theme.id.hex}/story")
    story = session.query(Story).one()
    assert answer.location.endswith(f"/desk/stories/{story.id.hex}")
    assert story.draft
    assert story.title == theme.name
    inside = {item.takeaway_id for item in story.items}
    assert {row.id for row in theme.telling} <= inside <= {row.id for row in theme.takeaways}


def test_search_narrows_by_theme(
    client: FlaskClient, session: Session, said: list[Takeaway], app: Flask
) -> None:
    themes = board(client, session).themes
    app.extensions["kiosk"].index.sync(session)
    found = client.get("/search?limit=100", headers=JSON).get_json()
    assert found["facets"]["theme"] == {one.id.hex: len(one.takeaways) for one in themes}
    assert found["themes"][themes[0].id.hex] == themes[0].name
    only = client.get(f"/search?limit=100&theme={themes[0].id.hex}", headers=JSON).get_json()
    assert {one["id"] for one in only["results"]} == {str(row.id) for row in themes[0].takeaways}


@pytest.mark.parametrize(("language", "comma"), [("en", ", "), ("ar", "، "), ("zh", "、")])
def test_sessions_are_listed_with_the_comma_of_the_readers_language(
    client: FlaskClient,
    session: Session,
    said: list[Takeaway],
    rng: random.Random,
    language: str,
    comma: str,
) -> None:
    other = add_session(session, "Other", now=said[0].received_at, rng=rng)
    for row in said[::2]:
        row.session = other
    session.commit()
    listed = re.findall("</bdi>(.{1,9})<bdi>", client.get(f"{PAGE}?lang={language}").text)
    slides = client.get("/slides/list").get_json()["slides"]
    abouts = [one["about"] for one in slides if one["kind"] == "theme"]
    listed += [between for one in abouts for between in re.findall("\u2069(.+?)\u2068", one)]
    assert {*listed} == {comma}


def test_screens_of_the_room_show_only_what_may_be_shown_there(
    client: FlaskClient, session: Session, said: list[Takeaway]
) -> None:
    theme = board(client, session).themes[0]
    secret = theme.telling[0]
    secret.text = f"Quetzalcoatl said this. {secret.text}"
    session.commit()
    shown = client.get("/slides/list", **PHONE)
    assert "Quetzalcoatl" in shown.text
    assert "Quetzalcoatl" in client.get("/wall/cards?mode=themes", **PHONE).text
    hide(session, secret, Actor(secret.received_at, random.Random(1), "desk"))
    for address in ("/slides/list", "/wall/cards?mode=themes", "/search?q=quetzalcoatl"):
        assert "Quetzalcoatl" not in client.get(address, **PHONE, headers=JSON).text
    slides = client.get("/slides/list").get_json()["slides"]
    kinds = [one["kind"] for one in slides]
    # Titles of several directions stand side by side (UAX 9).
    abouts = [one["about"] for one in slides if one["kind"] == "theme"]
    assert all(
        re.fullmatch(r"\d+ takeaways · (?:\u2068[^,]+\u2069(?:, )?)+", one) for one in abouts
    )
    assert (kinds[0], kinds[1], kinds[-1]) == ("title", "theme", "end")
    unchanged = client.get("/slides/list", headers={"If-None-Match": shown.headers["ETag"]})
    assert unchanged.status_code == 200


@pytest.fixture
def many(said: list[Takeaway], monkeypatch: pytest.MonkeyPatch) -> list[Takeaway]:
    """More than are grouped while the page is made."""
    monkeypatch.setattr("kiosk.services.summaries.theme_views.AT_ONCE", 3)
    return said


@pytest.mark.sqlite("another process opens the folder")
def test_many_are_grouped_by_another_process_while_the_page_tells_how_far_it_is(
    client: FlaskClient, many: list[Takeaway], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.services.summaries.theme_views.refresh", pytest.fail)
    page = client.get(PAGE).text
    assert f'<progress aria-labelledby="task-title" max="{len(many)}" value="0">' in page
    assert "There are too few takeaways" not in page
    process = app.extensions["kiosk"].parts["themes being grouped"]
    # Another visit starts no other one.
    assert client.get(PAGE).status_code == 200
    assert app.extensions["kiosk"].parts["themes being grouped"] is process
    process.join()
    assert client.get(f"{PAGE}/progress").get_json() == {
        "state": "done",
        "done": len(many),
        "of": len(many),
    }
    page = client.get(PAGE).text
    assert "<progress" not in page
    assert '<h2 id="name-' in page


@pytest.mark.sqlite("another process opens the folder")
def test_a_report_never_lacks_what_is_being_grouped(
    client: FlaskClient, many: list[Takeaway], app: Flask
) -> None:
    answer = client.get("/desk/report/report.html")
    assert answer.status_code == 503
    assert "are still being grouped" in answer.text
    app.extensions["kiosk"].parts["themes being grouped"].join()
    assert client.get("/desk/report/report.html").status_code == 200


def test_at_a_hub_each_visit_groups_a_part(
    client: FlaskClient, many: list[Takeaway], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.extensions["kiosk"].kept_under = app.extensions["kiosk"].gathering_id
    monkeypatch.setattr("reporter.themes.refresh.MOST_WHOLE", 20)
    monkeypatch.setattr("reporter.themes.refresh.SAMPLE", 20)
    monkeypatch.setattr("reporter.themes.refresh.SMALL", 5)
    assert f'max="{len(many)}" value="20"' in client.get(PAGE).text
    assert "<progress" not in client.get(PAGE).text
