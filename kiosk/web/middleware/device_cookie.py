"""Device cookie: a random signed value that tells phones apart, but not who holds them."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from flask import Flask, current_app, request
from itsdangerous import BadSignature, TimestampSigner
from werkzeug.wrappers import Response

from kiosk.runtime.context import current_kiosk
from kiosk.server.connection import share_of
from kiosk.web.middleware.auth import at_laptop, cookie_name
from reporter.actor import OWN

COOKIE = "device"
DAYS = 30
# A newer cookie may have been requested just for this.
ESTABLISHED = timedelta(minutes=5)
# Pages that every volunteer opens before anything is sent.
PAGES = frozenset({"start.page", "phone.capture", "talk.conversation"})


def init_app(app: Flask) -> None:
    """Set the cookie on phones."""
    app.after_request(_remember)


def device() -> str:
    """Return the device's name: from its cookie, else from its address; '' for the laptop itself.

    The address is kept as a keyed hash: it tells two phones apart, and says nothing about either.
    """
    token = _token()
    if token:
        return OWN + token
    if at_laptop():
        return ""
    return f"address-{address_hash()}"


def address_hash() -> str:
    """Return a keyed hash of the client's address (of an IPv6 address its network, which one device has)."""
    address = share_of(request.remote_addr or "")
    return hmac.new(_key(), address.encode(), hashlib.sha256).hexdigest()[:16]


def is_established() -> bool:
    """Whether the phone has had its cookie for some minutes."""
    begun = _signed()[1]
    if begun is None:
        return False
    age = current_kiosk().now() - begun
    # From the future: the clock was set back since, and only our key signs it.
    return age >= ESTABLISHED or age < timedelta()


def _key() -> bytes:
    key = current_app.secret_key or ""
    return key if isinstance(key, bytes) else key.encode()


class _KioskSigner(TimestampSigner):
    """Signer that uses the kiosk's clock."""

    def get_timestamp(self) -> int:
        """Return seconds since 1970."""
        return int(current_kiosk().now().timestamp())


def _signer() -> TimestampSigner:
    return _KioskSigner(_key(), salt="device")


def _token() -> str:
    return _signed()[0]


def _signed() -> tuple[str, datetime | None]:
    """Return (token, time of issue) of the cookie; ('', None) if it is missing or forged."""
    try:
        given = request.cookies.get(cookie_name(COOKIE), "")
        token, begun = _signer().unsign(given, return_timestamp=True)
    except BadSignature:
        return "", None
    return token.decode("ascii"), begun


def _remember(response: Response) -> Response:
    if request.endpoint in PAGES and not _token():
        token = f"{current_kiosk().rng.getrandbits(80):020x}"
        response.set_cookie(
            cookie_name(COOKIE),
            _signer().sign(token).decode("ascii"),
            max_age=DAYS * 86400,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response
