"""Desk page about the kiosk: its health, its address, and who may use the desk."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.runtime.addresses import is_for_phones
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import at_laptop, set_passphrase
from kiosk.web.openapi.describe import describe
from kiosk.web.screens.start_page import health_line
from kiosk.web.shared.template_context import agenda, base_url
from reporter.errors import Forbidden
from reporter.gathering import admission

bp = Blueprint("kiosk", __name__, url_prefix="/kiosk")


@bp.get("")
def overview() -> str:
    """Show health, address and passphrase."""
    running = agenda().running
    return render_template(
        "desk/kiosk.html",
        health=health_line(),
        address=base_url(),
        reachable=is_for_phones(base_url()),
        event=running[0] if running else None,
        wifi=current_kiosk().settings.wifi,
        folder=current_kiosk().settings.folder,
        at_laptop=at_laptop(),
        paused=admission.paused_since(db.session()),
        blocked=admission.blocked_devices(db.session()),
    )


@bp.post("/pause")
@describe(form="on")
def pause() -> ResponseReturnValue:
    """Pause intake (``on`` is set) or resume it."""
    if request.form.get("on"):
        admission.pause(db.session(), now=current_kiosk().now())
        flash(_("The kiosk takes nothing in now. What people record waits on their phones."))
    else:
        admission.resume(db.session())
        flash(_("The kiosk goes on."))
    return redirect(url_for("desk.kiosk.overview"), code=303)


@bp.post("/unblock")
@describe(form="device")
def unblock() -> ResponseReturnValue:
    """Unblock a phone."""
    admission.unblock(db.session(), request.form.get("device", ""))
    flash(_("That phone can send again."))
    return redirect(url_for("desk.kiosk.overview"), code=303)


@bp.post("/passphrase")
@describe(form="passphrase*")
def passphrase() -> ResponseReturnValue:
    """Set the passphrase for other machines. Only at the laptop: a remote user must not lock others out."""
    if not at_laptop():
        raise Forbidden(_("The passphrase can be set only at the laptop itself."))
    set_passphrase(request.form.get("passphrase", ""))
    flash(_("The passphrase is set. Other machines can log in to the desk with it."))
    return redirect(url_for("desk.kiosk.overview"), code=303)
