"""Access to the desk: the laptop itself, and other machines after logging in."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_babel import gettext as _
from sqlalchemy import delete
from werkzeug.security import generate_password_hash
from werkzeug.wrappers import Response

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.error_pages import wants_json
from reporter.errors import BadInput, Forbidden
from reporter.models import DeskLogin
from reporter.secret_store import get_secret, set_secret

if TYPE_CHECKING:
    from flask_wtf.csrf import CSRFProtect

SECRET = "desk"  # noqa: S105  # its name
# What the session cookie calls the token of a login (kiosk.web.middleware.login), and how long one lasts.
LOGIN = "login"
LOGIN_HOURS = 24
MIN_PASSPHRASE = 8
# Guesses that a passphrase has to withstand, by zxcvbn's estimate (Wheeler 2016): the login takes 240 an hour.
MIN_GUESSES = 10**8
# Longer input adds nothing and slows the estimate down.
ESTIMATED = 72


class FormTokens:
    """Flask-WTF's protection against forged requests; loaded with the first form that is shown or sent."""

    # Of requests that change something; Flask-WTF asks the others for no token.
    METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

    def __init__(self) -> None:
        self._protection: CSRFProtect | None = None
        self._lock = threading.Lock()

    def init_app(self, app: Flask) -> None:
        """Check each request of this application that changes something, and give its pages ``csrf_token()``."""
        app.config.setdefault("WTF_CSRF_ENABLED", True)
        app.config.setdefault("WTF_CSRF_METHODS", self.METHODS)
        app.config.setdefault("WTF_CSRF_FIELD_NAME", "csrf_token")
        app.config.setdefault("WTF_CSRF_HEADERS", ["X-CSRFToken"])
        app.jinja_env.globals["csrf_token"] = _form_token
        app.before_request(self._check)

    def exempt(self, view: Any) -> Any:
        """Check no requests of a view or blueprint; returns it."""
        return self._loaded().exempt(view)

    def _check(self) -> None:
        if request.method in self.METHODS and current_app.config["WTF_CSRF_ENABLED"]:
            self._loaded().protect(apply_exemptions=True)

    def _loaded(self) -> CSRFProtect:
        # Only one: it holds what is exempt.
        with self._lock:
            if self._protection is None:
                from flask_wtf.csrf import CSRFProtect

                self._protection = CSRFProtect()
            return self._protection


def _form_token() -> str:
    from flask_wtf.csrf import generate_csrf

    token: str = generate_csrf()
    return token


csrf = FormTokens()


class KioskCookies(SecureCookieSessionInterface):
    """Flask's session cookie, limited to TLS and to this host if the page came over TLS."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return its name; the prefix keeps other hosts and plain HTTP from setting it (RFC 6265bis, 4.1.3.2)."""
        return cookie_name(super().get_cookie_name(app))

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the browser sends it over TLS only."""
        return request.is_secure


def cookie_name(name: str) -> str:
    """Return the name of one of our cookies for this request."""
    return f"__Host-{name}" if request.is_secure else name


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class AccessPolicy(Protocol):
    """Who may use the desk; the application's is ``extensions["access_policy"]``."""

    def at_laptop(self) -> bool:
        """Whether the request comes from the screen that the kiosk runs on."""

    def at_desk(self) -> bool:
        """Whether the asker may use the desk."""

    def require_desk(self) -> Response | None:
        """``before_request`` of the desk: a page to log in first, or None; raises Forbidden where none helps."""

    def has_part(self, part: str) -> bool:
        """Whether the asker's desk has a part (the name of its blueprint)."""


class LaptopAccess:
    """Access from the laptop itself, and with its passphrase."""

    def at_laptop(self) -> bool:
        """Whether the request comes from the laptop itself, by an address of its own.

        The Host is checked too: a page from elsewhere, open in the laptop's browser, could otherwise reach the desk by
        a name that it lets point to 127.0.0.1 (DNS rebinding).
        """
        return _is_loopback(request.remote_addr) and _is_loopback(
            urlsplit(f"//{request.host}").hostname
        )

    def at_desk(self) -> bool:
        """Whether it is the laptop, or a browser that has logged in."""
        return self.at_laptop() or is_logged_in()

    def require_desk(self) -> Response | None:
        """Redirect to the login page; raises Forbidden if no passphrase is set."""
        if self.at_laptop():
            return None
        if passphrase_hash() is None:
            raise Forbidden(
                _(
                    "The desk opens on the laptop itself. To use it from here, set a passphrase at the laptop first."
                )
            )
        if is_logged_in():
            return None
        if request.method not in ("GET", "HEAD") or wants_json():
            raise Forbidden(_("Log in at the desk first."))
        return redirect(url_for("access.login", next=request.full_path))

    def has_part(self, part: str) -> bool:
        """Whether the desk has the part: always."""
        return True


def _policy() -> AccessPolicy:
    policy: AccessPolicy = current_app.extensions["access_policy"]
    return policy


def at_laptop() -> bool:
    """Whether the request comes from the laptop itself."""
    return _policy().at_laptop()


def at_desk() -> bool:
    """Whether the client may use the desk."""
    return _policy().at_desk()


def has_part(part: str) -> bool:
    """Whether the client's desk has a part (the name of its blueprint)."""
    return _policy().has_part(part)


def require_desk() -> Response | None:
    """``before_request`` of the desk's blueprints: redirect to the login page; raises Forbidden if
    none would help.
    """
    return _policy().require_desk()


def is_logged_in() -> bool:
    """Whether this browser has logged in with the current passphrase and the login has not expired."""
    known: bool | None = g.get("is_logged_in")
    if known is None:
        known = g.is_logged_in = _has_login()
    return known


def _has_login() -> bool:
    token, stored = session.get(LOGIN), passphrase_hash()
    if not isinstance(token, str) or stored is None:
        return False
    found = db.session.get(DeskLogin, token_hash(token, stored))
    age = timedelta(hours=LOGIN_HOURS)
    return found is not None and current_kiosk().now() < found.begun_at + age


def passphrase_hash() -> str | None:
    """Return the hash of the desk's passphrase, or None."""
    return get_secret(current_kiosk().secrets_id, SECRET)


def token_hash(token: str, stored: str) -> str:
    """Return the hash of a login's token that its row stores; it depends on the passphrase."""
    return hmac.new(stored.encode(), token.encode(), hashlib.sha256).hexdigest()


def set_passphrase(passphrase: str) -> None:
    """Set the passphrase, which logs all other machines out. Commits. Raises BadInput for a weak one."""
    passphrase = passphrase.strip()
    check_strength(passphrase, current_kiosk().settings.gathering.title)
    set_secret(current_kiosk().secrets_id, SECRET, generate_password_hash(passphrase))
    db.session.execute(delete(DeskLogin))
    db.session.commit()


def check_strength(passphrase: str, title: str) -> None:
    """Raise BadInput for a passphrase that is short, common, or combined from common words and the title."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise BadInput(_("Take at least %(count)d characters.", count=MIN_PASSPHRASE))
    from zxcvbn import zxcvbn

    known = [*title.split(), title, "social reporter", "reporter", "kiosk", "desk", "facilitator"]
    if zxcvbn(passphrase[:ESTIMATED], user_inputs=known)["guesses"] < MIN_GUESSES:
        raise BadInput(
            "This passphrase is easy to guess. Take four words that don't belong together."
        )
