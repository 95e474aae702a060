"""The two ceremonies of passkeys (https://www.w3.org/TR/webauthn-3/): one is made, one is shown. By ``webauthn``.

A passkey stands for address and password together, so authenticators have to know whose finger or PIN it is.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from reporter.errors import BadInput, Forbidden
from reporter.hub.access.passkeys import KnownPasskey
from reporter.hub.models import Passkey

_PROGRAM = "Social Reporter"
_REQUIRED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True)
class RelyingParty:
    """Whose passkeys they are: a name of the network, and the origin of our pages."""

    name: str
    origin: str


def site_of(url: str) -> RelyingParty | None:
    """Of the address that people use; None where it is one in numbers, which passkeys can't belong to."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return RelyingParty(name, f"{parts.scheme}://{parts.netloc}") if name else None
    return None


def ask_to_make(
    site: RelyingParty, account: uuid.UUID, email: str, known: Sequence[str]
) -> tuple[dict[str, Any], str]:
    """What a browser makes a passkey from, and the challenge in it. ``known``: those that the account has."""
    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name=_PROGRAM,
        user_id=account.bytes,
        user_name=email,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known
        ],
    )
    return options_to_json_dict(options), bytes_to_base64url(options.challenge)


def ask_to_show(site: RelyingParty) -> tuple[dict[str, Any], str]:
    """What a browser shows a passkey for, and the challenge in it."""
    options = webauthn.generate_authentication_options(rp_id=site.name, user_verification=_REQUIRED)
    return options_to_json_dict(options), bytes_to_base64url(options.challenge)


@dataclass(frozen=True)
class NewPasskey:
    """A passkey that a browser made."""

    id: str
    public_key: bytes
    sign_count: int

    def row(self, account: uuid.UUID, name: str, *, now: datetime) -> Passkey:
        """What is kept of it."""
        return Passkey(
            credential_id=self.id,
            account_id=account,
            public_key=self.public_key,
            sign_count=self.sign_count,
            name=name,
            created_at=now,
        )


def check_made(site: RelyingParty, credential: str, challenge: str) -> NewPasskey:
    """The passkey in a browser's answer. Raises BadInput for what is no answer to this challenge."""
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except WebAuthnException as error:
        raise BadInput("The browser's passkey can't be used here. Try once more.") from error
    return NewPasskey(
        bytes_to_base64url(verified.credential_id),
        verified.credential_public_key,
        verified.sign_count,
    )


def shown_id(credential: str) -> str:
    """Which passkey a browser's answer is of. Raises Forbidden for what is none."""
    try:
        return parse_authentication_credential_json(credential).id
    except WebAuthnException as error:
        raise unknown() from error


def check_shown(site: RelyingParty, credential: str, challenge: str, known: KnownPasskey) -> int:
    """How often the authenticator has signed. Raises Forbidden for what is no answer of it to the challenge."""
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except WebAuthnException as error:
        raise unknown() from error
    handle = parse_authentication_credential_json(credential).response.user_handle
    if handle is not None and handle != known.account.bytes:
        raise unknown()
    return verified.new_sign_count


def unknown() -> Forbidden:
    """The same words for whatever is wrong."""
    return Forbidden("This passkey opens nothing here.")
