"""The desk's page for the wall: what it shows, a line for everybody, and away with what should not be there."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from kiosk.runtime.database import db
from kiosk.web.desk.identity import desk_hand
from kiosk.web.middleware.error_pages import wants_json
from kiosk.web.screens.wall import shown_cards
from kiosk.web.shared.media import media_url
from reporter.gathering.wall_settings import (
    LATEST,
    LINE_CHARS,
    MAP,
    NOW,
    QUESTIONS,
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
)
# As many as fit beside one another; what is older is hidden in Review.
CARDS = 24


@bp.get("")
def overview() -> str:
    """The switches and what the wall shows."""
    rows = shown_cards()[:CARDS]
    return render_template(
        "desk/wall.html",
        board=board_of(db.session()),
        modes=MODES,
        most=LINE_CHARS,
        rows=[takeaway_record(row, media_url) for row in rows],
    )


@bp.post("")
def change() -> ResponseReturnValue:
    """Set what the form (or a key at the wall) sends; the rest stays."""
    form = request.form
    switches = {name: form[name] == "1" for name in ("paused", "light") if name in form}
    set_board(db.session(), mode=form.get("mode"), line=form.get("line"), **switches)
    if wants_json():
        return "", 204
    flash(_("The wall follows within two seconds."))
    return redirect(url_for("desk.wall.overview"), code=303)


@bp.post("/hide/<receipt>")
def hide(receipt: str) -> ResponseReturnValue:
    """Away with one, now. Review can bring it back."""
    takeaway = decisions.by_receipt(db.session(), receipt)
    decisions.hide(db.session(), takeaway, desk_hand())
    flash(_("It is hidden. Under Review, Hidden, you can bring it back."))
    return redirect(url_for("desk.wall.overview"), code=303)
