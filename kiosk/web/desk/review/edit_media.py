"""Editor of one picture, video or sound: blur, crop, rotate, trim, undo."""

from __future__ import annotations

import json
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from capture.renditions.unedited import plain_copy, preview_photo, propose_sheet
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.media import media_url
from reporter.annotations import edit_history, face_review
from reporter.enums import Kind, MediaState
from reporter.errors import BadInput, NotFound
from reporter.media.edits import Edits, read_edits
from reporter.models import Media, Takeaway
from reporter.moderation.decisions import by_receipt
from reporter.stories.takeaway_json import takeaway_record

bp = Blueprint("edit_media", __name__, url_prefix="/edit/<receipt>/<sha256>")

# Larger bodies are not edits.
MOST_BYTES = 100_000


def find(receipt: str, sha256: str) -> tuple[Takeaway, Media]:
    """Return the takeaway of a receipt and its file; raises NotFound."""
    takeaway = by_receipt(db.session(), receipt)
    for attachment in takeaway.attachments:
        if attachment.media.sha256 == sha256:
            return takeaway, attachment.media
    raise NotFound(_("There is no such file in this takeaway."))


@bp.get("")
def page(receipt: str, sha256: str) -> str:
    """Show the file with its edits, and the tools."""
    takeaway, media = find(receipt, sha256)
    session = db.session()
    edits, regions = (
        edit_history.edits_of(session, media),
        face_review.proposed_regions(session, media),
    )
    record = takeaway_record(takeaway, media_url)
    return render_template(
        "desk/edit_media.html",
        receipt=takeaway.receipt,
        state=takeaway.state,
        media=media,
        item=next(item for item in record["media"] if item["sha256"] == media.sha256),
        edits=edits,
        proposed=face_review.still_proposed(edits, regions),
        steps=history_steps(takeaway, media),
        others=len(edit_history.takeaways_of(session, media)) - 1,
        usable=media.state != MediaState.FAILED or bool(media.edits_fingerprint),
    )


def history_steps(takeaway: Takeaway, media: Media) -> edit_history.History:
    """Return where undo and redo lead; neither if this version can't read the history."""
    try:
        return edit_history.history(db.session(), takeaway, media)
    except BadInput:
        return edit_history.History()


@bp.post("")
@describe(form="do edits was begin end")
def save(receipt: str, sha256: str) -> ResponseReturnValue:
    """Save the page script's edits (``edits``, JSON), or apply a button that needs no script (``do``)."""
    takeaway, media = find(receipt, sha256)
    asked = request.form.get("do", "")
    edits = _requested_edits(takeaway, media, asked)
    way = asked if asked in (edit_history.UNDO, edit_history.REDO) else ""
    kiosk = current_kiosk()
    changed = edit_history.save(
        db.session(),
        kiosk.store,
        media,
        edits,
        actor=kiosk.actor("desk"),
        way=way,
        was=request.form.get("was"),
    )
    if changed:
        flash(_("Saved. It is made anew; until it is ready, nobody sees any of it."))
    else:
        flash(_("That is how it is already; nothing was changed."))
    return redirect(url_for(".page", receipt=receipt, sha256=sha256), code=303)


def _requested_edits(takeaway: Takeaway, media: Media, asked: str) -> Edits:
    """Parse the requested edits; raises BadInput."""
    session = db.session()
    now = edit_history.edits_of(session, media)
    if asked == "":
        return edit_history.check(media, _json(request.form.get("edits", "")))
    if asked == "original":
        return Edits()
    if asked in ("left", "right"):
        return _with(media, now, "turn", [now.turn + (90 if asked == "right" else 270)])
    if asked == "faces":
        regions = face_review.proposed_regions(session, media)
        return edit_history.check(media, face_review.with_faces_blurred(now, regions))
    if asked == "cut":
        return _with(media, now, "cut", [_seconds("begin"), _seconds("end")])
    steps = edit_history.history(session, takeaway, media)
    goal = {edit_history.UNDO: steps.undo, edit_history.REDO: steps.redo}.get(asked)
    if goal is None:
        raise BadInput(_("There is nothing to go back to."))
    return goal


def _with(media: Media, edits: Edits, kind: str, numbers: list[Any]) -> Edits:
    """Return these edits with one of them replaced."""
    kept = [step for step in edits.steps() if step["kind"] != kind]
    return edit_history.check(media, [*kept, {"kind": kind, "numbers": numbers}])


def _seconds(name: str) -> float:
    try:
        return float(request.form.get(name, "").replace(",", "."))
    except ValueError as error:
        raise BadInput(_("Begin and end are seconds, as 2.5.")) from error


def _json(text: str) -> Any:
    if len(text) > MOST_BYTES:
        raise BadInput(_("These are more edits than one picture can have."))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(_("The edits arrived garbled. Please save once more.")) from error


@bp.get("/plain")
@describe(produces="*/*")
def plain(receipt: str, sha256: str) -> Response:
    """Send the unedited version, which only the desk may see."""
    _takeaway, media = find(receipt, sha256)
    kiosk = current_kiosk()
    path, mime = plain_copy(kiosk.store, kiosk.quick_pool, media, max_pixels=_most_pixels())
    try:
        response = send_file(path, mimetype=mime, conditional=True, etag=f"{sha256}-plain")
    except FileNotFoundError as error:
        raise NotFound(_("This file is being made ready. Try again in a moment.")) from error
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@bp.post("/preview")
@describe(json="Edits", produces="image/jpeg", statuses=(200,))
def preview(receipt: str, sha256: str) -> Response:
    """Render the edits in the body (JSON) as a JPEG."""
    media = _photo(receipt, sha256)
    edits = read_edits(_json(request.get_data(as_text=True)[: MOST_BYTES + 1]), media.kind)
    kiosk = current_kiosk()
    jpeg = preview_photo(kiosk.store, kiosk.quick_pool, media, edits, max_pixels=_most_pixels())
    return Response(jpeg, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})


@bp.get("/sheet")
@describe(answers="Corners")
def sheet(receipt: str, sha256: str) -> ResponseReturnValue:
    """Return the corners of a sheet of paper in the photo as ``{"corners": [eight numbers]}`` or null."""
    kiosk = current_kiosk()
    found = propose_sheet(
        kiosk.store, kiosk.quick_pool, _photo(receipt, sha256), max_pixels=_most_pixels()
    )
    return jsonify(corners=found)


def _photo(receipt: str, sha256: str) -> Media:
    _takeaway, media = find(receipt, sha256)
    if media.kind != Kind.PHOTO:
        raise NotFound(_("Only photos have this."))
    return media


def _most_pixels() -> int:
    return current_kiosk().settings.limits.photo_megapixels * 1_000_000
