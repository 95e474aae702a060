"""What became of it: the opening slide of the next gathering, and the calendar of what is open."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, url_for

from capture.qr import qr_svg
from kiosk.access import at_desk
from kiosk.db import db
from kiosk.here import here
from reporter import actions
from reporter.calendar import calendar
from reporter.following import next_gathering
from reporter.gate import Place
from reporter.models_actions import ActionItem
from reporter.states import ItemState

bp = Blueprint("became", __name__)
# As many as can be read from the last row.
SLIDE = 6


@bp.get("/became")
def slide() -> str:
    """A slide for the big screen: what was done and answered, what is still open."""
    items = _told()
    done = [item for item in items if item.state == ItemState.DONE]
    waiting = [item for item in items if item.state == ItemState.OPEN]
    return render_template(
        "became.html",
        done=done[-SLIDE:],
        waiting=waiting[:SLIDE],
        following=next_gathering(db.session()),
        zone=here().settings.zone,
        name_of=actions.told_name,
    )


def _told() -> list[ActionItem]:
    return actions.for_place(actions.all_items(db.session()), Place.ROOM)


@bp.get("/calendar.ics")
def feed() -> Response:
    """Open items and the next gathering for any calendar program (RFC 5545); names only where people agreed."""
    items = actions.all_items(db.session()) if at_desk() else _told()
    kiosk = here()
    told = calendar(
        kiosk.settings.gathering.title, items, next_gathering(db.session()), now=kiosk.now()
    )
    headers = {
        "Content-Disposition": 'inline; filename="gathering.ics"',
        "Cache-Control": "no-cache",
    }
    return Response(told, mimetype="text/calendar", headers=headers)


@bp.get("/next/qr.svg")
def next_qr() -> Response:
    """The code of the next gathering's address, or of the calendar."""
    following = next_gathering(db.session())
    address = (
        following.url if following and following.url else url_for("became.feed", _external=True)
    )
    return Response(
        qr_svg(address), mimetype="image/svg+xml", headers={"Cache-Control": "no-cache"}
    )
