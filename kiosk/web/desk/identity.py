"""Optional name of the person at the desk, so that others see who made a decision."""

from __future__ import annotations

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.runtime.context import current_kiosk
from kiosk.web.openapi.describe import describe
from reporter.actor import Actor

bp = Blueprint("desker", __name__)

NAME_CHARS = 40
DESK = "desk"


def desk_name() -> str:
    """Return the name, '' if none is set."""
    return str(session.get("desk_name", ""))


def desk_who() -> str:
    """Return the name under which this browser's decisions are stored."""
    return f"{DESK}:{desk_name()}" if desk_name() else DESK


def desk_actor() -> Actor:
    """Return the actor for this browser's decisions."""
    return current_kiosk().actor(desk_who())


def who_words(who: str) -> str:
    """Return the name of a decision's author for people."""
    if who.startswith(f"{DESK}:"):
        return who.split(":", 1)[1]
    if who == DESK:
        return _("Somebody at the desk")
    return _("Its contributor") if who == "contributor" else _("Somebody at the command line")


@bp.post("/name")
@describe(form="name")
def set_name() -> ResponseReturnValue:
    """Store the name in this browser's cookie."""
    session["desk_name"] = " ".join(request.form.get("name", "").split())[:NAME_CHARS]
    return redirect(url_for("desk.review.sheet"), code=303)
