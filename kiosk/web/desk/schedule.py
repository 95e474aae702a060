"""Schedule import at the desk: a dropped file, pasted text or an address; a preview of changes, then the import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from capture.intake.submission import ReceivedFile
from kiosk.i18n.clock_text import shown_clock
from kiosk.i18n.error_messages import translated
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services import schedule_preview
from kiosk.web.desk.review.history_text import value_words
from kiosk.web.desk.sessions import back, language_name
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.streaming_forms import FilePart
from reporter.errors import BadInput, ReporterError
from reporter.gathering.sessions import Imported, import_schedule
from reporter.schedule import MAX_BYTES

bp = Blueprint("schedule", __name__, url_prefix="/sessions/schedule")


@bp.get("")
@describe(query="from")
def page() -> str:
    """Show the form for a file, text or address."""
    return _page()


def _page(**typed: str) -> str:
    return render_template("desk/schedule.html", origin=request.values.get("from", ""), typed=typed)


@bp.post("")
@describe(query="from", form="file[]:file url text from", statuses=(200,))
def look() -> ResponseReturnValue:
    """Show what the schedule would change."""
    kiosk = current_kiosk()
    try:
        data = _schedule_bytes()
        plan = schedule_preview.preview(db.session(), data, kiosk.settings.gathering)
    except ReporterError as error:
        flash(translated(error.message), "trouble")
        return _page(text=request.form.get("text", ""), url=request.form.get("url", "")), 422
    name = schedule_preview.put_aside(kiosk.store, data)
    return render_template(
        "desk/schedule_preview.html",
        plan=plan,
        name=name,
        origin=request.values.get("from", ""),
        shown=_preview_text,
    )


def _schedule_bytes() -> bytes:
    """Return the files, or the address's content, or the pasted text; raises BadInput if none is given."""
    if files := [*_files()]:
        return schedule_preview.packed(files)
    if url := request.form.get("url", "").strip():
        return schedule_preview.fetch(url)
    if text := request.form.get("text", ""):
        return text.encode()
    raise BadInput("Choose a file, paste the schedule, or give its address.")


def _files() -> Iterator[tuple[str, bytes]]:
    """Names and contents; a file beyond the limit is cut just behind it, so that it is refused."""
    for part in request.files.getlist("file"):
        incoming = cast(FilePart, part.stream).incoming
        if incoming:
            with ReceivedFile.of(incoming).path.open("rb") as file:
                yield part.filename or "", file.read(MAX_BYTES + 1)


def _preview_text(name: str, value: Any) -> str:
    """Format a session's value for the preview."""
    if hasattr(value, "astimezone"):
        return f"{format_date(value, 'medium')}, {shown_clock(value)}"
    return language_name(value) if name == "language" else value_words(value)


@bp.post("/<name>")
@describe(query="from", form="from")
def apply(name: str) -> ResponseReturnValue:
    """Import the previewed schedule."""
    kiosk = current_kiosk()
    data = schedule_preview.take_up(kiosk.store, name)
    scheduled = schedule_preview.read(data, kiosk.settings.gathering).sessions
    done = import_schedule(db.session(), scheduled, now=kiosk.now(), rng=kiosk.rng)
    flash(" · ".join(_outcome(done)))
    return redirect(back(), code=303)


def _outcome(done: Imported) -> Iterator[str]:
    """What an import did; what there is none of is left out."""
    if done.added:
        yield ngettext("%(num)d session added", "%(num)d sessions added", done.added)
    if done.updated:
        yield ngettext("%(num)d session changed", "%(num)d sessions changed", done.updated)
    if done.retired:
        yield ngettext(
            "%(num)d session off the list", "%(num)d sessions off the list", done.retired
        )
    if done.updated or done.retired:
        yield _("Every code stays as it was.")
