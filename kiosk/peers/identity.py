"""This laptop's identity for others: an id that a copied folder does not carry along, and a name
for people."""

from __future__ import annotations

import hashlib
import socket
import uuid

from kiosk.runtime.context import KioskContext
from reporter.secret_store import get_secret, set_secret


def own_id(kiosk: KioskContext) -> uuid.UUID:
    """Get this laptop's id in this gathering; created at first use.

    It is stored outside the folder: a gathering copied to a second laptop is the same gathering,
    but not the same laptop. Two copies on one machine are distinguished by their path.
    """
    place = hashlib.sha256(str(kiosk.settings.folder).encode()).hexdigest()[:16]
    name = f"laptop:{place}"
    known = get_secret(kiosk.secrets_id, name)
    if known is None:
        known = str(uuid.UUID(int=kiosk.rng.getrandbits(128), version=4))
        set_secret(kiosk.secrets_id, name, known)
    return uuid.UUID(known)


def own_name(kiosk: KioskContext) -> str:
    """The name in the settings, else the host name."""
    return kiosk.settings.kiosk.name or socket.gethostname()
