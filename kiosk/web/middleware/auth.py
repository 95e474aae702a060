"""Who may do what: the laptop itself may use the desk; any other machine only after logging in."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Blueprint, Flask, flash, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.security import check_password_hash, generate_password_hash
from werkzeug.wrappers import Response

from kiosk.runtime.context import current_kiosk
from kiosk.web.middleware.error_pages import wants_json
from reporter.errors import BadInput, Forbidden
from reporter.secret_store import get_secret, set_secret

bp = Blueprint("access", __name__)
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://")

SECRET = "desk"
MIN_PASSPHRASE = 8


class KioskCookies(SecureCookieSessionInterface):
    """Flask's session cookie, kept to TLS exactly where the page came over TLS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser may send it over TLS only."""
        return request.is_secure


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def at_laptop() -> bool:
    """Whether the request comes from the laptop itself, by an address of its own.

    The Host is checked too: a page from elsewhere, open in the laptop's browser, could otherwise reach the desk by
    a name that it lets point to 127.0.0.1 (DNS rebinding).
    """
    return _is_loopback(request.remote_addr) and _is_loopback(
        urlsplit(f"//{request.host}").hostname
    )


def at_desk() -> bool:
    """Whether the asker may use the desk."""
    if at_laptop():
        return True
    # Without a passphrase nobody can have logged in: None must not equal None.
    mark = _passphrase_mark()
    return mark is not None and session.get("desk") == mark


def _passphrase_mark() -> str | None:
    """The end of the passphrase's hash: a session made with a former passphrase is none."""
    stored = get_secret(str(current_kiosk().gathering_id), SECRET)
    return stored[-16:] if stored else None


def require_desk() -> Response | None:
    """``before_request`` of the desk's blueprints: to the login page, or refused where none can work."""
    if at_laptop():
        return None
    mark = _passphrase_mark()
    if mark is None:
        raise Forbidden(
            _(
                "The desk opens on the laptop itself. To use it from here, set a passphrase at the laptop first."
            )
        )
    if session.get("desk") == mark:
        return None
    if request.method not in ("GET", "HEAD") or wants_json():
        raise Forbidden(_("Log in at the desk first."))
    return redirect(url_for("access.login", next=request.full_path))


def set_passphrase(passphrase: str) -> None:
    """Set what other machines log in with; raises BadInput for a short one."""
    if len(passphrase.strip()) < MIN_PASSPHRASE:
        raise BadInput(_("Take at least %(count)d characters.", count=MIN_PASSPHRASE))
    set_secret(
        str(current_kiosk().gathering_id), SECRET, generate_password_hash(passphrase.strip())
    )


@bp.get("/desk/login")
def login() -> str:
    """The page that asks for the passphrase."""
    return render_template("desk/login.html")


@bp.post("/desk/login")
@limiter.limit("10 per minute; 60 per hour")
def check_login() -> Response:
    """Let in whoever knows the passphrase."""
    stored = get_secret(str(current_kiosk().gathering_id), SECRET)
    if stored is None or not check_password_hash(
        stored, request.form.get("passphrase", "").strip()
    ):
        flash(_("That is not the passphrase. The facilitator at the laptop knows it."))
        return redirect(url_for("access.login"), code=303)
    session.clear()
    session["desk"] = stored[-16:]
    return redirect(_inside(request.args.get("next", "")), code=303)


def _inside(path: str) -> str:
    """Only a path of our own desk: never an address that leads elsewhere."""
    return path if path.startswith("/desk") and "\\" not in path else "/desk/"
