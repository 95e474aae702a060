"""Answers that keep phones on a Wi-Fi without internet, and the health of the kiosk."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.runtime.static_files import version
from reporter.config import Settings
from reporter.models import Delivery, Media
from reporter.models.enums import DeliveryState, MediaState

bp = Blueprint("probes", __name__)

# What each system expects to see from the internet: Android/ChromeOS, Apple, Windows (two ages), Firefox, GNOME and
# NetworkManager. Anything else makes the phone drop this Wi-Fi or open a sheet that can't pick files.
_EXPECTED = {
    "/generate_204": ("", 204, "text/plain"),
    "/gen_204": ("", 204, "text/plain"),
    "/hotspot-detect.html": (
        "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
        200,
        "text/html",
    ),
    "/library/test/success.html": (
        "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
        200,
        "text/html",
    ),
    "/connecttest.txt": ("Microsoft Connect Test", 200, "text/plain"),
    "/ncsi.txt": ("Microsoft NCSI", 200, "text/plain"),
    "/success.txt": ("success\n", 200, "text/plain"),
    "/canonical.html": (
        '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>',
        200,
        "text/html",
    ),
    "/check_network_status.txt": ("NetworkManager is online\n", 200, "text/plain"),
}


def _add(path: str, body: str, status: int, mime: str) -> None:
    def probe() -> Response:
        return Response(body, status, mimetype=mime, headers={"Cache-Control": "no-store"})

    bp.add_url_rule(
        path, endpoint=path.strip("/").replace("/", "_").replace(".", "_"), view_func=probe
    )


for _path, (_body, _status, _mime) in _EXPECTED.items():
    _add(_path, _body, _status, _mime)


@bp.get("/healthz")
def healthz() -> Response:
    """Version, gathering, room, queues, last error."""
    kiosk = current_kiosk()
    return jsonify(health(kiosk.settings))


def health(settings: Settings) -> dict[str, object]:
    """What the health line and ``/healthz`` tell."""
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
        "last_error": kiosk.last_error,
    }


def _count(model: type[Media] | type[Delivery], states: tuple[str, ...]) -> int:
    query = select(func.count()).select_from(model).where(model.state.in_(states))
    return db.session.scalar(query) or 0
