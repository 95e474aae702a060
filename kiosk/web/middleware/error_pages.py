"""Errors as pages for people and as problem documents (RFC 9457) for programs; both say what to do."""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from kiosk.i18n.error_messages import translated
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.database.engine import translate_error
from reporter.errors import Paused, ReporterError
from reporter.media.store import disk_trouble

log = logging.getLogger(__name__)

# Messages for Werkzeug's own exceptions, with what to do.
# Names that Werkzeug gives to errors.
_NAMES = (
    later("Not Found"),
    later("Method Not Allowed"),
    later("Too Many Requests"),
    later("Request Entity Too Large"),
)
_WHAT_TO_DO = {
    400: later("Something in the request was missing or garbled. Go back and try again."),
    404: later("There is no such page. The start page lists the sessions."),
    405: later("This address doesn't take that kind of request."),
    413: later("That is more than fits here. Send fewer or smaller files."),
    415: later("This kind of file can't be kept. Photos, videos, voice notes and text can."),
    429: later("Too many tries in a short time. Wait a minute, then try again."),
}


def wants_json() -> bool:
    """Whether the client is a program: it prefers JSON, or uses tus."""
    if request.path.startswith("/uploads") or "Tus-Resumable" in request.headers:
        return True
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/json", "application/problem+json"]
    )
    return best in ("application/json", "application/problem+json")


def answer(status: int, title: str, detail: str) -> Response:
    """Return the error in the form that this client accepts."""
    if wants_json():
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
        }
        response: Response = jsonify(problem)
        response.content_type = "application/problem+json"
    else:
        response = make_response(
            render_template(
                _template(), title=title, detail=detail, status=status, back=_form_page()
            )
        )
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _template() -> str:
    """Return the template of an error's page; a hub has one of its own, for where there is no gathering."""
    choose = current_app.extensions.get("error_template")
    return str(choose()) if choose else "error.html"


def _form_page() -> str:
    """Return the page of ours whose form was sent; '' for other requests."""
    came_from = request.referrer or ""
    ours = came_from.startswith(request.host_url)
    return came_from if ours and request.method == "POST" else ""


def route() -> str:
    """Return the URL pattern of the current request: its URL may contain a receipt."""
    return f"{request.method} {request.url_rule or 'no page'}"


def known_trouble(error: Exception) -> ReporterError | None:
    """Return an error for a full or read-only disk or a busy database; None for other exceptions."""
    if isinstance(error, SQLAlchemyError):
        return translate_error(error)
    return disk_trouble(error) if isinstance(error, OSError) else None


def note_failure(log: logging.Logger, where: str, error: Exception) -> None:
    """Log where an unexpected exception occurred and store it for the desk and ``/healthz``.

    The error's own words may hold people's words, receipts and addresses: they stay out, but for a database's.
    """
    if known := known_trouble(error):
        current_kiosk().note_error(f"{type(known).__name__} in {where}", known.message)
        log.warning("%s in %s", type(known).__name__, where)
        return
    kind = f"{type(error).__name__} in {where}"
    cause = _database_message(error)
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s%s\n%s", kind, f": {cause}" if cause else "", frames)
    current_kiosk().note_error(kind)


def _database_message(error: Exception) -> str:
    """Its own words without values. PostgreSQL's details have them, even whole rows; and so has what it says of
    data that it can't read (class 22)."""
    cause: Any = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None)
    if cause is None or not state:
        return str(cause or "")
    message = "" if state.startswith("22") else cause.diag.message_primary
    return f"{type(cause).__name__} ({state}) {message}".strip()


def init_app(app: Flask) -> None:
    """Handle every error in one of the two forms."""
    app.add_template_filter(translated)

    @app.errorhandler(ReporterError)
    def _ours(error: ReporterError) -> Response:
        db.session.rollback()
        # A pause is a decision, not a failure.
        if error.status >= 500 and not isinstance(error, Paused):
            current_kiosk().note_error(f"{type(error).__name__} in {route()}", error.message)
            log.warning("%s in %s", type(error).__name__, route())
        response = answer(error.status, _(error.title), translated(error.message))
        if error.retry_after:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400:
            return error.get_response()
        detail = str(_WHAT_TO_DO.get(status) or error.description or HTTPStatus(status).description)
        response = answer(status, _(error.name), detail)
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After", "Content-Range"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def _unknown(error: Exception) -> Response:
        known = known_trouble(error)
        if known is not None:
            return _ours(known)
        db.session.rollback()
        note_failure(log, route(), error)
        return answer(
            500,
            _("Something went wrong"),
            _("The kiosk noted it. What you recorded earlier is safe; try this once more."),
        )
