"""API for other laptops of the gathering, authorized by the token from pairing; not for browsers."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, current_app, jsonify, request
from flask_babel import gettext as _
from sqlalchemy import func, select

from kiosk.peers.exchange import caller_url
from kiosk.peers.identity import own_name
from kiosk.peers.pairing import Introduction, accept, by_token, introduction
from kiosk.peers.snapshot import write_snapshot
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.server.connection import share_of
from kiosk.web.middleware.auth import csrf
from kiosk.web.openapi.describe import describe
from kiosk.web.peers.files import send_original, send_snapshot
from kiosk.web.shared.json_body import read_texts
from reporter.enums import TakeawayState
from reporter.errors import BadInput, Forbidden, TooMuch
from reporter.gathering.admission import SlidingWindow
from reporter.models import Media, Takeaway

bp = Blueprint("peers", __name__, url_prefix="/peers")
csrf.exempt(bp)
_OPEN = "peers.pair"
# Most codes per minute from one address.
TRIES = 10
EVERYBODY = "everybody"


@bp.before_request
def require_peer() -> None:
    """Require a paired laptop's token; only pairing works without."""
    if request.endpoint == _OPEN:
        return
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or by_token(db.session(), token) is None:
        raise Forbidden(_("This laptop is not paired. Pair it once more at the desk."))


@bp.post("/pair")
@describe(body="application/json")
def pair() -> Response:
    """Use this laptop's pairing code; the response contains the token. Raises TooMuch for guessing."""
    _count_try()
    texts = read_texts(("code", "id", "name", "port"))
    url = caller_url(request.remote_addr or "", _port(texts.get("port", "")), request.scheme)
    other = Introduction.from_json({**texts, "url": url})
    kiosk = current_kiosk()
    token = accept(db.session(), kiosk, texts.get("code", ""), other)
    us = introduction(kiosk)
    return jsonify(id=str(us.id), name=us.name, token=token)


def _count_try() -> None:
    """Limit attempts to ten a minute per address and forty in total: codes have 40 bits and last ten minutes."""
    kiosk = current_kiosk()
    window: SlidingWindow = current_app.extensions.setdefault("pairing_tries", SlidingWindow())
    for key, most in ((share_of(request.remote_addr or ""), TRIES), (EVERYBODY, 4 * TRIES)):
        count, _amount, left = window.total(key, now=kiosk.now())
        if count >= most:
            raise TooMuch(
                "Too many codes were tried. Wait a little, then type it once more.",
                retry_after=left,
            )
        window.add(key, 0, now=kiosk.now())


def _port(text: str) -> int:
    """Parse the port; 0: no kiosk runs there."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise BadInput(_("This is not a laptop of a gathering."))
    return int(text)


@bp.get("/summary")
@describe(produces="application/json")
def summary() -> Response:
    """Return this laptop's name and how much it holds."""
    kept = select(func.count(Takeaway.id)).where(Takeaway.state != TakeawayState.WITHDRAWN)
    media, size = db.session.execute(
        select(func.count(Media.id), func.coalesce(func.sum(Media.bytes), 0))
    ).one()
    holds = {"takeaways": db.session.scalar(kept) or 0, "media": media, "bytes": int(size)}
    return jsonify(name=own_name(current_kiosk()), holds=holds)


@bp.get("/snapshot")
@describe(produces="application/vnd.sqlite3")
def snapshot() -> Response:
    """Send the shared rows as a SQLite file with their digest as ETag; equal rows give equal bytes, so
    ranges work.
    """
    database = current_kiosk().settings.folder / "reporter.db"
    return send_snapshot(partial(write_snapshot, database))


@bp.get("/media/<sha256>")
@describe(produces="application/octet-stream")
def media(sha256: str) -> Response:
    """Send an original, or a range of it."""
    return send_original(sha256)
