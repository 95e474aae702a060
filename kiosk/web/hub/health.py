"""What a balancer and a supervisor ask: whether this process lives, and whether it can serve."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.runtime.static_files import version
from kiosk.web.openapi.describe import describe

bp = Blueprint("hub_health", __name__, url_prefix="/hub")


@bp.get("/healthz")
@describe(produces="application/json")
def healthz() -> Response:
    """It lives; nothing else is asked."""
    return jsonify(version=version())


@bp.get("/readyz")
@describe(produces="application/json")
def readyz() -> Response:
    """Database and media answer. Otherwise 503, as of any other page."""
    db.session.execute(text("SELECT 1"))
    return jsonify(version=version(), writable=current_kiosk().store.is_writable())
