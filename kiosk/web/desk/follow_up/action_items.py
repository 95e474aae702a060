"""Open questions and tasks at the desk: who takes care of them, when they are due, their outcome."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.openapi.describe import describe
from reporter.conversation import replies
from reporter.enums import Intent, ItemState
from reporter.follow_up import action_items
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.moderation.decisions import by_receipt

bp = Blueprint("actions", __name__, url_prefix="/actions")

KINDS = ((Intent.QUESTION.value, later("Question")), (Intent.ACTION.value, later("To do")))
STATES = (
    (ItemState.OPEN.value, later("Open")),
    (ItemState.DONE.value, later("Done")),
    (ItemState.DROPPED.value, later("Dropped")),
)
# Candidates shown at once; the oldest come first, and each that becomes an item makes room.
MOST = 100
# The form's fields; browsers send a checkbox only if it is ticked.
_FIELDS = ("what", "who", "due_on", "outcome", "state")


@bp.get("")
@describe(query="state show takeaway reply")
def overview() -> str:
    """List items in a state, candidates for new ones, and the form."""
    wanted = request.args.get("state", "")
    state = wanted if wanted in set(ItemState) else ItemState.OPEN.value
    takeaway, reply = _sources()
    session, is_open = db.session(), state == ItemState.OPEN
    proposed = action_items.proposed(session, most=MOST) if is_open else []
    return render_template(
        "desk/actions.html",
        items=action_items.all_items(db.session(), state=state),
        state=state,
        states=STATES,
        kinds=KINDS,
        proposed=proposed,
        more=action_items.count_proposed(session) - len(proposed) if is_open else 0,
        unanswered=action_items.unanswered_among(session, proposed),
        overdue=action_items.is_overdue,
        today=today(),
        shown=request.args.get("show", ""),
        takeaway=takeaway,
        reply=reply,
        begun=_initial_values(takeaway, reply),
    )


def today() -> date:
    """Return the current date at the gathering."""
    return current_kiosk().now().astimezone(current_kiosk().settings.zone).date()


def _sources() -> tuple[Takeaway | None, Reply | None]:
    """Return the takeaway or reply that the page's address names for a new item."""
    receipt, number = request.args.get("takeaway", ""), request.args.get("reply", "")
    takeaway = by_receipt(db.session(), receipt) if receipt else None
    return takeaway, replies.find_reply(db.session(), number) if number else None


def _initial_values(takeaway: Takeaway | None, reply: Reply | None) -> dict[str, str]:
    """Return the initial values of a new item's form."""
    if takeaway is not None:
        words = takeaway.caption or takeaway.text
        kind = takeaway.intent if takeaway.intent in action_items.KINDS else Intent.ACTION.value
        return {"what": " ".join(words.split())[: action_items.WHAT_CHARS], "kind": kind}
    words = " ".join(reply.text.split())[: action_items.WHAT_CHARS] if reply is not None else ""
    question = words.endswith(("?", "？", "؟"))
    return {"what": words, "kind": (Intent.QUESTION if question else Intent.ACTION).value}


@bp.post("")
@describe(
    query="takeaway reply",
    form="what who who_agreed due_on outcome state settle kind=learned|idea|question|action takeaway reply",
)
def begin() -> ResponseReturnValue:
    """Create an item."""
    takeaway, reply = _sources()
    kind = request.form.get("kind", Intent.ACTION.value)
    item = action_items.begin_item(
        db.session(), current_kiosk().actor("desk"), kind, _values(), takeaway=takeaway, reply=reply
    )
    flash(_("It is on the list: %(what)s", what=item.what))
    return _back()


@bp.post("/<number>")
@describe(query="state", form="what who who_agreed due_on outcome state settle")
def change(number: str) -> ResponseReturnValue:
    """Change an item, or settle it with its own button."""
    item = action_items.find_item(db.session(), number)
    action_items.change_item(db.session(), item, current_kiosk().actor("desk"), _values())
    flash(_("Saved."))
    return _back(state=request.args.get("state", ""), show=number, _anchor=f"item-{number}")


def _values() -> dict[str, Any]:
    form = request.form
    values: dict[str, Any] = {name: form[name] for name in _FIELDS if name in form}
    if "what" in form:
        values["who_agreed"] = "who_agreed" in form
    if form.get("settle"):
        values["state"] = form["settle"]
    return values


def _back(**place: str) -> ResponseReturnValue:
    filled = {name: value for name, value in place.items() if value}
    return redirect(url_for("desk.actions.overview", **filled), code=303)  # type: ignore[arg-type]
