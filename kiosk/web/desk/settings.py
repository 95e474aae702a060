"""Settings page for everything in ``reporter.toml``: explained, validated before saving, in force at once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from capture.codes.qr_writer import Wifi, wifi_text
from kiosk.i18n.setting_help import CHOICES, SECTIONS
from kiosk.runtime.context import KioskContext, current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.request_limits import request_limits
from kiosk.web.openapi.describe import describe
from reporter.annotations import face_review
from reporter.config import (
    Settings,
    WifiSettings,
    load_settings,
    save_settings,
    sections,
    with_value,
)
from reporter.errors import BadInput, ConfigError
from reporter.languages import LANGUAGES
from reporter.moderation.decisions import next_revision
from reporter.search import Recipe

bp = Blueprint("settings", __name__, url_prefix="/settings")

# Settings with which the decoder processes were started.
AT_START = frozenset({("kiosk", "workers"), ("kiosk", "memory_mb")})

# Shown first; the others are under "Advanced".
BASIC = {
    ("gathering", "title"): later("Name of the gathering"),
    ("gathering", "language"): later("Language of the pages"),
    ("gathering", "timezone"): later("Time zone"),
    ("wifi", "ssid"): later("Name of the Wi-Fi"),
    ("wifi", "password"): later("Password of the Wi-Fi"),
}

# Prefix of form fields that hold a setting's value when the page was rendered.
WAS = "was."


@dataclass(frozen=True)
class SettingField:
    """A setting as the page shows it."""

    id: str
    name: str
    help: str
    kind: str
    value: str
    # The value when the form was rendered, so that a form left open reverts nothing changed elsewhere since.
    was: str
    # Values with their labels.
    choices: tuple[tuple[str, str], ...]
    low: int | None
    error: str
    basic: bool
    # Saved, but applied only after a restart.
    waits: bool


@bp.get("")
def overview() -> str:
    """Show all settings with their values in the file."""
    return _page({}, {})


def _page(typed: dict[str, str], errors: dict[str, str]) -> str:
    kiosk, trouble = current_kiosk(), ""
    try:
        saved = load_settings(kiosk.settings.folder)
    except ConfigError as error:
        # The file is being edited: keep the settings in force.
        saved, trouble = kiosk.settings, error.message
    groups = [
        (SECTIONS[section], [_field(section, one, saved, typed, errors=errors) for one in fields])
        for section, fields in _all().items()
    ]
    known = {field.id: field for _title, fields in groups for field in fields}
    return render_template(
        "desk/settings.html",
        groups=groups,
        trouble=trouble,
        basics=[known[f"{section}.{name}"] for section, name in BASIC],
        open_advanced=any(not one.basic and (one.error or one.waits) for one in known.values()),
        waits=any(field.waits for _title, fields in groups for field in fields),
        by_hand=not trouble and saved != kiosk.settings and not errors,
    )


def _all() -> dict[str, tuple[dataclasses.Field[Any], ...]]:
    return {section: dataclasses.fields(cls) for section, cls in sections().items()}


def _field(
    section: str,
    one: dataclasses.Field[Any],
    saved: Settings,
    typed: dict[str, str],
    *,
    errors: dict[str, str],
) -> SettingField:
    number, value = f"{section}.{one.name}", getattr(getattr(saved, section), one.name)
    words: str = one.metadata["help"]
    text = ("1" if value else "") if isinstance(value, bool) else str(value)
    return SettingField(
        id=number,
        name=one.name.replace("_", " "),
        help=str(BASIC.get((section, one.name)) or _(words)),
        kind=type(one.default).__name__,
        value=typed.get(number, text),
        was=request.form.get(WAS + number, text),
        choices=_choices(number, one, typed.get(number, text)),
        low=one.metadata["low"],
        error=errors.get(number, ""),
        basic=(section, one.name) in BASIC,
        waits=(section, one.name) in AT_START
        and getattr(current_kiosk().started, one.name) != value,
    )


def _choices(number: str, one: dataclasses.Field[Any], chosen: str) -> tuple[tuple[str, str], ...]:
    """Return a setting's possible values with labels; none if it is typed."""
    if number == "gathering.timezone":
        return tuple((zone, zone.replace("_", " ")) for zone in listed_zones(chosen))
    if number == "gathering.language":
        return tuple({**LANGUAGES, chosen: LANGUAGES.get(chosen, chosen)}.items())
    return tuple((each, str(CHOICES[number, each])) for each in one.metadata["choices"])


def listed_zones(chosen: str) -> list[str]:
    """Return the selectable time zones, such as Europe/Berlin, and always the chosen one."""
    return sorted(_places() | {"UTC", chosen})


@cache
def _places() -> frozenset[str]:
    """Return the current name of each zone: former ones beside them, as Asia/Calcutta, would only confuse."""
    table = files("tzdata") / "zoneinfo" / "zone.tab"
    lines = table.read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[2] for line in lines if line and not line.startswith("#"))


@bp.post("")
@describe(other_fields=True)
def save() -> ResponseReturnValue:
    """Save all changed settings, or none."""
    kiosk = current_kiosk()
    try:
        saved = load_settings(kiosk.settings.folder)
    except ConfigError:
        # The file is invalid: show the error and keep what was typed.
        flash(_("Nothing was saved. Look at what is marked."), "trouble")
        return _page({number: request.form.get(number, "") for number in _numbers()}, {}), 422
    values: dict[str, dict[str, Any]] = {}
    errors: dict[str, str] = {}
    typed = {number: request.form.get(number, "") for number in _numbers()}
    for section, fields in _all().items():
        for one in fields:
            number = f"{section}.{one.name}"
            if typed[number] == request.form.get(WAS + number):
                continue
            try:
                value = with_value(section, one, typed[number])
            except ConfigError as error:
                errors[number] = error.message
                continue
            if value != getattr(getattr(saved, section), one.name):
                values.setdefault(section, {})[one.name] = value
    if "wifi" in values:
        errors |= _wifi_errors(dataclasses.replace(saved.wifi, **values["wifi"]))
    if errors:
        flash(_("Nothing was saved. Look at what is marked."), "trouble")
        return _page(typed, errors), 422
    save_settings(kiosk.settings.folder, values)
    take_effect(kiosk)
    flash(_("Saved."))
    return redirect(url_for("desk.settings.overview"), code=303)


def _wifi_errors(wifi: WifiSettings) -> dict[str, str]:
    """Return what no code could say of a network: its name or its password, by the number of the field."""
    if not wifi.ssid:
        return {}
    number = "wifi.ssid"
    try:
        wifi_text(Wifi(wifi.ssid, "", "nopass"))
        number = "wifi.password"
        wifi_text(Wifi(wifi.ssid, wifi.password, wifi.security))
    except BadInput as error:
        return {number: error.message}
    return {}


def _numbers() -> list[str]:
    return [f"{section}.{one.name}" for section, fields in _all().items() for one in fields]


@bp.post("/reload")
@describe()
def reload() -> ResponseReturnValue:
    """Read the file again after it was edited outside. Raises ConfigError if it is invalid."""
    take_effect(current_kiosk())
    flash(_("The file is in force now."))
    return redirect(url_for("desk.settings.overview"), code=303)


def take_effect(kiosk: KioskContext) -> None:
    """Apply the file's settings from the next request on; running decoders keep theirs."""
    fresh = load_settings(kiosk.settings.folder)
    before, kiosk.settings = kiosk.settings, fresh
    current_app.config.update(request_limits(fresh))
    kiosk.index.recipe = Recipe.of(fresh)
    if before.publish.check_faces != fresh.publish.check_faces:
        face_review.set_check(db.session(), fresh.publish.check_faces)
    # Title, time zone or language appear on walls and in posts: polls and the ledger compare again.
    next_revision(db.session())
    db.session.commit()
