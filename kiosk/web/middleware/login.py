"""Log in to the desk from another machine, and out again.

A login is a row: its token is a secret of the browser's cookie, the row holds only its hash. Logging out removes the
row, so that a copy of the cookie is worth nothing afterwards; a new passphrase ends every login.
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy import delete
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.server.connection import share_of
from kiosk.web.middleware.auth import LOGIN, LOGIN_HOURS, passphrase_hash, token_hash
from kiosk.web.openapi.describe import describe
from reporter.errors import TooMuch
from reporter.gathering.admission import SlidingWindow
from reporter.models import DeskLogin

log = logging.getLogger(__name__)
bp = Blueprint("access", __name__)

# Limits of wrong passphrases per address and in total, so that many addresses don't help.
LIMITS = (
    ("minute", timedelta(minutes=1), 10, 40),
    ("hour", timedelta(hours=1), 60, 240),
)
EVERYBODY = "everybody"


@bp.get("/desk/login")
@describe(query="next")
def login() -> str:
    """Show the login page."""
    return render_template("desk/login.html")


@bp.post("/desk/login")
@describe(query="next", form="passphrase* csrf_token")
def check_login() -> Response:
    """Log in with the passphrase. Raises TooMuch after too many wrong ones."""
    address = share_of(request.remote_addr or "")
    _refuse_guesser(address)
    stored = passphrase_hash()
    given = request.form.get("passphrase", "").strip()
    # Counted before the slow hash is computed, so that parallel attempts do not pass.
    _count_try(address)
    if stored is None or not check_password_hash(stored, given):
        log.warning("a wrong passphrase for the desk")
        flash(_("That is not the passphrase. The facilitator at the laptop knows it."))
        return redirect(url_for("access.login", next=request.args.get("next")), code=303)
    _forgive(address)
    _begin(stored)
    log.info("another machine logged in to the desk")
    return redirect(_inside(request.args.get("next", "")), code=303)


@bp.post("/desk/logout")
@describe()
def log_out() -> Response:
    """End this machine's login, in the cookie and in the database."""
    db.session.execute(delete(DeskLogin).where(DeskLogin.token_hash == _own_hash()))
    db.session.commit()
    session.clear()
    flash(_("You are logged out."))
    response = redirect(url_for("access.login"), code=303)
    # Not the local storage: a phone's queue in the same browser stays.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _begin(stored: str) -> None:
    """Create a login with a new id, whatever cookie the browser sent (session fixation)."""
    now = current_kiosk().now()
    token = secrets.token_urlsafe(32)
    old = DeskLogin.begun_at < now - timedelta(hours=LOGIN_HOURS)
    db.session.execute(delete(DeskLogin).where(old))
    db.session.add(DeskLogin(token_hash=token_hash(token, stored), begun_at=now))
    db.session.commit()
    session.clear()
    session[LOGIN] = token


def _own_hash() -> str:
    return token_hash(str(session.get(LOGIN, "")), passphrase_hash() or "")


def _windows() -> list[tuple[SlidingWindow, int, int]]:
    """Return (window, limit per address, limit in total) of this application."""
    known = current_app.extensions.setdefault(
        "wrong_passphrases", {name: SlidingWindow(length) for name, length, _, _ in LIMITS}
    )
    return [(known[name], each, total) for name, _, each, total in LIMITS]


def _refuse_guesser(address: str) -> None:
    now = current_kiosk().now()
    for window, each, total in _windows():
        for key, most in ((address, each), (EVERYBODY, total)):
            count, _amount, left = window.total(key, now=now)
            if count >= most:
                raise TooMuch(
                    "Too many wrong passphrases. Wait a little, then type it once more.",
                    retry_after=left,
                )


def _count_try(address: str) -> None:
    now = current_kiosk().now()
    for window, _each, _total in _windows():
        window.add(address, 0, now=now)
        window.add(EVERYBODY, 0, now=now)


def _forgive(address: str) -> None:
    """Uncount a correct passphrase."""
    for window, _each, _total in _windows():
        window.remove_last(address)
        window.remove_last(EVERYBODY)


def _inside(path: str) -> str:
    """Return the path if it is within the desk, so that no redirect leaves it."""
    return path if path.startswith("/desk") and "\\" not in path else "/desk/"
