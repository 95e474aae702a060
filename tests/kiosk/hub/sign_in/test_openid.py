"""What a provider of OpenID Connect may say, and what is refused: against one that lies on demand."""

from __future__ import annotations

import hmac
import json
import threading
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner, Result
from joserfc import jwt
from joserfc.jwk import RSAKey

from kiosk.cli import main
from kiosk.hub import openid
from kiosk.hub.openid import Client, PendingSignIn
from kiosk.runtime.database import db
from reporter.errors import BadInput, ConfigError, Forbidden
from reporter.hub.access import identities
from reporter.hub.access.identities import KnownProvider
from reporter.secret_store import get_secret
from tests.support.hub import HubKit

NOW = datetime(2026, 3, 14, 14, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
ASKED = PendingSignIn("the-state", "the-nonce", "v" * 48)


class Liar:
    """A provider that answers what it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.token = ""
        self.metadata: dict[str, Any] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(outer.metadata if "openid-conf" in self.path else outer.keys())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append((self.headers.get("Authorization", ""), body))
                self._say({"access_token": "a", "token_type": "Bearer", "id_token": outer.token})

            def _say(self, document: dict[str, Any]) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.metadata = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self) -> dict[str, Any]:
        return {"keys": [KEY.as_dict(private=False)]}

    def claims(self, **other: Any) -> dict[str, Any]:
        right = {
            "iss": self.issuer,
            "aud": "hub",
            "sub": "248289761001",
            "nonce": ASKED.nonce,
            "iat": SECONDS - 5,
            "exp": SECONDS + 300,
            "email": "ann@example.org",
        }
        return {name: value for name, value in {**right, **other}.items() if value is not None}

    def sign(self, key: Any = KEY, alg: str = "RS256", **other: Any) -> None:
        """Have a token with these claims answered."""
        head = {"alg": alg, "kid": "one"}
        self.token = jwt.encode(head, self.claims(**other), key, algorithms=[alg])


def by_hand(alg: str, secret: bytes, claims: dict[str, Any]) -> str:
    """A token that no library makes."""
    parts = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": alg, "kid": "one"}, claims)
    ]
    mark = hmac.digest(secret, b".".join(parts), "sha256") if secret else b""
    return b".".join((*parts, urlsafe_b64encode(mark).rstrip(b"="))).decode()


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    made.sign()
    yield made
    made.server.shutdown()
    made.server.server_close()


def client_of(liar: Liar, secret: str = "s3cret") -> Client:
    provider = KnownProvider(uuid.uuid4(), "gardens", liar.issuer, "hub")
    return Client(provider, secret, "http://hub.example.org/hub/openid/callback")


def came(liar: Liar, **other: str) -> dict[str, str]:
    return {"state": ASKED.state, "code": "the-code", "iss": liar.issuer, **other}


def subject(liar: Liar, **other: str) -> str:
    return openid.subject_of(client_of(liar), ASKED, came(liar, **other), now=NOW)


def test_a_browser_is_sent_with_all_that_guards_its_way(liar: Liar) -> None:
    url, asked = openid.ask(client_of(liar))
    for part in (
        f"{liar.issuer}/auth?",
        "response_type=code",
        "code_challenge_method=S256",
        f"state={asked.state}",
        f"nonce={asked.nonce}",
        "scope=openid",
    ):
        assert part in url
    assert asked.verifier not in url
    assert len({*openid.ask(client_of(liar))[1].__dict__.values(), *asked.__dict__.values()}) == 6


def test_a_right_token_names_a_subject(liar: Liar) -> None:
    assert subject(liar) == "248289761001"
    authorization, body = liar.asked[0]
    assert authorization.startswith("Basic ")
    assert f"code_verifier={ASKED.verifier}" in body
    assert openid.subject_of(client_of(liar, ""), ASKED, came(liar), now=NOW) == "248289761001"
    authorization, body = liar.asked[1]
    assert authorization == ""
    assert "client_id=hub" in body


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": ["hub", "somebody-else"]},
        {"azp": "somebody-else"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": SECONDS - 3600},
        {"exp": None},
        {"iat": SECONDS + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 17},
        {"sub": "x" * 256},
        {"at_hash": "AAAA"},
    ],
)
def test_a_wrong_claim_is_refused(liar: Liar, wrong: dict[str, Any]) -> None:
    liar.sign(**wrong)
    with pytest.raises(Forbidden):
        subject(liar)


def test_a_signature_by_any_other_key_is_refused(liar: Liar) -> None:
    liar.sign(RSAKey.generate_key(2048, {"kid": "one"}, private=True))
    with pytest.raises(Forbidden):
        subject(liar)
    # What everybody can have: our client's secret, or the public key taken for a secret one.
    for alg, secret in (("HS256", b"s3cret"), ("HS256", KEY.as_pem(private=False)), ("none", b"")):
        liar.token = by_hand(alg, secret, liar.claims())
        with pytest.raises(Forbidden):
            subject(liar)
    for token in ("", "a.b.c", "nonsense"):
        liar.token = token
        with pytest.raises(Forbidden):
            subject(liar)


def test_an_answer_to_another_browser_or_of_another_provider_is_refused(liar: Liar) -> None:
    with pytest.raises(BadInput):
        subject(liar, state="another")
    with pytest.raises(Forbidden):
        subject(liar, iss="https://evil.example")
    with pytest.raises(Forbidden):
        openid.subject_of(client_of(liar), ASKED, {"state": ASKED.state, "code": "c"}, now=NOW)
    assert liar.asked == []


def test_a_provider_that_calls_itself_otherwise_is_refused(liar: Liar) -> None:
    liar.metadata["issuer"] = "https://accounts.example.org"
    with pytest.raises(Forbidden):
        openid.discover(liar.issuer)
    liar.metadata = {}
    with pytest.raises(Forbidden):
        openid.discover(liar.issuer)


@pytest.mark.parametrize("odd", [7, None, True, "x", [7], {"a": 1}, [[]], "https://["])
@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "id_token_signing_alg_values_supported", "keys", "token"]
)
def test_a_provider_that_answers_with_other_kinds_of_values_is_refused(
    liar: Liar, name: str, odd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever signs in gets a sentence, whatever the provider says."""
    if name == "keys":
        monkeypatch.setattr(liar, "keys", lambda: {"keys": odd})
    elif name == "token":
        liar.token = odd
    else:
        liar.metadata[name] = odd
    for step in (lambda: openid.ask(client_of(liar)), lambda: subject(liar)):
        with suppress(Forbidden):
            assert step()


@pytest.mark.parametrize(
    "url", ["http://accounts.example.org", "ftp://x", "https://", "https://a.example/?x=1", ""]
)
def test_an_issuer_is_an_https_address(url: str) -> None:
    with pytest.raises(ConfigError):
        openid.check_issuer(url)
    assert openid.check_issuer("https://accounts.example.org/realm")


def openid_command(hub: HubKit, *words: str, secret: str = "") -> Result:
    """What ``reporter hub openid`` says."""
    environment = {
        "REPORTER_DATABASE_URL": hub.url.render_as_string(hide_password=False),
        "REPORTER_MEDIA_URL": str(hub.folder),
        "REPORTER_HUB_URL": "https://hub.example.org",
    }
    return CliRunner().invoke(main, ["hub", "openid", *words], env=environment, input=secret)


def test_whoever_runs_the_hub_says_where_an_organization_signs_in(hub: HubKit, liar: Liar) -> None:
    hub.organization("Gardens")
    hub.organization("Wolves")
    client = ("--issuer", liar.issuer, "--client-id", "hub")
    result = openid_command(
        hub, "--organization", "Gardens", "--short-name", "Gardens", *client, secret="s3cret\n"
    )
    assert result.exit_code == 0, result.output
    assert "https://hub.example.org/hub/openid/callback" in result.output
    with hub.app.app_context():
        known = identities.provider_called(db.session(), "gardens")
        db.session.remove()
    assert known is not None
    assert (known.issuer, known.client_id) == (liar.issuer, "hub")
    assert get_secret(str(known.organization_id), openid.SECRET) == "s3cret"
    page = hub.app.test_client().get("/hub/openid?organization=GARDENS%20").text
    assert "/hub/openid/gardens" in page
    sent = hub.app.test_client().get("/hub/openid/gardens")
    assert sent.headers["Location"].startswith(f"{liar.issuer}/auth?")

    taken = openid_command(hub, "--organization", "Wolves", "--short-name", "gardens", *client)
    assert (taken.exit_code, "is called gardens" in taken.output) == (1, True)
    liar.metadata["issuer"] = "https://elsewhere.example"
    lies = openid_command(hub, "--organization", "Wolves", "--short-name", "wolves", *client)
    assert lies.exit_code == 1
    assert openid_command(hub, "--organization", "Gardens", "--remove").exit_code == 0
    assert get_secret(str(known.organization_id), openid.SECRET) is None
    assert hub.app.test_client().get("/hub/openid/gardens").status_code == 404
