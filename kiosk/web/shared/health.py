"""The health of the kiosk: version, free disk, queue lengths, last error."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.runtime.static_files import version
from kiosk.web.openapi.describe import describe
from reporter.config import Settings
from reporter.enums import DeliveryState, MediaState
from reporter.models import Delivery, Media

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@describe(answers="Health")
def healthz() -> Response:
    """Return version, gathering, free disk space, queue lengths, last error."""
    kiosk = current_kiosk()
    return jsonify(health(kiosk.settings))


def health(settings: Settings) -> dict[str, object]:
    """Return the values of the health line and ``/healthz``."""
    kiosk = current_kiosk()
    return {
        "version": version(),
        "gathering": settings.gathering.title,
        "gathering_id": str(kiosk.gathering_id),
        "free_bytes": kiosk.store.free_bytes(),
        "queues": {
            "media": _count(Media, (MediaState.RECEIVED, MediaState.PROCESSING)),
            "index": kiosk.index.behind(db.session()),
            "deliveries": _count(
                Delivery, (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.WITHDRAWING)
            ),
        },
        "writable": kiosk.store.is_writable(),
        "last_error": kiosk.last_error_kind,
    }


def _count(model: type[Media] | type[Delivery], states: tuple[str, ...]) -> int:
    query = select(func.count()).select_from(model).where(model.state.in_(states))
    return db.session.scalar(query) or 0
