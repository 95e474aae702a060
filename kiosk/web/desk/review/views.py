"""Review: a contact sheet of waiting takeaways, one of them enlarged, and decisions on them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.alt_text import proposal_for, proposals_for
from kiosk.web.desk.identity import desk_actor, desk_name, desk_who
from kiosk.web.desk.review.filters import FLAGS, VIEW_QUERY, View, choices, tabs
from kiosk.web.desk.review.history_text import (
    clash_words,
    field_words,
    line_of,
    step_words,
    value_words,
)
from kiosk.web.desk.review.time_strip import time_strip
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.media import media_url
from kiosk.web.shared.serializers import full_record
from kiosk.web.shared.template_context import AUDIENCES, CONSENTS
from reporter.enums import TakeawayState
from reporter.errors import BadRequest
from reporter.gathering import admission
from reporter.gathering.sessions import all_sessions
from reporter.media import alt_text
from reporter.models import Takeaway
from reporter.moderation import decisions, history
from reporter.review import conflicts, undo
from reporter.review import queries as sheets
from reporter.review.picture_findings import PictureFindings, looks_of
from reporter.review.tag_suggestions import suggested_tags
from reporter.stories.takeaway_json import takeaway_record

bp = Blueprint("review", __name__, url_prefix="/review")

PAGE = 48
DECISIONS = {
    "approve": TakeawayState.APPROVED,
    "hide": TakeawayState.HIDDEN,
    "reopen": TakeawayState.NEW,
}
_SAVED = ("caption", "session_code", "audience", "consent")


@bp.get("")
@describe(query=VIEW_QUERY)
def sheet() -> ResponseReturnValue:
    """Show the contact sheet and the preview."""
    return _sheet(View.from_request())


def _sheet(
    view: View,
    clashes: Sequence[conflicts.EditConflict] = (),
    typed: Mapping[str, str] | None = None,
) -> str:
    session = db.session()
    page = view.page(session, PAGE)
    shown = _enlarged(page.rows)
    looks = looks_of(session, list({*page.rows, *([shown] if shown else [])}))
    step = _step()
    return render_template(
        "desk/review.html",
        view=view,
        page=page,
        rows=[takeaway_record(row, media_url) for row in page.rows],
        looks={row.receipt: looks[row.id] for row in page.rows if row.id in looks},
        neighbours=_neighbours(page.rows, shown),
        **_preview(shown, looks, clashes, typed or {}),
        undescribed=sheets.count_undescribed(session),
        everything=bool(page.rows or shown) or sheets.anything(session),
        seen=history.seen_by_now(session),
        step=step.hex if step else "",
        step_words=step_words(session, step) if step else "",
        sessions=all_sessions(session),
        tabs=tabs(session, view),
        flags=FLAGS,
        flag_counts=sheets.flag_counts(session, view.criteria),
        choices=choices(view),
        strip=time_strip(session, view, current_kiosk().settings),
        audiences=AUDIENCES,
        consents=CONSENTS,
        my_name=desk_name(),
    )


def _preview(
    shown: Takeaway | None,
    looks: Mapping[uuid.UUID, PictureFindings],
    clashes: Sequence[conflicts.EditConflict],
    typed: Mapping[str, str],
) -> dict[str, Any]:
    """Return the template values of the enlarged takeaway."""
    if shown is None:
        return {"shown": None}
    clash_texts = {clash.name: (clash_words(clash), value_words(clash.theirs)) for clash in clashes}
    return {
        "shown": full_record(shown, media_url),
        "look": looks.get(shown.id, PictureFindings()),
        "lacking": [attachment.media.sha256 for attachment in alt_text.undescribed(shown)],
        "proposal": proposal_for(shown),
        "has_words": bool(alt_text.own_words(shown)),
        "suggested": suggested_tags(db.session(), shown),
        "history": [line_of(decision) for decision in history.history_of(db.session(), shown)],
        "clashes": clash_texts,
        "typed": typed,
        "from_phone": bool(shown.device),
    }


def _step() -> uuid.UUID | None:
    """Return the step that Z undoes: the one in the URL, or none."""
    text = request.args.get("undo", "")
    return _number(text) if text else None


def _number(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadRequest(_("This page's address is broken. Go back to the desk.")) from error


def _enlarged(rows: list[Takeaway]) -> Takeaway | None:
    wanted = request.args.get("show", "")
    if wanted == "last":
        return rows[-1] if rows else None
    if wanted:
        return decisions.by_receipt(db.session(), wanted)
    return rows[0] if rows else None


def _neighbours(rows: list[Takeaway], shown: Takeaway | None) -> tuple[str, str]:
    """Return the receipts before and after the selected one, '' at the ends."""
    receipts = [row.receipt for row in rows]
    if shown is None or shown.receipt not in receipts:
        return "", receipts[0] if receipts else ""
    at = receipts.index(shown.receipt)
    return receipts[at - 1] if at else "", receipts[at + 1] if at + 1 < len(receipts) else ""


def _back(view: View, **more: str) -> ResponseReturnValue:
    args = {**view.args, **{name: value for name, value in more.items() if value}}
    return redirect(url_for("desk.review.sheet", **args), code=303)  # type: ignore[arg-type]


def _seen_revision() -> int:
    """Return the revision at which this form was rendered."""
    given = request.form.get("seen", "")
    return int(given) if given.isdigit() else history.seen_by_now(db.session())


def _decision(name: str) -> TakeawayState:
    if name not in DECISIONS:
        raise BadRequest(_("The desk can approve, hide or reopen; nothing else was understood."))
    return DECISIONS[name]


def _mine() -> str:
    step = history.last_step(db.session(), desk_who())
    return step.hex if step else ""


@bp.post("/<receipt>/decide")
@describe(
    query=VIEW_QUERY,
    form="decision seen",
)
def decide(receipt: str) -> ResponseReturnValue:
    """Approve, hide, reopen, star or unstar one takeaway, and go to the next."""
    view, wanted = View.from_request(), request.form.get("decision", "")
    takeaway = decisions.by_receipt(db.session(), receipt)
    if wanted in ("star", "unstar"):
        decisions.change(db.session(), takeaway, desk_actor(), {"starred": wanted == "star"})
        return _back(view, show=receipt, undo=_mine())
    state, onward = _decision(wanted), view.onward(db.session(), takeaway, PAGE)
    done = conflicts.decide_many(
        db.session(), [takeaway], desk_actor(), state, seen=_seen_revision()
    )
    if done.clashes:
        flash(clash_words(done.clashes[0]), "trouble")
        return _back(view, show=receipt)
    return _back(view, show=onward, undo=_mine() if done.changed else "")


@bp.post("/undo/<step>")
@describe(query=VIEW_QUERY, form="")
def undo_one(step: str) -> ResponseReturnValue:
    """Undo a step; the preceding one can be undone next."""
    view, number = View.from_request(), _number(step)
    done = undo.undo_step(db.session(), number, desk_actor())
    for clash in done.clashes[:3]:
        flash(clash_words(clash), "trouble")
    if done.changed:
        flash(ngettext("Undone.", "Undone for %(num)d takeaways.", len(done.changed)))
    earlier = history.last_step(db.session(), desk_who(), before=number)
    rows = done.changed or [clash.takeaway for clash in done.clashes]
    show = rows[0].receipt if len(rows) == 1 else ""
    return _back(view, show=show, undo=earlier.hex if earlier else "")


@bp.post("/<receipt>/block")
@describe(query=VIEW_QUERY, form="")
def block(receipt: str) -> ResponseReturnValue:
    """Block the phone that sent this. Its earlier takeaways are decided on one by one."""
    takeaway = decisions.by_receipt(db.session(), receipt)
    admission.block(db.session(), takeaway, desk_actor())
    flash(_("Nothing more is taken from that phone. The page “Status” lists it."))
    return _back(View.from_request(), show=receipt)


@bp.post("/selected")
@describe(
    query=VIEW_QUERY,
    form="decision all receipt[] page[] tag to",
)
def decide_selected() -> ResponseReturnValue:
    """Apply one decision to all ticked takeaways, or to the whole page."""
    wanted = request.form.get("decision", "")
    name = "page" if request.form.get("all") else "receipt"
    rows = [decisions.by_receipt(db.session(), receipt) for receipt in request.form.getlist(name)]
    if wanted in DECISIONS:
        done = conflicts.decide_many(
            db.session(), rows, desk_actor(), DECISIONS[wanted], seen=_seen_revision()
        )
    else:
        done = conflicts.set_fields_many(db.session(), rows, desk_actor(), _many(wanted))
    flash(ngettext("%(num)d takeaway changed.", "%(num)d takeaways changed.", len(done.changed)))
    if done.clashes:
        left = ngettext("%(num)d was left alone:", "%(num)d were left alone:", len(done.clashes))
        flash(f"{left} {clash_words(done.clashes[0])}", "trouble")
    return _back(View.from_request(), undo=_mine() if done.changed else "")


def _many(wanted: str) -> Any:
    """Return the fields to set on all ticked takeaways."""
    form = request.form
    if wanted in ("star", "unstar"):
        return lambda _row: {"starred": wanted == "star"}
    if wanted == "tag" and form.get("tag", "").strip():
        new = form["tag"].split(",")
        return lambda row: {"tags": [*(tag.name for tag in row.tags), *new]}
    if wanted == "move" and form.get("to"):
        return lambda _row: {"session_code": form["to"]}
    _decision(wanted)
    return None


@bp.post("/alike/<group>")
@describe(
    query=VIEW_QUERY,
    form="keep",
)
def keep_one(group: str) -> ResponseReturnValue:
    """Keep one of similar pictures and hide the others that are not approved, as one step."""
    view, keep = View.from_request(), request.form.get("keep", "")
    criteria = sheets.Filter(state=sheets.ALL, group=_number(group))
    rows = sheets.page(db.session(), criteria, size=500).rows
    others = [row for row in rows if row.receipt != keep and row.state == TakeawayState.NEW]
    done = conflicts.decide_many(
        db.session(), others, desk_actor(), TakeawayState.HIDDEN, seen=_seen_revision()
    )
    flash(ngettext("%(num)d other was hidden.", "%(num)d others were hidden.", len(done.changed)))
    return _back(view, show=keep, undo=_mine() if done.changed else "")


@bp.post("/proposals")
@describe(query=VIEW_QUERY, form="")
def accept_proposals() -> ResponseReturnValue:
    """Accept the proposed alt text for every approved photo without one, as one step."""
    rows = list(db.session.scalars(sheets.undescribed_rows()))
    done = conflicts.set_fields_many(db.session(), rows, desk_actor(), proposals_for)
    flash(ngettext("%(num)d description taken.", "%(num)d descriptions taken.", len(done.changed)))
    return _back(View.from_request(), undo=_mine() if done.changed else "")


@bp.post("/<receipt>/proposal")
@describe(query=VIEW_QUERY, form="")
def accept_proposal(receipt: str) -> ResponseReturnValue:
    """Accept the proposed alt text of one photo."""
    takeaway = decisions.by_receipt(db.session(), receipt)
    conflicts.set_fields_many(db.session(), [takeaway], desk_actor(), proposals_for)
    return _back(View.from_request(), show=receipt, undo=_mine())


@bp.post("/<receipt>")
@describe(
    query=VIEW_QUERY,
    form="caption session_code audience=public|community|room consent tags more_tags[] seen",
    other_fields=True,
)
def save(receipt: str) -> ResponseReturnValue:
    """Save the organizer's caption, tags, session, audience, consent and alt texts."""
    takeaway = decisions.by_receipt(db.session(), receipt)
    form = request.form
    values: dict[str, Any] = {name: form[name] for name in _SAVED if name in form}
    if "tags" in form:
        values["tags"] = [*form["tags"].split(","), *form.getlist("more_tags")]
    there = {history.ALT + attachment.media.sha256 for attachment in takeaway.attachments}
    values |= {name: words for name, words in form.items() if name in there}
    clashes = conflicts.merge_fields(
        db.session(), takeaway, desk_actor(), values, seen=_seen_revision()
    )
    if clashes:
        fields = _(", ").join(dict.fromkeys(field_words(clash.name) for clash in clashes))
        flash(
            _("Not everything was saved. Somebody else changed this too: %(what)s.", what=fields),
            "trouble",
        )
        return _sheet(View.from_request(show=receipt), clashes, form), 409
    flash(_("Saved."))
    return _back(View.from_request(), show=receipt, undo=_mine())
