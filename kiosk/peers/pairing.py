"""Pairing: a code displayed by one laptop and typed once at the other is exchanged for a token
that both store."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kiosk.peers.identity import own_id, own_name
from kiosk.runtime.context import KioskContext
from reporter.codes import ALPHABET, normalize
from reporter.errors import BadInput, Forbidden
from reporter.models import PairingCode, Peer
from reporter.secret_store import get_secret, remove_secret, set_secret

# 40 bits for ten minutes, at ten attempts a minute per address.
LENGTH = 8
LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Introduction:
    """What one laptop tells another about itself. ``url``: its base URL, if it has one."""

    id: uuid.UUID
    name: str
    url: str = ""

    @classmethod
    def from_json(cls, document: object) -> Introduction:
        """Parse an introduction; raises BadInput if invalid."""
        values = document if isinstance(document, dict) else {}
        try:
            number, name = uuid.UUID(str(values["id"])), str(values["name"])[:80]
        except (KeyError, ValueError) as error:
            raise BadInput("This is not a laptop of a gathering.") from error
        return cls(number, name, str(values.get("url", "")))


def new_code(session: Session, kiosk: KioskContext) -> str:
    """Create a code valid for ten minutes; a previous one becomes invalid. Commits."""
    code = "".join(ALPHABET[kiosk.rng.randrange(len(ALPHABET))] for _ in range(LENGTH))
    session.execute(delete(PairingCode))
    session.add(PairingCode(digest=_digest(code), expires_at=kiosk.now() + LIFETIME))
    session.commit()
    return code


def format_code(code: str) -> str:
    """Format a code for display: ``XXXX-XXXX``."""
    return f"{code[:4]}-{code[4:]}"


def accept(session: Session, kiosk: KioskContext, code: str, other: Introduction) -> str:
    """Redeem a code for this laptop and store the laptop as a peer; returns the token for both.
    Commits.

    Raises Forbidden for a code that is wrong, used or expired, BadInput where a laptop pairs with
    itself.
    """
    if other.id == own_id(kiosk):
        raise BadInput("This is the gathering itself.")
    used = delete(PairingCode).where(
        PairingCode.digest == _digest(normalize(code)), PairingCode.expires_at > kiosk.now()
    )
    if session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
        session.rollback()
        raise Forbidden(
            "This code is wrong, used or older than ten minutes. Let the other laptop show a new one."
        )
    token = secrets.token_urlsafe(32)
    keep_peer(session, kiosk, other, token)
    return token


def keep_peer(session: Session, kiosk: KioskContext, other: Introduction, token: str) -> Peer:
    """Store a laptop and the shared token; its previous token becomes invalid. Commits."""
    peer = session.get(Peer, other.id)
    if peer is None:
        peer = Peer(id=other.id, created_at=kiosk.now())
        session.add(peer)
    peer.name, peer.url = other.name, other.url or peer.url or ""
    peer.token_digest, peer.snapshot, peer.error = _digest(token), "", ""
    set_secret(kiosk.secrets_id, _secret(peer.id), token)
    session.commit()
    return peer


def forget(session: Session, kiosk: KioskContext, peer: Peer) -> None:
    """Unpair: neither asks the other any more. Commits."""
    remove_token(kiosk, peer)
    session.delete(peer)
    session.commit()


def token_of(kiosk: KioskContext, peer: Peer) -> str:
    """The token for asking it; empty where it is lost (a folder that was copied here)."""
    return get_secret(kiosk.secrets_id, _secret(peer.id)) or ""


def remove_token(kiosk: KioskContext, peer: Peer) -> None:
    """Forget the token for asking it."""
    remove_secret(kiosk.secrets_id, _secret(peer.id))


def by_token(session: Session, token: str) -> Peer | None:
    """Find the peer that uses this token."""
    return session.scalar(select(Peer).where(Peer.token_digest == _digest(token)))


def introduction(kiosk: KioskContext, url: str = "") -> Introduction:
    """The introduction of this laptop."""
    return Introduction(own_id(kiosk), own_name(kiosk), url)


def _secret(peer_id: uuid.UUID) -> str:
    return f"peer:{peer_id}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
