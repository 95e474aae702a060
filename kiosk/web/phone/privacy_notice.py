"""The privacy notice for phones: short, in the reader's language, made from the settings."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext

from kiosk.runtime.context import current_kiosk
from kiosk.services.privacy_notice import notice_of

bp = Blueprint("notice", __name__)


@bp.get("/privacy")
def privacy() -> str:
    """What is kept, who sees it, how long, and what one can do."""
    return render_template("phone/privacy.html", sections=notice_of(current_kiosk(), gettext))
