"""Ways into an account: one always stays, others are ended, changes need a fresh sign-in; and nobody sees another's."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.security import check_password_hash

from kiosk.runtime.database import db
from kiosk.web.hub import accounts
from reporter.database.row_security import TenantScope, working_for
from reporter.errors import Forbidden
from reporter.hub import organizations
from reporter.hub.access import passkeys, sign_in_methods
from reporter.hub.models import Passkey
from tests.support.hub import PASSWORD, HubKit, csrf

OTHER = "rivers carry nine yellow pianos"


def sign_in(hub: HubKit, email: str, password: str = PASSWORD) -> FlaskClient:
    browser = hub.app.test_client()
    form = {
        "csrf_token": csrf(browser.get("/hub/sign-in").text),
        "email": email,
        "password": password,
    }
    assert browser.post("/hub/sign-in", data=form).status_code == 303
    return browser


@pytest.fixture
def ann(hub: HubKit) -> FlaskClient:
    hub.organization("Gardens")
    return hub.member("Gardens", "ann@example.org")


def keep_passkey(hub: HubKit, email: str, credential: str) -> None:
    """As if a browser had made one."""
    with hub.app.app_context():
        found = organizations.account_of(db.session(), email)
        assert found is not None
        with working_for(TenantScope(account=found[0])):
            row = Passkey(
                credential_id=credential,
                account_id=found[0],
                public_key=b"key",
                sign_count=0,
                name="Phone",
                created_at=hub.clock(),
            )
            passkeys.add(db.session(), row)
        db.session.remove()


def post(browser: FlaskClient, path: str, **form: str) -> int:
    token = csrf(browser.get("/hub/").text)
    return browser.post(path, data={"csrf_token": token, **form}).status_code


def test_another_password_ends_other_sign_ins(hub: HubKit, ann: FlaskClient) -> None:
    elsewhere = sign_in(hub, "ann@example.org")
    assert post(ann, "/hub/account/password", password="short") == 422
    assert elsewhere.get("/hub/").status_code == 200
    assert post(ann, "/hub/account/password", password=OTHER) == 303
    assert elsewhere.get("/hub/").status_code == 302
    assert ann.get("/hub/").status_code == 200
    assert sign_in(hub, "ann@example.org", OTHER).get("/hub/").status_code == 200


def test_the_last_way_in_stays(hub: HubKit, ann: FlaskClient) -> None:
    assert post(ann, "/hub/account/password/remove") == 403
    keep_passkey(hub, "ann@example.org", "one")
    assert post(ann, "/hub/account/password/remove") == 303
    assert post(ann, "/hub/account/passkey/one/remove") == 403
    keep_passkey(hub, "ann@example.org", "two")
    assert post(ann, "/hub/account/passkey/one/remove") == 303
    assert post(ann, "/hub/account/passkey/one/remove") == 403
    with hub.app.app_context():
        found = organizations.account_of(db.session(), "ann@example.org")
        db.session.remove()
    assert found is not None
    assert not check_password_hash(found[1], "")
    browser = hub.app.test_client()
    form = {"csrf_token": csrf(browser.get("/hub/sign-in").text), "email": "ann@example.org"}
    browser.post("/hub/sign-in", data={**form, "password": ""})
    assert browser.get("/hub/").status_code == 302


def test_nobody_learns_from_the_time_who_is_a_member(
    hub: HubKit, ann: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_passkey(hub, "ann@example.org", "one")
    assert post(ann, "/hub/account/password/remove") == 303
    hashed: list[str] = []

    def check(hashed_password: str, password: str) -> bool:
        hashed.append(hashed_password)
        return check_password_hash(hashed_password, password)

    monkeypatch.setattr(accounts, "check_password_hash", check)
    for email in ("ann@example.org", "nobody@example.org"):
        sign_in(hub, email)
    assert [text.partition("$")[0] for text in hashed] == ["scrypt:32768:8:1"] * 2


def test_changes_need_a_fresh_sign_in(hub: HubKit, ann: FlaskClient) -> None:
    assert ann.get("/hub/account").status_code == 200
    hub.clock.turn(minutes=16)
    assert ann.get("/hub/account").status_code == 302
    assert post(ann, "/hub/account/password", password=OTHER) == 403
    assert ann.get("/hub/").status_code == 200


def test_passkeys_are_their_accounts_own(hub: HubKit, ann: FlaskClient) -> None:
    keep_passkey(hub, "ann@example.org", "of-ann")
    bob = hub.member("Gardens", "bob@example.org")
    keep_passkey(hub, "bob@example.org", "of-bob")
    assert post(bob, "/hub/account/passkey/of-ann/name", name="Mine") == 404
    assert post(bob, "/hub/account/passkey/of-ann/remove") == 404
    with hub.app.app_context():
        found = organizations.account_of(db.session(), "bob@example.org")
        assert found is not None
        seen = {}
        for name, scope in (
            ("bob", TenantScope(account=found[0])),
            ("nobody", TenantScope()),
            ("who shows it", TenantScope(key="of-ann")),
        ):
            with working_for(scope):
                # Without a condition: the database itself leaves out the others.
                seen[name] = list(db.session.scalars(select(Passkey.credential_id)))
                db.session.rollback()
        db.session.remove()
    assert seen == {"bob": ["of-bob"], "nobody": [], "who shows it": ["of-ann"]}


def test_two_removals_at_once_leave_one(hub: HubKit, ann: FlaskClient) -> None:
    keep_passkey(hub, "ann@example.org", "one")
    with hub.app.app_context():
        found = organizations.account_of(db.session(), "ann@example.org")
        db.session.remove()
    assert found is not None
    account, together = found[0], Barrier(2)

    def remove(what: str) -> bool:
        with hub.app.app_context(), working_for(TenantScope(account=account)):
            together.wait()
            try:
                if what == "password":
                    sign_in_methods.set_password(db.session(), account, "", "")
                else:
                    sign_in_methods.remove_passkey(db.session(), account, what, "")
            except Forbidden:
                return False
            finally:
                db.session.remove()
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, ("password", "one"))) == [False, True]


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "{}",
        "[]",
        "nonsense",
        json.dumps({"id": "x", "rawId": "x", "type": "public-key", "response": {}}),
        json.dumps(
            {
                "id": "AAAA",
                "rawId": "AAAA",
                "type": "public-key",
                "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"},
            }
        ),
    ],
)
def test_what_is_no_passkey_is_refused_and_counted(hub: HubKit, credential: str) -> None:
    browser = hub.app.test_client()
    token = csrf(browser.get("/hub/sign-in").text)
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    local = {"base_url": "http://localhost", "headers": headers}

    def show() -> int:
        assert browser.post("/hub/passkey/ask", **local).status_code == 200
        answer = browser.post("/hub/passkey", json={"credential": credential}, **local)
        return answer.status_code

    assert show() == 403
    assert [show() for _ in range(11)][-1] == 429


def test_an_address_in_numbers_has_no_passkeys(hub: HubKit) -> None:
    browser = hub.app.test_client()
    address = "http://10.0.0.9:8080"
    page = browser.get("/hub/sign-in", base_url=address).text
    answer = browser.post(
        "/hub/passkey/ask",
        base_url=address,
        headers={"X-CSRFToken": csrf(page), "Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert "need a name in the address" in answer.get_json()["detail"]
