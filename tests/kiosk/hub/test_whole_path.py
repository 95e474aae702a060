"""An evening goes to a hub on a real PostgreSQL: paired, pushed, seen by its organizer, published from there."""

from __future__ import annotations

import hashlib

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kiosk.hub_worker import HubWorker
from kiosk.peers import push
from kiosk.peers.client import PeerClient
from kiosk.peers.pairing import token_of
from kiosk.peers.quick_look import all_there
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.errors import Forbidden, NotFound
from reporter.models import EventSession, Peer, Takeaway
from reporter.moderation import decisions
from tests.support.browsers.pages import press, send
from tests.support.hub import THERE, HubKit, csrf, gathering_of, wire
from tests.support.media import files

pytestmark = pytest.mark.sqlite("a laptop pushes the database of its folder")


@pytest.fixture(autouse=True)
def requests(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What the kiosk asks of the hub."""
    return wire(hub, monkeypatch)


def fill(app: Flask) -> list[str]:
    """Two approved takeaways with a photo each and one that waits; their receipts."""
    client = app.test_client()
    with app.app_context():
        code = db.session.scalars(select(EventSession.code)).one()
        db.session.remove()
    photos = (files.jpeg(), files.jpeg(900, 600))
    words = ("Leeks stand the frost", "Kale does too")
    receipts = [
        send(client, code, photo, text=text, consent="agreed")["receipt"]
        for photo, text in zip(photos, words, strict=True)
    ]
    receipts.append(send(client, code, text="Whose spade is it?", consent="agreed")["receipt"])
    with app.app_context():
        for receipt in receipts[:2]:
            row = decisions.by_receipt(db.session(), receipt)
            decisions.approve(db.session(), row, current_kiosk().actor("desk"))
        db.session.commit()
        db.session.remove()
    return receipts


def pair(app: Flask, code: str) -> None:
    with app.app_context():
        push.pair_hub(current_kiosk(), THERE, code)
        db.session.remove()


def pushed(app: Flask) -> dict[str, int]:
    with app.app_context():
        done = push.PushReport()
        push.push(current_kiosk(), push.hub_of(current_kiosk()), done)
        db.session.remove()
    assert done.left == []
    return done.as_json()


def owner_of_pushed(app: Flask, hub: HubKit) -> FlaskClient:
    """Whoever owns the organization to which a filled kiosk has pushed its gathering."""
    fill(app)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    return hub.member("Gardens", "ann@example.org")


def work(hub: HubKit) -> None:
    """Let a worker of the hub do what is due."""
    hub.clock.turn(seconds=60)
    worker = HubWorker(hub.workers())
    with hub.workers().app_context():
        while worker.work_once():
            pass


def test_an_evening_is_pushed_seen_and_published_from_the_hub(app: Flask, hub: HubKit) -> None:
    fill(app)
    pair(app, hub.organization("Gardens"))
    counts = pushed(app)
    assert (counts["takeaways"], counts["media"], counts["already"]) == (3, 2, 0)
    assert counts["bytes"] == files.jpeg().stat().st_size + files.jpeg(900, 600).stat().st_size

    owner = hub.member("Gardens", "ann@example.org")
    base = gathering_of(owner)
    review = owner.get(f"{base}/desk/review?state=approved").text
    assert "Leeks stand the frost" in review
    assert "Whose spade is it?" in owner.get(f"{base}/desk/review?state=new").text

    work(hub)
    site = hub.folder / "sites" / base[3:] / "pages"
    form = f"{base}/desk/publish/places/add/folder"
    offered = owner.get(form).text
    assert f'value="{site.with_name("site").as_uri()}"' in offered
    assert "Put a USB stick" not in offered, "nobody can put one into a hub"
    fields = {"name": "pages", "url": site.as_uri(), "csrf_token": csrf(offered)}
    assert owner.post(form, data=fields).status_code == 303
    page = owner.get(f"{base}/desk/publish").text
    assert (
        owner.post(f"{base}/desk/publish/now", data={"csrf_token": csrf(page)}).status_code == 303
    )
    work(hub)
    assert "Leeks stand the frost" in (site / "index.html").read_text() + "".join(
        path.read_text() for path in site.rglob("*.html")
    )


def test_a_second_push_brings_nothing_and_a_withdrawal_the_takedown(
    app: Flask, hub: HubKit
) -> None:
    receipts = fill(app)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    assert pushed(app) == {"takeaways": 0, "media": 0, "bytes": 0, "already": 3}
    folder = app.extensions["kiosk"].settings.folder
    assert all_there(folder) == 3

    with app.app_context():
        row = decisions.by_receipt(db.session(), receipts[0])
        kiosk = current_kiosk()
        decisions.withdraw(db.session(), row, kiosk.actor("desk"), kiosk.store)
        db.session.remove()
    assert all_there(folder) is None
    assert pushed(app)["takeaways"] == 1
    owner = hub.member("Gardens", "ann@example.org")
    base = gathering_of(owner)
    assert "Leeks" not in owner.get(f"{base}/desk/review?state=approved").text
    left = {path.stem for path in (hub.folder / base[3:] / "media").rglob("*.jpg")}
    assert left == {hashlib.sha256(files.jpeg(900, 600).read_bytes()).hexdigest()}


def test_a_push_that_broke_off_goes_on_where_it_was(
    app: Flask, hub: HubKit, requests: list[httpx.Request]
) -> None:
    fill(app)
    pair(app, hub.organization("Gardens"))
    photo = files.jpeg().read_bytes()
    sha256, half = hashlib.sha256(photo).hexdigest(), len(photo) // 2
    with app.app_context():
        peer = push.hub_of(current_kiosk())
        head = {"Upload-Offset": "0", "Upload-Length": str(len(photo)), "X-Extension": ".jpg"}
        with PeerClient(peer.url, token_of(current_kiosk(), peer)) as client:
            reached = client.call(
                "PATCH", f"/hub/push/media/{sha256}", content=photo[:half], headers=head
            )
        db.session.remove()
    assert reached == {"offset": half}
    requests.clear()
    counts = pushed(app)
    sent = [r.headers["Upload-Offset"] for r in requests if sha256 in r.url.path]
    assert sent == [str(half)]
    assert (counts["takeaways"], counts["media"]) == (3, 2)
    assert counts["bytes"] == len(photo) - half + files.jpeg(900, 600).stat().st_size


def test_codes_work_once_and_strangers_get_nothing(app: Flask, hub: HubKit) -> None:
    code = hub.organization("Gardens")
    with app.app_context(), pytest.raises(NotFound):
        push.hub_of(current_kiosk())
    pair(app, code)
    with pytest.raises(Forbidden):
        pair(app, code)
    with app.app_context():
        peer = db.session.scalars(select(Peer)).one()
        assert (peer.name, peer.hub) == ("Gardens", True)
        db.session.remove()
    stranger = hub.app.test_client()
    for path in ("/hub/push/mark", "/hub/push/rows", "/hub/push/media/" + "0" * 64):
        assert stranger.get(path).status_code in (403, 404, 405)
    assert stranger.put("/hub/push/rows", data=b"x").status_code == 403


def test_the_hub_keeps_neither_wifi_nor_passwords(app: Flask, hub: HubKit) -> None:
    fill(app)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    text = "".join(path.read_text() for path in hub.folder.rglob("reporter.toml"))
    assert 'title = "Spring gathering"' in text
    assert 'password = ""' in text


def test_rows_are_the_gatherings_own(app: Flask, hub: HubKit) -> None:
    fill(app)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    with hub.app.app_context():
        assert list(db.session.scalars(select(Takeaway.id))) == []
        db.session.remove()


def test_an_original_that_came_early_goes_when_its_takeaway_is_taken_back(
    app: Flask, hub: HubKit
) -> None:
    """It was sent by a push that broke off before its rows: the hub has no takeaway to take back."""
    receipts = fill(app)
    pair(app, hub.organization("Gardens"))
    photo = files.jpeg().read_bytes()
    sha256 = hashlib.sha256(photo).hexdigest()
    with app.app_context():
        kiosk, peer = current_kiosk(), push.hub_of(current_kiosk())
        head = {"Upload-Offset": "0", "Upload-Length": str(len(photo)), "X-Extension": ".jpg"}
        with PeerClient(peer.url, token_of(kiosk, peer)) as client:
            client.call("PATCH", f"/hub/push/media/{sha256}", content=photo, headers=head)
        assert [path.stem for path in hub.folder.glob("*/media/??/*")] == [sha256]
        row = decisions.by_receipt(db.session(), receipts[0])
        decisions.withdraw(db.session(), row, kiosk.actor("contributor"), kiosk.store)
        db.session.remove()
    pushed(app)
    other = hashlib.sha256(files.jpeg(900, 600).read_bytes()).hexdigest()
    assert [path.stem for path in hub.folder.glob("*/media/??/*")] == [other]


def test_the_desk_pairs_with_a_hub(app: Flask, client: FlaskClient, hub: HubKit) -> None:
    """By the form for other laptops, which has its address and code."""
    fill(app)
    code = hub.organization("Gardens")
    assert press(client, "/desk/laptops", url=THERE, code="0000-0000").status_code == 403
    paired = press(client, "/desk/laptops", url=f"{THERE}/", code=f"{code[:4]}-{code[4:]}".lower())
    assert paired.status_code == 303
    with app.app_context():
        assert push.push_next(current_kiosk()) == 1
        peer = push.hub_of(current_kiosk())
        assert (peer.name, peer.url, peer.error, peer.automatic) == ("Gardens", THERE, "", True)
        db.session.remove()
    assert gathering_of(hub.member("Gardens", "ann@example.org"))
