"""What all ways of signing in share: tries are counted, a sign-in begins, and it goes on to where somebody wanted."""

from __future__ import annotations

import uuid

from flask import current_app, request, session

from kiosk.hub.gatherings import current_hub
from kiosk.hub.telemetry.requests import current_telemetry
from kiosk.runtime.database import db
from kiosk.server.connection import share_of
from kiosk.web.hub.member_access import SIGNED_IN
from reporter.errors import TooMuch
from reporter.gathering.admission import SlidingWindow
from reporter.hub.access import sign_ins

# Wrong tries, from one address and for one account, in this process.
TRIES, LENGTH = 10, sign_ins.FRESH / 3


def count_try(*accounts: str) -> tuple[str, ...]:
    """Before anything is computed, which takes a moment: many at once must not pass. What ``forgive`` takes back.

    Raises TooMuch for too many of this address, or for one of the accounts.
    """
    now, keys = current_hub().clock(), (share_of(request.remote_addr or ""), *accounts)
    for key in keys:
        count, _amount, left = _tries().total(key, now=now)
        if count >= TRIES:
            raise TooMuch(
                "Too many wrong passwords. Wait a little, then type it once more.", retry_after=left
            )
    for key in keys:
        _tries().add(key, 0, now=now)
    return keys


def forgive(keys: tuple[str, ...]) -> None:
    """It was right."""
    for key in keys:
        _tries().remove_last(key)


def _tries() -> SlidingWindow:
    window: SlidingWindow = current_app.extensions.setdefault(
        "wrong_passwords", SlidingWindow(LENGTH)
    )
    return window


def begin(account: uuid.UUID, way: str, *, only: uuid.UUID | None = None) -> None:
    """A new sign-in, with an id of its own whatever the browser brought (session fixation); the one before ends."""
    end()
    session[SIGNED_IN] = sign_ins.sign_in(
        db.session(), account, now=current_hub().clock(), only=only
    )
    session.permanent = True
    note(way, "in")


def end() -> None:
    """This browser's sign-in is no more, in its cookie and in the database."""
    token = session.get(SIGNED_IN)
    if isinstance(token, str):
        sign_ins.sign_out(db.session(), token)
    session.clear()


def note(way: str, outcome: str) -> None:
    """For who looks at the figures."""
    current_telemetry().metrics.sign_ins.labels(way, outcome).inc()


def inside(path: str) -> str:
    """Only a page of this hub: never an address that leads elsewhere."""
    return path if path.startswith(("/g/", "/hub/")) and "\\" not in path else "/hub/"
