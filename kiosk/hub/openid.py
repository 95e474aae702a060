"""Sign-in at an organization's provider by OpenID Connect: authorization code, PKCE, nonce, state. By Authlib.

Nothing of what a provider says of somebody counts but the subject, and that only of a token that it signed for us
(https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from reporter.errors import BadInput, ConfigError, Forbidden
from reporter.hub.access.identities import KnownProvider

# What the secret of our client is called among the secrets of its organization.
SECRET = "openid"  # noqa: S105
_TIMEOUT = 10.0
# A provider's clock may be so far from ours, in seconds.
_LEEWAY = 60
# Signatures by a key that we don't hold ourselves: never HS256, never none.
_ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "Ed25519",
    "EdDSA",
)

# What goes wrong with an answer that is not one, and with a token that is none.
_WRONG = (
    *(JoseError, httpx.HTTPError, httpx.InvalidURL),
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError),
)


@dataclass(frozen=True)
class Client:
    """We, as a provider knows us."""

    provider: KnownProvider
    secret: str
    # Where a browser comes back to.
    redirect: str

    def proof(self) -> tuple[dict[str, str], tuple[str, str] | None]:
        """What shows the token endpoint who we are: fields of the form, or a password (RFC 6749, 2.3.1)."""
        name = self.provider.client_id
        if not self.secret:
            return {"client_id": name}, None
        return {}, (quote(name, safe=""), quote(self.secret, safe=""))


@dataclass(frozen=True)
class PendingSignIn:
    """What a browser keeps until it comes back."""

    state: str
    nonce: str
    verifier: str


def check_issuer(url: str) -> str:
    """An issuer's address; raises ConfigError for one that others could change on the way."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if not (parts.hostname and (parts.scheme == "https" or here)) or parts.query or parts.fragment:
        raise ConfigError("%(value)s is no https:// address of a provider.", value=f"{url!r}")
    return url


def discover(issuer: str) -> dict[str, Any]:
    """What a provider says of itself (OpenID Connect Discovery 1.0, 4). Raises Forbidden where it doesn't, or lies."""
    metadata = _fetch(issuer.rstrip("/") + "/.well-known/openid-configuration")
    named = all(
        isinstance(metadata.get(name), str)
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    if metadata.get("issuer") != issuer or not named:
        raise Forbidden("The provider %(name)s does not answer as it should.", name=issuer)
    return metadata


def _fetch(url: str) -> dict[str, Any]:
    try:
        answer = httpx.get(url, timeout=_TIMEOUT, headers={"Accept": "application/json"})
        body = answer.raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        place = urlsplit(url).netloc
        raise Forbidden("%(name)s can't be reached now. Try once more.", name=place) from error
    return body if isinstance(body, dict) else {}


def ask(client: Client) -> tuple[str, PendingSignIn]:
    """Where to send a browser, and what it has to keep."""
    metadata = discover(client.provider.issuer)
    pending = PendingSignIn(generate_token(32), generate_token(32), generate_token(48))
    values = {
        "response_type": "code",
        "scope": "openid",
        "client_id": client.provider.client_id,
        "redirect_uri": client.redirect,
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": create_s256_code_challenge(pending.verifier),
        "code_challenge_method": "S256",
    }
    try:
        return add_params_to_uri(metadata["authorization_endpoint"], list(values.items())), pending
    except _WRONG as error:
        raise _refused(client.provider) from error


def subject_of(
    client: Client, pending: PendingSignIn, response: Mapping[str, str], *, now: datetime
) -> str:
    """Whom the provider means, from what a browser came back with. Raises BadInput, Forbidden for anything wrong."""
    if not hmac.compare_digest(response.get("state", "").encode(), pending.state.encode()):
        raise BadInput("This page was answered already. Load it anew and try once more.")
    metadata = discover(client.provider.issuer)
    _check_sender(metadata, response)
    try:
        token = _token(
            client, metadata["token_endpoint"], response.get("code", ""), pending.verifier
        )
        return _subject(client, pending, token, metadata=metadata, now=now)
    except _WRONG as error:
        raise _refused(client.provider) from error


def _token(client: Client, url: str, code: str, verifier: str) -> dict[str, Any]:
    """What a code is good for (RFC 6749, 4.1.3)."""
    fields, password = client.proof()
    answer = httpx.post(
        url,
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect,
            "code_verifier": verifier,
            **fields,
        },
        auth=password,
        timeout=_TIMEOUT,
        headers={"Accept": "application/json"},
    )
    body = answer.raise_for_status().json()
    return body if isinstance(body, dict) else {}


def _check_sender(metadata: Mapping[str, Any], response: Mapping[str, str]) -> None:
    """The answer is of the provider that was asked (RFC 9207, against mix-up)."""
    says = metadata.get("authorization_response_iss_parameter_supported") is True
    if (says or "iss" in response) and response.get("iss") != metadata["issuer"]:
        raise Forbidden("The answer came from another provider.")


def _subject(
    client: Client,
    pending: PendingSignIn,
    token: Mapping[str, Any],
    *,
    metadata: Mapping[str, Any],
    now: datetime,
) -> str:
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    algorithms = [name for name in _ALGORITHMS if name in offered]
    keys = KeySet.import_key_set(_fetch(metadata["jwks_uri"]))  # type: ignore[arg-type]
    read = jwt.decode(token["id_token"], keys, algorithms=algorithms)
    claims = CodeIDToken(
        read.claims,
        read.header,
        {
            "iss": {"essential": True, "value": client.provider.issuer},
            "aud": {"essential": True, "value": client.provider.client_id},
            "sub": {"essential": True},
        },
        {
            "nonce": pending.nonce,
            "client_id": client.provider.client_id,
            "access_token": token.get("access_token"),
        },
    )
    claims.validate(now=int(now.timestamp()), leeway=_LEEWAY)
    subject = claims["sub"]
    # OpenID Connect Core, 2: at most 255 ASCII characters.
    if not (isinstance(subject, str) and 0 < len(subject) <= 255):
        raise _refused(client.provider)
    return subject


def _refused(provider: KnownProvider) -> Forbidden:
    return Forbidden("%(name)s did not let you in. Try once more.", name=provider.short_name)
