"""First-run wizard: gathering, sessions and network in three steps, then print, rehearse, start."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from capture.codes.qr_writer import Wifi, wifi_text
from kiosk.i18n.error_messages import translated
from kiosk.i18n.locale_selector import preferred_language
from kiosk.i18n.setting_help import CHOICES
from kiosk.runtime.addresses import is_for_phones, open_addresses, own_addresses, url_of
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.desk.sessions import (
    Form,
    create_from,
    form_from_request,
    language_name,
    next_day,
    rooms_of,
)
from kiosk.web.desk.settings import listed_zones, take_effect
from kiosk.web.openapi.describe import describe
from kiosk.web.screens.start_page import is_fresh
from kiosk.web.shared.template_context import base_url, by_day, own_port
from reporter.codes import make_code
from reporter.config import save_settings, sections, with_value
from reporter.errors import BadInput, ConfigError
from reporter.gathering.sessions import LOBBY, all_sessions, takeaway_counts
from reporter.languages import LANGUAGES

bp = Blueprint("setup", __name__, url_prefix="/setup")

SECURITY = ("WPA", "WEP", "nopass")


@bp.get("")
@describe(statuses=(302,))
def begin() -> ResponseReturnValue:
    """Redirect to the first step."""
    return redirect(url_for("desk.setup.gathering"))


@bp.get("/gathering")
def gathering() -> str:
    """Show step one: name, time and place."""
    values = dataclasses.asdict(current_kiosk().settings.gathering)
    if is_fresh():
        values |= {"title": "", "timezone": _laptop_zone(), "language": _laptop_language()}
        values["date"] = current_kiosk().now().astimezone().date().isoformat()
    return _gathering(values)


def _gathering(values: dict[str, str]) -> str:
    return render_template(
        "desk/setup_gathering.html",
        values=values,
        zones=listed_zones(values["timezone"]),
        languages_spoken=LANGUAGES,
    )


@bp.post("/gathering")
@describe(form="title date:date timezone language", other_fields=True)
def save_gathering() -> ResponseReturnValue:
    """Save step one."""
    values = {name: request.form.get(name, "") for name in _names("gathering")}
    try:
        _save({"gathering": values})
    except ConfigError as error:
        flash(translated(error.message), "trouble")
        return _gathering(values), 422
    return redirect(url_for("desk.setup.sessions"), code=303)


@bp.get("/sessions")
def sessions() -> str:
    """Show step two: the sessions."""
    rows = all_sessions(db.session())
    day = current_kiosk().settings.gathering.date
    return _sessions(Form(day=next_day(rows) if by_day(rows) else day or next_day(rows)))


def _sessions(form: Form) -> str:
    rows = all_sessions(db.session())
    planned = [row for row in rows if row.title != LOBBY or row.starts_at]
    return render_template(
        "desk/setup_sessions.html",
        untimed=[row for row in rows if not row.starts_at],
        days=by_day(rows),
        planned=bool(planned),
        counts=takeaway_counts(db.session()),
        form=form,
        rooms=rooms_of(rows),
        language_name=language_name,
    )


@bp.post("/sessions")
@describe(form="title day begins ends room onward")
def save_sessions() -> ResponseReturnValue:
    """Add the session that is typed in; with ``onward``, if there is one, and go on to step three."""
    form, onward = form_from_request(), "onward" in request.form
    typed = any(text.strip() for text in (form.title, form.begins, form.ends, form.room))
    try:
        if typed or not onward:
            create_from(form)
    except BadInput as error:
        db.session.rollback()
        flash(translated(error.message), "trouble")
        return _sessions(form), error.status
    return redirect(url_for("desk.setup.network" if onward else "desk.setup.sessions"), code=303)


@bp.get("/network")
def network() -> str:
    """Show step three: the address for phones, the Wi-Fi, and a test with a phone."""
    return _network(dataclasses.asdict(current_kiosk().settings.wifi))


def _network(wifi: dict[str, str]) -> str:
    kiosk, chosen = current_kiosk(), current_kiosk().settings.kiosk.base_url
    addresses = [
        (url_of(each.ip, own_port(), scheme=request.scheme), each)
        for each in open_addresses(own_addresses(), kiosk.only_for_phones)
    ]
    urls = [url for url, _address in addresses]
    code = make_code(kiosk.rng) if chosen else ""
    return render_template(
        "desk/setup_network.html",
        addresses=addresses,
        chosen=chosen or (urls[0] if len(urls) == 1 else ""),
        # Set in the file, or an address in a network that this laptop has left.
        other=chosen if chosen and chosen not in urls else "",
        saved=bool(chosen),
        wifi=wifi,
        securities=[(value, CHOICES["wifi.security", value]) for value in SECURITY],
        try_code=code,
        try_url=f"{base_url()}{url_for('trial.opened', code=code)}" if code else "",
    )


@bp.post("/network")
@describe(form="address ssid password security=WPA|WPA3|WEP|nopass hidden")
def save_network() -> ResponseReturnValue:
    """Save the address and the Wi-Fi; the page then shows a QR code to test them."""
    form = request.form
    wifi = {name: form.get(name, "").strip() for name in _names("wifi")}
    url = form.get("address", "").strip()
    try:
        if not is_for_phones(url):
            raise BadInput("Choose the address that phones can reach.")
        if wifi["ssid"]:
            wifi_text(Wifi(wifi["ssid"], wifi["password"], wifi["security"], bool(wifi["hidden"])))
        _save({"wifi": wifi, "kiosk": {"base_url": url}})
        # What is there now is known; what appears later is told.
        current_kiosk().known_ips = frozenset(address.ip for address in own_addresses())
    except (BadInput, ConfigError) as error:
        flash(translated(error.message), "trouble")
        return _network(wifi), 422
    flash(_("Saved. Now try it with your own phone."))
    return redirect(url_for("desk.setup.network") + "#try", code=303)


@bp.get("/network/tried/<code>")
@describe(answers="Tried")
def tried(code: str) -> ResponseReturnValue:
    """Return whether a phone has opened this QR code."""
    return jsonify(opened=code in current_kiosk().tried)


@bp.get("/done")
def done() -> str:
    """Show what is left to do: print, rehearse, start."""
    running = all_sessions(db.session())
    return render_template("desk/setup_done.html", first=running[0] if running else None)


def _laptop_zone() -> str:
    from kiosk.runtime.timezone import local_timezone

    own = current_kiosk().settings.gathering.timezone
    return own if own != "UTC" else local_timezone()


def _laptop_language() -> str:
    return preferred_language() or "en"


def _names(section: str) -> list[str]:
    return [one.name for one in dataclasses.fields(sections()[section])]


def _save(texts: dict[str, dict[str, str]]) -> None:
    """Write these settings and apply them. Raises ConfigError for the first invalid one."""
    values: dict[str, dict[str, Any]] = {}
    for section, given in texts.items():
        known = {one.name: one for one in dataclasses.fields(sections()[section])}
        values[section] = {
            name: with_value(section, known[name], text) for name, text in given.items()
        }
    kiosk = current_kiosk()
    save_settings(kiosk.settings.folder, values)
    take_effect(kiosk)
