"""The public page of an organization: what all its gatherings have published, and a search. No sign-in.

An owner or organizer opens it at a name of their choice. It shows only what stands at public places already.
"""

from __future__ import annotations

import uuid

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.hub.gatherings import current_hub
from kiosk.hub.published import LONGEST_QUERY, GatheringQuery, published
from kiosk.runtime.database import db
from kiosk.server.connection import share_of
from kiosk.web.hub.organization import enter_organization
from kiosk.web.openapi.describe import describe
from reporter.errors import NotFound, TooMuch
from reporter.gathering.admission import SlidingWindow
from reporter.hub.public_page import public_organization, set_public_name
from reporter.hub.roles import Role

bp = Blueprint("hub_public", __name__, url_prefix="/hub")

# Gatherings of one page, and those that a search asks, the newest first.
PER_PAGE, SEARCHED = 20, 100
# The last page that can be asked for.
LAST_PAGE = 1000
# Pages per minute from one address, and from everybody in one process.
READS, ALL_READS = 60, 600
_EVERYBODY = "everybody"


@bp.get("/series/<name>")
@describe(query="q page:integer")
def page(name: str) -> str:
    """Show what is published, or what a search finds in it."""
    _count_read()
    number, title = public_organization(db.session(), name)
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    at = max(0, request.args.get("page", 0, type=int))
    if at > LAST_PAGE:
        raise _no_such_page()
    # One more says whether there is another page.
    criteria = (
        GatheringQuery(SEARCHED, query=query)
        if query
        else GatheringQuery(PER_PAGE + 1, at * PER_PAGE)
    )
    now = current_hub().clock()
    parts = list(published(db.session(), db.engine, number, criteria, now=now))
    if at and not parts:
        raise _no_such_page()
    more = not query and len(parts) > PER_PAGE
    return render_template(
        "hub/public_series.html",
        name=name,
        title=title,
        query=query,
        at=at,
        parts=parts if query else parts[:PER_PAGE],
        more=more,
    )


def _no_such_page() -> NotFound:
    return NotFound(_("There is no such page here."))


@bp.post("/o/<uuid:number>/public")
@describe(form="name csrf_token")
def choose(number: uuid.UUID) -> ResponseReturnValue:
    """Open the public page at a name, or close it."""
    enter_organization(number, Role.OWNER, Role.ORGANIZER)
    set_public_name(db.session(), number, request.form.get("name", ""))
    flash(_("Kept."))
    return redirect(f"/hub/o/{number}", code=303)


def _count_read() -> None:
    """Raise TooMuch for whoever reads more than a person does: each page asks many gatherings."""
    now = current_hub().clock()
    window: SlidingWindow = current_app.extensions.setdefault("public_reads", SlidingWindow())
    for key, most in ((share_of(request.remote_addr or ""), READS), (_EVERYBODY, ALL_READS)):
        count, _amount, left = window.total(key, now=now)
        if count >= most:
            raise TooMuch(
                "That was a lot at once. Wait a little, then load the page again.",
                retry_after=left,
            )
        window.add(key, 0, now=now)
