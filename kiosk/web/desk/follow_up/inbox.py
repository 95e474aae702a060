"""Inbox of replies from all targets: show, answer, assign, mark as done."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.conversation import ask_for_looks, greetings, places_heard, send_answer
from kiosk.web.openapi.describe import describe
from publish.outbox.items.answer import take_back_answer
from publish.targets import target_class
from publish.targets.capabilities import AnswersReplies
from reporter.actor import Actor
from reporter.conversation import inbox, replies
from reporter.enums import ReplyKind, ReplyState
from reporter.errors import BadInput
from reporter.models.conversation import Reply
from reporter.stories.queries import story_title

bp = Blueprint("conversation", __name__, url_prefix="/conversation")

VIEWS = (
    ("open", later("To do")),
    ("snoozed", later("Sleeping")),
    ("done", later("Done")),
    ("hidden", later("Hidden")),
)
STATES = {"show": ReplyState.SHOWN, "hide": ReplyState.HIDDEN, "hold": ReplyState.HELD}
KINDS = {
    ReplyKind.ANSWER.value: later("answers"),
    ReplyKind.BUILD.value: later("builds on it"),
    ReplyKind.REPLY.value: later("replies"),
    ReplyKind.MENTION.value: later("mentions it"),
    ReplyKind.REPORT.value: later("reports it"),
}


@bp.get("")
@describe(query="view before show")
def overview() -> str:
    """Show the list, one reply with its thread, and when each target was last polled."""
    view = _view()
    page = inbox.inbox(
        db.session(), view, current_kiosk().now(), before=request.args.get("before", "")
    )
    shown = _chosen(page.rows)
    return render_template(
        "desk/conversation.html",
        view=view,
        views=VIEWS,
        kinds=KINDS,
        rows=page.rows,
        more=page.more,
        shown=shown,
        neighbours=_neighbours(page.rows, shown),
        about=_about(shown) if shown else "",
        thread=inbox.thread_of(db.session(), shown) if shown else [],
        can_answer=_can_answer(shown),
        greetings=greetings(current_kiosk().store),
        places=places_heard(db.session()),
        zone=current_kiosk().settings.zone,
    )


def _view() -> str:
    view = request.args.get("view", "")
    return view if view in inbox.VIEWS else inbox.VIEWS[0]


def _chosen(rows: list[Reply]) -> Reply | None:
    wanted = request.args.get("show", "")
    if wanted:
        return replies.find_reply(db.session(), wanted)
    return rows[0] if rows else None


def _neighbours(rows: list[Reply], shown: Reply | None) -> tuple[str, str]:
    """Return the ids before and after the selected reply, '' at the ends."""
    ids = [row.id.hex for row in rows]
    if shown is None or shown.id.hex not in ids:
        return "", ids[0] if ids else ""
    at = ids.index(shown.id.hex)
    return ids[at - 1] if at else "", ids[at + 1] if at + 1 < len(ids) else ""


def _about(row: Reply) -> str:
    """Return one line on what a reply refers to."""
    if row.takeaway is not None:
        words = row.takeaway.caption or row.takeaway.text
        return words or row.takeaway.session.title
    return story_title(row.story) if row.story is not None else ""


def _can_answer(row: Reply | None) -> bool:
    if row is None or row.kind == ReplyKind.REPORT or row.state == ReplyState.GONE:
        return False
    return row.target is None or issubclass(target_class(row.target.kind), AnswersReplies)


@bp.post("/look")
@describe(query="view", form="")
def look() -> ResponseReturnValue:
    """Fetch replies from all targets now."""
    ask_for_looks(db.session(), current_kiosk())
    flash(_("All places are looked at now. What is new appears here."))
    return _back(_view())


@bp.post("/<number>/decide")
@describe(query="view", form="do days:integer name")
def decide(number: str) -> ResponseReturnValue:
    """Apply a decision (show, hide, hold, done, open, snooze, block, assign, withdraw) and go to the next reply."""
    reply, wanted, actor = (
        replies.find_reply(db.session(), number),
        request.form.get("do", ""),
        _actor(),
    )
    onward = _onward(reply)
    if wanted in STATES:
        replies.decide(db.session(), reply, actor, STATES[wanted])
        # A shown reply stays in the list until it is marked as done.
        return _back(_view(), show="" if wanted == "hide" else reply.id.hex, onward=onward)
    if wanted in ("done", "open"):
        inbox.mark_done(db.session(), reply, actor, done=wanted == "done")
    elif wanted == "snooze":
        inbox.snooze(db.session(), reply, actor, request.form.get("days", 1, type=int))
    elif wanted == "block":
        replies.block_person(db.session(), reply, actor)
        flash(
            _(
                "%(name)s is blocked. Nothing of theirs from there is shown any more.",
                name=reply.author,
            )
        )
    elif wanted == "assign":
        inbox.assign(db.session(), reply, request.form.get("name", ""))
        flash(_("Saved."))
        return _back(_view(), show=reply.id.hex)
    elif wanted == "unsay":
        take_back_answer(db.session(), reply, actor)
        flash(_("The answer is taken back, also where it was sent."))
    else:
        raise BadInput(_("The desk did not understand that. Load the page again."))
    return _back(_view(), onward=onward)


def _actor() -> Actor:
    return current_kiosk().actor("desk")


def _onward(reply: Reply) -> str:
    """Return the reply to select next: the following one in the list, or the preceding one."""
    rows = inbox.inbox(db.session(), _view(), current_kiosk().now()).rows
    before, after = _neighbours(rows, reply)
    return after or before


@bp.post("/<number>/answer")
@describe(query="view", form="greeting text")
def answer(number: str) -> ResponseReturnValue:
    """Answer a reply as the organization and mark it as done."""
    reply = replies.find_reply(db.session(), number)
    parts = (request.form.get("greeting", "").strip(), request.form.get("text", "").strip())
    onward = _onward(reply)
    send_answer(
        current_kiosk(), reply, "\n\n".join(part for part in parts if part) if parts[1] else ""
    )
    flash(_("Answered. It goes to where it was asked."))
    return _back(_view(), onward=onward)


def _back(view: str, *, show: str = "", onward: str = "") -> ResponseReturnValue:
    place = {"view": view, "show": show or onward or None}
    return redirect(url_for("desk.conversation.overview", **place), code=303)  # type: ignore[arg-type]
