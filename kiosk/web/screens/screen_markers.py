"""URLs in camera markers: the time on the laptop's screen, and the end of a session."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, url_for
from flask.typing import ResponseReturnValue

from capture.codes.qr_writer import qr_svg, screen_url
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import base_url
from reporter.gathering.sessions import by_code

bp = Blueprint("markers", __name__)


@bp.get("/S/END")
@bp.get("/s/end")
@describe(statuses=(302,))
def ended() -> ResponseReturnValue:
    """Show the sessions to a phone that scanned the "End of session" card."""
    return redirect(url_for("start.page"))


@bp.get("/S/<code>/AT/<stamp>")
@bp.get("/s/<code>/at/<stamp>")
@describe(statuses=(302,))
def at(code: str, stamp: str) -> ResponseReturnValue:
    """Redirect a phone that scanned the laptop's screen to the session's page."""
    return redirect(url_for("phone.capture", code=code))


@bp.get("/s/<code>/screen.svg")
@describe(produces="image/svg+xml")
def screen_qr(code: str) -> Response:
    """Send the QR code of a session's page with the current time in it."""
    text = screen_url(base_url(), by_code(db.session(), code).code, current_kiosk().now())
    return Response(qr_svg(text), mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})
