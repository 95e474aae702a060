"""Manual posting: what a person posts, changes or removes in groups, on the laptop or on their own phone."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.exceptions import NotFound

from capture.codes.qr_writer import qr_svg
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import publish_context_of
from kiosk.web.desk.identity import desk_actor
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import base_url
from publish.conversation.pasted_replies import take_pasted
from publish.status.manual_posting import done_by_hand, manual_posts, posted_by_hand

bp = Blueprint("manual_posts", __name__, url_prefix="/publish/by-hand")

# Recent posts get the replies.
POSTED = 40


@bp.get("")
def overview() -> str:
    """Show everything that waits for a person, and past posts."""
    return render_template(
        "desk/by_hand.html",
        waiting=manual_posts(db.session(), publish_context_of(current_kiosk())),
        posted=posted_by_hand(db.session())[:POSTED],
        own=at_laptop(),
        address=_address(),
    )


def _address() -> str:
    return base_url() + url_for("desk.manual_posts.overview")


@bp.get("/qr.svg")
@describe(produces="image/svg+xml")
def code() -> Response:
    """Send the QR code that opens this page on a phone."""
    return Response(qr_svg(_address()), mimetype="image/svg+xml")


@bp.post("/<uuid:row_id>")
@describe(form="url")
def done(row_id: uuid.UUID) -> ResponseReturnValue:
    """Record that a person has posted, changed or removed it."""
    kiosk = current_kiosk()
    done_by_hand(
        db.session(),
        publish_context_of(kiosk),
        row_id,
        request.form.get("url", ""),
        now=kiosk.now(),
    )
    flash(_("Noted. Thank you."))
    return redirect(url_for("desk.manual_posts.overview"), code=303)


@bp.post("/<uuid:row_id>/replies")
@describe(form="text*")
def replies(row_id: uuid.UUID) -> ResponseReturnValue:
    """Import replies that were copied from the group, all at once."""
    count = take_pasted(db.session(), row_id, request.form.get("text", ""), desk_actor())
    sentence = ngettext(
        "%(num)d new answer waits under Conversation.",
        "%(num)d new answers wait under Conversation.",
        count,
    )
    flash(sentence if count else _("All of these are known already."))
    return redirect(url_for("desk.manual_posts.overview"), code=303)


@bp.get("/<uuid:row_id>/<key>")
@describe(query="view", produces="*/*")
def file(row_id: uuid.UUID, key: str) -> Response:
    """Send one file of a waiting post as it would be published, never an original."""
    for one in manual_posts(db.session(), publish_context_of(current_kiosk())):
        files = (media for part in one.parts for media in part.files) if one.id == row_id else ()
        for media in files:
            if media.key == key and media.path.is_file():
                return send_file(
                    media.path,
                    mimetype=media.mime,
                    as_attachment="view" not in request.args,
                    download_name=media.filename,
                )
    raise NotFound
