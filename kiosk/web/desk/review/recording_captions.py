"""Captions of one recording: typed, pasted or uploaded, or corrected from a machine draft."""

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
from reporter.annotations import recording_captions
from reporter.enums import Kind
from reporter.errors import BadInput, NotFound
from reporter.media.webvtt import MOST_BYTES, editable_lines, from_first_hour, read_caption_file
from reporter.models import Media
from reporter.stories.takeaway_json import takeaway_record

bp = Blueprint("captions", __name__, url_prefix="/captions/<receipt>/<sha256>")


@bp.get("")
def page(receipt: str, sha256: str, *, text: str | None = None, error: str = "") -> str:
    """Show the recording beside its captions."""
    takeaway, media = find(receipt, sha256)
    if media.kind == Kind.PHOTO:
        raise NotFound(_("A photo has no captions."))
    session = db.session()
    kept = recording_captions.captions_of(session, media)
    drafting = recording_captions.drafting_of(session, media)
    # The machine draft fills the field until a person saves something.
    draft = [] if kept else recording_captions.draft_of(session, media)
    record = takeaway_record(takeaway, media_url)
    return render_template(
        "desk/captions.html",
        receipt=takeaway.receipt,
        state=takeaway.state,
        sha256=media.sha256,
        error=error,
        item=next(item for item in record["media"] if item["sha256"] == media.sha256),
        text=editable_lines(kept or draft) if text is None else text,
        kind=media.kind,
        drafted=bool(draft),
        drafting=drafting,
        can_draft=can_hear(current_kiosk().settings.captions.model),
    )


@bp.post("")
@describe(form="do captions file:file")
def save(receipt: str, sha256: str) -> ResponseReturnValue:
    """Save the text, load a file into the field, or queue a machine draft."""
    takeaway, media = find(receipt, sha256)
    if request.form.get("do") == "draft":
        recording_captions.ask_draft(db.session(), media)
        return redirect(url_for(".page", receipt=receipt, sha256=sha256), code=303)
    text = request.form.get("captions", "")
    if (data := small_file("file", MOST_BYTES + 1)) is not None:
        return _read_file(takeaway.receipt, media, data, text)
    try:
        kept = recording_captions.keep(db.session(), media, text, current_kiosk().actor("desk"))
    except BadInput as error:
        return page(receipt, sha256, text=text, error=error.message), 400
    flash(_("The captions are kept.") if kept else _("There are no captions now."))
    return redirect(url_for(".page", receipt=receipt, sha256=sha256), code=303)


def _read_file(receipt: str, media: Media, data: bytes, text: str) -> ResponseReturnValue:
    """Load a caption file into the field for review; nothing is saved unseen."""
    language = current_kiosk().settings.gathering.language.split("-")[0]
    try:
        cues = read_caption_file(data, language)
    except BadInput as error:
        return page(receipt, media.sha256, text=text, error=error.message), 400
    fitting = from_first_hour(cues, recording_captions.shown_length(db.session(), media))
    if fitting != cues:
        flash(
            _(
                "The times of this file begin at a full hour. They now count from the start of the recording."
            )
        )
    return page(receipt, media.sha256, text=editable_lines(fitting))
