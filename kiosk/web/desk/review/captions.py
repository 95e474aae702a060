"""Captions of one recording: typed or pasted by hand, or corrected where the laptop has drafted them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from capture.analysis.speech_to_text import can_hear
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.desk.review.edit_media import find
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.media import media_url
from kiosk.web.shared.streaming_forms import small_file
from reporter.annotations import captions
from reporter.enums import Kind
from reporter.errors import BadInput, NotFound
from reporter.media.webvtt import MOST_BYTES, read_caption_file, typed
from reporter.stories.takeaway_json import takeaway_record

bp = Blueprint("captions", __name__, url_prefix="/captions/<receipt>/<sha256>")


@bp.get("")
def page(receipt: str, sha256: str, *, text: str | None = None, error: str = "") -> str:
    """The recording, and beside it what is said."""
    takeaway, media = find(receipt, sha256)
    if media.kind == Kind.PHOTO:
        raise NotFound(_("A photo has no captions."))
    session = db.session()
    kept, drafting = captions.captions_of(session, media), captions.drafting_of(session, media)
    # What the laptop has heard stands in the field until a person keeps something.
    draft = [] if kept else captions.draft_of(session, media)
    record = takeaway_record(takeaway, media_url)
    return render_template(
        "desk/captions.html",
        receipt=takeaway.receipt,
        state=takeaway.state,
        sha256=media.sha256,
        error=error,
        item=next(item for item in record["media"] if item["sha256"] == media.sha256),
        text=typed(kept or draft) if text is None else text,
        kind=media.kind,
        drafted=bool(draft),
        drafting=drafting,
        can_draft=can_hear(current_kiosk().settings.captions.model),
    )


@bp.post("")
@describe(form="do captions file:file")
def save(receipt: str, sha256: str) -> ResponseReturnValue:
    """Keep what was typed, read a file into the field, or have the laptop draft it."""
    _takeaway, media = find(receipt, sha256)
    if request.form.get("do") == "draft":
        captions.ask_draft(db.session(), media)
        return redirect(url_for(".page", receipt=receipt, sha256=sha256), code=303)
    text = request.form.get("captions", "")
    if (data := small_file("file", MOST_BYTES + 1)) is not None:
        return _read_file(receipt, sha256, data, text)
    try:
        kept = captions.keep(db.session(), media, text, current_kiosk().actor("desk"))
    except BadInput as error:
        return page(receipt, sha256, text=text, error=error.message), 400
    flash(_("The captions are kept.") if kept else _("There are no captions now."))
    return redirect(url_for(".page", receipt=receipt, sha256=sha256), code=303)


def _read_file(receipt: str, sha256: str, data: bytes, text: str) -> ResponseReturnValue:
    """Put the captions of a file into the field, to be looked over: nothing is kept unseen."""
    language = current_kiosk().settings.gathering.language.split("-")[0]
    try:
        cues = read_caption_file(data, language)
    except BadInput as error:
        return page(receipt, sha256, text=text, error=error.message), 400
    return page(receipt, sha256, text=typed(cues))
