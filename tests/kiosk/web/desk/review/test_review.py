"""The contact sheet: filters, pages both ways, a constant number of queries, bulk, two people, names, proposals."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as listen
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.cli import main
from kiosk.runtime.database import db
from kiosk.web.desk.review.views import PAGE
from reporter.config import Settings
from reporter.media.near_duplicates import keep_look
from reporter.models import Attachment, Decision, EventSession, Takeaway
from reporter.moderation import decisions
from tests.support.browsers.pages import press
from tests.support.kiosk_process import START, TurnableClock, actor, add_takeaway, new_media


def photo(
    session: Session, event: EventSession, rng: random.Random, likeness: int, **values: Any
) -> Takeaway:
    """A photo without alt text that was glanced at."""
    sharpness = values.pop("sharpness", 100.0)
    row = add_takeaway(session, event, rng, **{"kind": "photo", **values})
    media = new_media(rng, state="ready")
    row.attachments.append(Attachment(media=media, position=0))
    session.flush()
    keep_look(session, media.id, sharpness=sharpness, brightness=90.0, likeness=f"{likeness:016x}")
    session.commit()
    return row


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    listen.listen(engine, "before_cursor_execute", note)
    yield sent
    listen.remove(engine, "before_cursor_execute", note)


def receipts(page: str) -> list[str]:
    """What stands on the sheet, in order."""
    return re.findall(r'name="receipt" value="([^"]+)"', page)


def onward(page: str) -> str:
    """The cursor of the next page."""
    return str(re.findall(r'after=([0-9a-f]+)[^"]*">Next page', page)[0])


def sheet(client: FlaskClient, query: str = "") -> str:
    answer = client.get(f"/desk/review?{query}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("query", ["", "state=all&alike=1", "state=all&blurred=1&alt=1"])
def test_a_page_asks_as_many_questions_for_many_as_for_few(
    app: Flask,
    client: FlaskClient,
    session: Session,
    event: EventSession,
    rng: random.Random,
    query: str,
) -> None:
    counts = []
    for _round in range(2):
        for number in range(6):
            photo(
                session,
                event,
                rng,
                0xFF << 8 * (number % 3),
                sharpness=20.0,
                tags=[f"tag {number}"],
            )
        with counted(app) as sent:
            assert receipts(sheet(client, query))
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_pages_lead_forth_and_back(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    for number in range(PAGE * 2 + 3):
        add_takeaway(session, event, rng, text=f"No {number}")
    first = sheet(client)
    second = sheet(client, "after=" + onward(first))
    third = sheet(client, "after=" + onward(second))
    assert [len(receipts(page)) for page in (first, second, third)] == [PAGE, PAGE, 3]
    assert "Next page" not in third
    back = sheet(client, "before=" + re.findall(r'before=([0-9a-f]+)[^"]*">Page before', third)[0])
    assert receipts(back) == receipts(second)
    assert client.get("/desk/review?before=x").status_code == 400


def test_each_filter_is_a_link_that_leaves_only_those(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    plain = add_takeaway(session, event, rng)
    starred = add_takeaway(session, event, rng, starred=True, intent="idea")
    held = add_takeaway(session, event, rng, held=True, source="card")
    blurred = photo(session, event, rng, 0xFFFF_FFFF << 32, sharpness=5.0)
    one, two = (photo(session, event, rng, 0xFF << 20, audience="room") for _ in range(2))
    for query, wanted in (
        ("", [plain, starred, held, blurred, one, two]),
        ("starred=1", [starred]),
        ("held=1", [held]),
        ("blurred=1", [blurred]),
        ("alike=1", [one, two]),
        ("alt=1", [blurred]),
        ("intent=idea", [starred]),
        ("source=card", [held]),
        ("kind=photo", [blurred, one, two]),
        ("kind=photo&blurred=1", [blurred]),
        ("state=hidden", []),
    ):
        assert set(receipts(sheet(client, query))) == {row.receipt for row in wanted}, query
    page = sheet(client)
    assert 'href="/desk/review?state=new&amp;starred=1"' in page
    assert 'Look alike <span class="count">2</span>' in page


def test_of_look_alikes_the_sharpest_is_proposed_and_the_others_go_in_one_step(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    rows = [
        photo(session, event, rng, 0xFF << 20, sharpness=sharpness)
        for sharpness in (80.0, 300.0, 90.0)
    ]
    page = sheet(client, f"show={rows[1].receipt}")
    assert "2 others look like this one; this is the sharpest." in page
    group = re.findall(r"/desk/review/alike/([0-9a-f]+)", page)[0]
    answer = press(client, f"/desk/review/alike/{group}", keep=rows[1].receipt)
    session.expire_all()
    assert [row.state for row in rows] == ["hidden", "new", "hidden"]
    press(client, "/desk/review/undo/" + re.findall(r"undo=([0-9a-f]+)", answer.location)[0])
    session.expire_all()
    assert [row.state for row in rows] == ["new"] * 3


def test_an_approved_photo_without_words_is_told_and_takes_all_proposals(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    rows = [photo(session, event, rng, number, text="", state="approved") for number in range(2)]
    assert "2 approved photos have no description yet." in sheet(client)
    assert "2 approved photos have no description yet." in client.get("/desk/publish").text
    answer = press(client, "/desk/review/proposals")
    session.expire_all()
    assert {row.attachments[0].alt for row in rows} == {f"Photo: {event.title}"}
    assert "no description yet" not in sheet(client)
    assert "no description yet" not in client.get("/desk/publish").text
    press(client, "/desk/review/undo/" + re.findall(r"undo=([0-9a-f]+)", answer.location)[0])
    session.expire_all()
    assert {row.attachments[0].alt for row in rows} == {""}


def test_two_at_the_desk_lose_nothing_and_see_whose_it_was(
    client: FlaskClient,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    row = add_takeaway(session, event, rng)
    seen = re.findall(r'name="seen" value="(\d+)"', sheet(client))[0]
    decisions.change(session, row, actor(clock, "desk:Bea"), {"caption": "Hers"})
    clash = press(client, f"/desk/review/{row.receipt}", seen=seen, caption="Mine", tags="soil")
    assert clash.status_code == 409
    assert "Bea changed this at" in clash.text
    assert ">Mine</textarea>" in clash.text
    session.expire_all()
    assert (row.caption, [tag.name for tag in row.tags]) == ("Hers", ["soil"])
    again = re.findall(r'name="seen" value="(\d+)"', clash.text)[0]
    press(client, f"/desk/review/{row.receipt}", seen=again, caption="Ours", tags="soil")
    decisions.hide(session, row, actor(clock, "desk:Bea"))
    press(client, f"/desk/review/{row.receipt}/decide", decision="approve", seen=again)
    session.expire_all()
    assert (row.caption, row.state) == ("Ours", "hidden")
    assert "Bea changed this at" in sheet(client)


def test_a_name_signs_what_is_done_and_history_undoes_it(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    row = add_takeaway(session, event, rng)
    press(client, "/desk/name", name="  Cem   B ")
    press(client, f"/desk/review/{row.receipt}/decide", decision="star")
    assert session.scalars(select(Decision.who)).all() == ["desk:Cem B"]
    page = sheet(client, f"show={row.receipt}")
    assert '<strong dir="auto">Cem B</strong>' in page
    step = re.findall(r"/desk/review/undo/([0-9a-f]+)", page)[-1]
    press(client, f"/desk/review/undo/{step}")
    session.expire_all()
    assert not row.starred
    assert press(client, f"/desk/review/undo/{step}").status_code == 404


def test_all_on_the_page_get_a_tag_and_another_session(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    lobby = decisions.find_session(
        session,
        session.scalars(select(EventSession.code).where(EventSession.title == "Lobby")).one(),
    )
    rows = [add_takeaway(session, event, rng, tags=["old"]) for _ in range(3)]
    listed = [row.receipt for row in rows]
    press(client, "/desk/review/selected", decision="tag", tag="winter", all="1", page=listed)
    press(client, "/desk/review/selected", decision="move", to=lobby.code, receipt=listed[:1])
    session.expire_all()
    assert [[tag.name for tag in row.tags] for row in rows] == [["old", "winter"]] * 3
    assert [row.session for row in rows] == [lobby, event, event]
    assert press(client, "/desk/review/selected", decision="fly", receipt=listed).status_code == 400


def test_the_shell_lists_and_describes_what_waits_for_words(
    gathering: Settings, session: Session, event: EventSession, rng: random.Random
) -> None:
    rows = [photo(session, event, rng, number, text="") for number in range(2)]

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, ["--gathering", str(gathering.folder), "review", *words])
        assert done.exit_code == 0, done.output
        return done.output

    # Nobody sees a notice at the shell: a photo without words is described by what and where it is.
    assert run("approve", *(row.receipt for row in rows)).count("described only as") == 2
    run("describe", rows[0].receipt, "--text", "Kale under snow")
    bare = photo(session, event, rng, 2, text="", state="approved")
    assert run("describe").count(f"proposed: Photo: {event.title}") == 1
    assert "1 described" in run("describe", "--accept")
    session.expire_all()
    assert bare.attachments[0].alt == f"Photo: {event.title}"
    descriptions = [row.attachments[0].alt for row in rows]
    assert descriptions == ["Kale under snow", f"Photo: {event.title}"]


def test_the_strip_of_times_leads_into_each_span_and_out_again(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    for minutes, words in [(0, "Early words"), (90, "Late words"), (91, "Late words too")]:
        row = add_takeaway(session, event, rng, text=words)
        row.recorded_at = START + timedelta(minutes=minutes)
    session.commit()
    page = client.get("/desk/review?session=" + event.code).text
    strip = page.split('class="timeline"')[1].split("</nav>")[0]
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', strip)]
    counts = [int(count) for count in re.findall(r'class="count">(\d+)<', strip)]
    assert (sum(counts), counts[0]) == (3, 1)
    early, late = client.get(links[0]).text, client.get(links[-1]).text
    assert ("Early words" in early, "Late words" in early) == (True, False)
    assert ("Early words" in late, "Late words" in late) == (False, True)
    assert "All times" in early
    # A day is a word, in the language of the page.
    assert START.strftime("%a, %b") in strip
    german = client.get("/desk/review?lang=de").text.split('class="timeline"')[1]
    assert START.strftime("%a, %b") not in german.split("</nav>")[0]
    assert f"session={event.code}" in links[0]


@pytest.mark.parametrize("time", ["x", "1.2.3", "99999999999.1", "1.-5", "١.٢"])
def test_a_time_that_is_none_is_refused(client: FlaskClient, time: str) -> None:
    assert client.get("/desk/review", query_string={"time": time}).status_code == 400


def test_the_form_is_folded_until_somebody_edits(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random
) -> None:
    add_takeaway(session, event, rng)
    assert '<details class="fold">' in client.get("/desk/review").text
    # Who came to write descriptions finds the fields open.
    photo(session, event, rng, 1, state="approved")
    assert '<details class="fold" open>' in client.get("/desk/review?state=approved&alt=1").text


@pytest.mark.parametrize(
    "query", ["kind=photo", "state=approved&kind=photo", "state=hidden&starred=1"]
)
def test_where_a_filter_leaves_nothing_the_page_speaks_of_nothing_else(
    client: FlaskClient, session: Session, event: EventSession, rng: random.Random, query: str
) -> None:
    for state in ("new", "approved", "hidden"):
        add_takeaway(session, event, rng, state=state)
    session.commit()
    page = sheet(client, query)
    assert "Nothing here." in page
    assert not re.search(r"Nothing (?:waits|is approved|is hidden)", page)
    state = query.split("&")[0] if "state" in query else "state=new"
    assert f'<a href="/desk/review?{state}">Look in everything</a>' in page
