"""What a balancer and a supervisor ask: whether this process lives, and whether it can serve."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from kiosk.hub.gatherings import current_hub
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.runtime.static_files import version
from kiosk.web.openapi.describe import describe

# A key that nothing has: asking for it tells whether the store answers.
_NO_OBJECT = "ready"

bp = Blueprint("hub_health", __name__, url_prefix="/hub")


@bp.get("/healthz")
@describe(produces="application/json")
def healthz() -> Response:
    """It lives; nothing else is asked."""
    return jsonify(version=version())


@bp.get("/readyz")
@describe(produces="application/json")
def readyz() -> ResponseReturnValue:
    """Database and media answer. Otherwise 503."""
    db.session.execute(text("SELECT 1"))
    objects = current_hub().objects
    if objects is not None:
        # Raises StoreUnreachable.
        objects.stat(_NO_OBJECT)
    writable = current_kiosk().store.is_writable()
    return jsonify(version=version(), writable=writable), 200 if writable else 503
