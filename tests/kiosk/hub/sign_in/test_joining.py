"""Accepting an invitation where its address has an account that one can't, or may not, sign in to."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from reporter.database.row_security import TenantScope, working_for
from reporter.hub import organizations
from reporter.hub.models import Account, Member, SignIn
from reporter.hub.roles import Role
from tests.kiosk.hub.sign_in.test_sign_in_methods import OTHER, sign_in
from tests.support.hub import PASSWORD, HubKit, csrf


@pytest.fixture
def taken(hub: HubKit) -> FlaskClient:
    """Whoever invited an address to an organization of their own has registered it first."""
    hub.organization("Gardens")
    hub.organization("Wolves")
    return hub.member("Wolves", "zoe@example.org")


def join(browser: FlaskClient, path: str, **form: str) -> int:
    page = browser.get(path).text
    return browser.post(path, data={"csrf_token": csrf(page), **form}).status_code


def organizations_of(browser: FlaskClient) -> set[str]:
    page = browser.get("/hub/").text
    return {name for name in ("Gardens", "Wolves") if name in page}


def test_an_address_that_somebody_registered_first_keeps_nobody_out(
    hub: HubKit, taken: FlaskClient
) -> None:
    path = f"/hub/invitation/{hub.invitation('Gardens', 'zoe@example.org', Role.REVIEWER)}"
    zoe = hub.app.test_client()
    assert join(zoe, path, password=OTHER) == 422
    assert "Join with another address" in zoe.get(path).text
    assert join(zoe, path, password=OTHER, email="Zoe.b@example.org") == 303
    assert organizations_of(zoe) == {"Gardens"}
    assert organizations_of(sign_in(hub, "zoe.b@example.org", OTHER)) == {"Gardens"}
    assert organizations_of(taken) == {"Wolves"}
    assert zoe.get(path).status_code == 404


def test_another_address_needs_its_own_password(hub: HubKit, taken: FlaskClient) -> None:
    path = f"/hub/invitation/{hub.invitation('Gardens', 'ann@example.org', Role.REVIEWER)}"
    eve = hub.app.test_client()
    assert join(eve, path, password=OTHER, email="zoe@example.org") == 422
    assert join(eve, path, password=OTHER, **{"as": "me"}, email="zoe@example.org") == 422
    assert join(eve, path, password=PASSWORD, email="zoe@example.org") == 303
    assert organizations_of(taken) == {"Gardens", "Wolves"}


def test_a_member_who_has_signed_in_joins_whatever_address_was_invited(
    hub: HubKit, taken: FlaskClient
) -> None:
    path = f"/hub/invitation/{hub.invitation('Gardens', 'z@example.org', Role.REVIEWER)}"
    assert join(taken, path, **{"as": "me"}) == 303
    assert organizations_of(taken) == {"Gardens", "Wolves"}


def test_a_sign_in_of_a_provider_joins_nothing_else(hub: HubKit, taken: FlaskClient) -> None:
    path = f"/hub/invitation/{hub.invitation('Gardens', 'z@example.org', Role.REVIEWER)}"
    vouched_for_by(hub, "Wolves", "zoe@example.org")
    assert "Join as the account" not in taken.get(path).text
    assert join(taken, path, **{"as": "me"}) == 422
    # With an address and a password of their own they get in, and the provider does not.
    assert join(taken, path, email="zoe.b@example.org", password=OTHER) == 303
    assert organizations_of(taken) == {"Gardens"}


def vouched_for_by(hub: HubKit, name: str, email: str) -> None:
    """As if the member had signed in at the organization's provider."""
    with hub.owner() as session:
        with working_for(TenantScope(migrating=True)):
            number = organizations.find_organization(session, name)
            session.rollback()
        found = organizations.account_of(session, email)
        assert found is not None
        with working_for(TenantScope(account=found[0])):
            session.execute(update(SignIn).values(organization_id=number))
            session.commit()


def test_an_owner_who_accepts_a_lesser_role_stays_owner(hub: HubKit, taken: FlaskClient) -> None:
    path = f"/hub/invitation/{hub.invitation('Wolves', 'zoe@example.org', Role.REVIEWER)}"
    assert join(taken, path) == 303
    with hub.owner() as session, working_for(TenantScope(migrating=True)):
        rows = session.execute(
            select(Account.email, Member.role).join(Member, Member.account_id == Account.id)
        ).all()
    assert [tuple(row) for row in rows] == [("zoe@example.org", "owner")]
