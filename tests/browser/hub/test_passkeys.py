"""Passkeys of a hub's members, in a real browser with an authenticator of its own (W3C WebAuthn, 11, by CDP)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from kiosk.hub import passkeys as ceremony
from kiosk.hub.passkeys import RelyingParty
from kiosk.runtime.database import db
from reporter.errors import Forbidden
from reporter.hub.access import passkeys
from reporter.hub.roles import Role
from tests.support.browsers.chromium import Windows
from tests.support.hub import PASSWORD, HubKit

pytestmark = pytest.mark.browser

AUTHENTICATOR: dict[str, Any] = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Keys:
    """The authenticator of one page."""

    def __init__(self, page: Page, **options: Any) -> None:
        self._tools = page.context.new_cdp_session(page)
        self._tools.send("WebAuthn.enable")
        made = self._tools.send(
            "WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, **options}}
        )
        self.id = made["authenticatorId"]

    def verify(self, right: bool) -> None:
        """Whether the next finger is the right one."""
        settings = {"authenticatorId": self.id, "isUserVerified": right}
        self._tools.send("WebAuthn.setUserVerified", settings)

    def forget(self) -> None:
        """Lose what it has."""
        self._tools.send("WebAuthn.clearCredentials", {"authenticatorId": self.id})


@pytest.fixture
def address(hub: HubKit) -> Iterator[str]:
    hub.organization("Gardens")
    with hub.served() as address:
        yield address


def join(hub: HubKit, page: Page, address: str, email: str = "ann@example.org") -> None:
    """Accept an invitation with a passkey."""
    page.goto(f"{address}/hub/invitation/{hub.invitation('Gardens', email, Role.REVIEWER)}")
    page.get_by_role("button", name="Join with a passkey").click()
    expect(page.get_by_role("heading", name="Your organizations")).to_be_visible()
    # A reviewer is not sent to a page without the button.
    expect(page.get_by_text("as soon as an organizer has paired a laptop")).to_be_visible()
    expect(page.get_by_text("Make a code on")).to_have_count(0)


def leave(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_member_joins_signs_in_and_keeps_passkeys(
    hub: HubKit, windows: Windows, address: str, axe: Callable[..., list[str]]
) -> None:
    page = windows.phone()
    Keys(page)
    join(hub, page, address)
    leave(page)
    assert axe(page) == []
    page.goto(f"{address}/hub/account")
    page.get_by_role("button", name="Sign in with a passkey").press("Enter")
    expect(page.get_by_role("heading", name="How you sign in")).to_be_visible()
    expect(page.get_by_text("Passkey 1", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Remove Passkey 1")).to_have_count(0)

    # The same device has one already; another one, beside it, makes a second.
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("status")).to_have_text(
        "This device has a passkey for this account already."
    )
    Keys(page, transport="usb")
    page.get_by_label("What is it on?").fill("  Yellow \n key ")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("strong", has_text="Yellow key")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("Another name for Yellow key").fill("<b>Red</b> key")
    page.get_by_role("button", name="Rename").nth(1).click()
    expect(page.get_by_role("button", name="Remove <b>Red</b> key")).to_be_visible()
    page.get_by_role("button", name="Remove Passkey 1").click()
    expect(page.get_by_text("The last way in can't be removed.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove", exact=False)).to_have_count(0)


def test_who_is_not_verified_or_unknown_stays_out(
    hub: HubKit, windows: Windows, address: str
) -> None:
    page = windows.laptop()
    keys = Keys(page)
    join(hub, page, address)
    leave(page)
    keys.verify(False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("status")).to_have_text(
        "No passkey was used. Try once more, or take another way."
    )
    keys.verify(True)
    page.context.set_offline(True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("status")).to_have_text(
        "The hub does not answer just now. Try again in a moment."
    )
    page.context.set_offline(False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Your organizations")).to_be_visible()
    # Removed here, but still on the device: it opens nothing.
    with hub.owner() as session:
        from sqlalchemy import text

        session.execute(text("SET app.migrating = 'on'"))
        assert session.execute(text("DELETE FROM hub_passkey")).rowcount == 1  # type: ignore[attr-defined]
        session.commit()
    leave(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("status")).to_have_text("This passkey opens nothing here.")


def test_an_answer_works_once_here_and_for_its_own_passkey(
    hub: HubKit, windows: Windows, address: str
) -> None:
    page = windows.laptop()
    Keys(page)
    join(hub, page, address)
    leave(page)
    sent: list[Request] = []
    page.on("request", lambda one: sent.append(one))
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Your organizations")).to_be_visible()
    answer = next(one for one in sent if "/hub/passkey?" in one.url)
    kept = answer.all_headers()
    headers = {name: kept[name] for name in ("cookie", "x-csrftoken", "accept")}
    again = httpx.post(answer.url, json=json.loads(answer.post_data or ""), headers=headers)
    assert again.status_code == 422
    assert "answered already" in again.json()["detail"]

    credential = json.loads(answer.post_data or "")["credential"]
    parsed = json.loads(credential)
    challenge = _challenge(parsed)
    with hub.app.app_context():
        known = passkeys.by_id(db.session(), parsed["id"])
        db.session.remove()
    assert known is not None
    assert known.sign_count > 0
    before = passkeys.KnownPasskey(known.id, known.account, known.public_key, 0)
    own = RelyingParty("localhost", address)
    assert ceremony.check_shown(own, credential, challenge, before) == known.sign_count
    for site, asked, which in (
        (RelyingParty("localhost", "https://evil.example"), challenge, before),
        (RelyingParty("evil.example", address), challenge, before),
        (own, "another", before),
        # A copy of the authenticator counts from where it was made.
        (own, challenge, known),
    ):
        with pytest.raises(Forbidden):
            ceremony.check_shown(site, credential, asked, which)


def _challenge(credential: dict[str, Any]) -> str:
    from webauthn.helpers import base64url_to_bytes

    client_data = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
    return str(client_data["challenge"])


def test_a_known_address_joins_by_signing_in(hub: HubKit, windows: Windows, address: str) -> None:
    page = windows.phone()
    Keys(page)
    join(hub, page, address)
    leave(page)
    hub.organization("Wolves")
    page.goto(f"{address}/hub/invitation/{hub.invitation('Wolves', 'ann@example.org')}")
    expect(page.get_by_role("button", name="Join with a passkey")).to_have_count(0)
    page.get_by_role("link", name="Sign in another way").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("link", name="Wolves")).to_be_visible()
    expect(page.get_by_role("link", name="Gardens")).to_be_visible()


def test_a_password_can_go_once_there_is_a_passkey(
    hub: HubKit, windows: Windows, address: str
) -> None:
    page = windows.laptop()
    Keys(page)
    page.goto(f"{address}/hub/invitation/{hub.invitation('Gardens', 'bob@example.org')}")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Join with this password").click()
    page.get_by_role("link", name="How you sign in").click()
    expect(page.get_by_role("button", name="Remove the password")).to_have_count(0)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Remove the password").click()
    expect(page.get_by_text("The last way in can't be removed.")).to_be_visible()
    page.goto(f"{address}/hub/")
    leave(page)
    page.get_by_label("E-mail address").fill("bob@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Address or password is wrong.")).to_be_visible()
