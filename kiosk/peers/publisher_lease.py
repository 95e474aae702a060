"""Publishing beside a hub: a paired laptop asks the hub for permission first, so that both never
publish at once."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from functools import partial

from sqlalchemy import select

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.errors import Forbidden, NotFound, ReporterError
from reporter.models import Delivery, Peer

log = logging.getLogger(__name__)

# Well below the hub's lease (reporter.hub.publisher_lease).
_GOOD_FOR = 600.0
# While the hub gives no answer, a delivery that has begun goes on for so long. Until the lease ends there, what it
# sends next has been answered (publish.net.http waits five minutes at most).
_SAFE_FOR = 1400.0
# So long an answer is waited for: a delivery stands still meanwhile.
_WAIT = 10.0
# Delay in seconds before asking again after a refusal.
_PATIENCE = 15.0
_HELD, _REFUSED = "publisher lease held", "publisher lease refused"
# The laptop's lease is free when the last of its processes has released it: each has a name for that.
_PROCESS = {"X-Process": secrets.token_hex(8)}
# One thread of this process asks the hub at a time: a release must not overtake another thread's request.
_ASKING = threading.Lock()


def may_send(kiosk: KioskContext) -> bool:
    """Whether this laptop may publish now: it has no hub, or the hub permits it; no answer means
    no."""
    peer = db.session.scalar(select(Peer).where(Peer.hub))
    now = time.monotonic()
    if peer is None or _is_held(kiosk, now):
        return True
    with _ASKING:
        if now - kiosk.parts.get(_REFUSED, -1e9) < _PATIENCE:
            return False
        granted = _take(kiosk, peer, now)
        if not granted:
            kiosk.parts[_REFUSED] = now
        return bool(granted)


def may_go_on(kiosk: KioskContext) -> bool:
    """Whether a delivery that has begun may go on: the hub's permission is extended in time, however long it takes.

    While the hub gives no answer, its last one holds until shortly before the lease ends there.
    """
    peer = db.session.scalar(select(Peer).where(Peer.hub))
    now = time.monotonic()
    if peer is None or _is_held(kiosk, now):
        return True
    with _ASKING:
        granted = _take(kiosk, peer, now)
        return _is_held(kiosk, now, _SAFE_FOR) if granted is None else granted


def _take(kiosk: KioskContext, peer: Peer, now: float) -> bool | None:
    """Ask for the lease, or for more of it, and note the answer; None without one."""
    asked_at = kiosk.now()
    granted = _ask(kiosk, peer, "POST")
    if granted:
        kiosk.parts[_HELD] = now, asked_at
    elif granted is not None:
        kiosk.parts.pop(_HELD, None)
    return granted


def _is_held(kiosk: KioskContext, now: float, good_for: float = _GOOD_FOR) -> bool:
    """Whether the hub's permission holds, by both clocks: one stands still while the laptop sleeps, people set the
    other."""
    if _HELD not in kiosk.parts:
        return False
    since, asked_at = kiosk.parts[_HELD]
    slept = (kiosk.now() - asked_at).total_seconds()
    return now - since < good_for and 0 <= slept < good_for


def release(kiosk: KioskContext) -> None:
    """Release the lease when there is nothing to publish; if the hub can't be reached, it waits
    until the lease expires."""
    with _ASKING:
        # Whoever claims a row from here on finds no permission, and asks for one. The rows are read as they are now.
        held = kiosk.parts.pop(_HELD, None)
        db.session.rollback()
        if held is None:
            return
        if _sending():
            kiosk.parts[_HELD] = held
            return
        peer = db.session.scalar(select(Peer).where(Peer.hub))
        if peer is not None:
            _ask(kiosk, peer, "DELETE")


def _sending() -> bool:
    """Whether any process of this laptop, which shares the lease, is delivering a row."""
    return db.session.scalar(select(Delivery.id).where(Delivery.lease != "").limit(1)) is not None


def _ask(kiosk: KioskContext, peer: Peer, method: str) -> bool | None:
    """The hub's answer; None if there is none."""
    from kiosk.peers.client import PeerClient
    from kiosk.peers.pairing import token_of

    try:
        with PeerClient(peer.url, token_of(kiosk, peer)) as client:
            ask = partial(client.call, method, timeout=_WAIT)
            try:
                answer = ask("/hub/push/publisher-lease", headers=_PROCESS)
            except NotFound:
                # What hubs of earlier versions call it.
                answer = ask("/hub/push/baton")
            return bool(answer["granted"])
    except Forbidden:
        # It knows this laptop no more.
        return False
    except (ReporterError, LookupError, TypeError) as error:
        log.warning("the hub can't be asked who publishes: %s", type(error).__name__)
        return None
