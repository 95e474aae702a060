"""Sessions that ask not to be recorded: no pictures, and words that stay in the room unless somebody lets them out."""

from __future__ import annotations

import random
import re
from io import BytesIO

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.cli import main
from reporter.config import Settings
from reporter.gathering.sessions import add_session, let_words_leave
from reporter.models import EventSession, Takeaway
from reporter.moderation.decisions import approve, by_receipt
from reporter.moderation.visibility import Scope, may_show, showable
from tests.support.browsers.pages import JSON, PHONE, token
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.submissions import jpeg

PLACES = (Scope.ROOM, Scope.COMMUNITY, Scope.PUBLIC)


@pytest.fixture
def quiet(session: Session, clock: TurnableClock, rng: random.Random) -> EventSession:
    row = add_session(session, "Speaking of grief", now=clock(), rng=rng)
    row.do_not_record = True
    session.commit()
    return row


def shown(session: Session, row: Takeaway) -> list[Scope]:
    """Where it is shown, by both forms of the one rule."""
    session.expire_all()
    single = [place for place in PLACES if may_show(row, place)]
    queried = [
        place
        for place in PLACES
        if session.scalar(select(Takeaway.id).where(Takeaway.id == row.id, showable(place)))
    ]
    assert single == queried
    return single


@pytest.mark.parametrize("leave", [False, True])
def test_words_stay_in_the_room_unless_somebody_lets_them_out(
    client: FlaskClient, session: Session, quiet: EventSession, clock: TurnableClock, leave: bool
) -> None:
    let_words_leave(session, quiet, leave=leave, now=clock())
    form = {"text": "It helps to talk", "audience": "public"}
    answer = client.post(f"/s/{quiet.code}/takeaways", data=form, headers=JSON, **PHONE)
    assert answer.get_json()["audience"] == ("public" if leave else "room")
    row = by_receipt(session, answer.get_json()["receipt"])
    approve(session, row, actor(clock))
    assert shown(session, row) == (list(PLACES) if leave else [Scope.ROOM])
    # Whoever changes it later, at the desk or by its receipt.
    client.post(f"/t/{row.receipt}", data={"audience": "public"}, headers=JSON, **PHONE)
    assert shown(session, row) == (list(PLACES) if leave else [Scope.ROOM])
    let_words_leave(session, quiet, leave=True, now=clock())
    assert shown(session, row) == list(PLACES)
    let_words_leave(session, quiet, leave=False, now=clock())
    assert shown(session, row) == [Scope.ROOM]


def test_no_picture_is_taken(client: FlaskClient, quiet: EventSession) -> None:
    form = {"text": "look", "file": (BytesIO(jpeg(1)), "a.jpg")}
    answer = client.post(f"/s/{quiet.code}/takeaways", data=form, headers=JSON, **PHONE)
    assert answer.status_code == 403
    assert "asked not to be recorded" in answer.get_json()["detail"]


def test_phone_and_desk_say_it(client: FlaskClient, session: Session, quiet: EventSession) -> None:
    stays, leaves = "They stay in this room", "Who may see it?"
    page = client.get(f"/s/{quiet.code}", **PHONE).text
    assert (stays in page, leaves in page) == (True, False)
    assert "Its words stay in the room" in client.get("/desk/sessions").text
    form = {"csrf_token": token(client), "on": "1"}
    done = client.post(f"/desk/sessions/{quiet.code}/words", data=form)
    assert done.status_code == 303
    assert "Its words may be published" in client.get("/desk/sessions").text
    page = client.get(f"/s/{quiet.code}", **PHONE).text
    assert (stays in page, leaves in page) == (False, True)
    assert session.scalars(
        select(EventSession.words_leave).where(EventSession.id == quiet.id)
    ).one()


def test_the_import_says_it(
    gathering: Settings, session: Session, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("plan") / "plan.csv"
    file.write_text("title,start,end,do not record\nGrief,2026-03-14 10:00,2026-03-14 11:00,yes\n")
    result = CliRunner().invoke(
        main, ["sessions", "import", str(file), "--gathering", str(gathering.folder)]
    )
    assert result.exit_code == 0, result.output
    assert "1 session(s) ask not to be recorded" in result.output
    row = session.scalars(select(EventSession).where(EventSession.title == "Grief")).one()
    assert (row.do_not_record, row.words_leave, row.audience) == (True, False, "room")


@pytest.mark.parametrize("leave", [False, True])
def test_the_desk_and_the_phone_say_which(
    client: FlaskClient, session: Session, quiet: EventSession, leave: bool
) -> None:
    form = {"csrf_token": token(client), "title": "Speaking of grief", "do_not_record": "1"}
    more = {"words_leave": "1"} if leave else {}
    assert client.post(f"/desk/sessions/{quiet.code}", data=form | more).status_code == 303
    session.refresh(quiet)
    assert quiet.words_leave is leave
    box = re.search(
        r'name="words_leave" value="1"( checked)?', client.get(f"/desk/sessions/{quiet.code}").text
    )
    assert box is not None
    assert bool(box[1]) is leave
    page = client.get(f"/s/{quiet.code}", **PHONE).text
    assert "no photos or recordings here" in page
    assert ("may be published, as you choose" in page) is leave
    assert ("stay in this room" in page) is not leave
