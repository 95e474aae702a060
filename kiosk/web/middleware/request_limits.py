"""Limits on request sizes from the gathering's settings, which Flask reads for each request."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, request

from reporter.config import Settings
from reporter.errors import TooLarge

# Endpoints that receive files: forms, tus, webcam frames.
FORMS_WITH_FILES = frozenset({"phone.keep", "station.keep_words"})
UPLOADS = frozenset(
    {
        "upload.create",
        "upload.append",
        "upload.override",
        "station.begin_upload",
        "hub_push.rows",
        "hub_push.media",
    }
)
FRAMES = frozenset({"station.scan"})
# A frame may have 2 MB; one byte more tells that it is too large (kiosk.web.screens.station).
FRAME_LIMIT = (2 << 20) + 1
FILE_FORM = "multipart/form-data"


def request_limits(settings: Settings) -> dict[str, Any]:
    """Return names and values for Flask's configuration."""
    limits = settings.limits
    return {
        "MAX_CONTENT_LENGTH": (limits.file_mb << 20) * min(limits.files, 4) + (1 << 20),
        "MAX_FORM_MEMORY_SIZE": max(limits.text_chars * 8, 500_000),
    }


def init_app(app: Flask) -> None:
    """Refuse requests that are too large before the body is read."""
    app.before_request(_check_size)


def _check_size() -> None:
    request.max_content_length = most = _most()
    # Uploads know better how much is missing; a body without a length is counted while it is read.
    if request.endpoint not in UPLOADS and (request.content_length or 0) > most:
        raise TooLarge("That is more than fits here. Send fewer or smaller files.")


def _most() -> int:
    """Return the limit for this request's body: files only where files are expected, elsewhere a page of text."""
    everything = int(current_app.config["MAX_CONTENT_LENGTH"])
    words = int(current_app.config["MAX_FORM_MEMORY_SIZE"])
    if request.endpoint in UPLOADS:
        return everything
    if request.endpoint in FORMS_WITH_FILES and request.mimetype == FILE_FORM:
        return everything
    # Requests without a length may still send a page of text.
    return min(everything, FRAME_LIMIT) if request.endpoint in FRAMES else min(everything, words)
