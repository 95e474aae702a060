"""Targets at the desk: add, test and remove places to publish to."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.i18n.error_messages import translated
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import add_target, remove_target, set_password, test_target
from kiosk.services.tools.copies import chosen_stick, folder_name
from kiosk.services.tools.sticks import inserted_sticks
from kiosk.web.desk.publishing.place_guides import GUIDES
from kiosk.web.openapi.describe import describe
from publish.errors import PublishError
from publish.status.target_registry import find_target
from publish.targets import KINDS, Target, TargetOption, target_class
from reporter.errors import ReporterError

FOLDER = "folder"
bp = Blueprint("targets", __name__, url_prefix="/publish/places")


@dataclass(frozen=True)
class TargetKind:
    """A kind of target that can be added."""

    kind: str
    title: str
    help: str


def _kind(cls: type[Target]) -> TargetKind:
    own = (cls.__doc__ or cls.title).strip().splitlines()[0]
    return TargetKind(cls.kind, _(cls.title), _(cls.about) if cls.about else own)


@dataclass(frozen=True)
class FormOption:
    """An option as the form asks for it."""

    name: str
    label: str
    help: str
    required: bool
    default: str
    # Values with their labels.
    choices: tuple[tuple[str, str], ...]
    # Shown at once, not under further options.
    first: bool


def _form_option(option: TargetOption) -> FormOption:
    words = tuple((value, _(label)) for value, label in option.choices.items())
    return FormOption(
        option.name,
        _(option.label),
        _(option.help),
        option.required,
        option.default,
        words,
        first=option.required or option.common,
    )


@bp.get("/add")
def choose() -> str:
    """Show the kinds of targets."""
    return render_template("desk/target_choose.html", kinds=[_kind(cls) for cls in KINDS.values()])


@bp.get("/add/<kind>")
def form(kind: str) -> str:
    """Show the form for one kind."""
    return _form(kind, "")


def _form(kind: str, trouble: str, *, untested: bool = False) -> str:
    """Render the form; ``untested``: the target could not be reached but may be saved anyway."""
    cls = target_class(kind)
    defaults = {option.name: option.default for option in cls.options}
    asked = cls.secret_prompt({**defaults, "user": "x", "url": "sftp://x"})
    offered = current_kiosk().offered_folder
    return render_template(
        "desk/target_add.html",
        kind=_kind(cls),
        options=[_form_option(option) for option in cls.options],
        secret=asked and _(asked),
        given=request.form or ({"url": offered} if kind == FOLDER and offered else {}),
        trouble=trouble,
        untested=untested,
        guide=GUIDES.get(kind, ()),
        sticks=inserted_sticks() if kind == FOLDER and offered is None else [],
        takes_sticks=offered is None,
    )


@bp.post("/add/<kind>")
@describe(form="name audience=public|community|room secret stick folder anyway", other_fields=True)
def add(kind: str) -> ResponseReturnValue:
    """Test the target; save it if the test passes, or ``anyway``."""
    names = [option.name for option in target_class(kind).options]
    given = {name: request.form[name] for name in names if request.form.get(name, "").strip()}
    if kind == FOLDER and request.form.get("stick"):
        given["url"] = _on_stick(request.form["stick"], request.form.get("folder", ""))
    given["audience"] = request.form.get("audience", "public")
    name = request.form.get("name", "").strip()
    secret = request.form.get("secret", "")
    try:
        add_target(current_kiosk(), kind, name, given, ask=lambda _prompt: secret)
        if not request.form.get("anyway"):
            flash(translated(_tested(name)))
    except PublishError as error:
        return _form(kind, error.message, untested=True), 422
    except ReporterError as error:
        return _form(kind, error.message), error.status
    return redirect(url_for("desk.publish.overview"), code=303)


def _tested(name: str) -> str:
    """Test a new target; remove it again if the test fails."""
    try:
        return test_target(current_kiosk(), name)
    except PublishError:
        remove_target(current_kiosk(), name)
        raise


def _on_stick(stick: str, folder: str) -> str:
    """Return the URL of a folder on a connected stick. Raises NotFound."""
    return (chosen_stick(stick) / folder_name(folder or "site")).as_uri()


@bp.post("/<name>/test")
@describe()
def test(name: str) -> ResponseReturnValue:
    """Publish a test item to the target and remove it again."""
    find_target(db.session(), name)
    _try(name)
    return redirect(url_for("desk.publish.overview"), code=303)


def _try(name: str) -> None:
    try:
        flash(translated(test_target(current_kiosk(), name)))
    except PublishError as error:
        flash(translated(error.message), "trouble")


@bp.get("/<name>/password")
def password_form(name: str) -> str:
    """Ask for a new password."""
    row = find_target(db.session(), name)
    asked = target_class(row.kind).secret_prompt(row.options)
    return render_template("desk/target_password.html", name=row.name, secret=asked and _(asked))


@bp.post("/<name>/password")
@describe(form="secret")
def password(name: str) -> ResponseReturnValue:
    """Save the password and test the target with it."""
    set_password(current_kiosk(), name, lambda _prompt: request.form.get("secret", ""))
    _try(name)
    return redirect(url_for("desk.publish.overview"), code=303)


@bp.get("/<name>/remove")
def ask_remove(name: str) -> str:
    """Ask for confirmation."""
    return render_template("desk/target_remove.html", name=find_target(db.session(), name).name)


@bp.post("/<name>/remove")
@describe()
def remove(name: str) -> ResponseReturnValue:
    """Remove the target."""
    find_target(db.session(), name)
    flash(translated(remove_target(current_kiosk(), name)))
    return redirect(url_for("desk.publish.overview"), code=303)
