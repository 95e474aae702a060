"""The desk's sessions: a list by day and an editor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from babel import Locale, localedata
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from kiosk.i18n.error_messages import translated
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import by_day
from reporter.errors import BadInput
from reporter.gathering import session_editing
from reporter.gathering.session_editing import SessionFields
from reporter.gathering.sessions import all_sessions, by_code, let_words_leave, takeaway_counts
from reporter.models import EventSession

# A night may go on past midnight; what would last longer is a slip of the keys.
LONGEST_NIGHT = timedelta(hours=16)

bp = Blueprint("sessions", __name__, url_prefix="/sessions")


@dataclass(frozen=True)
class Form:
    """A session's form values; times are local to the gathering."""

    title: str = ""
    room: str = ""
    speakers: str = ""
    language: str = ""
    day: str = ""
    begins: str = ""
    ends: str = ""
    do_not_record: bool = False
    words_leave: bool = False
    series: bool = False


@bp.get("")
@describe(query="from")
def overview() -> str:
    """List sessions by day, those without a time first."""
    rows = all_sessions(db.session())
    return render_template(
        "desk/sessions.html",
        untimed=[row for row in rows if not row.starts_at],
        days=by_day(rows),
        counts=takeaway_counts(db.session()),
        removed=session_editing.removed_sessions(db.session()),
        language_name=language_name,
        form=Form(day=next_day(rows)),
        rooms=rooms_of(rows),
    )


@bp.get("/new")
@describe(query="from")
def new() -> str:
    """Show an empty form."""
    return _form(Form(day=next_day(all_sessions(db.session()))))


def next_day(rows: list[EventSession]) -> str:
    """Return the day that a new session probably has: that of the last one, or today."""
    days = by_day(rows)
    today = current_kiosk().now().astimezone(current_kiosk().settings.zone).date()
    return (days[-1][0] if days else today).isoformat()


def rooms_of(rows: list[EventSession]) -> list[str]:
    """Return the rooms of existing sessions, as suggestions."""
    return sorted({row.room for row in rows if row.room})


@bp.post("")
@describe(
    query="from",
    form="title room speakers language day begins ends do_not_record words_leave series from",
)
def add() -> ResponseReturnValue:
    """Add a session that is in no schedule."""
    form = form_from_request()
    try:
        create_from(form)
    except BadInput as error:
        return _refused(form, error)
    return redirect(back(), code=303)


def create_from(form: Form) -> None:
    """Add the session of a form, and tell its code. Raises BadInput for invalid values."""
    kiosk = current_kiosk()
    row = session_editing.create_session(
        db.session(), _fields(form), now=kiosk.now(), rng=kiosk.rng
    )
    flash(_("Added: %(title)s. Its code is %(code)s.", title=row.title, code=row.code))


@bp.get("/<code>")
@describe(query="from")
def edit(code: str) -> str:
    """Show a session's form."""
    row = by_code(db.session(), code)
    return _form(_form_from_row(row), row)


@bp.post("/<code>")
@describe(
    query="from",
    form="title room speakers language day begins ends do_not_record words_leave series from",
)
def save(code: str) -> ResponseReturnValue:
    """Save a session."""
    row, form = by_code(db.session(), code), form_from_request()
    try:
        session_editing.edit_session(db.session(), row, _fields(form), now=current_kiosk().now())
    except BadInput as error:
        db.session.rollback()
        return _refused(form, error, by_code(db.session(), code))
    flash(_("Saved: %(title)s. Its code stays %(code)s.", title=row.title, code=row.code))
    return redirect(back(), code=303)


@bp.post("/<code>/remove")
@describe(query="from", form="from")
def remove(code: str) -> ResponseReturnValue:
    """Remove a session from all lists."""
    row = by_code(db.session(), code)
    session_editing.remove_session(db.session(), row, now=current_kiosk().now())
    flash(
        _(
            "Removed: %(title)s. A printed code still works; below the list you can bring it back.",
            title=row.title,
        )
    )
    return redirect(back(), code=303)


@bp.post("/<code>/restore")
@describe(query="from", form="from")
def restore(code: str) -> ResponseReturnValue:
    """Restore a removed session."""
    row = by_code(db.session(), code)
    session_editing.restore_session(db.session(), row, now=current_kiosk().now())
    flash(_("Back on the list: %(title)s.", title=row.title))
    return redirect(back(), code=303)


@bp.post("/<code>/series")
@describe(query="from", form="on from")
def series(code: str) -> ResponseReturnValue:
    """Set whether a session is held at every gathering."""
    row = by_code(db.session(), code)
    on = bool(request.form.get("on"))
    session_editing.set_series(db.session(), row, series=on, now=current_kiosk().now())
    return redirect(url_for("desk.sessions.overview"), code=303)


@bp.post("/<code>/words")
@describe(query="from", form="on from")
def words(code: str) -> ResponseReturnValue:
    """Set whether texts from a session that must not be recorded may be published."""
    row = by_code(db.session(), code)
    leave = bool(request.form.get("on"))
    let_words_leave(db.session(), row, leave=leave, now=current_kiosk().now())
    return redirect(url_for("desk.sessions.overview"), code=303)


def back() -> str:
    """Return where a session form leads: the wizard if it was opened there, or the list."""
    in_setup = request.values.get("from") == "setup"
    return url_for("desk.setup.sessions") if in_setup else url_for("desk.sessions.overview")


def language_name(code: str) -> str:
    """Return a language's name in the page's language, or its code if unknown."""
    return str(get_locale().languages.get(code.replace("-", "_"), code)) if code else ""


def all_languages() -> list[tuple[str, str]]:
    """Return (code, name) of every language with a two-letter code, by name."""
    known = {code for code in localedata.locale_identifiers() if len(code) in (2, 3)}
    names: Locale = get_locale()
    named = [(code, str(names.languages.get(code, code))) for code in known]
    return sorted(named, key=lambda pair: pair[1].casefold())


def _form(form: Form, row: EventSession | None = None) -> str:
    return render_template(
        "desk/session.html",
        form=form,
        row=row,
        languages_known=all_languages(),
        rooms=rooms_of(all_sessions(db.session())),
        origin=request.values.get("from", ""),
    )


def _refused(form: Form, error: BadInput, row: EventSession | None = None) -> ResponseReturnValue:
    flash(translated(error.message), "trouble")
    return _form(form, row), error.status


def form_from_request() -> Form:
    """Return what was typed."""
    form = request.form
    names = ("title", "room", "speakers", "language", "day", "begins", "ends")
    return Form(
        **{name: form.get(name, "") for name in names},
        do_not_record="do_not_record" in form,
        words_leave="words_leave" in form,
        series="series" in form,
    )


def _form_from_row(row: EventSession) -> Form:
    zone = current_kiosk().settings.zone
    start = row.starts_at.astimezone(zone) if row.starts_at else None
    end = row.ends_at.astimezone(zone) if row.ends_at else None
    return Form(
        row.title,
        row.room,
        row.speakers,
        row.language,
        day=start.date().isoformat() if start else "",
        begins=start.strftime("%H:%M") if start else "",
        ends=end.strftime("%H:%M") if end else "",
        do_not_record=row.do_not_record,
        words_leave=row.words_leave,
        series=row.series,
    )


def _fields(form: Form) -> SessionFields:
    """Parse the form; raises BadInput for an invalid date or time."""
    starts_at = _moment(form.day, form.begins)
    ends_at = _moment(form.day, form.ends)
    if starts_at and ends_at and ends_at < starts_at:
        # It ends after midnight.
        ends_at = _moment(form.day, form.ends, days=1)
        if ends_at and ends_at - starts_at > LONGEST_NIGHT:
            raise BadInput("The end is before the start. Correct one of the two.")
    if form.ends.strip() and starts_at is None:
        raise BadInput("An end needs a start. Give the start too, or leave both empty.")
    return SessionFields(
        form.title,
        form.room,
        form.speakers,
        form.language,
        starts_at,
        ends_at,
        do_not_record=form.do_not_record,
        words_leave=form.words_leave,
        series=form.series,
    )


def _moment(day: str, clock: str, *, days: int = 0) -> datetime | None:
    if not clock.strip():
        return None
    try:
        on = date.fromisoformat(day.strip()) + timedelta(days=days)
        return datetime.combine(
            on, time.fromisoformat(clock.strip()), current_kiosk().settings.zone
        )
    except (ValueError, OverflowError) as error:
        raise BadInput(
            "This is not a day or time. Choose the day, then the time, like 14:30."
        ) from error
