"""Passwords of places are one gathering's, also where two organizations' kiosks call their gatherings alike."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from publish import targets
from reporter import secret_store
from reporter.database.row_security import TenantScope, working_for
from reporter.hub.models import HubGathering, HubSetting
from reporter.hub.schema import upgrade_hub
from tests.kiosk.hub.test_whole_path import fill, pair, pushed
from tests.support.hub import HubKit, csrf, gathering_of, wire
from tests.support.publish.fakes import FakeTarget


class Locked(FakeTarget):
    """A place that needs a password, and notes which it is given."""

    given: ClassVar[list[str]] = []

    @classmethod
    def secret_prompt(cls, _options: Mapping[str, str]) -> str:
        return "password"

    def test(self) -> str:
        self.given.append(self.setup.secret)
        return "fine"


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> type[Locked]:
    monkeypatch.setattr(Locked, "given", [])
    monkeypatch.setitem(targets.KINDS, "fake", Locked)
    return Locked


@pytest.fixture
def desks(app: Flask, hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[FlaskClient]:
    """Organizers of two organizations to which the same gathering was pushed."""
    wire(hub, monkeypatch)
    fill(app)
    found = []
    for name, email in (("Gardens", "ann@example.org"), ("Wolves", "zoe@example.org")):
        pair(app, hub.organization(name))
        pushed(app)
        found.append(hub.member(name, email))
    return found


def press(desk: FlaskClient, path: str, **form: str) -> None:
    base = gathering_of(desk)
    token = csrf(desk.get(f"{base}/desk/publish/places/add/fake").text)
    answer = desk.post(
        f"{base}/desk/publish/places/{path}", data={"csrf_token": token, "name": "blog", **form}
    )
    assert answer.status_code == 303, answer.text


def local_id(app: Flask) -> str:
    return str(app.extensions["kiosk"].gathering_id)


def hub_id(desk: FlaskClient) -> str:
    return str(uuid.UUID(gathering_of(desk)[3:]))


def test_gatherings_called_alike_have_passwords_of_their_own(
    app: Flask, desks: list[FlaskClient], place: type[Locked]
) -> None:
    ann, zoe = desks
    secret_store.set_secret(local_id(app), "target:blog", "of the laptop")
    press(ann, "add/fake", secret="of Ann")
    press(zoe, "add/fake", secret="of Zoe")
    press(ann, "blog/test")
    assert place.given == ["of Ann", "of Zoe", "of Ann"]
    press(zoe, "blog/password", secret="new of Zoe")
    press(ann, "blog/test")
    press(zoe, "blog/remove")
    press(ann, "blog/test")
    assert place.given[3:] == ["new of Zoe", "of Ann", "of Ann"]
    assert secret_store.get_secret(local_id(app), "target:blog") == "of the laptop"


def upgrade_from_before(app: Flask, hub: HubKit, desks: list[FlaskClient]) -> None:
    """Let the hub be one that has kept its passwords under the kiosks' ids until now."""
    for desk in desks:
        secret_store.remove_secret(hub_id(desk), "target:blog")
    secret_store.set_secret(local_id(app), "target:blog", "of before")
    with hub.owner() as session:
        session.execute(delete(HubSetting).where(HubSetting.name == "former_secrets"))
        session.commit()
        upgrade_hub(session.get_bind())  # type: ignore[arg-type]
    # As in a process that begins now.
    hub.app.extensions["hub"].stop()


def test_former_passwords_are_moved_once(
    app: Flask, hub: HubKit, desks: list[FlaskClient], place: type[Locked]
) -> None:
    ann, zoe = desks
    for desk in desks:
        press(desk, "add/fake", secret="first")
    upgrade_from_before(app, hub, desks)
    for desk in desks:
        press(desk, "blog/test")
    # Whose it was, nobody knows: both are asked again.
    assert place.given[2:] == ["", ""]

    gone = uuid.UUID(hub_id(zoe))
    with hub.owner() as session, working_for(TenantScope(migrating=True)):
        session.execute(delete(HubGathering).where(HubGathering.id == gone))
        session.commit()
    upgrade_from_before(app, hub, [ann])
    press(ann, "blog/test")
    assert place.given[4:] == ["of before"]
    assert secret_store.get_secret(local_id(app), "target:blog") is None
    # Another gathering that is called alike, and comes later, has no claim.
    secret_store.set_secret(local_id(app), "target:blog", "of somebody")
    pair(app, hub.organization("Foxes"))
    pushed(app)
    press(hub.member("Foxes", "rex@example.org"), "add/fake", secret="of Rex")
    assert place.given[5:] == ["of Rex"]
