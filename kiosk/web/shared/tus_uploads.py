"""tus 1.0.0 over HTTP (https://tus.io/protocols/resumable-upload). The rules are in ``capture.intake.resumable``."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, after_this_request, request, url_for
from flask.typing import ResponseReturnValue

from capture.decoding.mime_sniff import MediaType
from capture.intake import concurrency
from capture.intake.partial_file import Chunk
from capture.intake.receive import Check
from capture.intake.resumable import ResumableUploads
from capture.intake.tus_protocol import (
    CHECKSUMS,
    EXTENSIONS,
    VERSION,
    OffsetConflict,
    check_content_type,
    check_extensions,
    check_version,
    format_metadata,
    http_date,
    parse_checksum,
    parse_metadata,
    read_count,
)
from capture.intake.upload_rows import UploadProgress
from capture.renditions.worker import check_intake
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import csrf
from kiosk.web.middleware.device_cookie import device
from kiosk.web.openapi.describe import describe as api
from reporter.enums import Source

bp = Blueprint("upload", __name__)
# No CSRF token: cookies give no right here; an upload's unguessable id is the authorization.
csrf.exempt(bp)


def uploads() -> ResumableUploads:
    """Return the uploads of the current gathering."""
    kiosk = current_kiosk()
    known: ResumableUploads | None = kiosk.parts.get("uploads")
    return known or kiosk.parts.setdefault(
        "uploads",
        ResumableUploads(
            kiosk.store,
            kiosk.settings.limits,
            clock=kiosk.clock,
            rng=kiosk.rng,
            check=quick_check(),
        ),
    )


def quick_check() -> Check:
    """Check a file in a separate process before it is acknowledged."""
    kiosk = current_kiosk()

    def check(path: Path, kind: MediaType) -> None:
        with concurrency.outside():
            check_intake(kiosk.quick_pool, path, kind, kiosk.settings.limits)

    return check


@bp.before_request
def _same_version() -> None:
    if request.method != "OPTIONS":
        check_version(request.headers.get("Tus-Resumable"))


@bp.after_request
def _headers(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    return response


@bp.route("/uploads", methods=["OPTIONS"])
@bp.route("/uploads/<upload_id>", methods=["OPTIONS"])
@api(statuses=(204,))
def describe(upload_id: str = "") -> ResponseReturnValue:
    """Return the server's capabilities (protocol, "OPTIONS")."""
    return (
        "",
        204,
        {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(uploads().max_size),
            "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        },
    )


@bp.post("/uploads")
@api(
    headers="Tus-Resumable*=1.0.0 Upload-Length:integer Upload-Metadata Upload-Checksum",
    body="application/offset+octet-stream",
    statuses=(201,),
)
def create() -> ResponseReturnValue:
    """Create an upload (extension "Creation"), with its first bytes if sent ("Creation With Upload")."""
    return begin(Source.PHONE)


def begin(source: Source) -> ResponseReturnValue:
    """Create the requested upload. Its source is set by the route, not by the client."""
    headers = request.headers
    check_extensions(headers.get("Upload-Concat"), headers.get("Upload-Defer-Length"))
    length = _count("Upload-Length")
    fields = parse_metadata(request.headers.get("Upload-Metadata", ""))
    begun = uploads().create(
        db.session(),
        length=length,
        fields=fields,
        piece=_first_piece(),
        source=source,
        device=device(),
    )
    response_headers = _progress_headers(begun)
    response_headers["Location"] = url_for("upload.look", upload_id=begun.id)
    response_headers["Tus-Resumable"] = VERSION
    return "", 201, response_headers


@bp.route("/uploads/<upload_id>", methods=["HEAD"])
@api(headers="Tus-Resumable*=1.0.0", statuses=(200,))
def look(upload_id: str) -> ResponseReturnValue:
    """Return an upload's offset (protocol, "HEAD")."""
    found = uploads().head(db.session(), upload_id)
    headers = _progress_headers(found)
    headers["Upload-Length"] = str(found.length)
    headers["Upload-Metadata"] = format_metadata(found.fields)
    return "", 200, headers


@bp.patch("/uploads/<upload_id>")
@api(
    headers="Tus-Resumable*=1.0.0 Upload-Offset:integer Upload-Checksum",
    body="application/offset+octet-stream",
    statuses=(204,),
)
def append(upload_id: str) -> ResponseReturnValue:
    """Store the next bytes (protocol, "PATCH"); after the last ones, return the receipt."""
    check_content_type(request.content_type)
    offset = _count("Upload-Offset")
    try:
        grown = uploads().append(db.session(), upload_id, offset, piece=_piece())
    except OffsetConflict as conflict:
        _add_receipt(conflict.receipt)
        raise
    return "", 204, _progress_headers(grown)


@bp.delete("/uploads/<upload_id>")
@api(headers="Tus-Resumable*=1.0.0", statuses=(204,))
def terminate(upload_id: str) -> ResponseReturnValue:
    """Delete an upload (extension "Termination")."""
    uploads().terminate(db.session(), upload_id)
    return "", 204


@bp.post("/uploads/<upload_id>")
@api(
    headers="Tus-Resumable*=1.0.0 X-HTTP-Method-Override*=PATCH|DELETE|HEAD Upload-Offset:integer Upload-Checksum",
    body="application/offset+octet-stream",
    statuses=(200, 204),
)
def override(upload_id: str) -> ResponseReturnValue:
    """Handle X-HTTP-Method-Override for clients that can't send PATCH or DELETE."""
    views = {"PATCH": append, "DELETE": terminate, "HEAD": look}
    view = views.get(request.headers.get("X-HTTP-Method-Override", ""))
    if view is None:
        return "", 405, {"Allow": "HEAD, PATCH, DELETE, OPTIONS"}
    return view(upload_id)


def _count(name: str) -> int:
    return read_count(name, request.headers.get(name))


def _first_piece() -> Chunk | None:
    piece = _piece()
    if piece.size == 0:
        return None
    check_content_type(request.content_type)
    return piece


def _piece() -> Chunk:
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    size = None if chunked else request.content_length or 0
    checksum = parse_checksum(request.headers.get("Upload-Checksum"))
    return Chunk(request.environ["wsgi.input"], size, checksum)


def _progress_headers(progress: UploadProgress) -> dict[str, str]:
    headers = {
        "Upload-Offset": str(progress.offset),
        "Upload-Expires": http_date(progress.expires_at),
    }
    if progress.receipt:
        headers["Reporter-Receipt"] = progress.receipt
    return headers


def _add_receipt(receipt: str) -> None:
    @after_this_request
    def add(response: Response) -> Response:
        if receipt:
            response.headers["Reporter-Receipt"] = receipt
        return response
