"""Pages for phones: sessions, capture page, receipt. No account is needed, and everything works without scripts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import (
    Blueprint,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from capture.codes.qr_writer import qr_svg, session_url
from capture.intake.receive import take_in
from capture.intake.submission import Submission, check_lengths, plain_text
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import csrf
from kiosk.web.middleware.error_pages import wants_json
from kiosk.web.middleware.etag import polled, receipt_stamp
from kiosk.web.openapi.describe import describe
from kiosk.web.phone import embedded_browsers
from kiosk.web.shared.json_body import read_texts
from kiosk.web.shared.media import signed_media_url
from kiosk.web.shared.serializers import full_record, taken_record
from kiosk.web.shared.streaming_forms import offer_from_form
from kiosk.web.shared.template_context import (
    AUDIENCES,
    CONSENTS,
    INTENTS,
    PROMPTS,
    agenda,
    base_url,
)
from kiosk.web.shared.tus_uploads import quick_check
from reporter.clock import new_id
from reporter.codes import format_receipt
from reporter.conversation.replies import thread
from reporter.enums import Consent, TakeawayState
from reporter.errors import NotFound
from reporter.follow_up import next_gathering
from reporter.gathering.sessions import by_code
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.moderation import blocked_words, decisions
from reporter.moderation.decisions import by_receipt, withdraw
from reporter.moderation.visibility import Scope, may_show
from reporter.privacy.retention import went_by_itself

bp = Blueprint("phone", __name__)
# No CSRF token: volunteers have neither account nor session cookie; the receipt is the authorization.
csrf.exempt(bp)
bp.app_template_filter("receipt_code")(format_receipt)

OWN = ("text", "audience", "author")
# Answers that a contributor may give later to the question about people in the picture.
ANSWERS = frozenset({Consent.AGREED.value, Consent.UNSURE.value, Consent.CHILD.value})


bp.after_request(embedded_browsers.remember)


@bp.before_request
def _point_outside() -> ResponseReturnValue | None:
    # A page with a form belongs into a browser.
    return embedded_browsers.point_outside() if request.endpoint == "phone.capture" else None


@bp.get("/S/<code>")
@bp.get("/s/<code>")
def capture(code: str) -> ResponseReturnValue:
    """Show a session's capture page."""
    try:
        event = by_code(db.session(), code)
    except NotFound:
        if wants_json():
            raise
        return _unknown(code), 404
    kiosk = current_kiosk()
    page = render_template(
        "phone/capture.html",
        event=event,
        client_id=new_id(kiosk.now(), kiosk.rng),
        prompts=PROMPTS,
        audiences=AUDIENCES,
        consents=CONSENTS,
        intents=INTENTS,
    )
    return _fresh(make_response(page))


def _unknown(code: str) -> str:
    now = agenda()
    return render_template(
        "phone/unknown_code.html", code=code[:20], running=now.running, days=now.days
    )


def _fresh(response: Response) -> Response:
    """Forbid caching: going back must fetch a new client_id, because the old one would return the first receipt."""
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/S/<code>/takeaways")
@bp.post("/s/<code>/takeaways")
@describe(
    form="text author prompt intent=learned|idea|question|action audience=public|community|room "
    "consent client_id:uuid file[]:file consent_asked",
    answers="Takeaway",
    statuses=(201, 303),
)
def keep(code: str) -> ResponseReturnValue:
    """Receive the form; responds when it is stored on the disk."""
    kiosk = current_kiosk()
    event = by_code(db.session(), code)
    # Hold no database connection while a phone is sending.
    db.session.rollback()
    offer = _with_consent(offer_from_form(event))
    taken = take_in(
        db.session(),
        kiosk.store,
        offer,
        now=kiosk.now(),
        rng=kiosk.rng,
        limits=kiosk.settings.limits,
        check=quick_check(),
    )
    if wants_json():
        place = {"Location": url_for("phone.receipt", receipt=taken.receipt)}
        return jsonify(taken_record(taken, signed_media_url)), 201, place
    return redirect(url_for("phone.receipt", receipt=taken.receipt, kept=1), code=303)


def _with_consent(offer: Submission) -> Submission:
    """Read the answer about people in the picture. A missing answer is stored as none, never as "yes"."""
    if request.form.get("consent_asked") and offer.files and not offer.consent:
        return dataclasses.replace(offer, consent=Consent.UNANSWERED.value)
    return offer


@bp.get("/qr.svg")
@describe(produces="image/svg+xml")
def start_qr() -> Response:
    """Send the QR code of the start page."""
    return _svg(base_url() + url_for("start.page"))


@bp.get("/s/<code>/qr.svg")
@describe(produces="image/svg+xml")
def session_qr(code: str) -> Response:
    """Send the QR code of a session's page."""
    return _svg(session_url(base_url(), by_code(db.session(), code).code))


@bp.get("/t/<receipt>/qr.svg")
@describe(produces="image/svg+xml")
def receipt_qr(receipt: str) -> Response:
    """Send the QR code of a receipt's page."""
    takeaway = by_receipt(db.session(), receipt)
    return _svg(base_url() + url_for("phone.receipt", receipt=takeaway.receipt))


def _svg(text: str) -> Response:
    # Briefly: the laptop's address may change with the next Wi-Fi.
    return Response(qr_svg(text), mimetype="image/svg+xml", headers={"Cache-Control": "max-age=60"})


@bp.get("/t/<receipt>")
@describe(query="kept changed", answers="Takeaway", produces="text/html")
def receipt(receipt: str) -> ResponseReturnValue:
    """Show a takeaway's state."""
    if wants_json() and (stamp := receipt_stamp(receipt)):
        return polled(stamp, lambda: _own_record(receipt))
    takeaway = by_receipt(db.session(), receipt)
    record = full_record(takeaway, signed_media_url)
    page = render_template(
        "phone/receipt.html",
        record=record,
        code=format_receipt(takeaway.receipt),
        steps=steps(record),
        wait=_what_next(takeaway),
        expired=went_by_itself(db.session(), takeaway),
        just_kept="kept" in request.args,
        changed="changed" in request.args,
        audiences=AUDIENCES,
        consents=CONSENTS if takeaway.consent == Consent.UNANSWERED else (),
        thread=approved_replies(takeaway),
        contacts=next_gathering.contacts_of(db.session(), takeaway),
        talk_number=takeaway.id.hex if may_show(takeaway, Scope.ROOM) else "",
    )
    return _fresh(make_response(page))


def approved_replies(takeaway: Takeaway) -> list[Reply]:
    """Return approved replies, which its contributor can read wherever the takeaway is shown."""
    return thread(db.session(), takeaway, Scope.ROOM)


def _own_record(receipt: str) -> dict[str, Any]:
    return full_record(by_receipt(db.session(), receipt), signed_media_url)


@bp.post("/t/<receipt>")
@describe(
    form="text author audience=public|community|room consent",
    json="Change",
    answers="Takeaway",
    statuses=(200, 303),
)
def change_own(receipt: str) -> ResponseReturnValue:
    """Change one's own text, audience or name."""
    takeaway = by_receipt(db.session(), receipt)
    given = read_texts((*OWN, "consent")) if request.is_json else request.form
    values = {name: plain_text(given[name]) for name in OWN if name in given}
    # An existing answer, or an organizer's decision, is kept.
    if takeaway.consent == Consent.UNANSWERED and given.get("consent") in ANSWERS:
        values["consent"] = str(given["consent"])
    check_lengths(
        current_kiosk().settings.limits,
        text=values.get("text", ""),
        author=values.get("author", ""),
    )
    screen = partial(blocked_words.screen, folder=current_kiosk().settings.folder)
    decisions.change_own(
        db.session(), takeaway, current_kiosk().actor("contributor"), values, screen=screen
    )
    if wants_json():
        return jsonify(full_record(takeaway, signed_media_url))
    return redirect(url_for("phone.receipt", receipt=takeaway.receipt, changed=1), code=303)


@bp.post("/t/<receipt>/mail")
@describe(form="address answer invite stop")
def leave_address(receipt: str) -> ResponseReturnValue:
    """Store an address for one message about an answer, or for the next invitation; or delete it."""
    takeaway, form, kiosk = by_receipt(db.session(), receipt), request.form, current_kiosk()
    if form.get("stop"):
        next_gathering.stop_mail(db.session(), takeaway, kiosk.now())
    else:
        next_gathering.leave_address(
            db.session(),
            takeaway,
            form.get("address", ""),
            answer="answer" in form,
            invite="invite" in form,
            now=kiosk.now(),
            rng=kiosk.rng,
        )
    return redirect(url_for("phone.receipt", receipt=takeaway.receipt, changed=1), code=303)


@bp.get("/t/<receipt>/withdraw")
def ask_withdraw(receipt: str) -> ResponseReturnValue:
    """Ask for confirmation, and list what the withdrawal reaches."""
    takeaway = by_receipt(db.session(), receipt)
    page = render_template("phone/withdraw.html", record=full_record(takeaway, signed_media_url))
    return _fresh(make_response(page))


@bp.post("/t/<receipt>/withdraw")
@describe(form="sure", answers="Takeaway", statuses=(200, 303))
def withdraw_own(receipt: str) -> ResponseReturnValue:
    """Withdraw the takeaway."""
    kiosk = current_kiosk()
    takeaway = by_receipt(db.session(), receipt)
    withdraw(db.session(), takeaway, kiosk.actor("contributor"), kiosk.store)
    if wants_json():
        return jsonify(full_record(takeaway, signed_media_url))
    return redirect(url_for("phone.receipt", receipt=takeaway.receipt), code=303)


_LEAVING: dict[str, Any] = {
    "withdrawing": later("Still to be taken down: %(place)s"),
    "refused": later("Could not be taken down yet: %(place)s. The organizers see it."),
    "withdrawn": later("Taken down: %(place)s"),
}


@dataclass(frozen=True)
class ProgressStep:
    """A step of a takeaway's progress."""

    words: str
    done: bool
    url: str = ""
    # An explanation: why not, or what it does not reach.
    note: str = ""


def steps(record: dict[str, Any]) -> list[ProgressStep]:
    """Derive recorded > safe > approved > published from a takeaway's record."""
    state = record["state"]
    way = [ProgressStep(_("Recorded"), True), ProgressStep(_("Safe"), True)]
    if state == TakeawayState.WITHDRAWN:
        return [*way, ProgressStep(_("Taken back"), True), *_leaving(record)]
    way.append(ProgressStep(_("Approved"), state == TakeawayState.APPROVED))
    places = [p for p in record["published"] if p["state"] not in _LEAVING]
    # Once per target: it may be in a session's story and in the report.
    first = {p["target"]: p for p in reversed(places)}
    way += [
        ProgressStep(_("Published: %(place)s", place=name), True, _link(first[name]["url"]))
        for name in dict.fromkeys(p["target"] for p in places)
    ]
    way += _leaving(record)
    return way if places else [*way, ProgressStep(_("Published"), False)]


def _link(url: str) -> str:
    """Return a URL that a phone can open, never that of a local folder."""
    return url if url.startswith(("https://", "http://")) else ""


def _leaving(record: dict[str, Any]) -> list[ProgressStep]:
    """Return the takedown's state per target."""
    takedowns = []
    for place in (p for p in record["published"] if p["state"] in _LEAVING):
        done = place["state"] == "withdrawn"
        takedowns.append(
            ProgressStep(
                str(_LEAVING[place["state"]]) % {"place": place["target"]},
                done,
                place["url"],
                place["note"],
            )
        )
    return takedowns


def _what_next(takeaway: Takeaway) -> str:
    if takeaway.state == TakeawayState.NEW:
        return _("An organizer looks at it before others see it.")
    if takeaway.state == TakeawayState.HIDDEN:
        return _("The organizers decided not to show this one.")
    return ""
