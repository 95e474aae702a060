"""Desk page for erasing takeaways except for a tombstone without content."""

from __future__ import annotations

import re

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.i18n.error_messages import translated
from kiosk.privacy.erasure import Erased
from kiosk.privacy.erasure import erase as erase_rows
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.desk.privacy.retention import takedowns
from kiosk.web.openapi.describe import describe
from reporter.errors import BadInput, NotFound
from reporter.gathering.copies import CopyContents, copies_holding
from reporter.models import Takeaway
from reporter.moderation.decisions import by_receipt

bp = Blueprint("erase", __name__, url_prefix="/erase")


@bp.get("")
@describe(query="receipts")
def page() -> ResponseReturnValue:
    """Ask for receipts; with some, show their takeaways and which copies hold them."""
    typed = request.args.get("receipts", "")
    try:
        rows = _rows(typed)
    except NotFound as error:
        flash(translated(error.message), "trouble")
        return _page(rows=[], copies=[], typed=typed), error.status
    copies = copies_holding(db.session(), [row.id for row in rows]) if rows else []
    return _page(rows=rows, copies=[held for held in copies if held.holds or not held.known])


@bp.post("")
@describe(form="receipts sure", statuses=(200,))
def erase() -> str:
    """Erase the takeaways and show what remains elsewhere."""
    rows = _rows(request.form.get("receipts", ""))
    if not rows or not request.form.get("sure"):
        raise BadInput(_("Name at least one receipt, and tick that you are sure."))
    done = erase_rows(current_kiosk(), rows, who="desk")
    return _page(rows=[], done=done, copies=done.copies)


def _page(
    *,
    rows: list[Takeaway],
    copies: list[CopyContents],
    done: Erased | None = None,
    typed: str = "",
) -> str:
    wanted = tuple(done.receipts) if done else tuple(row.receipt for row in rows)
    return render_template(
        "desk/erase.html",
        rows=rows,
        copies=copies,
        done=done,
        typed=typed,
        takedowns=takedowns(receipts=wanted) if wanted else [],
    )


def _rows(typed: str) -> list[Takeaway]:
    """Return the takeaways whose receipts are in the text, each once; raises NotFound."""
    receipts = [one for one in re.split(r"[\s,;]+", typed) if one]
    found = {row.id: row for row in map(_row, receipts)}
    return list(found.values())


def _row(receipt: str) -> Takeaway:
    try:
        return by_receipt(db.session(), receipt)
    except NotFound as error:
        raise NotFound(
            "There is no takeaway with the receipt %(receipt)s. Check its letters and digits once more.",
            receipt=receipt,
        ) from error
