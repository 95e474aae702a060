"""Desk page for the time after the event: statistics, the follow-up plan, the next gathering."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.invitation import add_picture
from kiosk.web.desk.follow_up.action_items import today
from kiosk.web.openapi.describe import describe
from publish.conversation import follow_up_plan
from publish.posts.model import GatheringFacts, gathering_facts
from reporter.enums import ItemState, StepState
from reporter.errors import BadInput
from reporter.follow_up.action_items import all_items, read_date
from reporter.follow_up.next_gathering import forget_next, invited, next_gathering, set_next
from reporter.follow_up.statistics import Statistics, board
from reporter.models import Story

bp = Blueprint("afterwards", __name__, url_prefix="/afterwards")

STEPS = {
    follow_up_plan.THANKS: later("Thank you, with links to what came of it"),
    follow_up_plan.QUESTIONS: later("What is still open"),
    follow_up_plan.DONE: later("What we did"),
    follow_up_plan.INVITATION: later("Invitation to the next gathering"),
    follow_up_plan.REMINDER: later("Reminder shortly before"),
}
STATES = {
    StepState.PLANNED.value: later("not written yet"),
    StepState.DRAFTED.value: later("a draft: nobody gets it before you say yes"),
    StepState.SENT.value: later("on its way or sent"),
    StepState.SKIPPED.value: later("left out"),
}


def facts() -> GatheringFacts:
    """Return what every post needs to know about the gathering."""
    return gathering_facts(db.session(), current_kiosk().settings)


@bp.get("")
def overview() -> str:
    """Show the page."""
    gathering, figures = facts(), board(db.session())
    steps = follow_up_plan.plan(db.session(), gathering)
    return render_template(
        "desk/afterwards.html",
        board=figures,
        waits=_waits(figures),
        steps=steps,
        # One obvious next thing: the first that nobody has written yet.
        following_step=next((one.name for one in steps if one.state == StepState.PLANNED), ""),
        names=STEPS,
        states=STATES,
        today=today(),
        following=next_gathering(db.session()),
        zone=gathering.zone,
        invited=len(invited(db.session())),
        page_of=_page_of,
    )


def _waits(figures: Statistics) -> list[tuple[str, int]]:
    """Return (how soon, number of questions) for the chart."""
    words = (_("within an hour"), _("within a day"), _("within three days"), _("within a week"))
    answered = figures.questions_answered
    rows = list(zip((*words, _("later")), figures.answered_within, strict=True))
    return [*rows, (_("not yet"), answered.whole - answered.part)]


@bp.post("/plan/<name>")
@describe(form="do due_on")
def decide(name: str) -> ResponseReturnValue:
    """Draft, approve, withdraw, skip or reschedule a step."""
    wanted, actor = request.form.get("do", ""), current_kiosk().actor("desk")
    if wanted == "draft":
        story = follow_up_plan.draft(db.session(), facts(), name, actor)
        if name == follow_up_plan.INVITATION:
            add_picture(current_kiosk(), story)
        flash(_("The draft is written. Read it, change it, then say yes."))
        return redirect(_page_of(story), code=303)
    if wanted == "yes":
        follow_up_plan.release(db.session(), name, actor)
        flash(_("It goes out to all places, as soon as there is a connection."))
    elif wanted == "back":
        follow_up_plan.take_back(db.session(), name, actor)
        flash(_("It is a draft again. What was sent is taken down."))
    elif wanted in ("skip", "unskip"):
        follow_up_plan.skip(db.session(), name, actor, skipped=wanted == "skip")
    elif wanted == "day":
        follow_up_plan.set_day(db.session(), name, read_date(request.form.get("due_on", "")))
    else:
        raise BadInput(_("The desk did not understand that. Load the page again."))
    return redirect(url_for("desk.afterwards.overview", _anchor="plan"), code=303)


def _page_of(story: Story) -> str:
    """Return the URL where a story is read and edited."""
    return url_for("desk.stories.edit", story_id=story.id.hex)


@bp.post("/next")
@describe(form="do title starts_at ends_at place url words")
def save_next() -> ResponseReturnValue:
    """Save time and place of the next gathering."""
    form = request.form
    if form.get("do") == "forget":
        forget_next(db.session(), now=current_kiosk().now())
        return redirect(url_for("desk.afterwards.overview"), code=303)
    starts = _moment(form.get("starts_at", ""))
    if starts is None:
        raise BadInput(_("Say when the next gathering begins."))
    set_next(
        db.session(),
        current_kiosk().actor("desk"),
        title=form.get("title", ""),
        starts_at=starts,
        ends_at=_moment(form.get("ends_at", "")),
        place=form.get("place", ""),
        url=form.get("url", ""),
        words=form.get("words", ""),
    )
    flash(_("The next gathering is set. Site, calendar and invitation tell of it."))
    return redirect(url_for("desk.afterwards.overview"), code=303)


def _moment(text: str) -> datetime | None:
    """Parse a browser's date-time field in the gathering's time zone."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=current_kiosk().settings.zone)
    except ValueError as error:
        raise BadInput(_("Write day and time as 2026-05-09 14:00.")) from error


@bp.get("/digest")
def digest() -> str:
    """Show one page to print: outcomes, open items, the next gathering."""
    items = all_items(db.session())
    return render_template(
        "print/digest.html",
        board=board(db.session()),
        open_items=[item for item in items if item.state == ItemState.OPEN],
        done_items=[item for item in items if item.state == ItemState.DONE],
        following=next_gathering(db.session()),
        zone=current_kiosk().settings.zone,
    )
