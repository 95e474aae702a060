"""Files that kiosks fetch from one another and from a hub; interrupted downloads continue (Range)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import Response, send_file
from flask_babel import gettext as _
from sqlalchemy import select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.errors import NotFound
from reporter.models import Media


def send_snapshot(write: Callable[[Path], str]) -> Response:
    """Send a SQLite file that ``write`` creates at a path; ``write`` returns its ETag."""
    work = Path(tempfile.mkdtemp(prefix="reporter-snapshot-"))
    goal = work / "snapshot.db"
    mark = write(goal)
    response = send_file(goal, "application/vnd.sqlite3", etag=mark, conditional=True)
    # It is open by now and needs no name; Windows keeps a file that is open until it is closed.
    remove = partial(shutil.rmtree, work, ignore_errors=True)
    remove()
    response.call_on_close(remove)
    response.headers["Cache-Control"] = "no-store"
    return response


def send_original(sha256: str) -> Response:
    """Send an original of the gathering; raises NotFound."""
    row = db.session.scalar(select(Media).where(Media.sha256 == sha256))
    if row is None:
        raise _missing()
    path = current_kiosk().store.original(row.sha256, row.ext)
    try:
        response = send_file(path, "application/octet-stream", etag=row.sha256, conditional=True)
    except FileNotFoundError as error:
        raise _missing() from error
    response.headers["Cache-Control"] = "no-store"
    return response


def _missing() -> NotFound:
    return NotFound(_("There is no such file, or it isn't shown."))
