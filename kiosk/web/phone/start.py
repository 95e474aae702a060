"""The start page: the list of sessions; on the laptop itself with the large QR code."""

from __future__ import annotations

from flask import Blueprint, render_template

from kiosk.web.middleware import compression
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.phone import embedded_browsers
from kiosk.web.screens import start_page
from kiosk.web.shared.template_context import (
    agenda,
    file_size,
    kind_name,
    megabytes,
    template_words,
)

bp = Blueprint("start", __name__)
compression.init_app(bp)
bp.app_context_processor(template_words)
bp.app_template_filter("kind_name")(kind_name)
bp.app_template_filter("megabytes")(megabytes)
bp.app_template_filter("file_size")(file_size)
bp.before_request(embedded_browsers.point_outside)
bp.after_request(embedded_browsers.remember)


@bp.get("/")
def page() -> str:
    """Show the sessions; on the laptop itself with the large QR code."""
    if at_laptop():
        return start_page.start_page()
    now = agenda()
    return render_template("phone/start.html", running=now.running, days=now.days)
