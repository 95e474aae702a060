"""Desk page for the wall: what it shows, an announcement, and hiding cards."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.desk.identity import desk_actor
from kiosk.web.desk.settings import take_effect
from kiosk.web.middleware.error_pages import wants_json
from kiosk.web.openapi.describe import describe
from kiosk.web.screens.wall import shown_cards
from kiosk.web.shared.media import media_url
from reporter.config import save_settings
from reporter.gathering.wall_settings import (
    LATEST,
    LINE_CHARS,
    MAP,
    NOW,
    QUESTIONS,
    THEMES,
    board_of,
    set_board,
)
from reporter.moderation import decisions
from reporter.stories.takeaway_json import takeaway_record

bp = Blueprint("wall", __name__, url_prefix="/wall")

MODES = (
    (LATEST, later("The latest")),
    (NOW, later("The session that runs now")),
    (QUESTIONS, later("Questions")),
    (MAP, later("Map of the sessions")),
    (THEMES, later("What the room said")),
)
# As many cards as fit in a row; older ones are hidden in the review.
CARDS = 24


@bp.get("")
def overview() -> str:
    """Show the settings and the current cards."""
    rows = shown_cards()[:CARDS]
    return render_template(
        "desk/wall.html",
        board=board_of(db.session()),
        modes=MODES,
        most=LINE_CHARS,
        rows=[takeaway_record(row, media_url) for row in rows],
        ssid=current_kiosk().settings.wifi.ssid,
        wifi_code=current_kiosk().settings.wall.wifi_code,
    )


@bp.post("")
@describe(form="mode line paused light")
def change() -> ResponseReturnValue:
    """Apply the form's settings (or one from a key at the wall); others stay."""
    form = request.form
    switches = {name: form[name] == "1" for name in ("paused", "light") if name in form}
    set_board(db.session(), mode=form.get("mode"), line=form.get("line"), **switches)
    if wants_json():
        return "", 204
    flash(_("The wall follows within two seconds."))
    return redirect(url_for("desk.wall.overview"), code=303)


@bp.post("/wifi-code")
@describe(form="on from")
def wifi_code() -> ResponseReturnValue:
    """Show or hide the Wi-Fi's QR code on start page and wall (``on`` is set)."""
    kiosk = current_kiosk()
    save_settings(kiosk.settings.folder, {"wall": {"wifi_code": bool(request.form.get("on"))}})
    take_effect(kiosk)
    at_start = request.form.get("from") == "start"
    return redirect(url_for("start.page" if at_start else "desk.wall.overview"), code=303)


@bp.post("/hide/<receipt>")
@describe()
def hide(receipt: str) -> ResponseReturnValue:
    """Hide a takeaway at once; review can restore it."""
    takeaway = decisions.by_receipt(db.session(), receipt)
    decisions.hide(db.session(), takeaway, desk_actor())
    flash(_("It is hidden. Under Review, Hidden, you can bring it back."))
    return redirect(url_for("desk.wall.overview", _anchor="there"), code=303)
