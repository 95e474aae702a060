"""All gatherings of an organization on one page: what is open in them, and a search over all."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from kiosk.app import create_app
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.config import load_settings
from reporter.database.row_security import TenantScope, working_for
from reporter.enums import DeliveryState, ItemKind
from reporter.follow_up.action_items import begin_item
from reporter.gathering.folder import make_gathering
from reporter.hub.models import HubGathering, Organization
from reporter.hub.roles import Role
from reporter.models import Delivery, EventSession
from reporter.moderation import decisions
from tests.kiosk.hub.test_whole_path import fill, pair, pushed, work
from tests.support.browsers.pages import send
from tests.support.hub import HubKit, csrf, gathering_of, wire
from tests.support.kiosk_process import TurnableClock


@pytest.fixture
def autumn(tmp_path: Path, clock: TurnableClock) -> Iterator[Flask]:
    """A laptop with the next gathering of the same organization."""
    folder, rng = tmp_path / "autumn", random.Random(5)
    make_gathering(
        folder, "Autumn <gathering>", timezone="UTC", language="en", now=clock(), rng=rng
    )
    app = create_app(load_settings(folder), clock=clock, rng=rng)
    yield app
    app.extensions["kiosk"].stop()
    with app.app_context():
        db.engine.dispose()


def open_item(app: Flask, what: str) -> None:
    with app.app_context():
        actor = current_kiosk().actor("desk")
        begin_item(db.session(), actor, "action", {"what": what, "who": "Ann"})
        db.session.remove()


def another_code(hub: HubKit, name: str) -> str:
    from reporter.hub import kiosks, organizations

    with hub.owner() as session:
        with working_for(TenantScope(migrating=True)):
            number = organizations.find_organization(session, name)
            session.rollback()
        assert number is not None
        with working_for(TenantScope(organization=number)):
            return kiosks.pairing_code(session, number, now=hub.clock())


def statements(hub: HubKit, ask: Callable[[], object]) -> int:
    """How many statements the pages send to the database."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    with hub.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    return len(sent)


def new_gathering(hub: HubKit, organization: uuid.UUID, title: str) -> None:
    """One more, empty, of an organization."""
    with hub.owner() as session, working_for(TenantScope(organization)):
        row = HubGathering(id=uuid.uuid4(), organization_id=organization, local_id=uuid.uuid4())
        row.title, row.created_at, row.due_at = title, hub.clock(), hub.clock()
        session.add(row)
        session.commit()


def scope_of(hub: HubKit) -> TenantScope:
    with hub.owner() as registry, working_for(TenantScope(migrating=True)):
        found = registry.execute(select(HubGathering.organization_id, HubGathering.id)).one()
    return TenantScope(*found)


def publish_as_site(hub: HubKit, owner: FlaskClient) -> None:
    """Let the hub publish the gathering to a site that everybody can read."""
    base = gathering_of(owner)
    site = hub.folder / "sites" / base[3:] / "pages"
    form = f"{base}/desk/publish/places/add/folder"
    fields = {"name": "pages", "url": site.as_uri(), "web": "https://gardens.example/spring"}
    fields["csrf_token"] = csrf(owner.get(form).text)
    assert owner.post(form, data=fields).status_code == 303
    page = owner.get(f"{base}/desk/publish").text
    owner.post(f"{base}/desk/publish/now", data={"csrf_token": csrf(page)})
    work(hub)


@pytest.mark.sqlite("a laptop pushes the database of its folder")
def test_a_public_page_of_what_all_gatherings_have_published(
    app: Flask, hub: HubKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire(hub, monkeypatch)
    receipts = fill(app)
    open_item(app, "Mend the roof")
    pair(app, hub.organization("Gardens"))
    pushed(app)
    owner, visitor = hub.member("Gardens", "ann@example.org"), hub.app.test_client()
    number = owner.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]
    token = csrf(owner.get(f"/hub/o/{number}").text)
    choice = {"name": "Gardens ", "csrf_token": token}
    for nowhere in ("/series/gardens", "/nowhere", f"/g/{uuid.uuid4().hex}/nowhere"):
        missing = owner.get(nowhere)
        assert missing.status_code == 404
        # A hub itself has no sessions to go back to.
        assert "There is no such page here." in missing.text
        assert '<a class="button main" href="/hub/">' in missing.text
    assert visitor.get("/series/gardens").status_code == 404
    assert owner.post(f"/hub/o/{number}/public", data=choice).status_code == 303
    assert "https://gardens.example" not in visitor.get("/series/gardens").text
    publish_as_site(hub, owner)

    page = visitor.get("/series/gardens").text
    assert 'href="https://gardens.example/spring/' in page
    assert "Mend the roof" in page
    assert "Ann" not in page
    with hub.owner() as session, working_for(scope_of(hub)):
        # A story changed, and the site's place can't be reached now.
        waiting = update(Delivery).where(Delivery.item_kind == ItemKind.FRONT_PAGE)
        session.execute(waiting.values(state=DeliveryState.CHANGED.value))
        session.commit()
    for listed in (owner.get(f"/hub/o/{number}/series"), visitor.get("/series/gardens")):
        assert 'href="https://gardens.example/spring/' in listed.text
    found = visitor.get("/series/gardens?q=leeks").text
    assert "Leeks stand the frost" in found
    assert "#t-" in found
    assert "spade" not in visitor.get("/series/gardens?q=spade").text.partition("<section")[2]
    for far in (1000, 1001, 200_000_000, 2**70):
        assert visitor.get(f"/series/gardens?page={far}").status_code == 404
    long = visitor.get(f"/series/gardens?q={'leeks' * 1000}")
    assert f'value="{"leeks" * 60}"' in long.text

    with app.app_context():
        row = decisions.by_receipt(db.session(), receipts[0])
        kiosk = current_kiosk()
        decisions.withdraw(db.session(), row, kiosk.actor("desk"), kiosk.store)
        db.session.remove()
    pushed(app)
    assert "Leeks" not in visitor.get("/series/gardens?q=leeks").text

    hub.organization("Wolves")
    wolf = hub.member("Wolves", "eve@example.org")
    own = wolf.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]
    theirs = {"name": "gardens", "csrf_token": csrf(wolf.get(f"/hub/o/{own}").text)}
    assert wolf.post(f"/hub/o/{own}/public", data=theirs).status_code == 409
    assert wolf.post(f"/hub/o/{number}/public", data=theirs).status_code == 404
    reviewer = hub.member("Gardens", "rob@example.org", Role.REVIEWER)
    theirs["csrf_token"] = csrf(reviewer.get("/hub/").text)
    assert reviewer.post(f"/hub/o/{number}/public", data=theirs).status_code == 403
    assert owner.post(f"/hub/o/{number}/public", data={**choice, "name": "a/b"}).status_code == 422

    with hub.app.app_context(), working_for(TenantScope(key="gardens")):
        # Past the pages: the name alone shows whose it is, and nothing of theirs.
        assert list(db.session.scalars(select(Organization.name))) == ["Gardens"]
        assert list(db.session.scalars(select(HubGathering.id))) == []
        db.session.remove()
    assert owner.post(f"/hub/o/{number}/public", data={**choice, "name": ""}).status_code == 303
    assert visitor.get("/series/gardens").status_code == 404


@pytest.mark.sqlite("a laptop pushes the database of its folder")
def test_one_page_for_all_gatherings(
    app: Flask, autumn: Flask, hub: HubKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire(hub, monkeypatch)
    fill(app)
    open_item(app, "Mend the roof")
    pair(app, hub.organization("Gardens"))
    pushed(app)
    with autumn.app_context():
        code = db.session.scalars(select(EventSession.code)).one()
        db.session.remove()
    receipt = send(autumn.test_client(), code, text="Leeks again", consent="agreed")["receipt"]
    open_item(autumn, "Order seeds")
    pair(autumn, another_code(hub, "Gardens"))
    pushed(autumn)
    # Another organization has something to be found too.
    hub.organization("Wolves")
    work(hub)

    owner = hub.member("Gardens", "ann@example.org")
    number = owner.get("/hub/").text.partition("/hub/o/")[2].partition('"')[0]
    page = owner.get(f"/hub/o/{number}/series").text
    assert "Mend the roof" in page
    assert "<bdi>Order seeds</bdi> · <bdi>Ann</bdi>" in page
    assert "Autumn &lt;gathering&gt;" in page
    both = statements(hub, lambda: owner.get(f"/hub/o/{number}/series"))
    hub.clock.turn(days=1)

    for count in range(3):
        new_gathering(hub, uuid.UUID(number), f"Chapter {count}")
    assert statements(hub, lambda: owner.get(f"/hub/o/{number}/series")) == both
    assert "Chapter 2" in owner.get(f"/hub/o/{number}/series").text

    found = owner.get(f"/hub/o/{number}/series?q=leeks").text
    assert "Leeks stand the frost" in found
    assert "Leeks again" in found
    assert "Kale does too" not in found
    path = found.partition(f"show={receipt}")[0].rpartition('href="')[2] + f"show={receipt}"
    assert "Leeks again" in owner.get(path.replace("&amp;", "&")).text
    nothing = owner.get(f"/hub/o/{number}/series?q=zeppelin").text
    assert nothing.count("<h2") == 0
    assert "Nothing found. Try fewer or other words." in nothing

    reviewer = hub.member("Gardens", "rob@example.org", Role.REVIEWER)
    assert "Mend the roof" not in reviewer.get(f"/hub/o/{number}/series").text
    stranger = hub.member("Wolves", "eve@example.org")
    assert stranger.get(f"/hub/o/{number}/series").status_code == 404
