"""Face review: the switch that holds pictures with faces back until a person has checked them, and their list."""

from __future__ import annotations

import dataclasses

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.desk.review.edit_media import find, history_steps
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.media import media_url
from reporter.annotations import edit_history, face_review
from reporter.config import save_settings
from reporter.errors import BadInput, BadRequest
from reporter.models import Media, Takeaway
from reporter.moderation import decisions
from reporter.stories.takeaway_json import takeaway_record

bp = Blueprint("faces", __name__, url_prefix="/faces")

# Number of pictures listed at once.
PAGE = 24


@bp.get("")
@describe(query="show of did last last_of")
def overview() -> str:
    """Show the switch, the current picture and the following ones."""
    session = db.session()
    rows = face_review.waiting(session, PAGE)
    person, detector = face_review.count_waiting(session)
    wanted = (request.args.get("show", ""), request.args.get("of", ""))
    at = next((n for n, (t, m) in enumerate(rows) if (t.receipt, m.sha256) == wanted), 0)
    return render_template(
        "desk/faces.html",
        on=face_review.is_checked(session),
        rows=[_entry(takeaway, media) for takeaway, media in rows],
        at=at,
        boxes=face_review.proposals(session, rows[at][1]) if rows else [],
        person=person,
        detector=detector,
        did=request.args.get("did", ""),
        last=(request.args.get("last", ""), request.args.get("last_of", "")),
    )


def _entry(takeaway: Takeaway, media: Media) -> dict[str, object]:
    record = takeaway_record(takeaway, media_url)
    item = next(one for one in record["media"] if one["sha256"] == media.sha256)
    return {"record": record, "item": item, "faces": media.faces}


@bp.post("/check")
@describe(form="on")
def check() -> ResponseReturnValue:
    """Switch face review on (``on`` is set) or off."""
    kiosk, on = current_kiosk(), bool(request.form.get("on"))
    save_settings(kiosk.settings.folder, {"publish": {"check_faces": on}})
    publish = dataclasses.replace(kiosk.settings.publish, check_faces=on)
    kiosk.settings = dataclasses.replace(kiosk.settings, publish=publish)
    face_review.set_check(db.session(), on)
    if on:
        flash(
            _("From now on no picture with a face leaves this room before one of you has looked.")
        )
    else:
        flash(_("Pictures with faces go out without a further look."))
    return redirect(url_for(".overview"), code=303)


@bp.post("/<receipt>/<sha256>")
@describe(form="do")
def decide(receipt: str, sha256: str) -> ResponseReturnValue:
    """Record consent, blur the proposed faces, or hide the takeaway (``do``); each can be undone."""
    takeaway, media = find(receipt, sha256)
    did = request.form.get("do", "")
    if did.startswith("undo-"):
        _undo(takeaway, media, did.removeprefix("undo-"))
        return redirect(url_for(".overview", show=receipt, of=sha256), code=303)
    session, actor = db.session(), current_kiosk().actor("desk")
    if did == "agreed":
        face_review.decide(session, media, actor)
    elif did == "blur":
        regions = face_review.proposed_regions(session, media)
        if not regions:
            raise BadInput(_("No face was proposed here. Edit the picture by hand."))
        steps = face_review.with_faces_blurred(edit_history.edits_of(session, media), regions)
        edit_history.save(
            session, current_kiosk().store, media, edit_history.check(media, steps), actor=actor
        )
        face_review.decide(session, media, actor)
    elif did == "hide":
        did = f"hide-{takeaway.state}"
        decisions.hide(session, takeaway, actor)
    else:
        raise BadRequest(
            _("Say that all agreed, blur the faces, or hide it; nothing else was understood.")
        )
    return redirect(url_for(".overview", did=did, last=receipt, last_of=sha256), code=303)


def _undo(takeaway: Takeaway, media: Media, did: str) -> None:
    session, actor = db.session(), current_kiosk().actor("desk")
    if did == "blur":
        former = history_steps(takeaway, media).undo
        if former is not None:
            edit_history.save(
                session, current_kiosk().store, media, former, actor=actor, way=edit_history.UNDO
            )
    if did in ("blur", "agreed"):
        face_review.undecide(session, media, actor)
    elif did == "hide-approved":
        decisions.approve(session, takeaway, actor)
    elif did == "hide-new":
        decisions.reopen(session, takeaway, actor)
