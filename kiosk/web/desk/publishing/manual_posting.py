"""Files for who posts by hand."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, send_file
from werkzeug.exceptions import NotFound

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import publish_context_of
from kiosk.web.openapi.describe import describe
from publish.status.manual_posting import handouts

bp = Blueprint("handouts", __name__, url_prefix="/publish/by-hand")


@bp.get("/<uuid:row_id>/<key>")
@describe(produces="*/*")
def file(row_id: uuid.UUID, key: str) -> Response:
    """One file of a post that waits for a person: what would be sent, never an original."""
    for one in handouts(db.session(), publish_context_of(current_kiosk())):
        for media in one.files if one.id == row_id else ():
            if media.key == key and media.path.is_file():
                return send_file(
                    media.path,
                    mimetype=media.mime,
                    as_attachment=True,
                    download_name=media.filename,
                )
    raise NotFound
