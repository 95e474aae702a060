"""Desk page of themes across sessions, which organizers can correct."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.summaries.theme_views import refresh_themes
from kiosk.web.openapi.describe import describe
from reporter.actor import Actor
from reporter.errors import BadInput, NotFound
from reporter.models import Takeaway, Theme
from reporter.moderation.decisions import by_receipt
from reporter.stories.editing import draft_theme
from reporter.themes import decisions
from reporter.themes.board import SESSIONS_NAMED, theme_board, themes_alone
from reporter.themes.refresh import grouping

bp = Blueprint("themes", __name__, url_prefix="/themes")

# Number of members listed per theme, those nearest to it first.
LISTED = 100


@bp.get("")
@describe(query="show")
def overview() -> str:
    """Show all themes, updated."""
    waiting = refresh_themes(current_kiosk())
    return render_template(
        "desk/themes.html",
        board=theme_board(db.session(), _language()),
        grouping=waiting,
        listed=LISTED,
        named=SESSIONS_NAMED,
        undoable=decisions.last_step(db.session()) is not None,
        shown=request.args.get("show", ""),
    )


@bp.get("/progress")
@describe(produces="application/json")
def progress() -> ResponseReturnValue:
    """Report how many takeaways have been grouped, while a process does it."""
    now = grouping(db.session())
    state = "running" if now.done < now.all else "done"
    return {"state": state, "done": now.done, "of": now.all}, {"Cache-Control": "no-store"}


@bp.post("/<number>")
@describe(form="do name into")
def change(number: str) -> ResponseReturnValue:
    """Rename, merge, drop or restore a theme."""
    theme, wanted = decisions.find_theme(db.session(), number), request.form.get("do", "")
    if wanted == "rename":
        decisions.rename_theme(db.session(), theme, request.form.get("name", ""), _actor())
    elif wanted == "merge":
        into = decisions.find_theme(db.session(), request.form.get("into", ""))
        decisions.merge_themes(db.session(), theme, into, _actor())
    elif wanted in ("drop", "show"):
        decisions.drop_theme(db.session(), theme, _actor(), dropped=wanted == "drop")
    else:
        raise BadInput(_("The desk did not understand that. Load the page again."))
    return _back(number)


@bp.post("/<number>/story")
@describe()
def begin_story(number: str) -> ResponseReturnValue:
    """Create a story from this theme."""
    theme = decisions.find_theme(db.session(), number)
    views = {view.id: view for view in themes_alone(db.session(), _language())}
    view = views.get(theme.id)
    if view is None:
        raise NotFound("There is no such theme any more. Load the page again.")
    first = [*view.telling, *(row for row in view.takeaways if row not in view.telling)]
    story = draft_theme(db.session(), _actor(), view.name, first)
    return redirect(url_for("desk.stories.edit", story_id=story.id.hex), code=303)


def _language() -> str:
    return current_kiosk().settings.gathering.language


@bp.post("/takeaways")
@describe(form="receipt[] into")
def move() -> ResponseReturnValue:
    """Move takeaways to another theme, to a new one, or out of all."""
    rows = [by_receipt(db.session(), receipt) for receipt in request.form.getlist("receipt")]
    into = _move(rows, request.form.get("into", ""))
    return _back(into.id.hex if into else "")


def _move(rows: list[Takeaway], into: str) -> Theme | None:
    if into == "new":
        return decisions.split_theme(db.session(), rows, "", _actor())
    theme = decisions.find_theme(db.session(), into) if into else None
    decisions.move_takeaways(db.session(), rows, theme, _actor())
    return theme


@bp.post("/undo")
def undo() -> ResponseReturnValue:
    """Undo the last change."""
    decisions.undo_theme_step(db.session(), current_kiosk().now())
    flash(_("The last change is undone."))
    return redirect(url_for("desk.themes.overview"), code=303)


def _actor() -> Actor:
    return current_kiosk().actor("desk")


def _back(number: str) -> ResponseReturnValue:
    flash(_("Done. It stays when new takeaways come."))
    anchor = f"theme-{number}" if number else None
    return redirect(url_for("desk.themes.overview", show=number or None, _anchor=anchor), code=303)
