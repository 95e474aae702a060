"""Review: a contact sheet of what waits, one of them large, and the decisions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, select

from kiosk.db import db
from kiosk.here import here
from kiosk.media import media_url
from kiosk.pages import AUDIENCES, CONSENTS, STATES
from kiosk.records import full_record
from reporter import curate, fairness
from reporter.errors import BadRequest
from reporter.models import EventSession, Takeaway
from reporter.record import takeaway_record
from reporter.sessions import all_sessions
from reporter.states import TakeawayState
from reporter.stories import with_everything

bp = Blueprint("review", __name__, url_prefix="/review")

PAGE = 48
DECISIONS = {"approve": curate.approve, "hide": curate.hide, "reopen": curate.reopen}
# What leads back to a state.
BACK_TO = {
    TakeawayState.NEW.value: "reopen",
    TakeawayState.APPROVED.value: "approve",
    TakeawayState.HIDDEN.value: "hide",
}


@dataclass(frozen=True)
class View:
    """What the organizer looks at: a state, perhaps one session, from where on."""

    state: str
    session: str
    after: str

    @classmethod
    def asked(cls) -> View:
        """From the address of the page; the forms carry it along."""
        state = request.args.get("state", "")
        known = state if state in BACK_TO else TakeawayState.NEW.value
        return cls(known, request.args.get("session", ""), request.args.get("after", ""))

    @property
    def args(self) -> dict[str, str]:
        """For addresses; what is empty is left away."""
        told = {"state": self.state, "session": self.session, "after": self.after}
        return {name: value for name, value in told.items() if value}

    @property
    def rows(self) -> Select[Any]:
        """In the order in which they came (a UUIDv7 sorts by time): first come, first looked at."""
        query = select(Takeaway).where(Takeaway.state == self.state)
        if self.session:
            query = query.join(EventSession).where(EventSession.code == self.session)
        return query


@bp.get("")
def sheet() -> ResponseReturnValue:
    """The contact sheet and the preview."""
    view = View.asked()
    rows, more = _page(view)
    shown = _shown(rows)
    last = request.args.get("last", "")
    return render_template(
        "desk/review.html",
        view=view,
        rows=[takeaway_record(row, media_url) for row in rows],
        shown=full_record(shown, media_url) if shown else None,
        neighbours=_neighbours(rows, shown),
        more=more,
        from_phone=bool(shown and shown.device),
        last=last if last and request.args.get("was") in BACK_TO else "",
        undo=BACK_TO.get(request.args.get("was", ""), ""),
        sessions=all_sessions(db.session()),
        states=STATES,
        audiences=AUDIENCES,
        consents=CONSENTS,
    )


def _page(view: View) -> tuple[list[Takeaway], str]:
    """One page of takeaways, and where the next one begins ('' on the last)."""
    query = view.rows.order_by(Takeaway.id).limit(PAGE + 1).options(*with_everything())
    if view.after:
        query = query.where(Takeaway.id > _cursor(view.after))
    rows = list(db.session.scalars(query))
    return rows[:PAGE], rows[PAGE - 1].id.hex if len(rows) > PAGE else ""


def _cursor(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadRequest(_("This page's address is broken. Go back to the desk.")) from error


def _shown(rows: list[Takeaway]) -> Takeaway | None:
    wanted = request.args.get("show", "")
    if wanted:
        return curate.by_receipt(db.session(), wanted)
    return rows[0] if rows else None


def _neighbours(rows: list[Takeaway], shown: Takeaway | None) -> tuple[str, str]:
    """Receipts before and after the one shown, '' at the ends."""
    receipts = [row.receipt for row in rows]
    if shown is None or shown.receipt not in receipts:
        return "", receipts[0] if receipts else ""
    at = receipts.index(shown.receipt)
    return receipts[at - 1] if at else "", receipts[at + 1] if at + 1 < len(receipts) else ""


@bp.post("/<receipt>/decide")
def decide(receipt: str) -> ResponseReturnValue:
    """Approve, hide, reopen, star or unstar one; then on to the next."""
    view, wanted = View.asked(), request.form.get("decision", "")
    takeaway = curate.by_receipt(db.session(), receipt)
    if wanted in ("star", "unstar"):
        starred = {"starred": wanted == "star"}
        curate.change(db.session(), takeaway, here().hand("desk"), starred)
        return _back(view, show=receipt)
    was, onward = takeaway.state, _onward(view, takeaway)
    _action(wanted)(db.session(), takeaway, here().hand("desk"))
    if request.form.get("undo"):
        return _back(view, show=receipt)
    return _back(view, show=onward, last=receipt, was=was)


def _action(name: str) -> Any:
    action = DECISIONS.get(name)
    if action is None:
        raise BadRequest(_("The desk can approve, hide or reopen; nothing else was understood."))
    return action


def _onward(view: View, takeaway: Takeaway) -> str:
    """Who is looked at after this one: the next in the list, else the one before."""
    later = view.rows.where(Takeaway.id > takeaway.id).order_by(Takeaway.id).limit(1)
    earlier = view.rows.where(Takeaway.id < takeaway.id).order_by(Takeaway.id.desc()).limit(1)
    found = db.session.scalar(later) or db.session.scalar(earlier)
    return found.receipt if found else ""


def _back(view: View, **more: str) -> ResponseReturnValue:
    args = {**view.args, **{name: value for name, value in more.items() if value}}
    return redirect(url_for("desk.review.sheet", **args), code=303)  # type: ignore[arg-type]


@bp.post("/<receipt>/block")
def block(receipt: str) -> ResponseReturnValue:
    """Take nothing more from the phone that this came from. What it sent before is decided one by one."""
    takeaway = curate.by_receipt(db.session(), receipt)
    fairness.block(db.session(), takeaway, here().hand("desk"))
    flash(_("Nothing more is taken from that phone. The page “Kiosk” lists it."))
    return _back(View.asked(), show=receipt)


@bp.post("/selected")
def decide_selected() -> ResponseReturnValue:
    """One decision for all that are ticked."""
    action = _action(request.form.get("decision", ""))
    receipts = request.form.getlist("receipt")
    rows = [curate.by_receipt(db.session(), receipt) for receipt in receipts]
    for row in rows:
        action(db.session(), row, here().hand("desk"))
    flash(ngettext("%(num)d takeaway changed.", "%(num)d takeaways changed.", len(rows)))
    return _back(View.asked())


@bp.post("/<receipt>")
def save(receipt: str) -> ResponseReturnValue:
    """The organizer's words: caption, tags, session, audience, consent, alt texts."""
    takeaway = curate.by_receipt(db.session(), receipt)
    hand, form = here().hand("desk"), request.form
    names = ("caption", "session_code", "audience", "consent")
    values: dict[str, Any] = {name: form[name] for name in names if name in form}
    if "tags" in form:
        values["tags"] = form["tags"].split(",")
    curate.change(db.session(), takeaway, hand, values)
    alts = {name[4:]: words for name, words in form.items() if name.startswith("alt-")}
    curate.set_alt(db.session(), takeaway, hand, alts)
    flash(_("Saved."))
    return _back(View.asked(), show=receipt)
