"""Outcomes: the opening slide of the next gathering, and the calendar of open items."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from capture.codes.qr_writer import qr_svg
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import at_desk
from kiosk.web.openapi.describe import describe
from reporter.enums import ItemState
from reporter.follow_up import action_items
from reporter.follow_up.icalendar import calendar
from reporter.follow_up.next_gathering import next_gathering
from reporter.models.follow_up import ActionItem
from reporter.moderation.visibility import Scope

bp = Blueprint("became", __name__)
# As many lines as are legible from the last row.
SLIDE = 6


@bp.get("/became")
@describe(statuses=(301,))
def former_slide() -> ResponseReturnValue:
    """Redirect from the slide's former URL."""
    return redirect(url_for("became.slide"), code=301)


@bp.get("/outcomes")
def slide() -> str:
    """Show a slide for the big screen: what was done and answered, what is still open."""
    items = _items()
    done = [item for item in items if item.state == ItemState.DONE]
    waiting = [item for item in items if item.state == ItemState.OPEN]
    return render_template(
        "became.html",
        done=done[-SLIDE:],
        waiting=waiting[:SLIDE],
        following=next_gathering(db.session()),
        zone=current_kiosk().settings.zone,
        name_of=action_items.publishable_name,
    )


def _items() -> list[ActionItem]:
    return action_items.for_place(action_items.all_items(db.session()), Scope.ROOM)


@bp.get("/calendar.ics")
@describe(produces="text/calendar")
def feed() -> Response:
    """Send open items and the next gathering as iCalendar (RFC 5545); names only of people who agreed."""
    items = action_items.all_items(db.session()) if at_desk() else _items()
    kiosk = current_kiosk()
    body = calendar(
        kiosk.settings.gathering.title, items, next_gathering(db.session()), now=kiosk.now()
    )
    headers = {
        "Content-Disposition": 'inline; filename="gathering.ics"',
        "Cache-Control": "no-cache",
    }
    return Response(body, mimetype="text/calendar", headers=headers)


@bp.get("/next/qr.svg")
@describe(produces="image/svg+xml")
def next_qr() -> Response:
    """Send the QR code of the next gathering's URL, or of the calendar."""
    following = next_gathering(db.session())
    address = (
        following.url if following and following.url else url_for("became.feed", _external=True)
    )
    return Response(
        qr_svg(address), mimetype="image/svg+xml", headers={"Cache-Control": "no-cache"}
    )
