"""Two workers of a hub and a laptop publish one gathering to a real WordPress, all at once: one post, no file twice."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from kiosk import workers
from kiosk.hub_worker import HubWorker
from kiosk.peers import publisher_lease, push
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import add_target, publish_all
from reporter.database.row_security import TenantScope, working_for
from reporter.hub.models import HubGathering
from reporter.models import Delivery
from reporter.moderation import decisions
from tests.kiosk.hub.test_whole_path import fill, pair, pushed
from tests.support.hub import HubKit, csrf, gathering_of, wire
from tests.support.kiosk_process import TurnableClock
from tests.support.servers.wordpress import WordPress

pytestmark = [
    pytest.mark.wordpress,
    pytest.mark.sqlite("a laptop pushes the database of its folder"),
]
PATIENCE = 180


class RunningClock(TurnableClock):
    """Goes on by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = time.monotonic()

    def __call__(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.begun)


@pytest.fixture
def clock() -> TurnableClock:
    """A hub's leases run out while others work."""
    return RunningClock()


@pytest.fixture
def rng() -> random.Random:
    """For a gathering that no other test brings to the same blog."""
    return random.Random("one post")


@pytest.fixture(autouse=True)
def requests(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What the kiosk asks of the hub; refused, it asks again soon."""
    monkeypatch.setattr(publisher_lease, "_PATIENCE", 0.2)
    return wire(hub, monkeypatch)


def test_two_workers_and_a_laptop_make_one_post(
    app: Flask, hub: HubKit, wordpress: WordPress
) -> None:
    receipts = fill(app)
    make_renditions(app)
    mark = add_blog(app, wordpress)
    pair(app, hub.organization("Gardens"))
    pushed(app)
    owner = hub.member("Gardens", "ann@example.org")
    give_password(owner, wordpress)
    # Claims are taken from workers as if they had fallen silent: both work for the gathering, row by row.
    with ExitStack() as working:
        working.enter_context(claims_taken_away(hub))
        for number in range(2):
            working.enter_context(worker(hub, number))
        publish_at_hub(owner)
        assert in_time(lambda: settled(app, hub)), ledgers(app, hub)
        posts, files = (contents(wordpress, kind, mark) for kind in ("posts", "media"))
        assert (len(posts), len(files)) == (1, 2), (posts, files, ledgers(app, hub))
        assert "Leeks stand the frost" in posts[0]

        decide(app, receipts)
        pushed(app)
        publish_at_hub(owner)
        done = in_time(lambda: settled(app, hub) and changed(wordpress, mark))
        assert done, ledgers(app, hub)
    posts, files = (contents(wordpress, kind, mark) for kind in ("posts", "media"))
    assert (len(posts), len(files)) == (1, 1), (posts, files, ledgers(app, hub))
    assert "Leeks" not in posts[0]


def make_renditions(app: Flask) -> None:
    with app.app_context():
        while workers.process(current_kiosk()):
            pass
        db.session.remove()


def add_blog(app: Flask, blog: WordPress) -> str:
    """Add the blog as a place at the laptop; what is in each key of the gathering."""
    with app.app_context():
        kiosk = current_kiosk()
        given = {"url": blog.url, "user": blog.user}
        add_target(kiosk, "wordpress", "blog", given, ask=lambda _: blog.app_password)
        mark = kiosk.gathering_id.hex[-8:]
        db.session.remove()
    return mark


def give_password(owner: FlaskClient, blog: WordPress) -> None:
    """The place came with the push; the hub asks for its password."""
    address = f"{gathering_of(owner)}/desk/publish/places/blog/password"
    form = {"secret": blog.app_password, "csrf_token": csrf(owner.get(address).text)}
    assert owner.post(address, data=form).status_code == 303


def publish_at_hub(owner: FlaskClient) -> None:
    base = gathering_of(owner)
    form = {"csrf_token": csrf(owner.get(f"{base}/desk/publish").text)}
    assert owner.post(f"{base}/desk/publish/now", data=form).status_code == 303


def decide(app: Flask, receipts: list[str]) -> None:
    """One takeaway is taken back at the laptop, one that waited is approved."""
    with app.app_context():
        kiosk, session = current_kiosk(), db.session()
        decisions.withdraw(
            session, decisions.by_receipt(session, receipts[0]), kiosk.actor("desk"), kiosk.store
        )
        decisions.approve(session, decisions.by_receipt(session, receipts[2]), kiosk.actor("desk"))
        session.commit()
        db.session.remove()


@contextmanager
def worker(hub: HubKit, number: int) -> Iterator[None]:
    """A worker on a machine of its own."""
    working = HubWorker(hub.another_worker(number), number)
    thread = threading.Thread(target=working.run)
    thread.start()
    try:
        yield
    finally:
        working.stop()
        thread.join()


@contextmanager
def claims_taken_away(hub: HubKit) -> Iterator[None]:
    """Let each claim of a gathering run out at once."""
    over = threading.Event()

    def take_away() -> None:
        with hub.owner() as session, working_for(TenantScope(migrating=True)):
            while not over.wait(0.3):
                session.execute(update(HubGathering).values(due_at=hub.clock()))
                session.commit()

    thread = threading.Thread(target=take_away)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def settled(app: Flask, hub: HubKit) -> bool:
    """Publish at the laptop; whether neither it nor the hub has anything left to send."""
    with app.app_context():
        kiosk = current_kiosk()
        publish_all(kiosk)
        publisher_lease.release(kiosk)
        here = set(db.session.scalars(select(Delivery.state)))
        push.push(kiosk, push.hub_of(kiosk), push.PushReport())
        db.session.remove()
    there = states_at(hub)
    return bool(here and there) and here | there <= {"sent", "withdrawn"}


def ledgers(app: Flask, hub: HubKit) -> str:
    """Both ledgers, for whoever wants to know why."""
    with app.app_context():
        here = list(db.session.scalars(_ROWS))
        db.session.remove()
    return "\n".join(
        f"{side}: {row.item_kind} {row.key} {row.state} {row.attempts} {row.remote_id} {row.lease} {row.error}"
        for side, rows in (("laptop", here), ("hub", rows_at(hub)))
        for row in rows
    )


_ROWS = select(Delivery).order_by(Delivery.item_kind, Delivery.key)


def states_at(hub: HubKit) -> set[str]:
    """The states of the hub's ledger."""
    return {row.state for row in rows_at(hub)}


def rows_at(hub: HubKit) -> list[Delivery]:
    """The hub's ledger."""
    with hub.owner() as session:
        with working_for(TenantScope(migrating=True)):
            [(organization, gathering)] = session.execute(
                select(HubGathering.organization_id, HubGathering.id)
            ).all()
            session.rollback()
        with working_for(TenantScope(organization, gathering)):
            return list(session.scalars(_ROWS))


def changed(blog: WordPress, mark: str) -> bool:
    return all(
        "Leeks" not in text and "spade" in text for text in contents(blog, "posts", mark)
    ) and (len(contents(blog, "media", mark)) == 1)


def contents(blog: WordPress, kind: str, mark: str) -> list[str]:
    """The content of a gathering's posts, in whatever state, or the titles of its files."""
    params = {"per_page": "100", "context": "edit"}
    if kind == "posts":
        params["status"] = "publish,future,draft,pending,private,trash"
    answer = httpx.get(
        f"{blog.url}/wp-json/wp/v2/{kind}",
        params=params,
        auth=(blog.user, blog.app_password),
        timeout=60,
    )
    rows = [row for row in answer.json() if mark in row["slug"]]
    return [row.get("content", row["title"])["raw"] for row in rows]


def in_time(happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if happened():
            return True
    return False
