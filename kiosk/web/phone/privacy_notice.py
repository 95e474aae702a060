"""The privacy notice for phones: short, in the reader's language, derived from the settings."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext

from kiosk.runtime.context import current_kiosk
from kiosk.services.privacy_notice import notice_of

bp = Blueprint("notice", __name__)


@bp.get("/privacy")
def privacy() -> str:
    """Show what is stored, who sees it, for how long, and which choices people have."""
    return render_template("phone/privacy.html", sections=notice_of(current_kiosk(), gettext))
