"""Tokens and codes stored only as digests: reading the database is not enough to use them."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy.orm import Session

from reporter.codes import ALPHABET, normalize
from reporter.hub.models import HubSetting

# 40 bits: enough for a code that is typed, expires and may be tried ten times a minute.
CODE_LENGTH = 8
_SIGNING = "signing"


def new_token() -> str:
    """A secret that is never typed: 256 bits."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """A secret that a person types."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def digest(secret: str) -> str:
    """The stored digest of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def code_digest(code: str) -> str:
    """The stored digest of a code, in any spelling."""
    return digest(normalize(code))


def shared_key(session: Session) -> str:
    """The key that signs the cookies of all processes of a hub; generated at first use. Commits."""
    row = session.get(HubSetting, _SIGNING)
    if row is None:
        # In one statement: two processes may start at once.
        from sqlalchemy.dialects.postgresql import insert

        made = insert(HubSetting).values(name=_SIGNING, value=new_token())
        session.execute(made.on_conflict_do_nothing())
        session.commit()
        row = session.get_one(HubSetting, _SIGNING)
    return row.value
