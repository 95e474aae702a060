"""What an organizer does now and then: a copy on a stick, a bundle, another laptop's gathering, checks, a rehearsal."""

from __future__ import annotations

import json
import subprocess
import sys
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
from kiosk.services.tools.copies import back_up, bundle_to, chosen_gathering, chosen_stick, take_in
from kiosk.services.tools.sticks import gatherings_on_sticks, inserted_sticks
from kiosk.services.tools.tasks import Progress, Tasks, Work
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import own_port
from reporter.errors import Conflict, Forbidden
from reporter.messages import Message, stored_message

bp = Blueprint("tools", __name__, url_prefix="/tools")

MOST_PHONES = 100
# A rehearsal waits until its films are processed.
LONGEST_SECONDS = 900


def tasks() -> Tasks:
    """The tasks of this kiosk."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found: Tasks = app.extensions.setdefault("tasks", Tasks(app))
    return found


@bp.get("")
def overview() -> str:
    """Everything, with the task that runs or ran last on top."""
    return render_template(
        "desk/tools.html",
        task=tasks().last,
        sticks=inserted_sticks(),
        others=gatherings_on_sticks(),
        at_laptop=at_laptop(),
    )


@bp.get("/progress")
@describe(produces="application/json")
def progress() -> ResponseReturnValue:
    """How far the task is, as JSON."""
    task = tasks().last
    return jsonify(task.as_json() if task else {"state": ""})


def _begin(kind: str, work: Work) -> ResponseReturnValue:
    """Only at the laptop: sticks are put in there, and who pulls one out sees what is written."""
    if not at_laptop():
        raise Forbidden("This can be done only at the laptop itself.")
    tasks().begin(kind, work)
    return redirect(url_for("desk.tools.overview"), code=303)


@bp.post("/backup")
@describe(form="stick*")
def backup() -> ResponseReturnValue:
    """A verified copy onto a stick."""
    stick = chosen_stick(request.form.get("stick", ""))
    return _begin("backup", partial(back_up, current_kiosk(), stick))


@bp.post("/bundle")
@describe(form="stick*")
def bundle() -> ResponseReturnValue:
    """What everybody may see, as one file on a stick."""
    stick = chosen_stick(request.form.get("stick", ""))
    return _begin("bundle", partial(bundle_to, current_kiosk(), stick))


@bp.post("/merge")
@describe(form="other*")
def merge() -> ResponseReturnValue:
    """Another laptop's gathering comes in."""
    kiosk, other = current_kiosk(), chosen_gathering(request.form.get("other", ""))
    return _begin("merge", lambda _tell: take_in(kiosk, other))


@bp.post("/check")
@describe()
def check() -> ResponseReturnValue:
    """What would go wrong today."""
    return _begin("check", partial(_examine, current_kiosk(), own_port()))


def _examine(kiosk: KioskContext, port: int, tell: Progress) -> Sequence[str]:
    """What is not well; one sentence if all is."""
    from kiosk.doctor.checks import CHECKS, examine
    from kiosk.doctor.finding import Verdict

    told = []
    for number, finding in enumerate(examine(kiosk, port), 1):
        tell(number, len(CHECKS), finding.name)
        if finding.verdict is not Verdict.OK:
            told.append(finding.detail)
    return told or [Message("All is well: nothing was found that would go wrong today.")]


@bp.post("/rehearse")
@describe(form="phones:integer")
def rehearse() -> ResponseReturnValue:
    """Play volunteers against this kiosk."""
    asked = request.form.get("phones", "20")
    phones = min(MOST_PHONES, max(1, int(asked))) if asked.isdecimal() else 20
    return _begin("rehearse", partial(_play, current_kiosk(), own_port(), phones))


def _play(kiosk: KioskContext, port: int, phones: int, _tell: Progress) -> Sequence[str]:
    """By a process of its own: volunteers in this one would take the time that they measure."""
    program = [] if getattr(sys, "frozen", False) else ["-m", "kiosk"]
    folder = str(kiosk.settings.folder.resolve())
    command = [sys.executable, *program, "--gathering", folder, "rehearse", "--json"]
    command += ["--phones", str(phones), "--port", str(port)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    if not done.stdout.strip():
        raise Conflict(
            "The rehearsal ended early: %(why)s", why=done.stderr.strip().splitlines()[-1:]
        )
    report = json.loads(done.stdout)
    return [
        Message(
            "%(phones)s phones sent %(accepted)s things in %(seconds)s seconds. All of it is gone again.",
            phones=report["phones"],
            accepted=report["accepted"],
            seconds=round(report["seconds"]),
        ),
        stored_message(report["message"]),
    ]
