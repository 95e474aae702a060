"""Limits on requests: sizes from the gathering's settings, which Flask reads for each request, and ranges of files."""

from __future__ import annotations

import re
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
_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(?:\d+\s*-\s*\d*|-\s*\d+)\s*", re.ASCII | re.IGNORECASE)


def request_limits(settings: Settings) -> dict[str, Any]:
    """Return names and values for Flask's configuration."""
    limits = settings.limits
    return {
        "MAX_CONTENT_LENGTH": (limits.file_mb << 20) * min(limits.files, 4) + (1 << 20),
        "MAX_FORM_MEMORY_SIZE": max(limits.text_chars * 8, 500_000),
    }


def init_app(app: Flask) -> None:
    """Refuse requests that are too large before the body is read, and ignore ranges that are not served."""
    app.before_request(_check_size)
    app.before_request(_ignore_other_ranges)


def _check_size() -> None:
    request.max_content_length = most = _most()
    # Uploads know better how much is missing; a body without a length is counted while it is read.
    if request.endpoint not in UPLOADS and (request.content_length or 0) > most:
        raise TooLarge("That is more than fits here. Send fewer or smaller files.")


def _ignore_other_ranges() -> None:
    """Send the whole file where several ranges are asked for, or another unit (RFC 9110, 14.2); Werkzeug would refuse
    with 416, as if the file were shorter."""
    if not _ONE_RANGE.fullmatch(request.environ.get("HTTP_RANGE", "bytes=0-")):
        del request.environ["HTTP_RANGE"]


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
