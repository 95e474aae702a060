"""The desk's list of sessions: codes, how much came, posters; and one more by hand."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.shared.template_context import by_day
from reporter.gathering.sessions import add_session, all_sessions, by_code, takeaway_counts

bp = Blueprint("sessions", __name__, url_prefix="/sessions")


@bp.get("")
def overview() -> str:
    """All sessions by day; those without a time first."""
    rows = all_sessions(db.session())
    return render_template(
        "desk/sessions.html",
        untimed=[row for row in rows if not row.starts_at],
        days=by_day(rows),
        counts=takeaway_counts(db.session()),
    )


@bp.post("/<code>/series")
def series(code: str) -> ResponseReturnValue:
    """Say whether a session is held at every gathering."""
    row = by_code(db.session(), code)
    row.series = bool(request.form.get("on"))
    db.session.commit()
    return redirect(url_for("desk.sessions.overview"), code=303)


@bp.post("")
def add() -> ResponseReturnValue:
    """A session that stands in no schedule."""
    kiosk = current_kiosk()
    title, room = request.form.get("title", ""), request.form.get("room", "")
    row = add_session(db.session(), title, now=kiosk.now(), rng=kiosk.rng, room=room)
    flash(_("Added: %(title)s. Its code is %(code)s.", title=row.title, code=row.code))
    return redirect(url_for("desk.sessions.overview"), code=303)
