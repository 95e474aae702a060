"""The scripts and sheets of a phone's page, joined: one script to fetch, and the sheet within the page itself.

A page that needs no second turn to be read and filled in is there as soon as its own bytes are.
"""

from __future__ import annotations

import base64
import hashlib

from flask import Blueprint, Flask, Response, g, request, url_for
from markupsafe import Markup

from kiosk.runtime.joined_files import joined_script, joined_sheet
from kiosk.web.middleware import compression
from kiosk.web.openapi.describe import describe
from reporter.errors import NotFound

bp = Blueprint("joined", __name__, url_prefix="/joined")
compression.init_app(bp)

SCRIPTS = {"capture": "js/phone/capture.js", "my-takeaways": "js/phone/my-takeaways.js"}
SHEETS = ("css/tokens.css", "css/base.css")


def init_app(app: Flask) -> None:
    """Provide ``joined_script_url(name)`` and ``sheet_within()`` to templates."""
    app.jinja_env.globals.update(joined_script_url=joined_script_url, sheet_within=sheet_within)


def joined_script_url(name: str) -> str:
    """Return a page's script URL, which changes with its content and so may be cached forever."""
    return url_for("joined.script", name=name, v=joined_script(SCRIPTS[name]).mark)


def sheet_within() -> Markup:
    """Return the style sheets as a style element that the page's policy allows by hash (CSP 3, 6.7.3)."""
    text = joined_sheet(SHEETS).text
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    g.styles_within = f"'sha256-{digest}'"
    return Markup(f"<style>{text}</style>")  # noqa: S704  # our own sheets, nobody's words


@bp.get("/<name>.js")
@describe(query="v", produces="text/javascript")
def script(name: str) -> Response:
    """Send a page's script with everything that it imports."""
    if name not in SCRIPTS:
        raise NotFound("There is no such file, or it isn't shown.")
    joined = joined_script(SCRIPTS[name])
    response = Response(joined.text, mimetype="text/javascript")
    response.set_etag(joined.mark)
    response.cache_control.max_age = 31536000 if request.args.get("v") == joined.mark else 0
    response.cache_control.immutable = request.args.get("v") == joined.mark
    response.make_conditional(request)
    return response
