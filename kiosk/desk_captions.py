"""Captions of one recording: typed or pasted by hand, or corrected where the laptop has drafted them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.db import db
from kiosk.desk_mend import find
from kiosk.here import here
from kiosk.media import media_url
from reporter import captions
from reporter.cues import typed
from reporter.errors import BadInput, NotFound
from reporter.record import takeaway_record
from reporter.states import Kind

bp = Blueprint("captions", __name__, url_prefix="/captions/<receipt>/<sha256>")


@bp.get("")
def page(receipt: str, sha256: str, *, text: str | None = None, error: str = "") -> str:
    """The recording, and beside it what is said."""
    takeaway, media = find(receipt, sha256)
    if media.kind == Kind.PHOTO:
        raise NotFound(_("A photo has no captions."))
    kept = captions.captions_of(db.session(), media)
    record = takeaway_record(takeaway, media_url)
    return render_template(
        "desk/captions.html",
        receipt=takeaway.receipt, state=takeaway.state, sha256=media.sha256, error=error,
        item=next(item for item in record["media"] if item["sha256"] == media.sha256),
        text=typed(kept) if text is None else text, kept=bool(kept), kind=media.kind,
    )  # fmt: skip


@bp.post("")
def save(receipt: str, sha256: str) -> ResponseReturnValue:
    """Keep what was typed."""
    _takeaway, media = find(receipt, sha256)
    text = request.form.get("captions", "")
    try:
        kept = captions.keep(db.session(), media, text, here().hand("desk"))
    except BadInput as error:
        return page(receipt, sha256, text=text, error=error.message), 400
    flash(_("The captions are kept.") if kept else _("There are no captions now."))
    return redirect(url_for(".page", receipt=receipt, sha256=sha256), code=303)
