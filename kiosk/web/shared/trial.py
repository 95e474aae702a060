"""Network test before a gathering: the Wi-Fi's QR code, and the page that proves that a phone reached the kiosk."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from capture.codes.qr_writer import Wifi, qr_svg, wifi_text
from kiosk.runtime.context import current_kiosk
from kiosk.web.middleware.auth import at_desk, at_laptop
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import base_url
from reporter.codes import is_valid
from reporter.config import Settings
from reporter.errors import BadInput, NotFound

bp = Blueprint("trial", __name__)
# Number of remembered tests; enough for one first run.
MOST = 50


@bp.get("/try/<code>")
def opened(code: str) -> ResponseReturnValue:
    """Record that a phone has opened the page, which the wizard shows."""
    kiosk = current_kiosk()
    if is_valid(code) and not at_laptop():
        kiosk.tried[code] = request.host
        while len(kiosk.tried) > MOST:
            kiosk.tried.pop(next(iter(kiosk.tried)))
    return render_template("phone/try.html", here_already=at_laptop())


@bp.get("/try/<code>/qr.svg")
@describe(produces="image/svg+xml")
def try_qr(code: str) -> Response:
    """Send the QR code of that page."""
    if not is_valid(code):
        raise NotFound("There is no such page. The start page lists the sessions.")
    return _svg(f"{base_url()}/try/{code}".replace("http://", "HTTP://", 1))


@bp.get("/wifi.svg")
@describe(produces="image/svg+xml")
def wifi_qr() -> Response:
    """Send the QR code that joins the Wi-Fi, where it is shown; at the desk always."""
    settings = current_kiosk().settings
    if not (settings.wall.wifi_code or at_desk()):
        raise NotFound("The code of the Wi-Fi is not shown here.")
    text = wifi_code_text(settings)
    if not text:
        raise NotFound("The code of the Wi-Fi is not shown here.")
    return _svg(text)


def wifi_code_text(settings: Settings) -> str:
    """Return the Wi-Fi code's text; '' without a network name, or if no phone could join with it."""
    wifi = settings.wifi
    try:
        return (
            wifi_text(Wifi(wifi.ssid, wifi.password, wifi.security, wifi.hidden))
            if wifi.ssid
            else ""
        )
    except BadInput:
        return ""


def shows_wifi_code() -> bool:
    """Whether start page and wall show the Wi-Fi's QR code."""
    settings = current_kiosk().settings
    return settings.wall.wifi_code and bool(wifi_code_text(settings))


def _svg(text: str) -> Response:
    return Response(qr_svg(text), mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})
