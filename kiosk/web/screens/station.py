"""The station: the laptop's walk-up page. It reads a session code with the webcam, then records a takeaway.

The page records in the browser; frames for the code reader and finished recordings come here. Only who may use the
desk may use it, so that no phone can claim that its takeaway came from the station.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later

from capture.codes.qr_writer import qr_svg
from capture.intake.receive import take_in
from capture.intake.tus_protocol import check_version
from kiosk.i18n.clock_text import shown_clock
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import csrf, require_desk
from kiosk.web.openapi.describe import describe
from kiosk.web.shared import tus_uploads
from kiosk.web.shared.media import signed_media_url
from kiosk.web.shared.serializers import taken_record
from kiosk.web.shared.streaming_forms import offer_from_form
from kiosk.web.shared.template_context import AUDIENCES, CONSENTS, PROMPTS, base_url
from reporter.codes import CODE_LENGTH, is_valid, normalize
from reporter.enums import Source
from reporter.errors import BadInput, NotFound, TooLarge
from reporter.gathering.sessions import all_sessions, by_code, running
from reporter.models import EventSession

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

bp = Blueprint("station", __name__, url_prefix="/station")
bp.before_request(require_desk)

# The questions on the card: one that asks for a deed first.
QUESTIONS = (later("What will you do differently on Monday?"), PROMPTS[0], *PROMPTS[2:])
FRAME_BYTES = 2 << 20
FRAME_SIDE = 2560
# A poster's address, whatever the laptop's own is today, or the bare code; nothing that just holds six letters.
_SHOWN = re.compile(
    rf"(?:https?://[^/?#]+(?:/[^?#]*)?/s/)?([0-9a-z]{{{CODE_LENGTH}}})/?(?:[?#].*)?", re.IGNORECASE
)


@bp.get("")
def page() -> Response:
    """Show the page. Everything that changes is fetched by the URLs below."""
    shown = render_template(
        "station.html", questions=QUESTIONS, audiences=AUDIENCES, consents=CONSENTS
    )
    response = make_response(shown)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/sessions")
@describe(answers="StationSessions")
def sessions() -> Response:
    """Return all sessions as JSON, current ones first."""
    rows = all_sessions(db.session())
    now = running(rows, current_kiosk().now())
    others = [row for row in rows if row not in now]
    records = [_session_json(row, runs=True) for row in now] + [
        _session_json(row) for row in others
    ]
    return jsonify({"sessions": records})


def _session_json(row: EventSession, *, runs: bool = False) -> dict[str, Any]:
    at = shown_clock(row.starts_at) if row.starts_at else _("all day")
    return {
        "code": row.code,
        "title": row.title,
        "when": " · ".join(filter(None, (at, row.room))),
        "audience": row.audience,
        "do_not_record": row.do_not_record,
        "running": runs,
    }


@bp.post("/scan")
@describe(body="image/jpeg", answers="Scan", statuses=(200,))
def scan() -> Response:
    """Look for a session code in one webcam frame (JPEG).

    ``session`` is null where none is seen; ``other`` tells that a code was read that is no session's of this gathering.
    """
    from capture.codes.qr_reader import read_codes

    codes = read_codes(open_frame(request.stream.read(FRAME_BYTES + 1)), thorough=False)
    # The largest first: it is the one held up to the camera.
    texts = [code.text for code in sorted(codes, key=lambda code: code.width, reverse=True)]
    found = next((row for text in texts if (row := shown_session(text))), None)
    return jsonify(
        {"session": _session_json(found) if found else None, "other": bool(texts and not found)}
    )


def open_frame(data: bytes) -> NDArray[np.uint8]:
    """Decode a JPEG frame to grey pixels (H×W, uint8); raises BadInput, TooLarge."""
    import cv2
    import numpy as np

    from capture.decoding.mime_sniff import sniff

    if len(data) > FRAME_BYTES:
        raise TooLarge("A frame of the webcam may have %(mb)s MB at most.", mb=FRAME_BYTES >> 20)
    kind = sniff(data[:8192])
    if kind is None or kind.mime != "image/jpeg":
        raise BadInput("A frame of the webcam must be a JPEG picture.")
    if max(_jpeg_size(data)) > FRAME_SIDE:
        raise TooLarge(
            "A frame of the webcam may be %(count)s pixels wide at most.", count=FRAME_SIDE
        )
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise BadInput("This frame of the webcam is damaged.")
    return np.asarray(picture, np.uint8)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the header, so that nothing large is decoded just to be refused."""
    from io import BytesIO

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise BadInput("This frame of the webcam is damaged.") from error


def shown_session(text: str) -> EventSession | None:
    """Return this gathering's session that a code's text names, by URL or code, in any case; else None."""
    match = _SHOWN.fullmatch(text.strip())
    if match is None or not is_valid(match[1]):
        return None
    try:
        return by_code(db.session(), normalize(match[1]))
    except NotFound:
        return None


@bp.get("/phone.svg")
@describe(produces="image/svg+xml")
def phone_qr() -> Response:
    """Send the QR code of the phones' start page, for people who prefer their own phone."""
    # Briefly: the laptop's address may change with the next Wi-Fi.
    headers = {"Cache-Control": "max-age=60"}
    return Response(qr_svg(f"{base_url()}/"), mimetype="image/svg+xml", headers=headers)


@bp.post("/uploads")
@csrf.exempt
@describe(
    headers="Tus-Resumable*=1.0.0 Upload-Length:integer Upload-Metadata Upload-Checksum",
    body="application/offset+octet-stream",
    statuses=(201,),
)
def begin_upload() -> ResponseReturnValue:
    """Create a tus upload for a recording made here; it continues at ``/uploads/ID`` like others.

    No form of a foreign page can send the header that is asked for, so this needs no token.
    """
    check_version(request.headers.get("Tus-Resumable"))
    return tus_uploads.begin(Source.STATION)


@bp.post("/s/<code>/takeaways")
@describe(
    form="text author prompt intent=learned|idea|question|action audience=public|community|room consent client_id:uuid",
    answers="Takeaway",
    statuses=(201,),
)
def keep_words(code: str) -> ResponseReturnValue:
    """Store a takeaway of text alone; returns 201 with its record."""
    kiosk = current_kiosk()
    offer = offer_from_form(by_code(db.session(), code), source=Source.STATION)
    taken = take_in(
        db.session(),
        kiosk.store,
        offer,
        now=kiosk.now(),
        rng=kiosk.rng,
        limits=kiosk.settings.limits,
        check=tus_uploads.quick_check(),
    )
    place = {"Location": url_for("phone.receipt", receipt=taken.receipt)}
    return jsonify(taken_record(taken, signed_media_url)), 201, place
