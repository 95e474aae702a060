"""A hub in the tests' own process: its database, its pages, kiosks that reach it, and members who sign in."""

from __future__ import annotations

import dataclasses
import random
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, create_engine
from sqlalchemy.orm import Session

from kiosk.hub_app import create_hub_app
from kiosk.peers import client as client_module
from kiosk.runtime.database import db
from kiosk.server.http import bind, bound_port, make_server
from reporter.database.row_security import WORKER_ROLE, TenantScope, scope_transactions, working_for
from reporter.hub import kiosks, organizations
from reporter.hub.config import HubSettings
from reporter.hub.roles import Role
from reporter.hub.schema import upgrade_hub
from tests.support.kiosk_process import TurnableClock

THERE = "http://10.0.0.9:8080"
PASSWORD = "wolves paint slow bicycles"


class HubKit:
    """One hub, with a database of its own."""

    def __init__(self, url: URL, folder: Path, clock: TurnableClock, media_url: str = "") -> None:
        """``media_url``: an object store; then pages and workers are machines with folders of their own."""
        self.url, self.folder, self.clock = url, folder, clock
        self.rng = random.Random(11)
        self.settings = HubSettings(
            url.render_as_string(hide_password=False),
            media_url or str(folder),
            sites=str(folder / "sites"),
            folder=str(folder / "pages"),
        )
        with self.owner() as session:
            upgrade_hub(session.get_bind())  # type: ignore[arg-type]
        self.app = create_hub_app(self.settings, clock=clock, rng=self.rng)
        self.worker_apps: list[Flask] = []

    @contextmanager
    def owner(self) -> Iterator[Session]:
        """A session of who owns the tables."""
        engine = create_engine(self.url)
        scope_transactions(engine)
        try:
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()

    def organization(self, name: str) -> str:
        """Make one; a code that pairs a kiosk with it."""
        with self.owner() as session, working_for(TenantScope(migrating=True)):
            number = organizations.make_organization(session, name, now=self.clock(), rng=self.rng)
        return self.code(number)

    def code(self, organization: uuid.UUID) -> str:
        """One more code that pairs a kiosk with an organization."""
        with self.owner() as session, working_for(TenantScope(organization=organization)):
            return kiosks.pairing_code(session, organization, now=self.clock())

    def invitation(self, name: str, email: str, role: Role = Role.OWNER) -> str:
        """The secret of an invitation to an organization."""
        with self.owner() as session:
            with working_for(TenantScope(migrating=True)):
                number = organizations.find_organization(session, name)
                session.rollback()
            assert number is not None
            with working_for(TenantScope(organization=number)):
                return organizations.invite(session, number, email, role, now=self.clock())

    def member(self, name: str, email: str, role: Role = Role.OWNER) -> FlaskClient:
        """A browser in which a new member has signed in."""
        browser = self.app.test_client()
        path = f"/hub/invitation/{self.invitation(name, email, role)}"
        form = {"csrf_token": csrf(browser.get(path).text), "password": PASSWORD}
        assert browser.post(path, data=form).status_code == 303
        return browser

    def workers(self) -> Flask:
        """The application of a worker's process."""
        return self.worker_apps[0] if self.worker_apps else self.another_worker(0)

    def another_worker(self, number: int) -> Flask:
        """The application of one more worker, on a machine of its own."""
        settings = dataclasses.replace(self.settings, folder=str(self.folder / f"worker{number}"))
        rng = random.Random(12 + number)
        app = create_hub_app(settings, role=WORKER_ROLE, clock=self.clock, rng=rng)
        self.worker_apps.append(app)
        return app

    @contextmanager
    def served(self) -> Iterator[str]:
        """Pages over HTTP, at a name; their address."""
        server = make_server(self.app, bind("127.0.0.1", 0))
        serving = threading.Thread(target=server.serve, daemon=True)
        serving.start()
        try:
            yield f"http://localhost:{bound_port(server)}"
        finally:
            server.stop()
            serving.join(timeout=10)

    def close(self) -> None:
        """End decoders and connections."""
        for app in (self.app, *self.worker_apps):
            app.extensions["hub"].stop()
            with app.app_context():
                db.engine.dispose()


def csrf(page: str) -> str:
    """The token of a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def gathering_of(browser: FlaskClient) -> str:
    """Where the gathering is that a member sees: ``/g/<id>``."""
    found = re.search(r'href="(/g/[0-9a-f]{32})/', browser.get("/hub/").text)
    assert found is not None
    return found[1]


def wire(hub: HubKit, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """Let what kiosks ask of THERE go to the hub; the requests, in order."""
    asked: list[httpx.Request] = []

    class Wire(httpx.WSGITransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return super().handle_request(request)

    make = client_module.PeerClient.__init__

    def wired(self: Any, url: str, token: str = "", **_: Any) -> None:
        make(self, url, token, transport=Wire(app=hub.app, remote_addr="192.168.4.1"))

    monkeypatch.setattr(client_module.PeerClient, "__init__", wired)
    return asked
