"""Coverage page: takeaways per session and device, what waits, and problems; for the facilitator during the event."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import (
    Blueprint,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from kiosk.i18n.clock_text import shown_clock
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.openapi.describe import describe
from kiosk.web.screens.start_page import health_line, todays
from reporter.gathering.coverage import coverage, failed_media, sending_devices
from reporter.models import Target
from reporter.search.maintenance import ask_rebuild, rebuild_asked

bp = Blueprint("coverage", __name__, url_prefix="/coverage")


@bp.get("")
@describe(statuses=(200, 304))
def overview() -> ResponseReturnValue:
    """Show the page; its script reloads it and gets 304 while nothing has changed."""
    values = _page_values()
    response = make_response(render_template("desk/coverage.html", **values))
    # The CSRF token differs in every response, so the ETag covers the content only.
    response.set_etag(_mark(values))
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)


def _page_values() -> dict[str, Any]:
    kiosk, session = current_kiosk(), db.session()
    board = coverage(session, todays(), kiosk.now().astimezone(kiosk.settings.zone))
    return {
        "board": board,
        "activity": [
            (shown_clock(slot), count)
            for slot, count in zip(board.slots, board.activity, strict=True)
        ],
        "zone": kiosk.settings.zone,
        "devices": sending_devices(session, kiosk.now()),
        "health": health_line(),
        "behind": kiosk.index.behind(session),
        "rebuilding": rebuild_asked(session) is not None,
        "failed": failed_media(session),
        "stopped": _stopped(),
    }


def _stopped() -> list[tuple[str, str]]:
    """Return (target, reason) of targets that wait for a person."""
    rows = db.session.execute(select(Target.name, Target.paused).where(Target.paused != ""))
    return [(row[0], row[1]) for row in rows]


def _mark(values: dict[str, Any]) -> str:
    """Return the ETag of everything on the page."""
    strips = [
        (strip.event.id, strip.event.title, strip.counts, strip.total, strip.running)
        for strip in values["board"].strips
    ]
    rest = [
        values[name] for name in ("devices", "health", "behind", "rebuilding", "failed", "stopped")
    ]
    return hashlib.sha256(
        repr((strips, values["board"].slots, values["board"].activity, rest)).encode()
    ).hexdigest()[:32]


@bp.post("/index")
def rebuild() -> ResponseReturnValue:
    """Rebuild the search index while the current one stays in use."""
    ask_rebuild(db.session(), now=current_kiosk().now())
    flash(_("The index is built again. Search goes on meanwhile."))
    return redirect(url_for("desk.coverage.overview"), code=303)
