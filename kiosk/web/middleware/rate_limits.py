"""Admission: the pause, blocked devices, a fair share per minute, and limits on guessing receipts."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from capture.intake import concurrency
from kiosk.i18n.error_messages import translated
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.server.connection import share_of
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.middleware.device_cookie import address_hash, device, is_established
from kiosk.web.middleware.error_pages import answer
from reporter.errors import TooMuch
from reporter.gathering.admission import Sender, Shares, SlidingWindow, admit
from reporter.messages import Message

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
# What a contributor changes later: each leaves rows as well. (Taking back is never refused.)
CHANGES = frozenset({"phone.change_own", "phone.leave_address"})
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
TOO_MANY_WRONG = Message(
    "Too many receipts that don't exist. Wait a minute, then type yours once more."
)
# Number of remembered wrong receipts per address, and of such addresses.
MOST_STALE = 1000


def init_app(app: Flask) -> None:
    """Check each request before its view runs."""
    app.extensions["shares"] = Shares()
    app.extensions["wrong_receipts"] = SlidingWindow()
    app.extensions["stale_receipts"] = {}
    app.before_request(_look)
    app.teardown_request(_leave)
    app.after_request(_give_back)
    app.after_request(_slow_guesser)


def _look() -> None:
    if request.method in ("HEAD", "OPTIONS"):
        return
    if request.endpoint in INTAKE:
        _let_in()
    elif request.endpoint in CHANGES:
        # Not admitted as intake is: one's own may be changed during a break, and from a phone that was blocked.
        _count(device())


def _let_in() -> None:
    asking = device()
    concurrency.enter(share_of(request.remote_addr or ""))
    admit(db.session(), asking)
    # Hold no database connection while a phone is sending.
    db.session.rollback()
    if request.endpoint in BEGINS:
        _count(asking)


def _count(asking: str) -> None:
    """Count the request for the phone's share of the minute; nothing for the laptop itself. Raises TooMuch."""
    if not asking:
        return
    shares: Shares = current_app.extensions["shares"]
    sender = Sender(asking, address_hash(), is_established())
    size = _announced()
    kiosk = current_kiosk()
    shares.take(sender, size, now=kiosk.now(), limits=kiosk.settings.limits)
    g.share = (sender, size)


def _leave(_error: BaseException | None) -> None:
    concurrency.leave()


def _give_back(response: Response) -> Response:
    """Return the share of a refused file (too large, unsupported) to its phone."""
    if "share" in g and 400 <= response.status_code < 500 and response.status_code != 429:
        shares: Shares = current_app.extensions["shares"]
        shares.forgive(*g.share)
    return response


def _announced() -> int:
    """Return the number of bytes that the request announces."""
    length = request.headers.get("Upload-Length", "")
    # More digits are refused by the route; int() refuses more than 4300 of them with an error of its own.
    plain = length.isascii() and length.isdigit() and len(length) <= 18
    return int(length) if plain else request.content_length or 0


def _slow_guesser(response: Response) -> Response:
    """Make an address wait after many wrong receipts.

    A right one always opens: people behind the same access point must not pay for a guesser among them. That a guesser
    learns from it as much as from a 404 is no matter with 60 bits (docs/security.md has the figures).
    """
    if response.status_code != 404 or request.endpoint not in RECEIPTS or at_laptop():
        return response
    wait = _count_wrong(1)
    if not wait:
        return response
    refused = answer(TooMuch.status, _(TooMuch.title), translated(TOO_MANY_WRONG))
    refused.headers["Retry-After"] = str(wait)
    return refused


def refuse_wrong(receipts: set[str]) -> None:
    """Count wrong receipts of a list as guesses; raises TooMuch after too many.

    A phone that keeps receipts of another gathering asks for them again and again: the same ones count once.
    """
    if at_laptop():
        return
    known: dict[str, set[str]] = current_app.extensions["stale_receipts"]
    counted = known.setdefault(share_of(request.remote_addr or ""), set())
    new = receipts - counted
    if new and (wait := _count_wrong(len(new))):
        raise TooMuch(TOO_MANY_WRONG, retry_after=wait)
    if len(counted) + len(new) <= MOST_STALE and len(known) <= MOST_STALE:
        counted |= new


def _count_wrong(count: int) -> int:
    """Note so many wrong receipts of the asker. Returns seconds to wait, or 0 while there were not too many before."""
    window: SlidingWindow = current_app.extensions["wrong_receipts"]
    key, now = share_of(request.remote_addr or ""), current_kiosk().now()
    wrong, _amount, left = window.total(key, now=now)
    if wrong >= WRONG_RECEIPTS:
        return left
    for _each in range(min(count, WRONG_RECEIPTS)):
        window.add(key, 0, now=now)
    return 0
