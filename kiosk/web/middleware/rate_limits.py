"""Who is let in: the pause, blocked devices, a fair share a minute, and no guessing of receipts."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.middleware.device_cookie import device
from reporter.errors import TooMuch
from reporter.gathering.admission import Window, admit, take_share

# What brings something in, and which of these begin it: a share is counted once.
INTAKE = frozenset(
    {
        "phone.keep",
        "station.keep_words",
        "station.begin_upload",
        "talk.say",
        "talk.second",
        "talk.report",
        "upload.create",
        "upload.append",
        "upload.override",
    }
)
BEGINS = frozenset({"phone.keep", "upload.create", "talk.say", "talk.second", "talk.report"})
RECEIPTS = frozenset(
    {
        "phone.receipt",
        "phone.receipt_qr",
        "phone.change_own",
        "phone.leave_address",
        "phone.ask_withdraw",
        "phone.withdraw_own",
        "talk.own",
        "talk.withdraw_own",
    }
)
# Receipts that don't exist, from one address in a minute. They have 60 bits: this only spares the kiosk the work.
WRONG_RECEIPTS = 20


def init_app(app: Flask) -> None:
    """Look at each request before its view does."""
    app.extensions["shares"] = Window()
    app.extensions["wrong_receipts"] = Window()
    app.before_request(_look)
    app.after_request(_note_wrong_receipt)
    app.after_request(_give_back)


def _look() -> None:
    if request.endpoint in INTAKE and request.method not in ("HEAD", "OPTIONS"):
        _let_in()
    elif request.endpoint in RECEIPTS and not at_laptop():
        _refuse_guesser()


def _let_in() -> None:
    asking = device()
    admit(db.session(), asking)
    # No connection is kept while a phone's bytes flow.
    db.session.rollback()
    if asking and request.endpoint in BEGINS:
        window: Window = current_app.extensions["shares"]
        g.share = (asking, _announced())
        take_share(
            window,
            asking,
            _announced(),
            now=current_kiosk().now(),
            limits=current_kiosk().settings.limits,
        )


def _give_back(response: Response) -> Response:
    """A file that is refused (too large, of a wrong kind) takes nothing from what its phone may send next."""
    if "share" in g and 400 <= response.status_code < 500 and response.status_code != 429:
        window: Window = current_app.extensions["shares"]
        window.forgive(*g.share)
    return response


def _announced() -> int:
    """Bytes that the request says it begins to send."""
    told = request.headers.get("Upload-Length", "")
    # More digits are refused by the route; int() refuses more than 4300 of them with an error of its own.
    plain = told.isascii() and told.isdigit() and len(told) <= 18
    return int(told) if plain else request.content_length or 0


def _refuse_guesser() -> None:
    window: Window = current_app.extensions["wrong_receipts"]
    wrong, _, left = window.total(request.remote_addr or "", now=current_kiosk().now())
    if wrong >= WRONG_RECEIPTS:
        raise TooMuch(
            "Too many receipts that don't exist. Wait a minute, then type yours once more.",
            retry_after=left,
        )


def _note_wrong_receipt(response: Response) -> Response:
    if response.status_code == 404 and request.endpoint in RECEIPTS:
        window: Window = current_app.extensions["wrong_receipts"]
        window.add(request.remote_addr or "", 0, now=current_kiosk().now())
    return response
