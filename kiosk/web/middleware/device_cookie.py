"""Which phone asks: a random signed cookie that the phones' pages set. It tells phones apart, not who holds them."""

from __future__ import annotations

import hashlib
import hmac

from flask import Flask, current_app, request
from itsdangerous import BadSignature, Signer
from werkzeug.wrappers import Response

from kiosk.runtime.context import current_kiosk
from kiosk.web.middleware.auth import at_laptop
from reporter.actor import OWN

COOKIE = "device"
DAYS = 30
# Pages that every volunteer opens before anything is sent.
PAGES = frozenset({"phone.start", "phone.capture", "talk.conversation"})


def init_app(app: Flask) -> None:
    """Give phones their cookie."""
    app.after_request(_remember)


def device() -> str:
    """The asking device: by its cookie, else by its address; '' for the laptop itself.

    The address is kept as a keyed hash: it tells two phones apart, and says nothing about either.
    """
    token = _token()
    if token:
        return OWN + token
    if at_laptop():
        return ""
    told = hmac.new(_key(), (request.remote_addr or "").encode(), hashlib.sha256)
    return f"address-{told.hexdigest()[:16]}"


def _key() -> bytes:
    key = current_app.secret_key or ""
    return key if isinstance(key, bytes) else key.encode()


def _signer() -> Signer:
    return Signer(_key(), salt="device")


def _token() -> str:
    try:
        return _signer().unsign(request.cookies.get(COOKIE, "")).decode("ascii")
    except BadSignature:
        return ""


def _remember(response: Response) -> Response:
    if request.endpoint in PAGES and not _token():
        token = f"{current_kiosk().rng.getrandbits(80):020x}"
        response.set_cookie(
            COOKIE,
            _signer().sign(token).decode("ascii"),
            max_age=DAYS * 86400,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response
