"""Conversation at the gathering: read, answer, build on and second takeaways."""

from __future__ import annotations

import uuid

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from capture.intake.submission import check_lengths
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import csrf
from kiosk.web.middleware.device_cookie import device
from kiosk.web.middleware.error_pages import wants_json
from kiosk.web.openapi.describe import describe
from kiosk.web.phone.code_of_conduct import conduct_paragraphs
from kiosk.web.shared.media import media_url
from kiosk.web.shared.template_context import AUDIENCES
from reporter.clock import new_id, rfc3339
from reporter.codes import format_receipt
from reporter.conversation import replies
from reporter.conversation.replies import WrittenReply
from reporter.enums import Audience, ReplyKind
from reporter.errors import NotFound
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.moderation import blocked_words
from reporter.moderation.visibility import Scope, may_show
from reporter.stories.takeaway_json import takeaway_record

bp = Blueprint("talk", __name__)
# No CSRF token: as on the phone's other pages, there is neither account nor session cookie.
csrf.exempt(bp)

KINDS = (
    (ReplyKind.ANSWER.value, later("I answer")),
    (ReplyKind.BUILD.value, later("I build on it")),
)
# A "Me too" from the laptop itself counts once too.
LAPTOP = "laptop"


@bp.get("/talk/<number>")
@describe(query="notice", answers="Thread", produces="text/html")
def conversation(number: str) -> ResponseReturnValue:
    """Show a takeaway, its replies, and the reply form."""
    takeaway = _visible_takeaway(number)
    if wants_json():
        return jsonify({"replies": [_json(reply) for reply in _thread(takeaway)]})
    kiosk = current_kiosk()
    page = render_template(
        "phone/talk.html",
        takeaway_id=takeaway.id.hex,
        record=_without_receipt(takeaway),
        thread=_thread(takeaway),
        counts=replies.reaction_counts(db.session(), takeaway),
        kinds=KINDS,
        audiences=_audiences(takeaway),
        client_id=new_id(kiosk.now(), kiosk.rng),
        most=replies.TEXT_CHARS,
        notice=request.args.get("notice", ""),
    )
    return _fresh(page)


def _fresh(page: str) -> ResponseReturnValue:
    response = make_response(page)
    # Going back must fetch a page with a new client_id.
    response.headers["Cache-Control"] = "no-store"
    return response


def _new_too() -> bool:
    return current_kiosk().settings.wall.shows == "new"


def _visible_takeaway(number: str) -> Takeaway:
    """Return the takeaway if it may be shown in the room; others look as if they did not exist."""
    try:
        found = db.session.get(Takeaway, uuid.UUID(number))
    except ValueError:
        found = None
    if found is None or not may_show(found, Scope.ROOM, new_too=_new_too()):
        raise NotFound(_("There is no such takeaway, or it isn't shown."))
    return found


def _without_receipt(takeaway: Takeaway) -> dict[str, object]:
    """Remove receipts, because their holders may change and withdraw."""
    return {**takeaway_record(takeaway, media_url), "receipt": ""}


def _thread(takeaway: Takeaway) -> list[Reply]:
    return replies.thread(db.session(), takeaway, Scope.ROOM, new_too=_new_too())


def _audiences(takeaway: Takeaway) -> list[tuple[str, object]]:
    """Return the audiences no wider than that of the takeaway."""
    order = list(Audience)
    first = order.index(Audience(takeaway.audience))
    return [(value, words) for value, words in AUDIENCES if order.index(Audience(value)) >= first]


@bp.post("/talk/<number>/replies")
@describe(
    form="text kind=answer|build author audience=public|community|room parent client_id:uuid",
    answers="Reply",
    statuses=(201, 303),
)
def say(number: str) -> ResponseReturnValue:
    """Store a reply."""
    takeaway, form, kiosk = _visible_takeaway(number), request.form, current_kiosk()
    text, author = form.get("text", ""), form.get("author", "")
    check_lengths(kiosk.settings.limits, text=text, author=author)
    word = WrittenReply(
        kind=form.get("kind", ReplyKind.ANSWER.value),
        text=text,
        author=author,
        audience=form.get("audience", takeaway.audience),
        parent=_number(form.get("parent", "")),
        client_id=form.get("client_id"),
        device=device(),
    )
    flagged = blocked_words.holds(kiosk.settings.folder, text, author)
    reply = replies.say(
        db.session(), takeaway, word, now=kiosk.now(), rng=kiosk.rng, flagged=flagged
    )
    if wants_json():
        place = {"Location": url_for("talk.own", receipt=reply.receipt)}
        return jsonify({**_json(reply), "receipt": reply.receipt, "state": reply.state}), 201, place
    return redirect(url_for("talk.own", receipt=reply.receipt, kept=1), code=303)


def _number(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@bp.post("/talk/<number>/second")
@describe(form="client_id", answers="Counts", statuses=(201, 303))
def second(number: str) -> ResponseReturnValue:
    """Count a "Me too", once per phone."""
    takeaway, kiosk = _visible_takeaway(number), current_kiosk()
    word = WrittenReply(
        kind=ReplyKind.SECOND.value, device=device() or LAPTOP, audience=takeaway.audience
    )
    replies.say(db.session(), takeaway, word, now=kiosk.now(), rng=kiosk.rng)
    if wants_json():
        return jsonify(replies.reaction_counts(db.session(), takeaway)), 201
    return redirect(url_for("talk.conversation", number=number, notice="second"), code=303)


@bp.post("/talk/<number>/report")
@describe(form="text reply")
def report(number: str) -> ResponseReturnValue:
    """Report content to the organizers' inbox."""
    takeaway, kiosk = _visible_takeaway(number), current_kiosk()
    text = request.form.get("text", "")
    check_lengths(kiosk.settings.limits, text=text)
    word = WrittenReply(
        kind=ReplyKind.REPORT.value,
        text=text,
        device=device(),
        parent=_number(request.form.get("reply", "")),
    )
    replies.say(db.session(), takeaway, word, now=kiosk.now(), rng=kiosk.rng, flagged=True)
    return redirect(url_for("talk.conversation", number=number, notice="report"), code=303)


@bp.get("/r/<receipt>")
@describe(query="kept", answers="Reply", produces="text/html")
def own(receipt: str) -> ResponseReturnValue:
    """Show a reply's state; its author can withdraw it."""
    reply = replies.by_reply_receipt(db.session(), receipt)
    if wants_json():
        return jsonify({**_json(reply), "receipt": reply.receipt, "state": reply.state})
    page = render_template(
        "phone/own_reply.html",
        reply=reply,
        code=format_receipt(reply.receipt or ""),
        just_kept="kept" in request.args,
    )
    return _fresh(page)


@bp.post("/r/<receipt>/withdraw")
@describe(form="sure")
def withdraw_own(receipt: str) -> ResponseReturnValue:
    """Withdraw the reply."""
    reply = replies.by_reply_receipt(db.session(), receipt)
    replies.take_back(db.session(), reply, current_kiosk().actor("contributor"))
    return redirect(url_for("talk.own", receipt=reply.receipt), code=303)


@bp.get("/conduct")
def conduct() -> str:
    """Show the code of conduct and whom to contact."""
    return render_template(
        "phone/conduct.html", paragraphs=conduct_paragraphs(current_kiosk().settings)
    )


def _json(reply: Reply) -> dict[str, object]:
    return {
        "id": reply.id.hex,
        "kind": reply.kind,
        "author": reply.author,
        "text": reply.text,
        "written_at": rfc3339(reply.written_at),
        "where": reply.place,
        "url": reply.url,
        "in_reply_to": reply.parent_id.hex if reply.parent_id else "",
    }
