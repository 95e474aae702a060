"""Web app manifest, icons and service worker: make the phones' pages installable if the kiosk runs with TLS."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, abort, jsonify, send_from_directory, url_for

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.static_files import static_dir
from kiosk.web.openapi.describe import describe

bp = Blueprint("installable", __name__)
# Sizes for home screens (Apple, Android) and Android's splash screen.
SIZES = (180, 192, 512)
PAPER, ACCENT, CARD, CORNER, SAFE = "#faf5ec", "#a63a1b", "#fffdf8", "#ddd1bf", "#22663c"


@bp.get("/manifest.webmanifest")
@describe(produces="application/manifest+json")
def manifest() -> Response:
    """Send the web app manifest (W3C)."""
    title = current_kiosk().settings.gathering.title
    document: dict[str, Any] = {
        "name": title,
        "short_name": title[:12],
        "id": "/",
        # On an iPhone an installed page looks like the sheet of a Wi-Fi; this says that it isn't.
        "start_url": url_for("start.page", here=1),
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            *(_icon(size) for size in SIZES),
            {
                "src": url_for("static", filename="img/icon.svg"),
                "sizes": "any",
                "type": "image/svg+xml",
            },
        ],
    }
    response = jsonify(document)
    response.content_type = "application/manifest+json"
    return response


def _icon(size: int) -> dict[str, str]:
    return {
        "src": url_for("installable.icon", size=size),
        "sizes": f"{size}x{size}",
        "type": "image/png",
        "purpose": "any maskable",
    }


@bp.get("/icon-<int:size>.png")
@describe(produces="image/png")
def icon(size: int) -> Response:
    """Send the icon as a PNG, for systems that don't accept the SVG."""
    if size not in SIZES:
        abort(404)
    return Response(
        draw_icon(size), mimetype="image/png", headers={"Cache-Control": "max-age=86400"}
    )


@lru_cache(maxsize=len(SIZES))
def draw_icon(size: int) -> bytes:
    """Render ``static/img/icon.svg`` edge to edge, because systems round the corners themselves (units: 1/32)."""
    from PIL import Image, ImageDraw

    fine = size * 4 / 32
    picture = Image.new("RGB", (size * 4, size * 4), ACCENT)
    pen = ImageDraw.Draw(picture)

    def points(*pairs: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * fine, y * fine) for x, y in pairs]

    pen.polygon(points((8, 8), (24, 8), (24, 19), (19, 24), (8, 24)), fill=CARD)
    pen.polygon(points((19, 24), (19, 19), (24, 19)), fill=CORNER)
    check = points((11.5, 15), (14.5, 18), (20.5, 12))
    pen.line(check, fill=SAFE, width=round(2.4 * fine), joint="curve")
    out = io.BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


@bp.get("/sw.js")
@describe(produces="text/javascript")
def worker() -> Response:
    """Send the service worker from the root path, because it controls only paths below its own."""
    response = send_from_directory(static_dir() / "js" / "phone", "service-worker.js", max_age=0)
    response.headers["Cache-Control"] = "no-cache"
    return response
