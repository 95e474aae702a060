"""Members sign in at their organization's provider: a real browser, and a real provider (oidc-provider of npm)."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kiosk.hub.openid import SECRET
from kiosk.runtime.database import db
from reporter.database.row_security import TenantScope, working_for
from reporter.hub import organizations
from reporter.hub.access import identities
from reporter.hub.access.identities import KnownProvider
from reporter.hub.roles import Role
from reporter.secret_store import set_secret
from tests.guards.repository import ROOT
from tests.kiosk.hub.sign_in.test_sign_in_methods import PASSWORD
from tests.support.browsers.chromium import Windows
from tests.support.hub import HubKit
from tests.support.servers.script import PROGRAMS, ScriptServer, lacking

pytestmark = pytest.mark.browser


@dataclass
class Place:
    """A hub and the provider of the organization Gardens."""

    address: str
    issuer: str


@pytest.fixture
def place(hub: HubKit) -> Iterator[Place]:
    missing = lacking(*PROGRAMS["openid"])
    if not (ROOT / "node_modules" / "oidc-provider").is_dir():
        missing.append("oidc-provider in node_modules")
    if missing:
        pytest.skip(f"no provider here, for lack of {', '.join(missing)} (make install)")
    # Its tokens are of now.
    hub.clock.at = datetime.now(UTC)
    hub.organization("Gardens")
    state = Path(tempfile.mkdtemp(prefix="openid-"))
    with hub.served() as address:
        server = ScriptServer("openid", state, REDIRECT=f"{address}/hub/openid/callback")
        server.start()
        number = organization(hub, "Gardens")
        known = KnownProvider(
            number, "gardens", server.details["ISSUER"], server.details["CLIENT_ID"]
        )
        with hub.owner() as session, working_for(TenantScope(organization=number)):
            identities.set_provider(session, known)
        set_secret(str(number), SECRET, server.details["CLIENT_SECRET"])
        yield Place(address, server.details["ISSUER"])
        server.stop()
    shutil.rmtree(state)


def organization(hub: HubKit, name: str) -> uuid.UUID:
    with hub.owner() as session, working_for(TenantScope(migrating=True)):
        number = organizations.find_organization(session, name)
        session.rollback()
    assert number is not None
    return number


def at_provider(page: Page, subject: str) -> None:
    """Say who one is there, and agree."""
    page.get_by_placeholder("Enter any login").fill(subject)
    page.get_by_placeholder("and password").fill("whatever")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def invite(hub: HubKit, page: Page, place: Place, email: str) -> None:
    secret = hub.invitation("Gardens", email, Role.REVIEWER)
    page.goto(f"{place.address}/hub/invitation/{secret}")


def test_an_invitation_binds_a_subject_and_no_address_does(
    hub: HubKit, windows: Windows, place: Place
) -> None:
    page = windows.laptop()
    page.goto(f"{place.address}/hub/sign-in")
    page.get_by_role("link", name="Sign in at your organization").click()
    page.get_by_label("Short name of your organization").fill("Gardens")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"You go on at {place.issuer.removeprefix('http://')}")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    # The provider says that this is ann@example.org, verified; nobody has invited her.
    hub.member("Gardens", "ann@example.org")
    at_provider(page, "stranger")
    expect(page.get_by_text("You are not a member here yet.")).to_be_visible()

    page = windows.phone()
    invite(hub, page, place, "zoe@example.org")
    page.get_by_role("link", name="Join with the sign-in of Gardens").click()
    at_provider(page, "zoe-at-gardens")
    expect(page.get_by_role("link", name="Gardens")).to_be_visible()
    expect(page.get_by_text("Reviewer")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{place.address}/hub/openid/gardens?next=/hub/")
    expect(page.get_by_role("link", name="Gardens")).to_be_visible()
    # Such a sign-in changes no way in.
    page.goto(f"{place.address}/hub/account")
    expect(page.get_by_text("can't change how you get in elsewhere")).to_be_visible()


def test_a_provider_opens_its_own_organization_alone(
    hub: HubKit, windows: Windows, place: Place
) -> None:
    page = windows.laptop()
    hub.member("Gardens", "bob@example.org")
    hub.organization("Wolves")
    wolves = organization(hub, "Wolves")
    page.goto(
        f"{place.address}/hub/invitation/{hub.invitation('Wolves', 'bob@example.org', Role.OWNER)}"
    )
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("link", name="Wolves")).to_be_visible()
    page.get_by_role("link", name="How you sign in").click()
    page.get_by_role("link", name="Connect").click()
    at_provider(page, "bob-at-gardens")
    expect(page.get_by_role("button", name="Remove gardens")).to_be_visible()

    page.goto(f"{place.address}/hub/")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{place.address}/hub/openid/gardens")
    expect(page.get_by_role("link", name="Gardens")).to_be_visible()
    expect(page.get_by_role("link", name="Wolves")).to_have_count(0)
    assert page.request.get(f"{place.address}/hub/o/{wolves}").status == 404
    # The invitation of the other organization is none for this sign-in either.
    invited = hub.invitation("Wolves", "bob@example.org", Role.OWNER)
    page.goto(f"{place.address}/hub/invitation/{invited}")
    expect(page.get_by_label("Your password")).to_be_visible()


def test_a_known_address_is_not_taken_over(hub: HubKit, windows: Windows, place: Place) -> None:
    hub.member("Gardens", "ann@example.org")
    page = windows.laptop()
    invite(hub, page, place, "ann@example.org")
    page.get_by_role("link", name="Join with the sign-in of Gardens").click()
    at_provider(page, "mallory")
    expect(page.get_by_text("This address has an account already.")).to_be_visible()
    with hub.app.app_context():
        known = identities.provider_called(db.session(), "gardens")
        assert known is not None
        assert identities.account_of(db.session(), known, "mallory") is None
        db.session.remove()


def test_a_callback_without_its_beginning_is_refused(hub: HubKit, place: Place) -> None:
    browser = hub.app.test_client()
    response = browser.get("/hub/openid/callback?code=c&state=s")
    assert response.status_code == 422
    with browser.session_transaction() as kept:
        assert "signed_in" not in kept
    assert [browser.get("/hub/openid/callback").status_code for _ in range(10)][-1] == 429
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert browser.get("/hub/openid/gardens?invitation=x", headers=foreign).status_code == 403
