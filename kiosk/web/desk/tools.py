"""Occasional tasks: backup, bundle, merge, checks, rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import (
    Blueprint,
    Flask,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from kiosk.runtime.context import KioskContext, current_kiosk
from kiosk.services.tools.copies import (
    back_up,
    bundle_to,
    chosen_backup,
    chosen_gathering,
    chosen_stick,
    restore_from,
    take_in,
    title_of,
)
from kiosk.services.tools.neighbours import neighbours
from kiosk.services.tools.rehearsing import play_volunteers
from kiosk.services.tools.sticks import gatherings_on_sticks, mounted_sticks
from kiosk.services.tools.tasks import Progress, Tasks, Warnings, Work
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import own_port
from reporter.errors import Forbidden, NotFound
from reporter.messages import Message

bp = Blueprint("tools", __name__, url_prefix="/tools")

MOST_PHONES = 100


def tasks() -> Tasks:
    """Return this kiosk's tasks."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found: Tasks = app.extensions.setdefault("tasks", Tasks(app))
    return found


@bp.get("")
def overview() -> str:
    """Show all tasks, the current or last one first."""
    found = gatherings_on_sticks()
    return render_template(
        "desk/tools.html",
        task=tasks().last,
        sticks=mounted_sticks(),
        others=found,
        backups=[one for one in found if one.is_backup],
        neighbours=neighbours(current_kiosk().settings.folder) if at_laptop() else [],
        at_laptop=at_laptop(),
    )


@bp.get("/progress")
@describe(produces="application/json")
def progress() -> ResponseReturnValue:
    """Return the task's progress as JSON."""
    task = tasks().last
    return jsonify(task.as_json() if task else {"state": ""})


def _begin(kind: str, work: Work) -> ResponseReturnValue:
    """Start a task. Only at the laptop, because sticks are plugged in there."""
    _need_laptop()
    tasks().begin(kind, work)
    return redirect(url_for("desk.tools.overview"), code=303)


def _need_laptop() -> None:
    if not at_laptop():
        raise Forbidden("This can be done only at the laptop itself.")


@bp.post("/backup")
@describe(form="stick*")
def backup() -> ResponseReturnValue:
    """Write a verified backup to a stick."""
    stick = chosen_stick(request.form.get("stick", ""))
    return _begin("backup", partial(back_up, current_kiosk(), stick))


@bp.post("/bundle")
@describe(form="stick*")
def bundle() -> ResponseReturnValue:
    """Write the public bundle to a stick as one file."""
    stick = chosen_stick(request.form.get("stick", ""))
    return _begin("bundle", partial(bundle_to, current_kiosk(), stick))


@bp.post("/merge")
@describe(form="other* sure", statuses=(200, 303))
def merge() -> ResponseReturnValue:
    """Merge another laptop's gathering into this one; ask first if it has another title and ``sure`` is not given."""
    _need_laptop()
    kiosk, other = current_kiosk(), chosen_gathering(request.form.get("other", ""))
    title, own = title_of(other), kiosk.settings.gathering.title
    if title.casefold() not in ("", own.casefold()) and "sure" not in request.form:
        return render_template("desk/tools_merge.html", title=title, other=other)
    return _begin("merge", partial(take_in, kiosk, other))


@bp.post("/restore")
@describe(form="other*")
def restore() -> ResponseReturnValue:
    """Restore a backup as another gathering of this laptop."""
    source = chosen_backup(request.form.get("other", ""))
    return _begin("restore", partial(restore_from, current_kiosk(), source))


@bp.post("/open")
@describe(form="folder*", statuses=(200,))
def open_other() -> str:
    """Stop this kiosk and serve another gathering of this laptop at the same address."""
    _need_laptop()
    kiosk = current_kiosk()
    wanted = request.form.get("folder", "")
    found = next(
        (one for one in neighbours(kiosk.settings.folder) if str(one.folder) == wanted), None
    )
    if found is None:
        raise NotFound("This gathering is not there any more. Load the page again.")
    tasks().need_none()
    kiosk.successor = found.folder
    return render_template("desk/tools_open.html", title=found.title)


@bp.post("/check")
@describe()
def check() -> ResponseReturnValue:
    """Run the doctor's checks."""
    return _begin("check", partial(_examine, current_kiosk(), own_port()))


def _examine(kiosk: KioskContext, port: int, tell: Progress) -> Sequence[str]:
    """Return the checks' problems; one sentence if there are none."""
    from kiosk.doctor.checks import CHECKS, examine
    from kiosk.doctor.finding import Verdict

    messages = Warnings()
    for number, finding in enumerate(examine(kiosk, port), 1):
        tell(number, len(CHECKS), finding.name)
        if finding.verdict is not Verdict.OK:
            messages.append(finding.detail)
    return messages or [Message("All is well: nothing was found that would go wrong today.")]


@bp.post("/rehearse")
@describe(form="phones:integer")
def rehearse() -> ResponseReturnValue:
    """Simulate volunteers at this kiosk."""
    asked = request.form.get("phones", "20")
    phones = min(MOST_PHONES, max(1, int(asked))) if asked.isdecimal() else 20
    return _begin("rehearse", partial(play_volunteers, current_kiosk(), own_port(), phones))
