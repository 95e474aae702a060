"""What this laptop calls itself towards others: a number that no copied folder takes along, and a name for people."""

from __future__ import annotations

import hashlib
import socket
import uuid

from kiosk.runtime.context import KioskContext
from reporter.secret_store import get_secret, set_secret


def own_id(kiosk: KioskContext) -> uuid.UUID:
    """This laptop's number in this gathering; made at first use.

    It is kept outside the folder: a gathering that was copied to a second laptop is the same gathering, but not the
    same laptop. Two copies on one machine are told apart by their place.
    """
    place = hashlib.sha256(str(kiosk.settings.folder).encode()).hexdigest()[:16]
    name = f"laptop:{place}"
    known = get_secret(str(kiosk.gathering_id), name)
    if known is None:
        known = str(uuid.UUID(int=kiosk.rng.getrandbits(128), version=4))
        set_secret(str(kiosk.gathering_id), name, known)
    return uuid.UUID(known)


def own_name(kiosk: KioskContext) -> str:
    """As the settings say, else as the machine is called."""
    return kiosk.settings.kiosk.name or socket.gethostname()
