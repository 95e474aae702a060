"""What kiosks ask of a hub: to be tied to it by a code, then to bring what is new, with the token that the code gave.

What comes is merged as from another laptop (``reporter.merge``): a snapshot of the kiosk's rows says what there is, the
hub says which originals it lacks, and when none is missing, the rows are merged. Nothing of it has to come to the same
process: originals stand in the media store before any row tells of them.
"""

from __future__ import annotations

import re
import tempfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from flask_babel import gettext as _

from kiosk.hub.gatherings import current_hub, written_settings
from kiosk.peers.exchange import missing_media
from kiosk.peers.pairing import Introduction
from kiosk.peers.received import Received
from kiosk.peers.row_copy import copy_rows, rows_mark
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.server.connection import share_of
from kiosk.services.merging import merge_folder
from kiosk.web.hub.member_access import open_gathering
from kiosk.web.middleware.auth import csrf
from kiosk.web.openapi.describe import describe
from kiosk.web.peers.files import send_original, send_snapshot
from kiosk.web.shared.json_body import read_object
from reporter.database.row_security import TenantScope
from reporter.errors import BadInput, ConfigError, Forbidden, TooMuch
from reporter.gathering.admission import SlidingWindow
from reporter.hub import kiosks, publisher_lease
from reporter.hub.kiosks import KnownKiosk, Offer
from reporter.media.store import disk_errors, hash_file
from reporter.merge.other_database import DATABASE, open_other

bp = Blueprint("hub_push", __name__, url_prefix="/hub/push")
csrf.exempt(bp)
_OPEN = "hub_push.pair"
TRIES = 10
EVERYBODY = "everybody"
# Bytes of a snapshot that are unpacked at most: rows of a hundred thousand takeaways.
MOST_ROWS = 1 << 30
_PIECE = 1 << 18
_PROCESS = re.compile(r"[0-9a-f]{1,32}")


@bp.before_request
def require_kiosk() -> None:
    """Only paired kiosks; a code is the one thing that anybody may try."""
    if request.endpoint == _OPEN:
        return
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = kiosks.by_token(db.session(), token) if kind == "Bearer" else None
    if known is None:
        raise Forbidden(_("This laptop is not paired. Pair it once more at the desk."))
    g.pushing = known
    open_gathering(TenantScope(known.organization_id, known.gathering_id))


def _pushing() -> KnownKiosk:
    known: KnownKiosk = g.pushing
    return known


@bp.post("/pair")
@describe(body="application/json")
def pair() -> Response:
    """Use a code up; the answer has the token. Raises TooMuch for who guesses."""
    _count_try()
    offered = read_object()
    us = Introduction.from_json(offered)
    gathering = Introduction.from_json(offered.get("gathering"))
    settings = _settings_of(offered.get("settings"))
    hub = current_hub()
    offer = Offer(us.id, us.name, gathering.id, gathering.name, settings)
    paired = kiosks.pair(
        db.session(), str(offered.get("code", "")), offer, now=hub.clock(), rng=hub.rng
    )
    return jsonify(id=paired.gathering_id, name=paired.organization, token=paired.token)


def _settings_of(values: Any) -> str:
    """The text of a laptop's settings. Anybody may send some: wrong ones are no failure of the hub."""
    sections = values.values() if isinstance(values, dict) else (None,)
    if not all(isinstance(one, dict) for one in sections):
        raise BadInput(_("This is not a laptop of a gathering."))
    try:
        return written_settings(values)
    except ConfigError as error:
        raise BadInput(error.message) from error


def _count_try() -> None:
    now = current_hub().clock()
    window: SlidingWindow = current_app.extensions.setdefault("pairing_tries", SlidingWindow())
    for key, most in ((share_of(request.remote_addr or ""), TRIES), (EVERYBODY, 40 * TRIES)):
        count, _amount, left = window.total(key, now=now)
        if count >= most:
            raise TooMuch(
                "Too many codes were tried. Wait a little, then type it once more.",
                retry_after=left,
            )
        window.add(key, 0, now=now)


@bp.get("/mark")
@describe(produces="application/json")
def mark() -> Response:
    """The mark of the snapshot that was taken in last, and that of the rows here: who asks knows what is new where."""
    known = kiosks.pushed_mark(db.session(), _pushing())
    return jsonify(mark=known, rows=rows_mark(db.session()))


@bp.get("/snapshot")
@describe(produces="application/vnd.sqlite3")
def snapshot() -> Response:
    """The rows of the kiosk's gathering as laptops share them; their mark is the ETag."""
    if rows_mark(db.session()) in request.if_none_match:
        return Response(status=304)
    return send_snapshot(lambda goal: copy_rows(db.session(), goal))


@bp.put("/rows")
@describe(headers="X-Snapshot*", body="application/zlib", produces="application/json")
def rows() -> Response:
    """The kiosk's rows: the originals that are missing here; where none is, what the merge brought."""
    known, kiosk = _pushing(), current_kiosk()
    mark = request.headers.get("X-Snapshot", "")
    with tempfile.TemporaryDirectory(prefix="reporter-push-") as work:
        place = Path(work)
        _unpack(place / DATABASE, mark)
        received = Received(kiosk.store, known.kiosk_id)
        with open_other(place) as other:
            missing = [
                {"sha256": sha256, "ext": ext, "bytes": size, "offset": received.offset(sha256)}
                for sha256, ext, size in missing_media(db.session(), other)
                if not received.is_kept(sha256, ext, size)
            ]
        db.session.rollback()
        if missing:
            return jsonify(missing=missing)
        report = merge_folder(kiosk, place, known.name)
    kiosks.note_push(db.session(), known, "" if report.left else mark, now=kiosk.now())
    return jsonify(missing=[], report=asdict(report))


def _unpack(goal: Path, mark: str) -> None:
    """Write the body, unpacked, to a file; raises BadInput for anything but the snapshot with this mark."""
    unpacking, size = zlib.decompressobj(), 0
    try:
        with disk_errors(), goal.open("wb") as file:
            while piece := request.stream.read(_PIECE):
                while piece:
                    size += file.write(unpacking.decompress(piece, _PIECE))
                    piece = unpacking.unconsumed_tail
                    if size > MOST_ROWS:
                        raise BadInput(
                            _("That is more than fits here. Send fewer or smaller files.")
                        )
            file.write(unpacking.flush())
    except zlib.error as error:
        raise BadInput(_("This is not a laptop of a gathering.")) from error
    if hash_file(goal) != mark:
        raise BadInput("The rows arrived damaged. Push once more.")


@bp.post("/publisher-lease")
@bp.post("/baton")  # what laptops of earlier versions ask
@describe(headers="X-Process", produces="application/json")
def take_publisher_lease() -> Response:
    """Whether this kiosk may publish for a while, because neither the hub nor another kiosk does."""
    known = _pushing()
    granted = publisher_lease.take(
        db.session(),
        known.gathering_id,
        known.kiosk_id.hex,
        now=current_kiosk().now(),
        process=_process(),
    )
    return jsonify(granted=granted)


@bp.delete("/publisher-lease")
@bp.delete("/baton")
@describe(headers="X-Process", produces="application/json")
def release_publisher_lease() -> Response:
    """Release the lease, so that others may publish."""
    known = _pushing()
    publisher_lease.release(
        db.session(),
        known.gathering_id,
        known.kiosk_id.hex,
        now=current_kiosk().now(),
        process=_process(),
    )
    return jsonify(granted=False)


def _process() -> str:
    """Which of the laptop's processes asks; empty from laptops of earlier versions."""
    name = request.headers.get("X-Process", "")
    if name and not _PROCESS.fullmatch(name):
        raise BadInput(_("This is not a laptop of a gathering."))
    return name


@bp.get("/media/<sha256>")
@describe(produces="application/octet-stream")
def fetch(sha256: str) -> Response:
    """One original of the kiosk's gathering, whole or from an offset on (Range)."""
    return send_original(sha256)


@bp.patch("/media/<sha256>")
@describe(
    headers="Upload-Offset*:integer Upload-Length*:integer X-Extension*",
    body="application/octet-stream",
    produces="application/json",
)
def media(sha256: str) -> Response:
    """The rest of an original from an offset on; what broke off goes on there."""
    known, kiosk = _pushing(), current_kiosk()
    db.session.rollback()
    offset, length = (_count(name) for name in ("Upload-Offset", "Upload-Length"))
    kiosk.store.need_room(length - offset, keep_free=kiosk.settings.limits.keep_free_mb << 20)
    received = Received(kiosk.store, known.kiosk_id)
    reached = received.append(sha256, offset, length, request.stream)
    if reached == length:
        received.keep(sha256, request.headers.get("X-Extension", ""))
    return jsonify(offset=reached)


def _count(name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadInput(_("This is not a laptop of a gathering."))
    return int(text)
