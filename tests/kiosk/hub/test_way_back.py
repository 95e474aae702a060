"""What is decided at a hub comes down to the laptop with its next push, by the laws of every merge."""

from __future__ import annotations

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kiosk.peers import push
from kiosk.peers.client import PeerClient
from kiosk.peers.pairing import token_of
from kiosk.peers.quick_look import all_there
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.conversation import replies
from reporter.conversation.replies import WrittenReply
from reporter.enums import ReplyState
from reporter.errors import NotFound
from reporter.models import Decision, Peer, Takeaway
from reporter.models.conversation import Reply
from reporter.moderation import decisions
from tests.kiosk.hub.test_whole_path import fill, pair, pushed
from tests.support.hub import HubKit, csrf, gathering_of, wire

pytestmark = pytest.mark.sqlite("a laptop pushes the database of its folder")


@pytest.fixture(autouse=True)
def requests(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What kiosks ask of the hub."""
    return wire(hub, monkeypatch)


@pytest.fixture
def receipts(app: Flask, hub: HubKit) -> list[str]:
    """Two approved takeaways and one that waits, at a laptop and at its hub; later a minute has passed."""
    receipts = fill(app)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    hub.clock.turn(minutes=1)
    return receipts


@pytest.fixture
def organizer(hub: HubKit, receipts: list[str]) -> FlaskClient:
    return hub.member("Gardens", "ann@example.org")


def press(organizer: FlaskClient, path: str, **form: str) -> None:
    """Send a form of the desk at the hub."""
    base = gathering_of(organizer)
    token = csrf(organizer.get(f"{base}/desk/review").text)
    answer = organizer.post(f"{base}{path}", data={"csrf_token": token, **form})
    assert answer.status_code in (200, 303), answer.text


def census(app: Flask) -> dict[str, tuple[str, str, list[str]]]:
    """State, words and decisions of each takeaway, by its receipt; each side notes itself that one was taken back."""
    with app.app_context():
        takeaways = {
            row.receipt: (
                row.state,
                row.caption or row.text,
                sorted(str(one.id) for one in _decisions(row) if row.state != "withdrawn"),
            )
            for row in db.session.scalars(select(Takeaway))
        }
        db.session.remove()
    return takeaways


def _decisions(row: Takeaway) -> list[Decision]:
    return list(db.session.scalars(select(Decision).where(Decision.takeaway_id == row.id)))


def test_what_is_decided_at_the_hub_comes_down(
    app: Flask, receipts: list[str], organizer: FlaskClient
) -> None:
    press(organizer, f"/desk/review/{receipts[2]}/decide", decision="approve")
    press(organizer, f"/desk/review/{receipts[1]}/decide", decision="hide")
    press(organizer, f"/desk/review/{receipts[0]}", caption="Leeks in the frost")
    pushed(app)
    takeaways = census(app)
    assert [takeaways[receipt][0] for receipt in receipts] == ["approved", "hidden", "approved"]
    assert takeaways[receipts[0]][1] == "Leeks in the frost"


def test_taken_back_at_the_hub_is_gone_at_the_laptop(
    app: Flask, receipts: list[str], organizer: FlaskClient
) -> None:
    press(organizer, "/desk/erase", receipts=receipts[0], sure="1")
    with app.app_context():
        # A later decision at the laptop does not hold against it.
        row = decisions.by_receipt(db.session(), receipts[0])
        decisions.change(db.session(), row, current_kiosk().actor("desk"), {"starred": True})
        db.session.remove()
    pushed(app)
    assert census(app)[receipts[0]][:2] == ("withdrawn", "")
    kept = list((app.extensions["kiosk"].settings.folder / "media").rglob("*.jpg"))
    assert len(kept) == 1


def test_the_later_decision_holds_on_both_sides(
    app: Flask, hub: HubKit, receipts: list[str], organizer: FlaskClient
) -> None:
    press(organizer, f"/desk/review/{receipts[0]}/decide", decision="hide")
    press(organizer, f"/desk/review/{receipts[1]}", caption="Said at the hub")
    hub.clock.turn(minutes=1)
    with app.app_context():
        actor = current_kiosk().actor("desk")
        row = decisions.by_receipt(db.session(), receipts[1])
        decisions.change(db.session(), row, actor, {"caption": "Said later, at the laptop"})
        db.session.remove()
    pushed(app)
    takeaways = census(app)
    assert (takeaways[receipts[0]][0], takeaways[receipts[1]][1]) == (
        "hidden",
        "Said later, at the laptop",
    )
    base = gathering_of(organizer)
    review = organizer.get(f"{base}/desk/review?state=approved&show={receipts[1]}").text
    assert "Said later, at the laptop" in review


def test_again_it_changes_nothing_and_soon_nothing_travels(
    app: Flask, receipts: list[str], organizer: FlaskClient, requests: list[httpx.Request]
) -> None:
    press(organizer, f"/desk/review/{receipts[2]}/decide", decision="approve")
    assert all_there(app.extensions["kiosk"].settings.folder) is None
    pushed(app)
    once = census(app)
    pushed(app)
    requests.clear()
    assert pushed(app) == {"takeaways": 0, "media": 0, "bytes": 0, "already": 3}
    assert [request.url.path for request in requests] == ["/hub/push/mark"]
    assert census(app) == once
    assert all_there(app.extensions["kiosk"].settings.folder) == 3


def test_an_answer_of_the_hub_reaches_who_asked_at_the_laptop(
    app: Flask, hub: HubKit, receipts: list[str], organizer: FlaskClient
) -> None:
    with app.app_context():
        row = decisions.by_receipt(db.session(), receipts[0])
        word = WrittenReply(kind="answer", text="Which leeks?", device="phone")
        reply = replies.say(db.session(), row, word, now=hub.clock(), rng=hub.rng)
        replies.decide(db.session(), reply, current_kiosk().actor("desk"), ReplyState.SHOWN)
        number = reply.id
        db.session.remove()
    pushed(app)
    hub.clock.turn(minutes=1)
    press(organizer, f"/desk/conversation/{number.hex}/answer", text="Blue ones.")
    pushed(app)
    with app.app_context():
        answers = db.session.scalars(select(Reply).where(Reply.parent_id == number)).all()
        assert [(one.text, one.ours, one.state) for one in answers] == [
            ("Blue ones.", True, "shown")
        ]
        db.session.remove()


def test_by_itself_it_comes_within_minutes(
    app: Flask, hub: HubKit, receipts: list[str], organizer: FlaskClient
) -> None:
    press(organizer, f"/desk/review/{receipts[2]}/decide", decision="approve")
    hub.clock.turn(minutes=4)
    with app.app_context():
        assert push.push_next(current_kiosk()) == 1
        db.session.remove()
    assert census(app)[receipts[2]][0] == "approved"


def test_only_its_own_gathering_comes_down(app: Flask, hub: HubKit, receipts: list[str]) -> None:
    with hub.app.app_context():
        # Whoever shows no token gets neither rows nor files.
        stranger = hub.app.test_client()
        for path in ("/hub/push/snapshot", "/hub/push/media/" + "0" * 64):
            assert stranger.get(path).status_code == 403
    with app.app_context():
        peer = db.session.scalars(select(Peer)).one()
        client = PeerClient(peer.url, token_of(current_kiosk(), peer))
        db.session.remove()
    with client, pytest.raises(NotFound):
        client.call("GET", "/hub/push/media/" + "0" * 64)
