"""Desk page that shows a support bundle's contents before it is saved."""

from __future__ import annotations

import io
import zipfile

from flask import Blueprint, Response, render_template

from kiosk.privacy.support_bundle import support_files
from kiosk.runtime.context import current_kiosk
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.template_context import own_port

bp = Blueprint("support", __name__, url_prefix="/support")


@bp.get("")
def overview() -> str:
    """Show the contents."""
    return render_template(
        "desk/support.html", files=support_files(current_kiosk(), own_port() or 8000)
    )


@bp.post("")
@describe(produces="application/zip", statuses=(200,))
def save() -> Response:
    """Send the contents as one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in support_files(current_kiosk(), own_port() or 8000).items():
            bundle.writestr(name, text)
    headers = {"Content-Disposition": 'attachment; filename="reporter-support.zip"'}
    return Response(packed.getvalue(), mimetype="application/zip", headers=headers)
