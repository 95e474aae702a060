"""List of what one phone has recorded: the phone keeps the list, the kiosk returns each takeaway's state."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from kiosk.runtime.database import db
from kiosk.web.middleware.rate_limits import refuse_wrong
from kiosk.web.openapi.describe import describe
from kiosk.web.phone.capture import steps
from reporter.codes import normalize_receipt
from reporter.enums import TakeawayState
from reporter.models import ReceiptAlias, Takeaway
from reporter.stories.takeaway_json import published_places

bp = Blueprint("mine", __name__)
# Most receipts per request; a phone with more asks for its newest.
MOST = 60


@bp.get("/mine")
@describe(query="receipt", statuses=(200, 303))
def mine() -> ResponseReturnValue:
    """Show the page whose list the phone fills in; with ``?receipt=``, redirect to that one."""
    wanted = normalize_receipt(request.args.get("receipt", ""))
    if wanted:
        return redirect(url_for("phone.receipt", receipt=wanted), code=303)
    return render_template("phone/mine.html")


@bp.get("/mine/states")
@describe(query="of", answers="States")
def states() -> Response:
    """Return the states of the takeaways ``?of=RECEIPT,RECEIPT``. Raises TooMuch for guessing.

    Phones ask this again and again: an answer that has not changed is a 304 without a body (RFC 9110, 15.4.5).
    """
    wanted = [normalize_receipt(each) for each in request.args.get("of", "").split(",")[:MOST]]
    rows = db.session.scalars(
        select(Takeaway)
        .where(Takeaway.receipt.in_(wanted))
        .options(selectinload(Takeaway.session))
        .order_by(Takeaway.received_at.desc())
    )
    records = [_state(row) for row in rows] + _states_of_aliases(wanted)
    refuse_wrong(set(wanted) - {state["receipt"] for state in records} - {""})
    response = jsonify(records)
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _states_of_aliases(wanted: list[str]) -> list[dict[str, Any]]:
    """Return states under the receipt that the phone knows, if a merge made it an alias."""
    query = (
        select(ReceiptAlias.receipt, Takeaway)
        .join(Takeaway, ReceiptAlias.takeaway_id == Takeaway.id)
        .where(ReceiptAlias.receipt.in_(wanted))
    )
    return [{**_state(row), "receipt": alias} for alias, row in db.session.execute(query)]


def _state(row: Takeaway) -> dict[str, Any]:
    out = row.state == TakeawayState.APPROVED
    places = published_places(db.session(), row) if out else []
    way = [step for step in steps({"state": row.state, "published": places}) if step.done]
    return {
        "receipt": row.receipt,
        "state": row.state,
        "step": way[-1].words,
        "session": row.session.title,
        "text": row.text[:80],
        "published": [place for place in places if place["url"]],
    }
